"""A relation network: messages between all pairs of entities, invariant to their order."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_SOFTEN = 1e-4  # keeps the distance differentiable where two entities coincide
PAIR_FEATURES = 7


def pair_features(positions: Tensor, colours: Tensor) -> Tensor:
    """Relative features of all pairs, (B, N, N, PAIR_FEATURES); entry [i, j] looks from i to j.

    Difference, distance, squashed difference, log distance, colour distance: nothing absolute, so
    what is learned holds anywhere in the plane.
    """
    gap = positions[:, None, :, :] - positions[:, :, None, :]  # (B, N, N, 2)
    distance = (gap.square().sum(-1, keepdim=True) + _SOFTEN).sqrt()
    tint = colours[:, None, :, :] - colours[:, :, None, :]
    contrast = (tint.square().sum(-1, keepdim=True) + _SOFTEN).sqrt()
    squashed = gap / (0.3 + distance)
    return torch.cat([gap, distance, squashed, (distance + 0.05).log(), contrast], dim=-1)


class RelationRound(nn.Module):
    """One round: every entity hears from every other, and is updated.

    Messages are pooled by their sum and by a softmax-weighted mean of each channel; the latter lets
    a channel pick out an extreme, such as the nearest entity.
    """

    def __init__(self, width: int, condition: int) -> None:
        super().__init__()
        self.receiver = nn.Linear(width, width)
        self.sender = nn.Linear(width, width, bias=False)
        self.pair = nn.Linear(PAIR_FEATURES, width, bias=False)
        self.condition = nn.Linear(condition, 2 * width)
        self.message = nn.Sequential(nn.SiLU(), nn.Linear(width, width), nn.SiLU())
        self.update = nn.Linear(3 * width, width)
        self.out = nn.Sequential(nn.SiLU(), nn.Linear(width, width))

    def forward(
        self, nodes: Tensor, pairs: Tensor, condition: Tensor, heard: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Update nodes (B, N, H) given condition (B, C) and heard (B, N, N), 1 where j reaches i.

        Returns:
            The new nodes (B, N, H) and the messages (B, N, N, H).
        """
        shift, bias = self.condition(condition)[:, None, :].chunk(2, dim=-1)  # (B, 1, H) each
        into = (self.receiver(nodes) + shift)[:, :, None, :] + self.sender(nodes)[:, None, :, :]
        messages = self.message(into + self.pair(pairs))
        gate = heard[..., None]
        total = (messages * gate).sum(2) / 4.0
        weights = (4.0 * messages).clamp(max=30.0).exp() * gate
        extreme = (weights * messages).sum(2) / (weights.sum(2) + 1e-6)
        update = self.update(torch.cat([nodes, total, extreme], dim=-1)) + bias
        return nodes + self.out(update), messages


class RelationNetwork(nn.Module):
    """Embeds entities and runs the rounds of messages."""

    def __init__(self, features: int, *, width: int, rounds: int, condition: int) -> None:
        super().__init__()
        self.embed = nn.Linear(features, width)
        self.rounds = nn.ModuleList(RelationRound(width, condition) for _ in range(rounds))

    def forward(
        self, features: Tensor, pairs: Tensor, condition: Tensor, present: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Run on features (B, N, F), pairs (B, N, N, P), condition (B, C), present (B, N).

        Returns:
            Nodes (B, N, H), the last messages (B, N, N, H), and heard (B, N, N).
        """
        number = present.shape[-1]
        others = 1.0 - torch.eye(number, device=present.device, dtype=present.dtype)
        heard = present[:, None, :] * present[:, :, None] * others
        nodes, messages = self.embed(features), pairs
        for layer in self.rounds:
            nodes, messages = layer(nodes, pairs, condition, heard)
        return nodes, messages, heard
