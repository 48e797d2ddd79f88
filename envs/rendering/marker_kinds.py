"""What marks in the arm's world are made of: lines, balls and facets, in world coordinates [m]."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import theme


@dataclass(frozen=True, kw_only=True)
class Line:
    """A round line through points.

    Attributes:
        points: (N, 3) in world [m].
        radius: (N - 1,) half widths of the segments [m].
        rgba: (N - 1, 4) shares of 1.
    """

    points: np.ndarray
    radius: np.ndarray
    rgba: np.ndarray

    @property
    def drawn(self) -> np.ndarray:
        """Indices of the segments that are not wholly transparent."""
        return np.flatnonzero(self.rgba[:, 3] > 0)

    @property
    def probes(self) -> np.ndarray:
        """(N, 3) the points whose being in sight decides how firmly it is drawn."""
        return self.points


@dataclass(frozen=True, kw_only=True)
class Ball:
    """A sphere: centre (3,) in world [m], radius [m], rgba (4,) shares of 1."""

    centre: np.ndarray
    radius: float
    rgba: np.ndarray

    @property
    def probes(self) -> np.ndarray:
        """(1, 3) the centre."""
        return self.centre[None]


@dataclass(frozen=True, kw_only=True)
class Facets:
    """The surface of a convex body; those facets that face the camera are drawn.

    Attributes:
        corners: (N, 4, 3) in world [m], counter-clockwise seen from outside.
        rgba: (N, 4) shares of 1.
    """

    corners: np.ndarray
    rgba: np.ndarray

    @property
    def probes(self) -> np.ndarray:
        """(N, 3) the facets' centres."""
        return self.corners.mean(axis=1)

    @property
    def normals(self) -> np.ndarray:
        """(N, 3) outward, as long as twice the facet's area [m²]."""
        first, second, third, fourth = np.moveaxis(self.corners, 1, 0)
        return np.cross(third - first, fourth - second)


Marker = Line | Ball | Facets


def plain_line(points: np.ndarray, radius: float, rgba: np.ndarray) -> Line:
    """A line of one width [m] and one colour (4,)."""
    count = len(points) - 1
    return Line(points=points, radius=np.full(count, radius), rgba=np.tile(rgba, (count, 1)))


def with_alpha(colour: theme.Colour, alpha: float) -> np.ndarray:
    """(4,) shares of 1."""
    return np.array([*theme.share(colour), alpha])
