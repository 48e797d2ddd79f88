"""Carries plans out with solid things: grasps, places, touches, looks again, and tries again."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..envs.arm_model import CONTROL_TIMESTEP
from ..envs.robots import Robot
from .arm_motion import Waypoint
from .grasp import clearance
from .ik import IKController
from .pick_place import TRAVEL_HEIGHT, Arm, Outcome, PickPlace, Task
from .place_targets import Targets, find_targets
from .plan import Plan, Planner, View, make_plan
from .table_view import TableView

MOST_TRIES = 8
"""Plans that are begun before the policy gives up."""
EXPECTED_WITHIN = 0.006
"""Something further than this from where it was put, or stood, is looked at again [m]."""
_WAIT_STEPS = 30  # for the world to settle, and to say that it is done
_TOUCH_DEPTH = 0.003  # how far into an object's top the fingertip is sent [m]
_MOST_TOUCHES = 3


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One thing that the policy did: for reports of what goes wrong.

    Attributes:
        stage: "plan", "grasp", "transport", "placement" or "touch".
        outcome: how it ended.
        row: of the entity, -1 where there is none.
        planned: (2,) where it should have come to lie [m].
        reached: (2,) where it lay afterwards [m].
    """

    stage: str
    outcome: str
    row: int = -1
    planned: np.ndarray | None = None
    reached: np.ndarray | None = None


