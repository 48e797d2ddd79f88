"""Outlines of objects on the table, seen from above, and the exact distances between them.

The frame is the table's: world x, y [m]. Distances are signed: of two outlines that overlap, minus
the least shift that parts them [m].
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from ...envs.entities import check_array
from ...envs.errors import ConfigError
from ...envs.number_checks import check_finite

_CORNERS = np.array([[1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]])


@dataclass(frozen=True, kw_only=True, eq=False)
class Footprint:
    """An upright object's outline: a rectangle or, of a cylinder or a ball, a disc.

    Attributes:
        centre: (2,) world x, y [m].
        half_extents: (2,) half of the rectangle's sides along its own x and y [m]; the first is
            the radius of a disc.
        yaw: from world x to the rectangle's own x [rad], of no meaning for a disc.
        round: whether it is a disc.
    """

    centre: np.ndarray
    half_extents: np.ndarray
    yaw: float = 0.0
    round: bool = False

    def __post_init__(self) -> None:
        for name in ("centre", "half_extents"):
            values = np.array(getattr(self, name), dtype=np.float64)  # a copy: nobody else's
            check_array(values, name, (2,))
            object.__setattr__(self, name, values)
        if not (self.half_extents > 0).all():
            given = ", ".join(f"{half:g}" for half in self.half_extents)
            raise ConfigError(f"half_extents is ({given}) m, expected two lengths above 0")
        check_finite("yaw", self.yaw, "angle [rad]")

    @property
    def circumradius(self) -> float:
        """Radius of the least circle around the centre that holds it at every yaw [m]."""
        return float(self.half_extents[0] if self.round else math.hypot(*self.half_extents))

    @property
    def inradius(self) -> float:
        """Radius of the largest circle around the centre that it holds [m]."""
        return float(self.half_extents[0] if self.round else min(self.half_extents))

    @property
    def corners(self) -> np.ndarray:
        """(4, 2) corners of the rectangle, counter-clockwise [m]."""
        return self.centre + (_CORNERS * self.half_extents) @ _axes(self.yaw)

    def moved(self, centre: np.ndarray, *, turn: float = 0.0) -> Footprint:
        """The same outline around another centre (2,) [m], turned by an angle [rad]."""
        return replace(self, centre=centre, yaw=self.yaw + turn)

    def extent_along(self, heading: float) -> float:
        """Length of its shadow on a line along (cos heading, sin heading) [m]."""
        if self.round:
            return 2.0 * self.circumradius
        return 2.0 * float(np.abs(_axes(heading - self.yaw)[0]) @ self.half_extents)

    def distance_to(self, points: np.ndarray) -> np.ndarray:
        """Signed distances (...) from its rim to points (..., 2), negative inside [m]."""
        away = np.asarray(points, dtype=np.float64) - self.centre
        if self.round:
            return np.linalg.norm(away, axis=-1) - self.circumradius
        beyond = np.abs(away @ _axes(self.yaw).T) - self.half_extents
        outside = np.linalg.norm(np.maximum(beyond, 0.0), axis=-1)
        return outside + np.minimum(beyond.max(axis=-1), 0.0)


def distance(one: Footprint, other: Footprint) -> float:
    """Signed distance between two footprints [m]."""
    if one.round:
        return float(other.distance_to(one.centre)) - one.circumradius
    if other.round:
        return float(one.distance_to(other.centre)) - other.circumradius
    apart = max(_separation(one, other), _separation(other, one))
    if apart <= 0:  # no side of either parts them
        return apart
    # Of convex polygons that are apart, a corner of one is nearest to the other.
    nearest = min(one.distance_to(other.corners).min(), other.distance_to(one.corners).min())
    return float(nearest)


def _separation(one: Footprint, other: Footprint) -> float:
    """How far `other` lies beyond one of the four sides of `one`, at most [m]."""
    corners = (other.corners - one.centre) @ _axes(one.yaw).T  # (4, 2) in the frame of `one`
    beyond = np.maximum(corners.min(axis=0), -corners.max(axis=0)) - one.half_extents
    return float(beyond.max())


def _axes(yaw: float) -> np.ndarray:
    """(2, 2) rows: the own x and y axes of something turned by `yaw`, in world."""
    cos, sin = math.cos(yaw), math.sin(yaw)
    return np.array([[cos, sin], [-sin, cos]])
