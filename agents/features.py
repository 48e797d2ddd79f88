"""What the energy's network sees: distances, and discrepancies between a scene and a code.

Pairs and figures are seen only in ways that stay the same if scene and code are turned together,
and colours only by their distances; absolute places are seen besides, for concepts of regions.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..envs.entities import ZONE_RADIUS
from .code import TENS, Code
from .geometry import align, find_figure
from .relation import MARKS, graded, length, marks
from .scene import Scene

PAIR_FEATURES = 12
NODE_FEATURES = 22 + MARKS
WHOLE_FEATURES = 5
_RIM = 0.02  # width of a zone's rim when objects inside it are counted [plane units]
_BOX = 1.73  # half the width of a uniform distribution over its standard deviation


@dataclass(frozen=True, kw_only=True)
class Discrepancies:
    """What is seen of B scenes of N entities under B codes.

    Attributes:
        nodes: (B, N, NODE_FEATURES), pairs: (B, N, N, PAIR_FEATURES); [i, j] looks from i to j.
        whole: (B, WHOLE_FEATURES).
        aligned: (B, N, 2) where the code's figure would have the attended entities.
    """

    nodes: Tensor
    pairs: Tensor
    whole: Tensor
    aligned: Tensor


def discrepancies(scene: Scene, code: Code, *, closed_forms: bool = True) -> Discrepancies:
    """Compare scenes with codes; without closed forms what relates entities in `nodes` is 0."""
    if closed_forms:
        aligned, membership, misfit = _match_figure(scene, code)
        surplus, order = _surplus(scene, code), _order(scene, code)
    else:
        membership = surplus = order = torch.zeros_like(scene.present)
        aligned, misfit = scene.positions, membership[:, 0]
    needed = (surplus * scene.attention * scene.zone).sum(1, keepdim=True)
    whole = [code.distance, length(code.offset), code.number, misfit[:, None], needed]
    return Discrepancies(
        nodes=_node_features(scene, code, aligned, membership, surplus, order),
        pairs=_pair_features(scene, code),
        whole=torch.cat(whole, dim=-1),
        aligned=aligned,
    )


def _pair_features(scene: Scene, code: Code) -> Tensor:
    """Distance, its excess over the code's, both ways' miss of the code's offset, contrast."""
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


def _node_features(
    scene: Scene,
    code: Code,
    aligned: Tensor,
    membership: Tensor,
    surplus: Tensor,
    order: Tensor,
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
        surplus,
        surplus.abs().clamp(max=1.0),
        order,
    ]
    half, middle = _BOX * code.spread[:, None], code.place[:, None]
    parts = [
        torch.stack(flags, dim=-1),
        scene.positions,
        marks(scene.positions),
        scene.positions - (middle - half),
        (middle + half) - scene.positions,
        graded(length(scene.colours - code.colour[:, None])),
        graded(length(scene.colours - code.touched[:, None])),
        length(aligned - scene.positions),
    ]
    return torch.cat(parts, dim=-1) * scene.present[..., None]


def _surplus(scene: Scene, code: Code) -> Tensor:
    """(B, N) how many more objects are around each zone's middle than the code has, in fours.

    Zero for what is no zone, and without a gradient: a number changes by steps.
    """
    with torch.no_grad():
        apart = length(scene.positions[:, None] - scene.positions[:, :, None])[..., 0]
        within = ((ZONE_RADIUS - apart) / _RIM).sigmoid() * scene.objects[:, None]
    return (within.sum(-1) - TENS * code.inside) / 4.0 * scene.zone


def _order(scene: Scene, code: Code) -> Tensor:
    """(B, N) each object's place in the order of distance from the attended entities' middle.

    Counted from the number that the code has inside, in fours, within [-1, 1]; zero where the
    attention is what is asked for. Without a gradient: it changes by steps.
    """
    if scene.static:
        return torch.zeros_like(scene.present)
    with torch.no_grad():
        share = scene.attention * scene.present
        share = share / share.sum(1, keepdim=True).clamp(min=1.0)
        middle = (scene.positions * share[..., None]).sum(1, keepdim=True)
        away = length(scene.positions - middle)[..., 0]
        nearer = ((away[:, :, None] - away[:, None]) / _RIM).sigmoid() * scene.objects[:, None]
        rank = nearer.sum(-1) - 0.5 * scene.objects  # what is level with itself counts half
    return ((rank + 0.5 - TENS * code.inside) / 4.0).clamp(-1.0, 1.0) * scene.objects


def _match_figure(scene: Scene, code: Code) -> tuple[Tensor, Tensor, Tensor]:
    """Aligned positions (B, N, 2), membership (B, N) and log misfit (B,) of the code's figure."""
    figure = code.figure
    if scene.static:
        membership, misfit = find_figure(scene.positions, scene.objects, figure, code.count)
        return scene.positions, membership, (misfit + 0.03).log()
    attended = (scene.attention > 0.5).to(scene.present.dtype) * scene.objects
    found = align(scene.positions, attended, figure, code.count)
    return found.target, attended, (found.misfit.clamp(max=10.0) + 0.03).log()
