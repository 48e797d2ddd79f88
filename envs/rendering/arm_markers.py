"""The overlay of the arm's world as lines and balls in world coordinates [m].

Both renderers of the arm draw these, so that they show the same marks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..frames import plane_to_table
from . import theme
from .markers import Overlay

PLAN_HEIGHT = 0.08
"""Height above the table that a planned fingertip position is drawn at, unless told [m]."""
ATTENDED_RADIUS = 0.031
"""Radius of the ring around an attended object [m]."""
IDENTIFIED_RADIUS = 0.039
"""Radius of the ring around an identified object [m]."""
_TABLE_HEIGHT = 0.002
_MAX_TRAIL = 80
_RING_CORNERS = 40
_UPRIGHT_PARTS = 16
"""A line is hidden by whole segments, so it has many."""


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


@dataclass(frozen=True, kw_only=True)
class Ball:
    """A sphere: centre (3,) in world [m], radius [m], rgba (4,) shares of 1."""

    centre: np.ndarray
    radius: float
    rgba: np.ndarray


Marker = Line | Ball


def arm_markers(
    overlay: Overlay,
    *,
    positions: np.ndarray,
    attended: np.ndarray,
    identified: np.ndarray,
    fingertip_trail: np.ndarray | None = None,
    plan_height: float = PLAN_HEIGHT,
) -> list[Marker]:
    """Lines and balls that mark what the overlay says.

    Args:
        overlay: its plan and trail are drawn here.
        positions: (n, 3) the objects in world [m].
        attended: (n,) bool, the objects that get an amber ring on the table.
        identified: (n,) bool, the objects that get a green ring around that.
        fingertip_trail: (T, 3) in world [m]; without it the overlay's trail, on the table.
        plan_height: height of the ghost of a planned position [m].
    """
    markers: list[Marker] = []
    for mask, radius, colour in (
        (attended, ATTENDED_RADIUS, theme.ATTENDED),
        (identified, IDENTIFIED_RADIUS, theme.IDENTIFIED),
    ):
        markers += [_ring(p[:2], radius, colour) for p in positions[np.asarray(mask, dtype=bool)]]
    if fingertip_trail is None:
        fingertip_trail = _at_height(plane_to_table(overlay.trail_points), _TABLE_HEIGHT)
    if len(fingertip_trail) > 1:
        markers.append(_trail(fingertip_trail))
    for target in plane_to_table(overlay.plan_points):
        markers += _ghost(target, plan_height)
    return markers


def _ghost(target: np.ndarray, height: float) -> Iterator[Marker]:
    """A translucent ball over a thin upright line and a dashed ring on the table."""
    foot, head = np.array([*target, _TABLE_HEIGHT]), np.array([*target, height])
    yield _ring(target, 0.017, theme.PLAN, dashed=True)
    yield Line(
        points=np.linspace(foot, head, _UPRIGHT_PARTS + 1),
        radius=np.full(_UPRIGHT_PARTS, 0.0011),
        rgba=np.tile(_rgba(theme.PLAN, 0.75), (_UPRIGHT_PARTS, 1)),
    )
    yield Ball(centre=head, radius=0.012, rgba=_rgba(theme.PLAN, 0.5))


def _ring(centre: np.ndarray, radius: float, colour: theme.Colour, *, dashed: bool = False) -> Line:
    """A ring on the table around a world (x, y) [m]."""
    angle = np.linspace(0.0, 2 * np.pi, _RING_CORNERS + 1)
    circle = centre + radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    rgba = np.tile(_rgba(colour, 1.0), (_RING_CORNERS, 1))
    if dashed:
        rgba[(np.arange(_RING_CORNERS) % 4) > 1, 3] = 0.0
    half_width = np.full(_RING_CORNERS, 0.0012 if dashed else 0.0022)
    return Line(points=_at_height(circle, _TABLE_HEIGHT), radius=half_width, rgba=rgba)


def _trail(points: np.ndarray) -> Line:
    """A line that fades and thins towards the past, thinned out to at most `_MAX_TRAIL` points."""
    if len(points) > _MAX_TRAIL:
        points = points[np.linspace(0, len(points) - 1, _MAX_TRAIL).round().astype(int)]
    share = np.arange(1, len(points)) / (len(points) - 1)
    rgba = np.tile(_rgba(theme.TRAIL, 1.0), (len(share), 1))
    rgba[:, 3] = 0.1 + 0.75 * share
    return Line(points=np.asarray(points, dtype=float), radius=0.001 + 0.0015 * share, rgba=rgba)


def _at_height(table_points: np.ndarray, height: float) -> np.ndarray:
    """(N, 3) of (N, 2) world positions [m]."""
    return np.column_stack([table_points, np.full(len(table_points), height)])


def _rgba(colour: theme.Colour, alpha: float) -> np.ndarray:
    return np.array([*theme.share(colour), alpha])
