"""One object from its place to another: grasp from above, lift, carry, set down, let go.

A skill is a generator: it yields actions and is told the table after each. It moves in joint space
along paths that the IK controller planned, and looks between their parts.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from ..arm_motion import Waypoint
from ..arm_script import Arm
from ..ik_model import Obstacle
from .grasp import GraspChoice, choose_headings
from .table_view import TableView

TRAVEL_HEIGHT = 0.125
"""Least height of the fingertip while it moves over objects [m]."""
CLEAR_BY = 0.02
"""What is carried clears the tallest object by this [m]."""
GRIP_DEPTH = 0.005
"""Height of the fingertip above what the object stands on while it grasps [m]."""
RELEASE_GAP = 0.001
"""Height above what it will stand on at which an object is let go [m]."""
OPENING_MARGINS = (0.008, 0.005, 0.003)
"""How much wider than the object the fingers open, less where there is no more room [m]."""
SQUEEZE = 0.012
"""How much narrower than the object the fingers are told to close [m]: a few newtons."""
HELD_WITHIN = 0.006
"""Fingers that close this much further than the object is wide hold nothing [m]."""
_CARRY_SPEED, _CARRY_ACCELERATION = 0.5, 2.5  # [m/s], [m/s²]
_NEAR_SPEED, _NEAR_ACCELERATION = 0.25, 1.5  # up and down
_GRASP_STEPS, _RELEASE_STEPS = 8, 6
_ENOUGH, _LEAST = 0.003, 0.001  # clearance of the fingers that is looked for, and that will do [m]
_STRAYED = 0.01  # an object that moves this far while the hand comes down is not there [m]

Skill = Generator[np.ndarray, TableView, "Outcome"]


class Outcome(StrEnum):
    """How a skill ended."""

    DONE = "done"
    MISSED = "missed the grasp"
    DROPPED = "dropped on the way"
    MOVED = "not where it was expected"
    UNREACHABLE = "unreachable"
    CROWDED = "no room for the fingers"


@dataclass(frozen=True, kw_only=True)
class Task:
    """What to move where.

    Attributes:
        index: of the object in the table's solid things.
        place: (2,) where its centre goes [m].
        onto: index of what it goes on, None for the table.
    """

    index: int
    place: np.ndarray
    onto: int | None = None


class PickPlace:
    """Moves one object.

    Attributes:
        task: what to move where.
        stage: what it is at: "grasp", "transport" or "placement".
        released: whether it has let the object go at its place.
    """

    def __init__(self, arm: Arm, see: TableView, task: Task) -> None:
        self._arm, self.task = arm, task
        self._table = see
        self._width, self._opening = 0.0, 0.0  # of the grasp [m]
        self.stage = "grasp"
        self.released = False

    def see(self, table: TableView) -> None:
        """Look at the table: to be called before each step of `run`."""
        self._table = table

    def run(self) -> Skill:
        """Grasp, carry and place; see `Outcome`."""
        (choice, margin), task = self._choose(), self.task
        if choice.clearance < _LEAST:
            crowded_at_place = choice.pick_clearance >= _LEAST
            self.stage = "placement" if crowded_at_place else "grasp"
            self._arm.why_not = choice.reason
            return Outcome.CROWDED
        self._width, self._opening = choice.opening - margin, choice.opening
        heading = choice.place_heading - 0.5 * math.pi
        if not self._can_place(heading):
            self.stage = "placement"
            return Outcome.UNREACHABLE
        before = self._table.centres[task.index].copy()
        bottom = float(self._table.bottoms[task.index])
        outcome = yield from self._pick(choice, before)
        if outcome is Outcome.DONE:
            outcome = yield from self._carry(task.place, self._support(), heading)
        stage, why_not = self.stage, self._arm.why_not
        if outcome is Outcome.UNREACHABLE and stage != "grasp":
            # put it back rather than let it fall
            yield from self._carry(before, bottom, choice.pick_heading - 0.5 * math.pi)
        yield from self._retreat()
        self.stage, self._arm.why_not = stage, why_not
        return outcome

    def _choose(self) -> tuple[GraspChoice, float]:
        """The headings, and by how much the fingers open wider than the object [m]."""
        table, index = self._table, self.task.index
        at_pick = table.others(index, above=table.bottoms[index] + GRIP_DEPTH - 0.003)
        at_place = table.others(index, above=self._support() + GRIP_DEPTH - 0.003)
        choices = []
        for margin in OPENING_MARGINS:
            choice = choose_headings(
                table.footprints[index],
                [table.footprints[other] for other in at_pick],
                self.task.place,
                [table.footprints[other] for other in at_place],
                opening_margin=margin,
                reference=0.5 * math.pi,  # the hand at heading 0 closes along world y
                enough=_ENOUGH,
            )
            choices.append((choice, margin))
            if choice.feasible:
                return choice, margin
        return max(choices, key=lambda each: each[0].clearance)

    def _support(self) -> float:
        """Height of what the object will stand on [m]."""
        onto = self.task.onto
        return 0.0 if onto is None else float(self._table.tops[onto])

    def _can_place(self, heading: float) -> bool:
        """Whether the hand could be at the place, and above it."""
        heights = self._travel_height(), self._support() + GRIP_DEPTH
        points = [_slow(_point(self.task.place, height), heading) for height in heights]
        return self._arm.can_reach(points)

    def _pick(self, choice: GraspChoice, before: np.ndarray) -> Skill:
        arm, index = self._arm, self.task.index
        heading = choice.pick_heading - 0.5 * math.pi
        yield from arm.set_opening(choice.opening)
        self._keep_clear()
        above = _point(before, self._travel_height())
        if not (yield from arm.follow([_fast(above, heading)])):
            return Outcome.UNREACHABLE
        if self._strays(before) > 0.3 * _STRAYED:
            return Outcome.MOVED
        arm.look_again(self._others())
        down = _point(before, self._table.bottoms[index] + GRIP_DEPTH)

        def strayed() -> bool:
            return self._strays(before) > _STRAYED

        if not (yield from arm.follow([_slow(down, heading)], until=strayed)):
            return Outcome.UNREACHABLE
        if strayed():
            return Outcome.MOVED
        yield from arm.set_opening(max(0.0, self._width - SQUEEZE), wait=_GRASP_STEPS)
        if self._table.opening < self._width - HELD_WITHIN:
            return Outcome.MISSED
        self._keep_clear(carried=self._table.obstacle(index))
        if not (yield from arm.follow([_slow(above, heading)])):
            return Outcome.UNREACHABLE
        return Outcome.DONE if self._holds() else Outcome.MISSED

    def _carry(self, place: np.ndarray, support: float, heading: float) -> Skill:
        """Bring what is held above (2,) place [m], down onto a support at a height [m], let go."""
        arm, table, index = self._arm, self._table, self.task.index
        self.stage = "transport"
        # Where the object is in the hand is seen, not assumed.
        offset = table.centres[index] - table.fingertip
        turn = _rotation(heading - arm.controller.heading(arm.qpos))
        above = np.append(place[:2] - turn @ offset[:2], self._travel_height())
        arm.look_again(self._others())
        if not (yield from arm.follow([_fast(above, heading)])):
            return Outcome.UNREACHABLE
        if not self._holds():
            return Outcome.DROPPED
        self.stage, table = "placement", self._table
        under = table.half_heights[index] - (table.centres[index, 2] - table.fingertip[2])
        low = _point(above, support + RELEASE_GAP + under)
        arm.look_again(self._others())
        if not (yield from arm.follow([_slow(low, heading)])):
            return Outcome.UNREACHABLE
        if not self._holds():
            return Outcome.DROPPED
        yield from arm.set_opening(self._opening, wait=_RELEASE_STEPS)
        self.released = place is self.task.place
        return Outcome.DONE

    def _retreat(self) -> Generator[np.ndarray, TableView]:
        """Open and go straight up."""
        arm = self._arm
        self._keep_clear()
        place = arm.controller.fingertip(arm.qpos)
        heading = arm.controller.heading(arm.qpos)
        if place[2] < TRAVEL_HEIGHT - 0.01:
            yield from arm.set_opening(max(arm.opening, self._opening))
            yield from arm.follow([_slow(_point(place, TRAVEL_HEIGHT), heading)])
        yield from arm.set_opening(max(arm.opening, 0.04))

    def _holds(self) -> bool:
        """Whether the fingers are as far apart as the object is wide, and it is between them."""
        table, index = self._table, self.task.index
        near = np.linalg.norm(table.centres[index, :2] - table.fingertip[:2]) < 0.015
        return bool(table.opening > self._width - HELD_WITHIN and near)

    def _strays(self, before: np.ndarray) -> float:
        """How far the object is from where it was [m]."""
        return float(np.linalg.norm(self._table.centres[self.task.index, :2] - before[:2]))

    def _travel_height(self) -> float:
        others = self._table.others(self.task.index)
        top = max((float(self._table.tops[other]) for other in others), default=0.0)
        return max(TRAVEL_HEIGHT, top + GRIP_DEPTH + CLEAR_BY)

    def _keep_clear(self, carried: Obstacle | None = None) -> None:
        self._arm.keep_clear_of(self._others(), carried=carried)

    def _others(self) -> list[Obstacle]:
        return self._table.obstacles(self._table.others(self.task.index))


def _point(place: np.ndarray, height: float) -> np.ndarray:
    return np.append(place[:2], height)


def _fast(point: np.ndarray, heading: float) -> Waypoint:
    return Waypoint(
        position_in_world=point,
        speed=_CARRY_SPEED,
        acceleration=_CARRY_ACCELERATION,
        heading=heading,
    )


def _slow(point: np.ndarray, heading: float) -> Waypoint:
    return Waypoint(
        position_in_world=point,
        speed=_NEAR_SPEED,
        acceleration=_NEAR_ACCELERATION,
        heading=heading,
        dwell=2,
    )


def _rotation(angle: float) -> np.ndarray:
    cos, sin = math.cos(angle), math.sin(angle)
    return np.array([[cos, -sin], [sin, cos]])
