"""Whether points are a copy of a figure: the success test of figures.

It is written apart from `alignment`, which measures by how much they are not: with angles and
lengths in place of complex numbers.
"""

from __future__ import annotations

import numpy as np

from .alignment import orders


def is_copy(points: np.ndarray, figure: np.ndarray, *, limit: float, least_size: float) -> bool:
    """Whether the figure, moved, turned and sized by least squares, comes near in some order.

    Args:
        points: (k, 2) [plane units].
        figure: (k, 2) of zero mean and unit RMS radius; its mirror image is another figure.
        limit: largest distance of a point from its place, as a share of the copy's RMS radius.
        least_size: RMS radius [plane units] below which the limit shrinks, by the share that is
            lacking.
    """
    x, y = (points - points.mean(axis=0)).T[:, orders(len(figure))]  # (k!, k) each
    u, v = figure.T
    along, across = (x * u + y * v).mean(axis=1), (y * u - x * v).mean(axis=1)
    size, turn = np.hypot(along, across), np.arctan2(across, along)
    cos, sin = (size * np.cos(turn))[:, None], (size * np.sin(turn))[:, None]
    away = np.hypot(x - (cos * u - sin * v), y - (sin * u + cos * v)).max(axis=1)
    lacking = np.maximum(0.0, 1.0 - size / least_size)
    return bool((away <= (limit - lacking) * np.maximum(size, least_size)).any())
