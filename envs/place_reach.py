"""How far an arm reaches over its table with the hand pointing down."""

from __future__ import annotations

from functools import cache

from .errors import UnreachableTargetError
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


@cache
def find_reach(robot: Robot) -> tuple[float, float]:
    """The same, found by trying distances in front of the base, from the middle on."""
    for height in REACH_HEIGHTS:
        start_qpos(robot, (_MIDDLE, 0.0, height))
    return _furthest(robot, -REACH_STEP), _furthest(robot, REACH_STEP)


def _furthest(robot: Robot, step: float) -> float:
    distance = _MIDDLE
    while _NEAREST < distance + step < _FURTHEST and _works(robot, distance + step):
        distance = round(distance + step, 9)
    return distance


def _works(robot: Robot, distance: float) -> bool:
    try:
        for height in REACH_HEIGHTS:
            start_qpos(robot, (distance, 0.0, height))
    except UnreachableTargetError:
        return False
    return True
