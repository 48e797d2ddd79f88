"""The amortised first guess of w: a set encoder over demonstrations."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .config import EnergyConfig
from .energy import Scene
from .relation import RelationNetwork, pair_features

_NODE_FEATURES = 8
_PLAIN_FEATURES = 7


class ConceptEncoder(nn.Module):
    """Maps K demonstrations to a code w, whatever their order and number.

    What the demonstrations share is read off the mean and the spread, over demonstrations, of
    relational features: learned ones, and the attended entities' plain offset, distance and colour.
    """

    def __init__(self, config: EnergyConfig) -> None:
        super().__init__()
        width = config.width
        self.network = RelationNetwork(
            _NODE_FEATURES, width=width, rounds=config.rounds, condition=1
        )
        self.pool = nn.Sequential(nn.Linear(3 * width, width), nn.SiLU(), nn.Linear(width, width))
        pooled = 2 * (width + _PLAIN_FEATURES) + 1
        self.out = nn.Sequential(
            nn.Linear(pooled, 2 * width),
            nn.SiLU(),
            nn.Linear(2 * width, 2 * width),
            nn.SiLU(),
            nn.Linear(2 * width, config.code_size),
            nn.LayerNorm(config.code_size, elementwise_affine=False),
        )

    def forward(self, before: Tensor, after: Scene, given: Tensor) -> Tensor:
        """Codes (B, code_size) of B sets of K demonstrations.

        Args:
            before: (B * K, N, 6) entities at the start of each demonstration.
            after: B * K scenes at their end, with their attention.
            given: (B, K), 1 for demonstrations that exist, 0 for padding.
        """
        features = self.describe(before, after).unflatten(0, given.shape)  # (B, K, F)
        weight = given[..., None]
        count = weight.sum(1)
        mean = (features * weight).sum(1) / count
        spread = ((features - mean[:, None]).square() * weight).sum(1) / count
        return self.out(torch.cat([mean, (spread + 1e-4).sqrt(), 1.0 / count], dim=-1))

    def describe(self, before: Tensor, after: Scene) -> Tensor:
        """Relational features of each demonstration, (B * K, F)."""
        entities, attention = after.entities, after.attention * after.present
        positions, colours, cursor = entities[..., 0:2], entities[..., 2:5], entities[..., 5]
        change = entities - before
        moved = (5.0 * change[..., 0:2].square().sum(-1)).tanh()
        painted = (5.0 * change[..., 2:5].square().sum(-1)).tanh()
        columns = [cursor, attention, moved, painted, after.present]
        inputs = torch.cat([colours, torch.stack(columns, dim=-1)], dim=-1)
        blank = torch.ones_like(entities[:, 0, :1])
        pairs = pair_features(positions, colours)
        nodes, _, _ = self.network(inputs, pairs, blank, after.present)
        share = (attention / attention.sum(-1, keepdim=True).clamp(min=1.0))[..., None]
        everyone = (after.present / after.present.sum(-1, keepdim=True))[..., None]
        views = [(nodes * weight).sum(1) for weight in (share, cursor[..., None], everyone)]
        place = (positions * cursor[..., None]).sum(1, keepdim=True)
        offset = place - positions
        distance = (offset.square().sum(-1, keepdim=True) + 1e-4).sqrt()
        plain = torch.cat([offset, distance, colours], dim=-1)
        number = attention.sum(-1, keepdim=True) / 3.0
        return torch.cat([self.pool(torch.cat(views, -1)), (plain * share).sum(1), number], dim=-1)
