"""Objects on the table: cubes, cylinders and balls of various sizes and masses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .errors import ConfigError

KINDS = ("cube", "cylinder", "ball")
"""What objects may be; a ball rolls."""
HALF_WIDTHS = (0.010, 0.014)
"""Least and largest half width of an object [m]."""
HALF_HEIGHTS = (0.010, 0.016)
"""Least and largest half height of a cube or cylinder [m]."""
DENSITIES = (700.0, 2700.0)
"""Least and largest density, of wood to aluminium [kg/m³]."""
GAP = 0.002
"""Least distance between two objects of a new scene, however they are turned [m]."""


@dataclass(frozen=True, kw_only=True)
class ObjectShape:
    """A rigid object, upright.

    Attributes:
        kind: one of `KINDS`.
        half_width: of a cube half its edge, else the radius [m].
        half_height: [m]; a ball's is its radius.
        mass: [kg].
        yaw: heading of a cube's side at first [rad].

    Raises:
        ConfigError: on an unknown kind, or a number that is not above 0.
    """

    kind: str
    half_width: float
    half_height: float
    mass: float
    yaw: float = 0.0

    def __post_init__(self) -> None:
        check_kinds((self.kind,))
        for name in ("half_width", "half_height", "mass"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"{name} is {getattr(self, name)}, expected more than 0")

    @property
    def half_extents(self) -> np.ndarray:
        """(3,) half extents along the object's own axes [m]."""
        return np.array([self.half_width, self.half_width, self.half_height])

    @property
    def radius(self) -> float:
        """Of the circle around it, seen from above [m]."""
        return self.half_width if self.round else math.sqrt(2.0) * self.half_width

    @property
    def round(self) -> bool:
        """Whether it looks alike from all sides."""
        return self.kind != "cube"


def check_kinds(kinds: Sequence[str]) -> tuple[str, ...]:
    """The kinds, if they are one or more of `KINDS`.

    Raises:
        ConfigError: if there is none, or an unknown one.
    """
    listed = isinstance(kinds, list | tuple) and len(kinds) > 0
    if not listed or any(kind not in KINDS for kind in kinds):
        raise ConfigError(f"kinds={kinds!r} must be one or more of {', '.join(KINDS)}")
    return tuple(kinds)


def draw_shapes(
    rng: np.random.Generator, count: int, *, kinds: Sequence[str], spacing: float
) -> tuple[ObjectShape, ...]:
    """Shapes of `count` objects, independent of what the objects mean in the scene.

    Args:
        rng: the source of randomness.
        count: how many.
        kinds: what they may be.
        spacing: least distance between two of their centres [m]; sizes are drawn so that it
            leaves `GAP` between any two, however they are turned.

    Raises:
        ConfigError: if not even the smallest objects leave that gap, or on an unknown kind.
    """
    kinds = check_kinds(kinds)
    largest = min(HALF_WIDTHS[1], (0.5 * spacing - 0.5 * GAP) / math.sqrt(2.0))
    if largest < HALF_WIDTHS[0]:
        least = 2.0 * math.sqrt(2.0) * HALF_WIDTHS[0] + GAP
        raise ConfigError(f"spacing is {spacing:.4f} m, expected at least {least:.4f} m")
    return tuple(_draw(rng, str(rng.choice(kinds)), largest) for _ in range(count))


def _draw(rng: np.random.Generator, kind: str, largest: float) -> ObjectShape:
    half_width = float(rng.uniform(HALF_WIDTHS[0], largest))
    half_height = float(rng.uniform(*HALF_HEIGHTS))
    density, yaw = float(rng.uniform(*DENSITIES)), float(rng.uniform(-math.pi, math.pi))
    if kind == "ball":
        half_height = half_width
    area = {"cube": 4.0, "cylinder": math.pi, "ball": math.pi * 2.0 / 3.0}[kind] * half_width**2
    mass = density * area * 2.0 * half_height
    return ObjectShape(
        kind=kind, half_width=half_width, half_height=half_height, mass=mass, yaw=yaw
    )
