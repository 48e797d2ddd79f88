"""What noisy demonstrations show, beyond their average: a figure's symmetries, a zone's number.

Averages keep some of the noise, and for two values it leaves a pattern that tells more:

- *Figures*: places that are off by as much are off by less relative to a larger figure, so that
  larger ones tell more. And aligning a noisy symmetric figure picks, of the orders that would do,
  the one in which the noise is most alike, so that averaging does not remove it; where a figure is
  about the same in several orders, it is taken to be the same in them.
- *Zones*: what lies in a zone lies close together and near its rim, what lies outside is mostly far
  away, so that noise takes objects out and seldom in: the number is rather the largest.

Where the demonstrations agree the code stays as it is, bit by bit, and so do figures of three
points: whatever three entities are attended, some demonstrations' triangles are much alike.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import torch
from torch import Tensor

from .code import TENS, Code
from .geometry import SLOTS, used_slots
from .scene import Scene
from .summary import VALUES, Summary, far_first, normalised_points, turn_onto

_AGREED = 0.01  # relative misfit below which figures are the same but for rounding
_ALIKE = 3.0  # squared misfit of a figure with itself in another order, against the shown ones'
_INSIDE = sum(list(VALUES.values())[: list(VALUES).index("inside")])
_LEAST_POINTS = 4
_LEAST_NUMBERS = 3  # of which the largest may be a mistake


def denoised(codes: Tensor, scenes: Scene, summary: Summary) -> Tensor:
    """A code (1, code_size) whose figure and number in a zone are less noisy.

    Args:
        codes: with the demonstrations' average values.
        scenes: K scenes at the end of each demonstration, with their attention.
        summary: of the same demonstrations, one set.
    """
    code = Code.split(codes)
    code = replace(code, template=_figure(scenes, summary), inside=_number(code, scenes, summary))
    return code.join()


def _figure(scenes: Scene, summary: Summary) -> Tensor:
    """The template (1, 2 * SLOTS) of figures weighed by size, with its symmetries."""
    template, number = summary.template, (TENS * summary.number[:, 0]).round()
    if not template.any() or number < _LEAST_POINTS:
        return template.flatten(1)
    trust, sizes = summary.support[0, :, -1], summary.extras[0, :, 0]
    share = trust * sizes.square()
    used, shown = used_slots(number), len(share)
    points = normalised_points(scenes.positions, scenes.attention * scenes.objects)
    onto = turn_onto(points, template.expand(shown, -1, -1), used, shown)
    share = (share / share.sum())[:, None, None]
    mean = _at_size_one((onto * share).sum(0), int(number))
    misfit = ((onto - mean).square() * share).sum() / number
    if misfit < _AGREED**2:
        return template.flatten(1)
    return far_first(_with_symmetries(mean, int(number), misfit)[None], used).flatten(1)


def _with_symmetries(figure: Tensor, number: int, misfit: Tensor) -> Tensor:
    """A figure (SLOTS, 2), averaged over the orders of its points in which it is about the same.

    Args:
        figure: RMS radius one, number: of its points.
        misfit: mean squared distance of the points that were shown from it.
    """
    points = torch.view_as_complex(figure[:number].contiguous())
    orders = points[torch.tensor(list(permutations(range(number))))]
    overlap = (orders * points.conj()).mean(1)  # of RMS radius one, so at most one
    alike = 2.0 - 2.0 * overlap.abs() <= _ALIKE * misfit
    turned = orders[alike] * (overlap.conj() / overlap.abs())[alike, None]
    same = torch.zeros(SLOTS, 2)
    same[:number] = torch.view_as_real(turned.mean(0))
    return _at_size_one(same, number)


def _at_size_one(figure: Tensor, number: int) -> Tensor:
    return figure / (figure.square().sum() / number + 1e-8).sqrt()


def _number(code: Code, scenes: Scene, summary: Summary) -> Tensor:
    """(1, 1) of objects in the attended zone [tens]: the largest but one that was shown."""
    zoned = (scenes.attention * scenes.zone).sum(1) > 0.5
    shown = summary.values[0, zoned, _INSIDE]
    agreed = len(shown) == len(zoned) and bool((shown == shown[0]).all())
    if len(shown) < max(_LEAST_NUMBERS, len(zoned) / 2) or agreed:
        return code.inside
    return shown.sort().values[-2].view(1, 1)
