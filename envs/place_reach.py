"""How far an arm reaches over its table with the hand pointing down."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import numpy as np

from .concepts.sampling import CURSOR_REGION
from .errors import UnreachableTargetError
from .frames import METRES_PER_PLANE_UNIT, TABLE_CENTRE_IN_WORLD
from .place_start import start_qpos
from .robots import PANDA, UR5E, Robot

REACH_HEIGHTS = (0.005, 0.14)
"""Lowest and highest fingertip while an object is moved, about [m]."""
REACH_STEP = 0.02
"""Distances are told apart by this [m]."""
_MIDDLE, _NEAREST, _FURTHEST = 0.5, 0.1, 1.2  # [m]
_KNOWN = {PANDA: (0.28, 0.78), UR5E: (0.14, 0.90)}  # as found below, which takes a second


def reach_of(robot: Robot) -> tuple[float, float]:
    """Least and largest horizontal distance from the base's axis at which the hand can work [m].

    Raises:
        UnreachableTargetError: if it cannot work in the middle of the table.
    """
    return _KNOWN[robot] if robot in _KNOWN else find_reach(robot)


def check_reach(robot: Robot) -> None:
    """Make sure that an arm reaches whatever lies in the plane.

    Raises:
        UnreachableTargetError: if it does not.
    """
    inner, outer = reach_of(robot)
    nearest, furthest = _plane_distances(robot)
    if inner <= nearest and outer >= furthest:
        return
    base = _better_base(robot, inner, outer)
    cure = "" if base is None else f", or give its Robot base_in_world=({base:.2f}, 0, 0)"
    raise UnreachableTargetError(
        f"robot '{robot.name}' works {inner:.2f} m to {outer:.2f} m from its base with the "
        f"hand pointing down, objects lie {nearest:.2f} m to {furthest:.2f} m from it; use an "
        f"arm that reaches them all{cure}"
    )


def _plane_distances(robot: Robot) -> tuple[float, float]:
    """Least and largest distance from the base at which something in the plane may lie [m]."""
    edge = CURSOR_REGION * METRES_PER_PLANE_UNIT
    x, y = np.abs(np.array(TABLE_CENTRE_IN_WORLD) - robot.base_in_world[:2])
    return math.hypot(max(x - edge, 0.0), max(y - edge, 0.0)), math.hypot(x + edge, y + edge)


def _better_base(robot: Robot, inner: float, outer: float) -> float | None:
    """The x on the table's middle line [m] at which a base reaches all with most to spare."""
    best, spare = None, 0.0
    for x in np.linspace(-1.0, 0.3, 131).tolist():  # in front of the plane
        moved = replace(robot, base_in_world=(x, 0.0, robot.base_in_world[2]))
        nearest, furthest = _plane_distances(moved)
        if min(nearest - inner, outer - furthest) > spare:
            best, spare = x, min(nearest - inner, outer - furthest)
    return best


@cache
def find_reach(robot: Robot) -> tuple[float, float]:
    """The same, found by trying distances in front of the base, from the middle on."""
    _try(robot, _MIDDLE)
    return _furthest(robot, -REACH_STEP), _furthest(robot, REACH_STEP)


def _furthest(robot: Robot, step: float) -> float:
    distance = _MIDDLE
    while _NEAREST < distance + step < _FURTHEST and _works(robot, distance + step):
        distance = round(distance + step, 9)
    return distance


def _works(robot: Robot, distance: float) -> bool:
    try:
        _try(robot, distance)
    except UnreachableTargetError:
        return False
    return True


def _try(robot: Robot, distance: float) -> None:
    x, y, _ = robot.base_in_world
    for height in REACH_HEIGHTS:
        start_qpos(robot, (x + distance, y, height))