class PlacePolicy:
    """Grasps and places what was planned, or touches what was identified, in a closed loop.

    After each placement, and whenever a thing is not where it was expected, it looks again and
    plans anew. It stops when the plan is carried out, or after `MOST_TRIES` plans; `plan.reason`
    says which.

    Attributes:
        plan: the current plan.
        attempts: what was done so far in this episode.
    """

    def __init__(self, planner: Planner, controller_of: Callable[[Robot], IKController]) -> None:
        self._planner, self._controller_of = planner, controller_of
        self._view: View | None = None
        self._table: TableView | None = None
        self._script: Generator[np.ndarray, TableView, None] | None = None
        self.plan: Plan | None = None
        self.targets: Targets | None = None
        self.attempts: list[Attempt] = []

    def act(self, observation: Mapping[str, Any]) -> np.ndarray:
        """The action (n + 1,) for an observation."""
        view, table = View.of(observation), TableView.of(observation)
        known, last = self._view, self._table
        self._view, self._table = view, table
        if (
            self._script is None
            or known is None
            or last is None
            or not (_same_episode(view, known) and _continues(table, last))
        ):
            self.attempts = []
            self._arm = Arm(self._controller_of(table.robot), table)
            self._script = self._touch() if view.task == "identify" else self._build()
            return next(self._script)
        return self._script.send(table)

    @property
    def _now(self) -> tuple[View, TableView]:
        if self._view is None or self._table is None:
            raise RuntimeError("the policy has seen nothing yet")
        return self._view, self._table

    def _build(self) -> Generator[np.ndarray, TableView, None]:
        """Look, plan and carry out, until it is done or was tried often enough."""
        phase, tries = self._now[0].phase, 0
        while True:
            view, table = self._now
            if view.phase != phase:
                phase, tries = view.phase, 0
            if tries == MOST_TRIES:
                self._report(reached=False, reason=f"gave up after {tries} tries")
                yield from self._rest()
                continue
            tries += 1
            targets = self.targets = find_targets(self._planner, view, table)
            self.plan = Plan(task=view.task, result=targets.result)
            if not targets.order.feasible:
                self._report(reached=False, reason=targets.order.reason)
                self.attempts.append(Attempt(stage="plan", outcome=targets.order.reason))
                yield from self._rest()
                continue
            yield from self._carry_out(targets)
            yield from self._rest()

    def _carry_out(self, targets: Targets) -> Generator[np.ndarray, TableView, None]:
        """Make the moves of a plan until something is not as expected."""
        expected = self._now[1].centres[:, :2].copy()
        for move in targets.order.moves:
            onto = None if move.parked else targets.onto.get(move.index)
            task = Task(index=move.index, place=move.target, onto=onto)
            skill = PickPlace(self._arm, self._now[1], task)
            outcome = yield from self._run(skill)
            row, reached = int(self._now[1].rows[move.index]), self._now[1].centres[move.index, :2]
            self.attempts.append(
                Attempt(
                    stage=skill.stage,
                    outcome=str(outcome),
                    row=row,
                    planned=move.target,
                    reached=reached.copy(),
                )
            )
            expected[move.index] = move.target
            away = np.linalg.norm(self._now[1].centres[:, :2] - expected, axis=1)
            if outcome is not Outcome.DONE or away.max() > EXPECTED_WITHIN:
                self._report(reached=False, reason=f"{skill.stage}: {outcome}")
                return
        self._report(reached=True, reason="reached")

    def _run(self, skill: PickPlace) -> Generator[np.ndarray, TableView, Outcome]:
        steps = skill.run()
        try:
            action = next(steps)
            while True:
                table = yield action
                skill.see(table)
                action = steps.send(table)
        except StopIteration as end:
            return end.value

    def _rest(self) -> Generator[np.ndarray, TableView, None]:
        for _ in range(_WAIT_STEPS):
            yield self._arm.action()

    def _report(self, *, reached: bool, reason: str) -> None:
        if self.plan is not None:
            self.plan = replace(self.plan, reached=reached, reason=reason)

    def _touch(self) -> Generator[np.ndarray, TableView, None]:
        """Touch what is identified, the nearest first, then withdraw."""
        view, table = self._now
        self.plan = make_plan(self._planner, view)
        meant = self.plan.result.attention  # pyright: ignore[reportAttributeAccessIssue]
        yield from self._arm.set_opening(0.0)
        self._arm.keep_clear_of([])
        reached = True
        for _ in range(_MOST_TOUCHES):
            left = [i for i, row in enumerate(table.rows) if meant[row] and not table.touched[row]]
            while left:
                place = self._now[1].fingertip
                away = [np.linalg.norm(table.centres[i] - place) for i in left]
                reached = (yield from self._touch_one(left.pop(int(np.argmin(away))))) and reached
            table = self._now[1]
        self._report(reached=reached, reason="reached" if reached else self._arm.why_not)
        while True:
            yield self._arm.action()

    def _touch_one(self, index: int) -> Generator[np.ndarray, TableView, bool]:
        table = self._now[1]
        place, row = table.centres[index, :2], table.rows[index]
        heading = _heading_to_touch(table, index)
        above = Waypoint(
            position_in_world=np.append(place, TRAVEL_HEIGHT), speed=0.6, heading=heading
        )
        depth = table.tops[index] - _TOUCH_DEPTH
        down = Waypoint(
            position_in_world=np.append(place, depth), speed=0.15, dwell=6, heading=heading
        )
        if not (yield from self._arm.follow([above])):
            return False
        descent = self._arm.follow([down])
        try:
            action = next(descent)
            while not self._now[1].touched[row]:
                action = descent.send((yield action))
        except StopIteration:
            pass
        return (yield from self._arm.follow([above]))


def _heading_to_touch(table: TableView, index: int) -> float:
    """The heading at which the closed fingers have the most room [rad]."""
    others = table.others(index, above=float(table.tops[index]) - 2 * _TOUCH_DEPTH)
    outlines = [table.footprints[other] for other in others]
    headings = [k * math.pi / 8 for k in (0, 1, -1, 2, -2, 3, -3, 4)]
    place = table.centres[index, :2]
    room = [clearance(h + 0.5 * math.pi, place, 0.0, outlines) for h in headings]
    return headings[int(np.argmax(np.minimum(room, 0.01)))]


def _same_episode(view: View, known: View) -> bool:
    """Whether both show the same entities and question; phases may go on."""
    return replace(view, phase=0).same_scene(replace(known, phase=0)) and view.phase >= known.phase


def _continues(table: TableView, last: TableView) -> bool:
    """Whether this table can follow the last one within an episode."""
    if table.robot is not last.robot or not np.array_equal(table.rows, last.rows):
        return False
    most = 1.5 * CONTROL_TIMESTEP * np.array(table.robot.velocity_limits) + 0.01
    undone = last.touched & ~table.touched
    return bool(np.all(np.abs(table.qpos - last.qpos) <= most)) and not undone.any()
