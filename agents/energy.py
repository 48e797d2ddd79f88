"""The energy E(x, a, w) of an event: low where the attended entities show the concept w.

As in Mordatch 2018 (arXiv 1811.02486, eq. 1) it is a relation network over pairs of entities, gated
by attention, whose outputs are squared: E >= 0, and 0 means satisfied. Unlike there, the outputs
are residuals: what every editable entity lacks in position [plane units] and colour [share], or,
where nothing may be edited, what its attention lacks. So E is half the squared distance to the
nearest state (or attention) that shows the concept.

The network sees nothing that would let it memorise values: distances, and *discrepancies* between
the scene and the values that the code carries, all unchanged if scene and code are turned together.
Its scalars weigh vectors of the scene and the code (towards other entities, along the demonstrated
offset, towards the aligned figure), and only absolute places are learned as such: w's learned part
names a box, and entities may be drawn to their nearest place in it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .code import PLAIN, PLAIN_SIZE, Code
from .config import EnergyConfig
from .features import NODE_FEATURES, PAIR_FEATURES, WHOLE_FEATURES, discrepancies
from .relation import SOFTEN, RelationNetwork, graded, length
from .scene import Scene

_NODE_OUTPUTS = 2 + 4 + 1 + 1
_BOX_FEATURES = 4
_PAIR_OUTPUTS = 3


class ConceptEnergy(nn.Module):
    """E(x, a, w) for a batch of scenes and codes."""

    def __init__(self, config: EnergyConfig) -> None:
        super().__init__()
        width, condition = config.width, config.code_size + WHOLE_FEATURES
        if not config.closed_forms:
            condition += PLAIN["template"]
        self.config = config
        self.network = RelationNetwork(
            NODE_FEATURES + _BOX_FEATURES,
            pair=PAIR_FEATURES if config.pairs else 0,
            width=width,
            rounds=config.rounds,
            condition=condition,
        )
        self.code = nn.Linear(condition, width)
        self.box = nn.Sequential(nn.Linear(config.code_size, width), nn.SiLU(), nn.Linear(width, 4))
        self.head = nn.Sequential(
            nn.Linear(width, width), nn.SiLU(), nn.Linear(width, _NODE_OUTPUTS)
        )
        if config.pairs:
            self.pair_head = nn.Linear(width, _PAIR_OUTPUTS)

    @property
    def code_size(self) -> int:
        """Length of w: the learned and the plain part."""
        return self.config.learned_size + PLAIN_SIZE

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
        what = code.what
        if self.config.separate_codes:
            what = what.chunk(2, dim=-1)[int(scene.static)]
        seen = discrepancies(scene, code, closed_forms=self.config.closed_forms)
        told = [] if self.config.closed_forms else [code.template]
        condition = torch.cat([what, seen.whole, *told], dim=-1)
        pairs = seen.pairs if self.config.pairs else seen.pairs[..., :0]
        inwards = self._inwards(scene, what)
        features = [seen.nodes, inwards, graded(length(inwards)) * scene.present[..., None]]
        nodes, messages, heard = self.network(
            torch.cat(features, dim=-1), pairs, condition, scene.present
        )
        outputs = self.head(nodes + self.code(condition)[:, None])
        shift, gates, tint, answer = outputs.split([2, 4, 1, 1], dim=-1)
        move = (
            shift
            + gates[..., 1:2] * code.offset[:, None]
            + gates[..., 2:3] * (seen.aligned - scene.positions)
            + gates[..., 3:4] * inwards
        )
        paint = tint * (code.colour[:, None] - scene.colours)
        if self.config.pairs:
            pull, blend = self._pair_outputs(scene, messages, heard, gates[..., 0:1])
            move, paint = move + pull, paint + blend
        return -move, -paint, scene.attention - answer[..., 0]

    def _inwards(self, scene: Scene, what: Tensor) -> Tensor:
        """(B, N, 2) the way from each entity to the nearest place in the box that w names."""
        middle, half = self.box(what)[:, None].chunk(2, dim=-1)
        half = half.sigmoid()
        away = scene.positions - middle
        return (torch.maximum(torch.minimum(away, half), -half) - away) * scene.present[..., None]

    def _pair_outputs(
        self, scene: Scene, messages: Tensor, heard: Tensor, gate: Tensor
    ) -> tuple[Tensor, Tensor]:
        """What the others add to movement (B, N, 2) and to paint (B, N, 3)."""
        logits, radial, blend = self.pair_head(messages).unbind(-1)
        gap = scene.positions[:, None] - scene.positions[:, :, None]
        weights = logits.masked_fill(heard == 0, -1e4).softmax(-1)
        unit = gap / (gap.square().sum(-1, keepdim=True) + SOFTEN).sqrt()
        towards = (weights[..., None] * gap).sum(2)
        along = ((radial * heard)[..., None] * unit).sum(2)
        contrast = scene.colours[:, None] - scene.colours[:, :, None]
        return gate * towards + along, ((blend * heard)[..., None] * contrast).sum(2)
