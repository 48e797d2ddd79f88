"""The energy E(x, a, w) of an event: low where the attended entities show the concept w.

As in Mordatch 2018 (arXiv 1811.02486, eq. 1) it is a relation network over pairs of entities, gated
by attention, whose outputs are squared: E >= 0, and 0 means satisfied. Unlike there, the outputs
are residuals (of position, colour and attention), so that one unit of energy is half a squared
plane unit and ``x - dE/dx`` is a guess of the nearest state that shows the concept.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from .config import EnergyConfig
from .relation import RelationNetwork, pair_features

_NODE_FEATURES = 8


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A batch of scenes as tensors: what the energy scores.

    Attributes:
        entities: (B, N, 6), see `conceptgym.envs.entities`.
        attention: (B, N), 1 for attended entities; any real number while it is being inferred.
        present, movable, paintable: (B, N), 0 or 1.
    """

    entities: Tensor
    attention: Tensor
    present: Tensor
    movable: Tensor
    paintable: Tensor

    def replace(self, **changes: Tensor) -> Scene:
        """The scenes with some tensors replaced."""
        return replace(self, **changes)

    def repeat(self, times: int) -> Scene:
        """Each scene `times` in a row, (B * times, ...)."""
        return Scene(**{k: v.repeat_interleave(times, dim=0) for k, v in vars(self).items()})


class ConceptEnergy(nn.Module):
    """E(x, a, w) for a batch of scenes and codes."""

    def __init__(self, config: EnergyConfig) -> None:
        super().__init__()
        width = config.width
        self.config = config
        self.network = RelationNetwork(
            _NODE_FEATURES, width=width, rounds=config.rounds, condition=config.code_size
        )
        self.anchor = nn.Linear(width, 1)
        self.code = nn.Linear(config.code_size, width)
        outputs = 2 + 3 + 1 + config.extra_residuals
        self.head = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, outputs))

    def forward(self, scene: Scene, code: Tensor) -> Tensor:
        """Energy of each scene, (B,), given codes (B, code_size)."""
        position, colour, attention, extra = self.residuals(scene, code)
        return 0.5 * (
            (position.square().sum(-1) * scene.movable).sum(-1)
            + (colour.square().sum(-1) * scene.paintable).sum(-1)
            + (attention.square() * scene.present).sum(-1)
            + (extra.square().sum(-1) * scene.present).sum(-1)
        )

    def residuals(self, scene: Scene, code: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Residuals of position (B, N, 2), colour (B, N, 3), attention (B, N), free (B, N, K)."""
        positions, colours = scene.entities[..., 0:2], scene.entities[..., 2:5]
        features = torch.cat(
            [
                colours,
                scene.entities[..., 5:6],
                torch.stack(
                    [
                        scene.attention.clamp(-1.0, 2.0),
                        (4.0 * scene.attention - 2.0).sigmoid(),
                        scene.movable,
                        scene.paintable,
                    ],
                    dim=-1,
                ),
            ],
            dim=-1,
        )
        pairs = pair_features(positions, colours)
        nodes, messages, heard = self.network(features, pairs, code, scene.present)
        outputs = self.head(nodes + self.code(code)[:, None, :])
        shift, tint, answer, extra = outputs.split([2, 3, 1, self.config.extra_residuals], dim=-1)
        # The answer for a position is anchored to the other entities: a weighted mean and a shift.
        logits = self.anchor(messages)[..., 0].masked_fill(heard == 0, -1e4)
        anchor = (logits.softmax(-1)[..., None] * positions[:, None, :, :]).sum(2)
        return (
            positions - anchor - shift,
            colours - tint,
            scene.attention - answer[..., 0],
            extra,
        )
