"""Figures up to position, rotation and size: the best alignment, and where a figure lies hidden.

A figure is a template of up to `SLOTS` points (mean zero, RMS radius one, unused slots zero).
Everything is closed form and without weights; see Umeyama (1991, least-squares estimation of
transformation parameters) for the alignment.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import torch
from torch import Tensor

SLOTS = 6
"""Most points of a figure."""
SIZES = (0.22, 0.5)
"""Least and most RMS radius that an aligned figure is given [plane units]."""
_EDGE = 0.95  # aligned figures stay in [-_EDGE, _EDGE]² [plane units]
_ORDERS = torch.tensor(list(permutations(range(SLOTS))))  # (720, SLOTS)
_SHARPNESS = 60.0  # of the softmin over hypotheses, whose costs are relative misfits
_FAR = 1e3


@dataclass(frozen=True, kw_only=True)
class Alignment:
    """Where the points would go to form the figure with the least movement.

    Attributes:
        target: (B, N, 2) [plane units]; rows that are no candidates stay where they are.
        misfit: (B,) RMS movement over the figure's RMS radius.
    """

    target: Tensor
    misfit: Tensor


def dot(one: Tensor, other: Tensor) -> Tensor:
    """Scalar products (...) of vectors (..., 2)."""
    return (one * other).sum(-1)


def cross(one: Tensor, other: Tensor) -> Tensor:
    """Cross products (...) of vectors (..., 2): the sine part of the angle from one to other."""
    return one[..., 0] * other[..., 1] - one[..., 1] * other[..., 0]


def turn(points: Tensor, rotor: Tensor) -> Tensor:
    """Points (..., 2) rotated and scaled by rotors (..., 2), as complex numbers multiply."""
    x = points[..., 0] * rotor[..., 0] - points[..., 1] * rotor[..., 1]
    y = points[..., 0] * rotor[..., 1] + points[..., 1] * rotor[..., 0]
    return torch.stack([x, y], dim=-1)


def used_slots(number: Tensor) -> Tensor:
    """(B, SLOTS) 1 for the slots that a figure of `number` points (B,) uses."""
    slots = torch.arange(SLOTS, device=number.device, dtype=number.dtype)
    return (slots < number.round()[:, None]).to(number.dtype)


def best_orders(points: Tensor, template: Tensor, valid: Tensor, used: Tensor) -> Tensor:
    """The slot of each point, (B, SLOTS), in the alignment of least squares over all orders.

    Args:
        points: (B, SLOTS, 2) about their mean, zero where not valid.
        template: (B, SLOTS, 2).
        valid: (B, SLOTS) 1 for points that exist, used: likewise for slots.
    """
    orders = _ORDERS.to(points.device)
    table = torch.arange(SLOTS, device=points.device) * SLOTS + orders  # (720, SLOTS)
    real = dot(points[:, :, None], template[:, None]).flatten(1)
    imaginary = cross(template[:, None], points[:, :, None]).flatten(1)
    wrong = ((valid[:, :, None] - used[:, None]).abs() * _FAR).flatten(1)
    fit = real[:, table].sum(-1).square() + imaginary[:, table].sum(-1).square()
    return orders[(fit - wrong[:, table].sum(-1)).argmax(1)]


def align(positions: Tensor, candidates: Tensor, template: Tensor, number: Tensor) -> Alignment:
    """Move the candidates the least so that they form the figure.

    Args:
        positions: (B, N, 2) [plane units].
        candidates: (B, N) 1 for the entities that form it, at most `SLOTS`.
        template: (B, SLOTS, 2) the figure, number: (B,) of its points.
    """
    valid, rows = candidates.topk(SLOTS, dim=1)  # (B, SLOTS)
    valid = (valid > 0.5).to(positions.dtype)
    used = used_slots(number)
    index = rows[..., None].expand(-1, -1, 2)
    count = valid.sum(1).clamp(min=1.0)[:, None, None]
    points = positions.gather(1, index)
    mean = (points * valid[..., None]).sum(1, keepdim=True) / count
    about = (points - mean) * valid[..., None]
    with torch.no_grad():
        order = best_orders(about, template, valid, used)
    figure = template.gather(1, order[..., None].expand(-1, -1, 2)) * valid[..., None]
    power = figure.square().sum((1, 2)).clamp(min=1e-3)
    rotor = torch.stack([dot(about, figure).sum(1), cross(figure, about).sum(1)], -1)
    rotor = rotor / power[:, None]
    size = (rotor.square().sum(-1, keepdim=True) + 1e-8).sqrt()
    rotor = rotor / size * size.clamp(*SIZES)
    placed = turn(figure, rotor[:, None])
    low, high = -_EDGE - placed.amin(1, keepdim=True), _EDGE - placed.amax(1, keepdim=True)
    target = torch.maximum(torch.minimum(mean, high), low) + placed  # (B, SLOTS, 2)
    moved = (target - points) * valid[..., None]
    misfit = (moved.square().sum((1, 2)) / count[:, 0, 0] + 1e-8).sqrt() / size.clamp(*SIZES)[:, 0]
    return Alignment(target=positions.scatter_add(1, index, moved), misfit=misfit)


def find_figure(
    positions: Tensor, candidates: Tensor, template: Tensor, number: Tensor
) -> tuple[Tensor, Tensor]:
    """Which candidates form the figure, by trying each pair of them as its first two slots.

    Args:
        positions: (B, N, 2) [plane units].
        candidates: (B, N) 1 for the entities that may take part.
        template: (B, SLOTS, 2), whose first two slots lie far apart; number: (B,) of its points.

    Returns:
        membership (B, N) in [0, 1], and the relative misfit (B,) of the best pair.
    """
    used = used_slots(number)
    base = template[:, 1] - template[:, 0]
    relative = template - template[:, :1]
    power = base.square().sum(-1).clamp(min=1e-3)
    gap = positions[:, None] - positions[:, :, None]  # [i, j] from i to j
    rotor = torch.stack([dot(gap, base[:, None, None]), cross(base[:, None, None], gap)], -1)
    rotor = rotor / power[:, None, None, None]  # (B, N, N, 2)
    placed = positions[:, :, None, None] + turn(relative[:, None, None], rotor[:, :, :, None])
    away = (placed[..., None, :] - positions[:, None, None, None]).square().sum(-1)
    away = away + _FAR * (1.0 - candidates)[:, None, None, None]  # (B, N, N, SLOTS, N)
    miss, chosen = away.min(-1)  # (B, N, N, SLOTS)
    size = rotor.square().sum(-1)
    cost = (
        (miss * used[:, None, None]).sum(-1) / (size + 1e-3) / number.clamp(min=1.0)[:, None, None]
    )
    pair = candidates[:, None] * candidates[:, :, None]
    pair = pair * (1.0 - torch.eye(pair.shape[1], device=pair.device))
    least = SIZES[0] ** 2
    cost = cost + 10.0 * (least - size).clamp(min=0.0) / least + _FAR * (1.0 - pair)
    cost = cost.flatten(1)  # (B, N * N)
    weight = (-_SHARPNESS * cost).softmax(-1)
    hits = torch.zeros_like(away[..., 0, :]).scatter_add(
        -1, chosen, used[:, None, None].expand_as(miss).contiguous()
    )
    hits = hits.clamp(max=1.0).flatten(1, 2)  # (B, N * N, N)
    membership = (weight[..., None] * hits).sum(1)
    return membership, (cost.amin(1).clamp(max=10.0) + 1e-8).sqrt()
