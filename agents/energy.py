"""The energy E(x, a, w) of an event: low where the attended entities show the concept w.

As in Mordatch 2018 (arXiv 1811.02486, eq. 1) it is a relation network over pairs of entities, gated
by attention, whose outputs are squared: E >= 0, and 0 means satisfied. Unlike there, the outputs
are residuals: what every editable entity lacks in position [plane units] and colour [share], or,
where nothing may be edited, what its attention lacks. So E is half the squared distance to the
nearest state (or attention) that shows the concept.

The network sees nothing that would let it memorise values: distances, and *discrepancies* between
the scene and the values that the code carries, all unchanged if scene and code are turned together.
Its scalars weigh vectors of the scene and the code (towards other entities, along the demonstrated
offset, towards the aligned figure), and only absolute places are learned as such.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .code import PLAIN_SIZE, Code
from .config import EnergyConfig
from .geometry import align, find_figure
from .relation import SOFTEN, RelationNetwork, graded, length
from .scene import Scene

PAIR_FEATURES = 12
NODE_FEATURES = 15
_GLOBAL_FEATURES = 4
_NODE_OUTPUTS = 2 + 1 + 1 + 1 + 1 + 1
_PAIR_OUTPUTS = 3


def code_pairs(scene: Scene, code: Code) -> Tensor:
    """Features of all pairs, (B, N, N, PAIR_FEATURES); entry [i, j] looks from i to j.

    Distance, its distance from the code's, both ways' miss of the code's offset, colour contrast.
    """
    gap = scene.positions[:, None] - scene.positions[:, :, None]
    distance = length(gap)
    offset = code.offset[:, None, None]
    excess = distance - code.distance[:, None, None]
    tint = scene.colours[:, None] - scene.colours[:, :, None]
    parts = [
        graded(distance),
        distance / (0.3 + distance),
        graded(length(gap + offset)),
        graded(length(gap - offset)),
        excess,
        graded(length(excess)),
        graded(length(tint)),
    ]
    return torch.cat(parts, dim=-1)


class ConceptEnergy(nn.Module):
    """E(x, a, w) for a batch of scenes and codes."""

    def __init__(self, config: EnergyConfig) -> None:
        super().__init__()
        width = config.width
        self.config = config
        self.network = RelationNetwork(
            NODE_FEATURES,
            pair=PAIR_FEATURES,
            width=width,
            rounds=config.rounds,
            condition=config.code_size + _GLOBAL_FEATURES,
        )
        self.code = nn.Linear(config.code_size + _GLOBAL_FEATURES, width)
        self.head = nn.Sequential(
            nn.Linear(width, width), nn.SiLU(), nn.Linear(width, _NODE_OUTPUTS)
        )
        self.pair_head = nn.Linear(width, _PAIR_OUTPUTS)

    @property
    def code_size(self) -> int:
        """Length of w: the learned and the plain part."""
        return self.config.code_size + PLAIN_SIZE

    def forward(self, scene: Scene, codes: Tensor) -> Tensor:
        """Energy of each scene, (B,), given codes (B, code_size)."""
        position, colour, attention = self.residuals(scene, codes)
        if scene.static:
            return 0.5 * (attention.square() * scene.present).sum(-1)
        return 0.5 * (
            (position.square().sum(-1) * scene.movable).sum(-1)
            + (colour.square().sum(-1) * scene.paintable).sum(-1)
        )

    def residuals(self, scene: Scene, codes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What position (B, N, 2), colour (B, N, 3) and attention (B, N) lack."""
        code = Code.split(codes)
        aligned, membership, misfit = _match_figure(scene, code)
        features = self._node_features(scene, code, aligned, membership)
        condition = torch.cat(
            [code.what, code.distance, length(code.offset), code.number, misfit[:, None]], dim=-1
        )
        pairs = code_pairs(scene, code)
        nodes, messages, heard = self.network(features, pairs, condition, scene.present)
        outputs = self.head(nodes + self.code(condition)[:, None])
        shift, gates, tint, answer = outputs.split([2, 3, 1, 1], dim=-1)
        logits, radial, blend = self.pair_head(messages).unbind(-1)
        gap = scene.positions[:, None] - scene.positions[:, :, None]
        weights = logits.masked_fill(heard == 0, -1e4).softmax(-1)
        unit = gap / (gap.square().sum(-1, keepdim=True) + SOFTEN).sqrt()
        towards = (weights[..., None] * gap).sum(2)
        along = ((radial * heard)[..., None] * unit).sum(2)
        move = (
            shift
            + gates[..., 0:1] * towards
            + gates[..., 1:2] * code.offset[:, None]
            + gates[..., 2:3] * (aligned - scene.positions)
            + along
        )
        contrast = scene.colours[:, None] - scene.colours[:, :, None]
        paint = tint * (code.colour[:, None] - scene.colours)
        paint = paint + ((blend * heard)[..., None] * contrast).sum(2)
        return -move, -paint, scene.attention - answer[..., 0]

    def _node_features(
        self, scene: Scene, code: Code, aligned: Tensor, membership: Tensor
    ) -> Tensor:
        flags = [
            scene.cursor,
            scene.zone,
            scene.attention.clamp(-1.0, 2.0),
            (4.0 * scene.attention - 2.0).sigmoid(),
            scene.movable,
            scene.paintable,
            torch.full_like(scene.cursor, float(scene.static)),
            membership,
        ]
        parts = [
            torch.stack(flags, dim=-1),
            scene.positions,
            graded(length(scene.colours - code.colour[:, None])),
            graded(length(scene.colours - code.touched[:, None])),
            length(aligned - scene.positions),
        ]
        return torch.cat(parts, dim=-1)


def _match_figure(scene: Scene, code: Code) -> tuple[Tensor, Tensor, Tensor]:
    """Aligned positions (B, N, 2), membership (B, N) and log misfit (B,) of the code's figure."""
    figure = code.figure
    if scene.static:
        membership, misfit = find_figure(scene.positions, scene.objects, figure, code.count)
        return scene.positions, membership, (misfit + 0.03).log()
    attended = (scene.attention > 0.5).to(scene.present.dtype) * scene.present
    found = align(scene.positions, attended, figure, code.count)
    return found.target, attended, (found.misfit.clamp(max=10.0) + 0.03).log()
