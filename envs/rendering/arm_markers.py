"""The overlay of the arm's world as marks in world coordinates [m].

Both renderers of the arm draw these, so that they show the same marks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..frames import plane_to_table
from . import theme
from .marker_kinds import Ball, Line, Marker, plain_line, with_alpha
from .markers import Overlay
from .solids import Solid, solid_markers

PLAN_HEIGHT = 0.08
"""Height above the table that a planned fingertip position is drawn at, unless told [m]."""
ATTENDED_GAP = 0.009
"""From the circle around an attended entity to its ring [m]."""
IDENTIFIED_GAP = 0.016
"""From the circle around an identified entity to its ring [m]."""
_TABLE_HEIGHT = 0.002
_MAX_TRAIL = 80
_RING_CORNERS = 40
_PARTS = 16
"""A line is hidden by whole segments, so it has many."""
_GHOST_GAP = 0.0035
_PIECE_GAP = 0.0035
_TICK = (0.0005, 0.0095)
"""Where a tick of the piece's cross-hair begins and ends, from its ring outwards [m]."""


@dataclass(frozen=True, kw_only=True)
class Ghost:
    """An object where it is planned to be.

    Attributes:
        solid: its shape there.
        start: (3,) the middle of its lower side now, in world [m].
    """

    solid: Solid
    start: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Piece:
    """The cursor where it is a solid object.

    Attributes:
        bottom: (3,) the middle of its lower side in world [m].
        radius: of the circle around it [m].
    """

    bottom: np.ndarray
    radius: float


def arm_markers(
    overlay: Overlay,
    *,
    positions: np.ndarray,
    radii: np.ndarray,
    attended: np.ndarray,
    identified: np.ndarray,
    fingertip_trail: np.ndarray | None = None,
    plan_height: float = PLAN_HEIGHT,
    ghosts: Sequence[Ghost] = (),
    piece: Piece | None = None,
) -> list[Marker]:
    """Marks of what the overlay says.

    Args:
        overlay: its plan and trail are drawn here.
        positions: (n, 3) the objects and trays in world [m].
        radii: (n,) of the circles around them [m].
        attended: (n,) bool, those that get an amber ring on the table.
        identified: (n,) bool, those that get a green ring around that.
        fingertip_trail: (T, 3) in world [m]; without it the overlay's trail, on the table.
        plan_height: height of the ghost of a planned position [m].
        ghosts: objects where they are planned to be.
        piece: the solid cursor, if it is one.
    """
    markers: list[Marker] = []
    for mask, gap, colour in (
        (attended, ATTENDED_GAP, theme.ATTENDED),
        (identified, IDENTIFIED_GAP, theme.IDENTIFIED),
    ):
        for index in np.flatnonzero(mask):
            markers.append(_ring(_on_table(positions[index]), radii[index] + gap, colour))
    if fingertip_trail is None:
        fingertip_trail = _at_height(plane_to_table(overlay.trail_points), _TABLE_HEIGHT)
    if len(fingertip_trail) > 1:
        markers.append(_trail(fingertip_trail))
    for ghost in ghosts:
        markers += _way(ghost)
    if piece is not None:
        markers += _cross_hair(piece)
    for ghost in ghosts:
        markers += solid_markers(ghost.solid)
    for target in plane_to_table(overlay.plan_points):
        markers += _target(target, plan_height)
    return markers


def _target(target: np.ndarray, height: float) -> Iterator[Marker]:
    """A translucent ball over a thin upright line and a dashed ring on the table."""
    foot, head = np.array([*target, _TABLE_HEIGHT]), np.array([*target, height])
    yield _ring(foot, 0.017, theme.PLAN, dashed=True)
    points = np.linspace(foot, head, _PARTS + 1)
    yield plain_line(points, 0.0011, with_alpha(theme.PLAN, 0.75))
    yield Ball(centre=head, radius=0.012, rgba=with_alpha(theme.PLAN, 0.5))


