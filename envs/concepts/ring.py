"""The nearest point of a ring inside a square: where a cursor goes to be at a distance."""

from __future__ import annotations

from functools import cache

import numpy as np

from .sampling import CURSOR_REGION

_SLACK = 1e-6  # [plane units], of float32 positions


def nearest_on_ring(
    start: np.ndarray, centre: np.ndarray, inner: float, outer: float
) -> np.ndarray:
    """The point nearest to `start` (2,) that is `inner` to `outer` from `centre` (2,).

    It lies in [-CURSOR_REGION, CURSOR_REGION]² where the ring does at all; a start in the ring
    stays. Of equally near points, as from the centre itself, it is always the same one. All in
    plane units.
    """
    start, centre = np.asarray(start, dtype=np.float64), np.asarray(centre, dtype=np.float64)
    gap = start - centre
    away = float(np.hypot(*gap))
    if inner - _SLACK <= away <= outer + _SLACK:
        return start
    radius = inner if away < inner else outer
    if away > _SLACK:
        place = centre + gap * (radius / away)
        if np.abs(place).max() <= CURSOR_REGION:
            return place
    # At the border: the nearest is on an edge, or where the edge meets a circle.
    found = np.concatenate(
        [_on_edges(start), *(_crossings(centre, radius) for radius in (inner, outer))]
    )
    found = np.concatenate([found, centre + radius * _compass()])
    far = np.hypot(*(found - centre).T)
    inside = np.abs(found).max(axis=1) <= CURSOR_REGION + _SLACK
    allowed = inside & (far >= inner - _SLACK) & (far <= outer + _SLACK)
    if not allowed.any():
        return np.clip(centre + radius * _compass()[0], -CURSOR_REGION, CURSOR_REGION)
    found = found[allowed]
    return found[np.argmin(np.hypot(*(found - start).T))]


@cache
def _compass() -> np.ndarray:
    """Sixteen directions (16, 2), to the right first."""
    angles = np.arange(16) * np.pi / 8.0
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1)


def _on_edges(start: np.ndarray) -> np.ndarray:
    """The nearest points of the square's edges, and its corners, (8, 2)."""
    x, y = np.clip(start, -CURSOR_REGION, CURSOR_REGION)
    end = CURSOR_REGION
    sides = [(x, end), (x, -end), (end, y), (-end, y)]
    return np.array([*sides, (end, end), (end, -end), (-end, end), (-end, -end)])


def _crossings(centre: np.ndarray, radius: float) -> np.ndarray:
    """Where a circle meets the lines of the square's edges, (up to 8, 2)."""
    found = []
    for axis in (0, 1):
        for end in (-CURSOR_REGION, CURSOR_REGION):
            reach = radius**2 - (end - centre[axis]) ** 2
            if reach < 0.0:
                continue
            for turn in (-(reach**0.5), reach**0.5):
                other = centre[1 - axis] + turn
                found.append((end, other) if axis == 0 else (other, end))
    return np.array(found).reshape(-1, 2)
