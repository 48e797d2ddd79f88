"""The amortised first guess of w: a set encoder over demonstrations."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .code import Code
from .config import EnergyConfig
from .relation import RelationNetwork, graded, length
from .scene import Scene
from .summary import EXTRAS, SUPPORTS, VALUES, Summary, shown_values

_NODE_FEATURES = 6
_PAIR_FEATURES = 5
_SPREADS = len(VALUES)


class ConceptEncoder(nn.Module):
    """Maps K demonstrations to a code w, whatever their order and number.

    Each demonstration is weighed by how well it agrees with the others. The weighted means of the
    plain values are the code's plain part; what matters is read off their spread, and off the mean
    and the spread of learned relational features that see no direction and no hue.
    """

    def __init__(self, config: EnergyConfig) -> None:
        super().__init__()
        width = config.width
        self.network = RelationNetwork(
            _NODE_FEATURES,
            pair=_PAIR_FEATURES,
            width=width,
            rounds=min(2, config.rounds),
            condition=1,
        )
        self.pool = nn.Sequential(nn.Linear(4 * width, width), nn.SiLU(), nn.Linear(width, width))
        described = width + EXTRAS
        self.trust = nn.Sequential(
            nn.Linear(2 * described + SUPPORTS + 1, width), nn.SiLU(), nn.Linear(width, 1)
        )
        pooled = 2 * described + _SPREADS + 2 + 2 + 1 + 2 + SUPPORTS + 2
        self.out = nn.Sequential(
            nn.Linear(pooled, 2 * width),
            nn.SiLU(),
            nn.Linear(2 * width, 2 * width),
            nn.SiLU(),
            nn.Linear(2 * width, config.learned_size),
            nn.LayerNorm(config.learned_size, elementwise_affine=False),
        )

    def forward(
        self, after: Scene, given: Tensor, summary: Summary, rows: Tensor | None = None
    ) -> Tensor:
        """Codes (B, code_size) of B sets of K demonstrations.

        Args:
            after: B * K scenes at the end of each demonstration, with their attention.
            given: (B, K), 1 for demonstrations that exist, 0 for padding.
            summary: of the same demonstrations.
            rows: where `given` is 1, flattened; saves the work on padding.
        """
        features = self._describe_given(after, given, rows)
        features = torch.cat([features, summary.extras], dim=-1)
        weight = self._weigh(features, given, summary)[..., None]
        mean, spread = _moments(features, weight)
        values, value_spread = _moments(summary.values, weight)
        parts = shown_values(summary, values)
        spreads = value_spread.split(list(VALUES.values()), dim=-1)
        pooled = [
            mean,
            spread,
            *[length(part) for part in spreads],
            parts["place"],
            spreads[list(VALUES).index("place")],
            1.0 / given.sum(1, keepdim=True),
            graded(summary.misfit),
            (summary.support * weight).sum(1),
            parts["spread"],
        ]
        return Code(what=self.out(torch.cat(pooled, dim=-1)), **parts).join()

    def _weigh(self, features: Tensor, given: Tensor, summary: Summary) -> Tensor:
        """How far each demonstration is to be believed, (B, K), adding up to one."""
        even = (given / given.sum(1, keepdim=True))[..., None]
        mean, spread = _moments(features, even)
        deviation = (features - mean[:, None]) / (spread[:, None] + 0.1)
        count = (1.0 / given.sum(1))[:, None, None].expand(-1, given.shape[1], 1)
        seen = [features, deviation, summary.support, count]
        logits = self.trust(torch.cat(seen, dim=-1))[..., 0]
        return functional.softmax(logits.masked_fill(given == 0, -1e4), dim=1)

    def _describe_given(self, after: Scene, given: Tensor, rows: Tensor | None) -> Tensor:
        if rows is None:
            return self._describe(after).unflatten(0, given.shape)
        found = self._describe(after.map(lambda value: value[rows]))
        features = found.new_zeros(given.numel(), found.shape[-1])
        return features.index_copy(0, rows, found).unflatten(0, given.shape)

    def _describe(self, after: Scene) -> Tensor:
        """Learned relational features of each demonstration, (B * K, width)."""
        attention = after.attention * after.present
        flags = [after.cursor, after.zone, attention, after.movable, after.paintable, after.present]
        gap = after.positions[:, None] - after.positions[:, :, None]
        tint = after.colours[:, None] - after.colours[:, :, None]
        distance = length(gap)
        pairs = torch.cat(
            [graded(distance), distance / (0.3 + distance), graded(length(tint))], dim=-1
        )
        blank = torch.ones_like(after.entities[:, 0, :1])
        nodes, _, _ = self.network(torch.stack(flags, dim=-1), pairs, blank, after.present)
        number = attention.sum(-1, keepdim=True).clamp(min=1.0)
        share = (attention / number)[..., None]
        everyone = (after.present / after.present.sum(-1, keepdim=True))[..., None]
        rest = (after.objects * (1.0 - attention))[..., None] / 4.0
        weights = (share, after.cursor[..., None], everyone, rest)
        return self.pool(torch.cat([(nodes * weight).sum(1) for weight in weights], -1))


def _moments(features: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Weighted mean (B, F) and spread (B, F) of features (B, K, F) under weights (B, K, 1)."""
    mean = (features * weight).sum(1)
    spread = ((features - mean[:, None]).square() * weight).sum(1)
    return mean, (spread + 1e-4).sqrt()
