"""What demonstrations plainly show: values of each, how they support each other, their figure.

No weights: the encoder (`encoder.py`) decides what of it matters and which demonstrations to trust.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..envs.entities import ZONE_RADIUS
from .code import TENS, Code
from .geometry import SLOTS, best_orders, cross, dot, turn, used_slots
from .relation import MARKS, SOFTEN, length, marks
from .scene import Scene

VALUES = {
    "offset": 2,
    "distance": 1,
    "place": 2,
    "square": 2,
    "colour": 3,
    "touched": 3,
    "inside": 1,
    "number": 1,
}
"""Plain values of a demonstration and their lengths, as in `code.Code`; squares give spreads."""
_SCALES = {"offset": 0.15, "distance": 0.1, "place": 0.3, "colour": 0.2, "touched": 0.2}
_TRUSTED_MISFIT = 0.25  # relative misfit at which a demonstration's figure loses its say
SUPPORTS = len(_SCALES) + 1
EXTRAS = 4 + MARKS


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Of B sets of K demonstrations.

    Attributes:
        values: (B, K, sum of `VALUES`) plain values, side by side.
        support: (B, K, SUPPORTS) how far each value agrees with the other demonstrations', in
            [0, 1], and likewise its figure.
        extras: (B, K, EXTRAS) spread of the attended entities' places, colours, what moved, and
            where in the plane the attended entities are.
        template: (B, SLOTS, 2) the common figure; zero where the attended entities form none.
        number: (B, 1) of attended entities in most demonstrations, in tens.
        misfit: (B, 1) how far the figures disagree, relative to their size; 1 where there is none.
    """

    values: Tensor
    support: Tensor
    extras: Tensor
    template: Tensor
    number: Tensor
    misfit: Tensor


def summarise(before: Tensor, after: Scene, given: Tensor) -> Summary:
    """Summarise B sets of K demonstrations.

    Args:
        before: (B * K, N, 7) entities at the start of each demonstration.
        after: B * K scenes at their end, with their attention.
        given: (B, K) 1 for demonstrations that exist, 0 for padding.
    """
    values, extras = _plain_values(before, after)
    values, extras = (part.unflatten(0, given.shape) for part in (values, extras))
    number = _usual_number(_attended(after).sum(-1).view(given.shape), given)
    template, misfit, agreed = _common_figure(after, given, number)
    support = [_support(values[..., part], given, scale) for part, scale in _parts()]
    return Summary(
        values=values,
        support=torch.cat([*support, agreed], dim=-1),
        extras=extras,
        template=template,
        number=number[:, None] / TENS,
        misfit=misfit,
    )


def shown_values(summary: Summary, means: Tensor) -> dict[str, Tensor]:
    """What the demonstrations show, by the names of `code.PLAIN`.

    Args:
        summary: of B sets of demonstrations.
        means: (B, sum of `VALUES`) its values, averaged over each set's demonstrations.
    """
    parts = dict(zip(VALUES, means.split(list(VALUES.values()), dim=-1), strict=True))
    variance = (parts.pop("square") - parts["place"].square()).clamp(min=0.0)
    parts |= {"number": summary.number, "template": summary.template.flatten(1)}
    return parts | {"spread": (variance + SOFTEN).sqrt()}


def plain_codes(summary: Summary, given: Tensor) -> Tensor:
    """(B, PLAIN_SIZE) the plain part of w that the demonstrations show, on average.

    Args:
        summary: of B sets of K demonstrations.
        given: (B, K) 1 for demonstrations that exist, 0 for padding.
    """
    means = (summary.values * given[..., None]).sum(1) / given.sum(1, keepdim=True)
    return Code(what=means[:, :0], **shown_values(summary, means)).join()


def _attended(after: Scene) -> Tensor:
    return (after.attention > 0.5).to(after.present.dtype) * after.objects


def _parts() -> list[tuple[slice, float]]:
    starts, found = 0, []
    for name, size in VALUES.items():
        if name in _SCALES:
            found.append((slice(starts, starts + size), _SCALES[name]))
        starts += size
    return found


def _plain_values(before: Tensor, after: Scene) -> tuple[Tensor, Tensor]:
    attention = after.attention * after.present
    number = attention.sum(-1, keepdim=True)
    share = (attention / number.clamp(min=1.0))[..., None]
    cursor = (after.positions * after.cursor[..., None]).sum(1, keepdim=True)
    middle = (after.positions * share).sum(1)
    colour = (after.colours * share).sum(1)
    away = length(cursor - after.positions)[..., 0]
    nearest = (away + 1e3 * (1.0 - attention)).argmin(1)
    touched = after.colours[torch.arange(len(nearest), device=nearest.device), nearest]
    distance = (away[..., None] * share).sum(1)
    square = (after.positions.square() * share).sum(1)
    apart = length(after.positions - middle[:, None])[..., 0]
    inside = ((apart < ZONE_RADIUS).to(apart.dtype) * after.objects).sum(1, keepdim=True) / TENS
    values = [cursor[:, 0] - middle, distance, middle, square, colour, touched, inside]
    values.append(number / TENS)
    scatter = ((after.positions - middle[:, None]).square().sum(-1, keepdim=True) * share).sum(1)
    tint = ((after.colours - colour[:, None]).square().sum(-1, keepdim=True) * share).sum(1)
    change = (after.entities - before).square()
    moved = ((change[..., 0:2].sum(-1) * (1.0 - after.cursor)).sum(1, keepdim=True) * 5.0).tanh()
    painted = (change[..., 2:5].sum((1, 2))[:, None] * 5.0).tanh()
    where = (marks(after.positions) * share).sum(1)
    extras = [(scatter + 1e-6).sqrt(), (tint + 1e-6).sqrt(), moved, painted, where]
    return torch.cat(values, dim=-1), torch.cat(extras, dim=-1)


