"""A relation network: messages between all pairs of entities, invariant to their order."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SOFTEN = 1e-4
"""Added under square roots, so that distances are differentiable where two things coincide."""

_LINES = (-0.8, -0.6, -0.4, -0.2, 0.0, 0.2, 0.4, 0.6, 0.8)
_LINE_WIDTH = 0.05
MARKS = 2 * len(_LINES)


def length(vectors: Tensor) -> Tensor:
    """Lengths (..., 1) of vectors (..., D), differentiable at zero."""
    return (vectors.square().sum(-1, keepdim=True) + SOFTEN).sqrt()


def graded(distance: Tensor) -> Tensor:
    """A distance and its logarithm, (..., 2): coarse and fine."""
    return torch.cat([distance, (distance + 0.03).log()], dim=-1)


def marks(positions: Tensor) -> Tensor:
    """Which of `_LINES` positions (..., 2) have passed, softly, along either axis: (..., MARKS)."""
    lines = torch.tensor(_LINES, device=positions.device, dtype=positions.dtype)
    return ((positions[..., None] - lines) / _LINE_WIDTH).sigmoid().flatten(-2)


class RelationRound(nn.Module):
    """One round: every entity hears from every other, and is updated.

    With no features of pairs (``pair=0``), what an entity says is the same to everyone.

    Messages are pooled by their sum and by a softmax-weighted mean of each channel; the latter lets
    a channel pick out an extreme, such as the nearest entity.
    """

    def __init__(self, width: int, condition: int, pair: int) -> None:
        super().__init__()
        if pair:
            self.receiver = nn.Linear(width, width)
        self.sender = nn.Linear(width, width, bias=not pair)
        if pair:
            self.pair = nn.Linear(pair, width, bias=False)
        self.condition = nn.Linear(condition, 3 * width)
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
        scale, shift, bias = self.condition(condition)[:, None, :].chunk(3, dim=-1)
        into = self.sender(nodes)[:, None, :, :].expand(-1, nodes.shape[1], -1, -1)
        if pairs.shape[-1]:
            into = self.receiver(nodes)[:, :, None, :] + into + self.pair(pairs)
        messages = self.message(into * (1.0 + scale[:, None]) + shift[:, None])
        gate = heard[..., None]
        total = (messages * gate).sum(2) / 4.0
        weights = (4.0 * messages).clamp(max=30.0).exp() * gate
        extreme = (weights * messages).sum(2) / (weights.sum(2) + 1e-6)
        update = self.update(torch.cat([nodes, total, extreme], dim=-1)) + bias
        return nodes + self.out(update), messages


class RelationNetwork(nn.Module):
    """Embeds entities and runs the rounds of messages."""

    def __init__(
        self, features: int, *, pair: int, width: int, rounds: int, condition: int
    ) -> None:
        super().__init__()
        self.embed = nn.Linear(features, width)
        self.rounds = nn.ModuleList(RelationRound(width, condition, pair) for _ in range(rounds))

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
