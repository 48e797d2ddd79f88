"""A translucent body, the ghost of an object where it is planned to be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import mujoco
import numpy as np

from ..errors import ConfigError
from .marker_kinds import Facets, Line, plain_line

KINDS = {
    int(mujoco.mjtGeom.mjGEOM_BOX): "cube",
    int(mujoco.mjtGeom.mjGEOM_CYLINDER): "cylinder",
    int(mujoco.mjtGeom.mjGEOM_SPHERE): "ball",
}
"""MuJoCo's types of the geoms that a ghost is drawn of."""
_OPACITY = 0.5
_EDGE_OPACITY = 0.8
_EDGE_RADIUS = 0.0006
_SECTORS = 28
_CELLS = 3
"""A facet is hidden as a whole, so a cube's side has this many by as many."""
_LIGHT = np.array([0.21, -0.36, 0.91])
_DARKEST = 0.72


@dataclass(frozen=True, kw_only=True)
class Solid:
    """A convex body.

    Attributes:
        kind: "cube", "cylinder" or "ball".
        half_extents: (3,) along its own axes [m].
        pose: (7,) place [m] and turn (quaternion) in world.
        colour: (3,) shares of 1.

    Raises:
        ConfigError: on an unknown kind.
    """

    kind: str
    half_extents: np.ndarray
    pose: np.ndarray
    colour: np.ndarray

    def __post_init__(self) -> None:
        if self.kind not in KINDS.values():
            raise ConfigError(f"kind is {self.kind!r}, allowed are {list(KINDS.values())}")

    @property
    def bottom(self) -> np.ndarray:
        """(3,) the middle of its lower side [m], of an upright body."""
        return self.pose[:3] - [0.0, 0.0, self.half_extents[2]]

    def in_world(self, points: np.ndarray) -> np.ndarray:
        """(..., 3) of points in shares of the half extents [m]."""
        turn = np.empty(9)
        mujoco.mju_quat2Mat(turn, np.asarray(self.pose[3:], dtype=float))
        return points * self.half_extents @ turn.reshape(3, 3).T + self.pose[:3]


def solid_markers(solid: Solid) -> Iterator[Facets | Line]:
    """The body's shaded surface and its edges."""
    corners = solid.in_world(_UNIT_SURFACES[solid.kind])
    surface = Facets(corners=corners, rgba=np.ones((len(corners), 4)))
    normals = surface.normals
    lit = normals @ _LIGHT / np.maximum(np.linalg.norm(normals, axis=1), 1e-12)
    shade = _DARKEST + (1.0 - _DARKEST) * np.maximum(lit, 0.0)
    colours = shade[:, None] * solid.colour
    yield Facets(corners=corners, rgba=np.column_stack([colours, np.full(len(colours), _OPACITY)]))
    edge = np.append(0.6 * solid.colour, _EDGE_OPACITY)
    for points in _UNIT_EDGES[solid.kind]:
        yield plain_line(solid.in_world(points), _EDGE_RADIUS, edge)


def _revolved(profile: list[tuple[float, float]]) -> np.ndarray:
    """(N, 4, 3) facets of a profile of (radius, height), from the top, turned about z."""
    radius, height = np.array(profile).T
    angle = np.linspace(0.0, 2.0 * np.pi, _SECTORS + 1)
    rings = np.stack(
        [
            radius[:, None] * np.cos(angle),
            radius[:, None] * np.sin(angle),
            np.repeat(height[:, None], len(angle), axis=1),
        ],
        axis=-1,
    )
    upper, lower = rings[:-1], rings[1:]
    facets = [lower[:, :-1], lower[:, 1:], upper[:, 1:], upper[:, :-1]]
    return np.stack(facets, axis=2).reshape(-1, 4, 3)


def _box() -> np.ndarray:
    """(N, 4, 3) facets of the cube [-1, 1]³."""
    line = np.linspace(-1.0, 1.0, _CELLS + 1)
    x, y = (part.ravel() for part in np.meshgrid(line[:-1], line[:-1]))
    step = line[1] - line[0]
    square = np.stack([[x, y], [x + step, y], [x + step, y + step], [x, y + step]])
    top = np.concatenate([square, np.ones((4, 1, len(x)))], axis=1).transpose(2, 0, 1)
    turned = [top, top * [1.0, -1.0, -1.0]]  # half a turn about x: the bottom
    sides = [top[..., order] for order in ([2, 0, 1], [1, 2, 0])]  # z to x, z to y
    return np.concatenate(
        [*turned, *sides, sides[0] * [-1.0, -1.0, 1.0], sides[1] * [-1.0, -1.0, 1.0]]
    )


def _circle(height: float) -> np.ndarray:
    angle = np.linspace(0.0, 2.0 * np.pi, _SECTORS + 1)
    return np.stack([np.cos(angle), np.sin(angle), np.full_like(angle, height)], axis=1)


def _box_edges() -> list[np.ndarray]:
    square = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]], dtype=float)
    rims = [np.column_stack([square, np.full(5, height)]) for height in (-1.0, 1.0)]
    return [*rims, *(np.array([[x, y, -1.0], [x, y, 1.0]]) for x, y in square[:-1])]


_POLAR = np.linspace(0.0, np.pi, 15)
_UNIT_SURFACES = {
    "cube": _box(),
    "cylinder": _revolved([(0, 1), (0.5, 1), (1, 1), (1, 0.33), (1, -0.33), (1, -1), (0, -1)]),
    "ball": _revolved([(float(np.sin(t)), float(np.cos(t))) for t in _POLAR]),
}
"""Facets in shares of the half extents."""
_UNIT_EDGES = {
    "cube": _box_edges(),
    "cylinder": [_circle(-1.0), _circle(1.0)],
    "ball": [_circle(0.0)],
}