def _support(values: Tensor, given: Tensor, scale: float) -> Tensor:
    """(B, K, 1) share of the other demonstrations that agree, softly; 1 for a single one."""
    apart = (values[:, :, None] - values[:, None]).square().sum(-1)
    return _mean_over_others(torch.exp(-0.5 * apart / scale**2), given)


def _mean_over_others(agreement: Tensor, given: Tensor) -> Tensor:
    count = given.shape[1]
    pair = given[:, :, None] * given[:, None] * (1.0 - torch.eye(count, device=given.device))
    others = pair.sum(-1)
    mean = (agreement * pair).sum(-1) / others.clamp(min=1.0)
    return torch.where(others > 0, mean, torch.ones_like(mean))[..., None] * given[..., None]


def _common_figure(after: Scene, given: Tensor, usual: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Template (B, SLOTS, 2), misfit (B, 1), agreement (B, K, 1); see `Summary`."""
    sets, shown = given.shape
    attended = _attended(after)
    voters = given * (attended.sum(-1).view(sets, shown) == usual[:, None])
    fits = (usual >= 3) & (usual <= SLOTS)
    template = torch.zeros(sets, SLOTS, 2, device=given.device)
    misfit = torch.ones(sets, 1, device=given.device)
    agreed = given[..., None].clone()
    if bool(fits.any()):
        points = normalised_points(after.positions, attended).unflatten(0, (sets, shown))
        found = _agree(points[fits], usual[fits], voters[fits])
        template[fits], misfit[fits], agreed[fits] = found
    return template, misfit, agreed


def _usual_number(number: Tensor, given: Tensor) -> Tensor:
    """(B,) the most frequent number among the given demonstrations."""
    same = (number[:, :, None] == number[:, None]).float() * given[:, None] * given[:, :, None]
    return number.gather(1, same.sum(-1).argmax(1, keepdim=True))[:, 0]


def normalised_points(positions: Tensor, attention: Tensor) -> Tensor:
    """(B * K, SLOTS, 2) the attended points about their mean at RMS radius one; zero if unused."""
    valid, rows = attention.topk(SLOTS, dim=1)
    points = positions.gather(1, rows[..., None].expand(-1, -1, 2))
    count = valid.sum(1).clamp(min=1.0)[:, None, None]
    about = (points - (points * valid[..., None]).sum(1, keepdim=True) / count) * valid[..., None]
    radius = (about.square().sum((1, 2), keepdim=True) / count + 1e-8).sqrt()
    return about / radius


def _agree(points: Tensor, number: Tensor, voters: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Align every demonstration's figure to the one that fits the others best, and average."""
    sets, shown = voters.shape
    used = used_slots(number)
    turned = []
    for reference in range(shown):
        target = points[:, reference, None].expand(-1, shown, -1, -1).flatten(0, 1)
        turned.append(turn_onto(points.flatten(0, 1), target, used, shown))
    onto = torch.stack([t.unflatten(0, (sets, shown)) for t in turned], 1)  # (B, ref, K, S, 2)
    miss = (onto - points[:, :, None]).square().sum((3, 4)) / number[:, None, None]
    pairs = voters[:, None] * voters[:, :, None]
    usual = (miss * pairs).sum((1, 2)) / (pairs.sum((1, 2)) - voters.sum(1)).clamp(min=1.0)
    # Where all are noisy, each keeps its say; a wrong one among good ones loses it.
    trust = torch.exp(-miss / (_TRUSTED_MISFIT**2 + 0.5 * usual)[:, None, None]) * pairs
    best = trust.sum(-1).argmax(1)
    row = torch.arange(sets, device=best.device)
    weight = trust[row, best]  # (B, K)
    share = weight / weight.sum(1, keepdim=True).clamp(min=1e-6)
    mean = (onto[row, best] * share[..., None, None]).sum(1)
    radius = (mean.square().sum((1, 2)) / number.clamp(min=1.0) + 1e-8).sqrt()
    others = voters * (torch.arange(shown, device=best.device) != best[:, None])
    wrong = (miss[row, best] * others).sum(1) / others.sum(1).clamp(min=1.0)
    misfit = (wrong + 1e-8).sqrt().clamp(max=1.0)[:, None]
    return far_first(mean / radius[:, None, None], used), misfit, weight[..., None]


def turn_onto(points: Tensor, target: Tensor, used: Tensor, times: int) -> Tensor:
    """Points (M, SLOTS, 2) reordered and rotated onto target (M, SLOTS, 2)."""
    used = used.repeat_interleave(times, 0)
    order = best_orders(points, target, used, used)  # the slot of each point
    onto = torch.zeros_like(points).scatter(1, order[..., None].expand(-1, -1, 2), points)
    rotor = torch.stack([dot(target, onto).sum(1), cross(onto, target).sum(1)], -1)
    size = (rotor.square().sum(-1, keepdim=True) + 1e-8).sqrt()
    return turn(onto, (rotor / size)[:, None])


def far_first(template: Tensor, used: Tensor) -> Tensor:
    """The same points with the two furthest apart in slots 0 and 1."""
    apart = (template[:, :, None] - template[:, None]).square().sum(-1)
    apart = apart * used[:, :, None] * used[:, None]
    flat = apart.flatten(1).argmax(1)
    first, second = flat // SLOTS, flat % SLOTS
    slots = torch.arange(SLOTS, device=template.device)[None]
    rank = torch.where(
        slots == first[:, None], -2, torch.where(slots == second[:, None], -1, slots)
    )
    return template.gather(1, rank.argsort(1)[..., None].expand(-1, -1, 2))
