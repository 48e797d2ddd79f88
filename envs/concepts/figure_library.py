"""Figures of 3 to 6 points: the named ones, and random ones for training.

A figure is a tuple of (x, y) pairs with zero mean and unit RMS radius. Two figures are told apart
by the misfit of `alignment.align`: position, rotation, size and order do not count, mirroring
does.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import numpy as np

from ..errors import ConceptParameterError
from .alignment import align, least_gap

Points = tuple[tuple[float, float], ...]

FEWEST, MOST = 3, 6
LEAST_SPACING = 0.45
"""Least distance between two points of a random figure, in units of its RMS radius."""
CLEAR_MISFIT = 0.4
"""Figures of at least this misfit are clearly different: twice what the test allows."""
_NAMED_SHARE = 0.2  # of the training draws, those that are one of the four named shapes
_SYMMETRIC_SHARE = 0.3  # of the random figures, those that are their own mirror image
_SAME = 1e-9
_COINCIDENT = 0.05


def _ring(count: int, *, arc: float = 360.0) -> list[tuple[float, float]]:
    """Points on a circle, evenly over the whole of it or from end to end of an arc [degrees]."""
    steps = count if arc == 360.0 else count - 1
    angles = np.radians(90.0 - arc / 2.0 + arc * np.arange(count) / steps)
    return [(float(np.cos(angle)), float(np.sin(angle))) for angle in angles]


_NAMED = {
    "line": [(0, 0), (1, 0), (2, 0), (3, 0)],
    "triangle": _ring(3),
    "square": [(0, 0), (1, 0), (1, 1), (0, 1)],
    "circle": _ring(6),
}
_HELD_OUT = {
    "pentagon": _ring(5),
    "L": [(0, 3), (0, 2), (0, 1), (0, 0), (1.5, 0)],
    "T": [(-1.4, 0), (0, 0), (1.4, 0), (0, -1), (0, -2)],
    "V": [(-1.6, 2), (-0.8, 1), (0, 0), (0.8, 1), (1.6, 2)],
    "arc": _ring(6, arc=180.0),
    "zigzag": [(0, 0), (1, 0.95), (2, 0), (3, 0.95)],
    "cross": [(0, 0), (1, 0), (0, 1), (-1, 0), (0, -1)],
}


def as_complex(points: Points | np.ndarray) -> np.ndarray:
    """Points (k, 2) as complex numbers x + iy, (k,)."""
    array: np.ndarray = np.asarray(points, dtype=np.float64)
    return array[:, 0] + 1j * array[:, 1]


def as_pairs(points: np.ndarray) -> np.ndarray:
    """Complex numbers (k,) as points (k, 2)."""
    return np.stack([np.real(points), np.imag(points)], axis=-1)


def normalised(points: Any) -> Points:
    """The figure of zero mean and unit RMS radius that is similar to `points`.

    Args:
        points: 3 to 6 pairs (x, y) in any unit, no two of them on one spot, or the name of a
            figure of the library.

    Raises:
        ConceptParameterError: on an unknown name, on anything that is not 3 to 6 pairs of finite
            numbers, and on points that coincide.
    """
    if isinstance(points, str):
        if points not in FIGURES:
            raise ConceptParameterError(
                f"points={points!r} is no figure of the library; choose one of "
                f"{', '.join(FIGURES)}, or give 3 to 6 pairs (x, y)"
            )
        return FIGURES[points]
    array = _checked_pairs(points)
    centred = array - array.mean(axis=0)
    radius = float(np.sqrt((centred**2).sum(axis=1).mean()))
    gap = least_gap(as_complex(array))
    if gap < _COINCIDENT * radius or radius == 0.0:
        raise ConceptParameterError(
            f"points={points!r} of concept 'figure' coincide: two are "
            f"{gap:.3g} apart, {_COINCIDENT} of the RMS radius is the least; "
            "give each point a place of its own"
        )
    already = np.abs(array.mean(axis=0)).max() <= _SAME and abs(radius - 1.0) <= _SAME
    # A normalised figure stays as it is to the last bit, so that parameters survive a round trip.
    result = array if already else centred / radius
    return tuple((float(x), float(y)) for x, y in result)


def _checked_pairs(points: Any) -> np.ndarray:
    try:
        pairs = list(points) if isinstance(points, Iterable) else points
        array: np.ndarray = np.asarray(pairs, dtype=np.float64)
    except (TypeError, ValueError):
        array = np.empty(0)
    if array.ndim != 2 or array.shape[1] != 2 or not FEWEST <= len(array) <= MOST:
        raise ConceptParameterError(
            f"points={points!r} of concept 'figure' is not a figure; give {FEWEST} to {MOST} "
            f"pairs (x, y), or one of {', '.join(FIGURES)}"
        )
    if not np.isfinite(array).all():
        raise ConceptParameterError(
            f"points={points!r} of concept 'figure' holds a number that is not finite; "
            "give finite numbers"
        )
    return array


FIGURES: dict[str, Points] = {}
"""Every named figure, normalised; those of `HELD_OUT` are never trained on."""
FIGURES.update({name: normalised(points) for name, points in {**_NAMED, **_HELD_OUT}.items()})
NAMED = tuple(_NAMED)
HELD_OUT = tuple(_HELD_OUT)
_TEMPLATES = {name: as_complex(points) for name, points in FIGURES.items()}


@lru_cache(maxsize=1024)
def is_held_out(points: Points) -> bool:
    """Whether a figure is, or is not clearly different from, a held-out one or its mirror image."""
    figure = as_complex(points)
    return any(
        align(version, _TEMPLATES[name]).misfit < CLEAR_MISFIT
        for name in HELD_OUT
        if len(_TEMPLATES[name]) == len(figure)
        for version in (figure, figure.conj())
    )


def random_figure(rng: np.random.Generator) -> Points:
    """A figure for training: mostly random points, now and then one of the four named shapes.

    Random figures have points at least `LEAST_SPACING` apart, are clearly different from the
    held-out figures, and are clearly different from their own mirror image or the same.
    """
    if rng.random() < _NAMED_SHARE:
        return FIGURES[NAMED[int(rng.integers(len(NAMED)))]]
    count = int(rng.integers(FEWEST, MOST + 1))
    symmetric = rng.random() < _SYMMETRIC_SHARE
    while True:
        points = _symmetric_points(rng, count) if symmetric else rng.normal(size=(count, 2))
        points -= points.mean(axis=0)
        points /= np.sqrt((points**2).sum() / count)
        figure = as_complex(points)
        if least_gap(figure) < LEAST_SPACING:
            continue
        if not symmetric and align(figure, figure.conj()).misfit < CLEAR_MISFIT:
            continue
        result = normalised(points)
        if not is_held_out(result):
            return result


def _symmetric_points(rng: np.random.Generator, count: int) -> np.ndarray:
    """Points (count, 2) that are their own mirror image in a random axis through 0."""
    on_axis = int(rng.integers(0, count // 2)) * 2 + count % 2
    half = rng.normal(size=((count - on_axis) // 2, 2))
    spine = rng.normal(size=(on_axis, 2)) * (0.0, 1.0)
    return np.concatenate([half, half * (-1.0, 1.0), spine])