def _way(ghost: Ghost) -> Iterator[Marker]:
    """A dashed ring where a ghost stands, and an arrow to it from where the object is."""
    end = _above_table(ghost.solid.bottom)
    widest = float(np.hypot(*ghost.solid.half_extents[:2]))
    radius = (widest if ghost.solid.kind == "cube" else ghost.solid.half_extents[0]) + _GHOST_GAP
    yield _ring(end, radius, theme.PLAN, dashed=True)
    start = _above_table(ghost.start)
    along = end - start
    length = float(np.linalg.norm(along))
    if length < radius + 0.015:
        return
    along /= length
    tip = end - radius * along
    rgba = with_alpha(theme.PLAN, 0.75)
    points = np.linspace(start, tip, 2 * _PARTS + 1)
    yield plain_line(points, 0.001, rgba)
    side = np.cross(along, [0.0, 0.0, 1.0])
    for turn in (-0.5, 0.5):
        yield plain_line(np.array([tip - 0.011 * (along + turn * side), tip]), 0.0012, rgba)


def _cross_hair(piece: Piece) -> Iterator[Marker]:
    """A dark ring with four ticks around the lower side of the piece, cased in white."""
    centre, radius = _above_table(piece.bottom), piece.radius + _PIECE_GAP
    turns = np.pi * (0.25 + 0.5 * np.arange(4))
    outward = np.stack([np.cos(turns), np.sin(turns), np.zeros(4)], axis=1)
    for colour, extra in ((theme.CARD, 0.0009), (theme.INK, 0.0)):
        yield _ring(centre, radius, colour, half_width=0.0013 + extra)
        for direction in outward:
            ends = [centre + (radius + reach) * direction for reach in _TICK]
            yield plain_line(np.array(ends), 0.0013 + extra, with_alpha(colour, 1.0))


def _ring(
    centre: np.ndarray,
    radius: float,
    colour: theme.Colour,
    *,
    dashed: bool = False,
    half_width: float | None = None,
) -> Line:
    """A level ring around a point (3,) in world [m]."""
    angle = np.linspace(0.0, 2 * np.pi, _RING_CORNERS + 1)
    circle = radius * np.stack([np.cos(angle), np.sin(angle), np.zeros_like(angle)], axis=1)
    rgba = np.tile(with_alpha(colour, 1.0), (_RING_CORNERS, 1))
    if dashed:
        rgba[(np.arange(_RING_CORNERS) % 4) > 1, 3] = 0.0
    widths = np.full(_RING_CORNERS, half_width or (0.0012 if dashed else 0.0022))
    return Line(points=centre + circle, radius=widths, rgba=rgba)


def _trail(points: np.ndarray) -> Line:
    """A line that fades and thins towards the past, thinned out to at most `_MAX_TRAIL` points."""
    if len(points) > _MAX_TRAIL:
        points = points[np.linspace(0, len(points) - 1, _MAX_TRAIL).round().astype(int)]
    share = np.arange(1, len(points)) / (len(points) - 1)
    rgba = np.tile(with_alpha(theme.TRAIL, 1.0), (len(share), 1))
    rgba[:, 3] = 0.1 + 0.75 * share
    return Line(points=np.asarray(points, dtype=float), radius=0.001 + 0.0015 * share, rgba=rgba)


def _on_table(point: np.ndarray) -> np.ndarray:
    """(3,) the place on the table below a point [m]."""
    return np.array([point[0], point[1], _TABLE_HEIGHT])


def _above_table(point: np.ndarray) -> np.ndarray:
    """(3,) the point, or the table's top above it [m]."""
    return np.array([point[0], point[1], max(float(point[2]), _TABLE_HEIGHT)])


def _at_height(table_points: np.ndarray, height: float) -> np.ndarray:
    """(N, 3) of (N, 2) world positions [m]."""
    return np.column_stack([table_points, np.full(len(table_points), height)])
