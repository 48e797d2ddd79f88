"""Touching things from above, one after the other, with closed fingers."""

from __future__ import annotations

import math
from collections.abc import Generator

import numpy as np

from ..arm_motion import Waypoint
from ..arm_script import Arm
from .grasp import clearance
from .pick_place import TRAVEL_HEIGHT
from .table_view import TableView

MOST_ROUNDS = 3
"""What was not touched is tried again so many times in all."""
_DEPTH = 0.003  # how far into an object's top the fingertip is sent [m]
_SPEED, _DOWN_SPEED = 0.6, 0.15  # [m/s]


class Touch:
    """Touches things, the nearest first; what moves away is tried again."""

    def __init__(self, arm: Arm, see: TableView, meant: np.ndarray) -> None:
        """`meant` (MAX_ENTITIES,) bool, the rows to touch."""
        self._arm, self._meant = arm, meant
        self._table = see
        self._why_not: dict[int, str] = {}

    def see(self, table: TableView) -> None:
        """Look at the table: to be called before each step of `run`."""
        self._table = table

    def run(self) -> Generator[np.ndarray, TableView, str]:
        """Touch all, and end above the last; what is wrong, or an empty text."""
        yield from self._arm.set_opening(0.0)
        self._arm.keep_clear_of([])
        for _ in range(MOST_ROUNDS):
            left = self._left()
            while left:
                place = self._table.fingertip
                away = [np.linalg.norm(self._table.centres[index] - place) for index in left]
                yield from self._touch(left.pop(int(np.argmin(away))))
        missed = [
            f"entity {self._table.rows[index]} was not touched: {self._why_not[index]}"
            for index in self._left()
        ]
        return "; ".join(missed)

    def _left(self) -> list[int]:
        """Those that are meant and were not touched yet."""
        rows, touched = self._table.rows, self._table.touched
        return [index for index, row in enumerate(rows) if self._meant[row] and not touched[row]]

    def _touch(self, index: int) -> Generator[np.ndarray, TableView, None]:
        """Come down on a thing until it is touched, and go up again."""
        arm, table = self._arm, self._table
        place, row = table.centres[index, :2], table.rows[index]
        heading = heading_to_touch(table, index)
        above = Waypoint(
            position_in_world=np.append(place, TRAVEL_HEIGHT), speed=_SPEED, heading=heading
        )
        down = Waypoint(
            position_in_world=np.append(place, table.tops[index] - _DEPTH),
            speed=_DOWN_SPEED,
            dwell=6,
            heading=heading,
        )
        if (yield from arm.follow([above])):
            yield from arm.follow([down], until=lambda: bool(self._table.touched[row]))
            self._why_not[index] = arm.why_not or "it was not where it was seen"
            yield from arm.follow([above])
        else:
            self._why_not[index] = arm.why_not


def heading_to_touch(table: TableView, index: int) -> float:
    """The heading at which the closed fingers have the most room [rad]."""
    others = table.others(index, above=float(table.tops[index]) - 2 * _DEPTH)
    outlines = [table.footprints[other] for other in others]
    headings = [k * math.pi / 8 for k in (0, 1, -1, 2, -2, 3, -3, 4)]
    place = table.centres[index, :2]
    room = [clearance(h + 0.5 * math.pi, place, 0.0, outlines) for h in headings]
    return headings[int(np.argmax(np.minimum(room, 0.01)))]
