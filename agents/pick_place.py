"""One object from its place to another: grasp from above, lift, carry, set down, let go.

A skill is a generator: it yields actions and is told the table after each. It moves in joint space
along paths that the IK controller planned, and looks between their parts.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from ..envs.arm_model import CONTROL_TIMESTEP
from .arm_motion import Waypoint, plan_joint_path
from .grasp import GraspChoice, choose_headings
from .ik import IKController
from .ik_model import Obstacle
from .table_view import TableView

TRAVEL_HEIGHT = 0.125
"""Least height of the fingertip while it moves over objects [m]."""
CLEAR_BY = 0.02
"""What is carried clears the tallest object by this [m]."""
GRIP_DEPTH = 0.005
"""Height of the fingertip above what the object stands on while it grasps [m]."""
RELEASE_GAP = 0.001
"""Height above what it will stand on at which an object is let go [m]."""
OPENING_MARGIN = 0.008
"""How much wider than the object the fingers open [m]."""
SQUEEZE = 0.012
"""How much narrower than the object the fingers are told to close [m]: a few newtons."""
HELD_WITHIN = 0.006
"""Fingers that close this much further than the object is wide hold nothing [m]."""
_CARRY_SPEED, _CARRY_ACCELERATION = 0.5, 2.5  # [m/s], [m/s²]
_NEAR_SPEED, _NEAR_ACCELERATION = 0.25, 1.5  # up and down
_FINGER_SPEED = 0.06  # of the opening [m/s]
_GRASP_STEPS, _RELEASE_STEPS = 8, 6
_ENOUGH = 0.003  # clearance of the fingers that is looked for [m]

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


class Arm:
    """The set-points that were sent last, and ways to move them."""

    def __init__(self, controller: IKController, table: TableView) -> None:
        self.controller = controller
        self.qpos = table.qpos.copy()
        self.opening = table.opening
        self.why_not = ""
        self._clearance: dict[str, Any] = {"obstacles": []}

    def action(self) -> np.ndarray:
        """The action that holds still."""
        return self.controller.actions.action(self.qpos, self.opening)

    def keep_clear_of(
        self, obstacles: Sequence[Obstacle], *, carried: Obstacle | None = None
    ) -> None:
        """Keep clear of these objects on the ways to come; the hand holds `carried` now."""
        self._clearance = {
            "obstacles": obstacles,
            "qpos": self.qpos,
            "carried": carried,
            "opening": self.opening,
        }

    def follow(self, waypoints: Sequence[Waypoint]) -> Generator[np.ndarray, TableView, bool]:
        """Move through waypoints; whether they could all be reached."""
        self.controller.keep_clear_of(**self._clearance)  # other arms may share the controller
        path = plan_joint_path(self.controller, self.qpos, waypoints)
        for qpos in path.qpos:
            self.qpos = qpos
            yield self.action()
        self.why_not = "" if path.reached else path.reason
        return path.reached

    def set_opening(self, opening: float, *, wait: int = 0) -> Generator[np.ndarray, TableView]:
        """Open or close at a gentle speed, then wait so many steps."""
        step = _FINGER_SPEED * CONTROL_TIMESTEP
        count = math.ceil(abs(opening - self.opening) / step)
        for target in np.linspace(self.opening, opening, count + 1)[1:]:
            self.opening = float(target)
            yield self.action()
        for _ in range(wait):
            yield self.action()


class PickPlace:
    """Moves one object.

    Attributes:
        stage: what it is at: "grasp", "transport" or "placement".
    """

    def __init__(self, arm: Arm, see: TableView, task: Task) -> None:
        self._arm, self._task = arm, task
        self._table = see
        self.stage = "grasp"

    def see(self, table: TableView) -> None:
        """Look at the table: to be called before each step of `run`."""
        self._table = table

    def run(self) -> Skill:
        """Grasp, carry and place; see `Outcome`."""
        choice = self._choose()
        if min(choice.pick_clearance, choice.place_clearance) < 0.001:
            self._arm.why_not = choice.reason
            return Outcome.CROWDED
        grasped = yield from self._pick(choice)
        if grasped is not Outcome.DONE:
            yield from self._retreat()
            return grasped
        self.stage = "transport"
        placed = yield from self._carry(choice)
        yield from self._retreat()
        return placed

    def _choose(self) -> GraspChoice:
        table, index = self._table, self._task.index
        at_pick = table.others(index, above=table.bottoms[index] + GRIP_DEPTH - 0.003)
        at_place = table.others(index, above=self._support() + GRIP_DEPTH - 0.003)
        return choose_headings(
            table.footprints[index],
            [table.footprints[other] for other in at_pick],
            self._task.place,
            [table.footprints[other] for other in at_place],
            opening_margin=OPENING_MARGIN,
            reference=0.5 * math.pi,  # the hand at heading 0 closes along world y
            enough=_ENOUGH,
        )

    def _support(self) -> float:
        """Height of what the object will stand on [m]."""
        onto = self._task.onto
        return 0.0 if onto is None else float(self._table.tops[onto])

    def _pick(self, choice: GraspChoice) -> Skill:
        arm, index = self._arm, self._task.index
        before = self._table.centres[index].copy()
        heading = choice.pick_heading - 0.5 * math.pi
        yield from arm.set_opening(choice.opening)
        self._keep_clear()
        above = _point(before, self._travel_height())
        if not (yield from arm.follow([_fast(above, heading)])):
            return Outcome.UNREACHABLE
        if self._has_moved(index, before):
            return Outcome.MOVED
        down = _point(before, self._table.bottoms[index] + GRIP_DEPTH)
        if not (yield from arm.follow([_slow(down, heading)])):
            return Outcome.UNREACHABLE
        width = choice.opening - OPENING_MARGIN
        yield from arm.set_opening(max(0.0, width - SQUEEZE), wait=_GRASP_STEPS)
        if self._table.opening < width - HELD_WITHIN:
            return Outcome.MISSED
        self._width = width
        self._keep_clear(carried=self._table.obstacle(index))
        if not (yield from arm.follow([_slow(above, heading)])):
            return Outcome.UNREACHABLE
        return Outcome.DONE if self._holds() else Outcome.MISSED

    def _carry(self, choice: GraspChoice) -> Skill:
        arm, table, task = self._arm, self._table, self._task
        heading = choice.place_heading - 0.5 * math.pi
        # Where the object is in the hand is seen, not assumed.
        offset = table.centres[task.index] - table.fingertip
        turn = _rotation(choice.turn)
        point = np.append(task.place - turn @ offset[:2], self._travel_height())
        if not (yield from arm.follow([_fast(point, heading)])):
            return Outcome.UNREACHABLE
        if not self._holds():
            return Outcome.DROPPED
        self.stage = "placement"
        table = self._table
        under = table.half_heights[task.index] - (table.centres[task.index, 2] - table.fingertip[2])
        low = np.append(point[:2], self._support() + RELEASE_GAP + under)
        if not (yield from arm.follow([_slow(low, heading)])):
            return Outcome.UNREACHABLE
        if not self._holds():
            return Outcome.DROPPED
        yield from arm.set_opening(self._width + OPENING_MARGIN, wait=_RELEASE_STEPS)
        return Outcome.DONE

    def _retreat(self) -> Generator[np.ndarray, TableView]:
        """Open and go straight up."""
        arm = self._arm
        self._keep_clear()
        place = arm.controller.fingertip(arm.qpos)
        heading = arm.controller.heading(arm.qpos)
        if place[2] < TRAVEL_HEIGHT - 0.01:
            yield from arm.follow([_slow(_point(place, TRAVEL_HEIGHT), heading)])
        yield from arm.set_opening(max(arm.opening, 0.04))

    def _holds(self) -> bool:
        """Whether the fingers are as far apart as the object is wide, and it is between them."""
        table, index = self._table, self._task.index
        near = np.linalg.norm(table.centres[index, :2] - table.fingertip[:2]) < 0.015
        return bool(table.opening > self._width - HELD_WITHIN and near)

    def _has_moved(self, index: int, before: np.ndarray) -> bool:
        return bool(np.linalg.norm(self._table.centres[index, :2] - before[:2]) > 0.003)

    def _travel_height(self) -> float:
        others = self._table.others(self._task.index)
        top = max((float(self._table.tops[other]) for other in others), default=0.0)
        return max(TRAVEL_HEIGHT, top + GRIP_DEPTH + CLEAR_BY)

    def _keep_clear(self, carried: Obstacle | None = None) -> None:
        others = self._table.others(self._task.index)
        self._arm.keep_clear_of(self._table.obstacles(others), carried=carried)


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
