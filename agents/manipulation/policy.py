"""Carries plans out with solid things: grasps, places, touches, looks again, and tries again."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

import numpy as np

from ...envs.arm_model import CONTROL_TIMESTEP
from ...envs.robots import Robot
from ..arm_script import Arm
from ..ik import IKController
from ..plan import Plan, View, make_plan
from .pick_place import Outcome, PickPlace, Task
from .table_view import TableView
from .targets import PlacePlanner, Room, Targets, find_targets
from .touch import Touch

MOST_TRIES = 8
"""Plans that are begun before the policy gives up."""
EXPECTED_WITHIN = 0.006
"""Something further than this from where it was put, or stood, is looked at again [m]."""
_WAIT_STEPS = 30  # for the world to settle, and to say that it is done
_T = TypeVar("_T", covariant=True)


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


class _Skill(Protocol[_T]):
    def see(self, table: TableView) -> None: ...

    def run(self) -> Generator[np.ndarray, TableView, _T]: ...


class PlacePolicy:
    """Grasps and places what was planned, or touches what was identified, in a closed loop.

    After each placement, and whenever a thing is not where it was expected, it looks again and
    plans anew. It stops when the plan is carried out, or after `MOST_TRIES` plans; `plan.reason`
    says which.

    Attributes:
        plan: the current plan.
        attempts: what was done so far in this episode.
    """

    def __init__(
        self, planner: PlacePlanner, controller_of: Callable[[Robot], IKController]
    ) -> None:
        self._planner, self._controller_of = planner, controller_of
        self._view: View | None = None
        self._table: TableView | None = None
        self._script: Generator[np.ndarray, TableView, None] | None = None
        self.plan: Plan | None = None
        self.targets: Targets | None = None
        self.attempts: list[Attempt] = []
        self._skill: PickPlace | None = None
        self._room = Room()

    def act(self, observation: Mapping[str, Any]) -> np.ndarray:
        """The action (n + 1,) for an observation."""
        view, table = View.of(observation), TableView.of(observation)
        known, last, script = self._view, self._table, self._script
        # forgotten until it answers: a script that raised, or was interrupted, cannot go on
        self._view, self._table, self._script = view, table, None
        if (
            script is None
            or known is None
            or last is None
            or not (_same_episode(view, known) and _continues(table, last))
        ):
            self.attempts, self._skill, self._room = [], None, Room()
            self._arm = Arm(self._controller_of(table.robot), table)
            script = self._touch() if view.task == "identify" else self._build()
            action = next(script)
        else:
            action = script.send(table)
        self._script = script
        return action

    def placement_errors(self) -> list[float]:
        """Distances between planned and executed places of what was let go so far [m]."""
        done = [each for each in self.attempts if each.outcome == Outcome.DONE]
        pairs = [(each.planned, each.reached) for each in done]
        skill, table = self._skill, self._table
        if skill is not None and skill.released and table is not None:
            pairs.append((skill.task.place, table.centres[skill.task.index, :2]))
        return [
            float(np.linalg.norm(planned - reached))
            for planned, reached in pairs
            if planned is not None and reached is not None
        ]

    @property
    def stage(self) -> str:
        """What is under way: "grasp", "transport" or "placement"; empty between skills."""
        return "" if self._skill is None else self._skill.stage

    @property
    def _now(self) -> tuple[View, TableView]:
        if self._view is None or self._table is None:
            raise RuntimeError("the policy has seen nothing yet")
        return self._view, self._table

    def _build(self) -> Generator[np.ndarray, TableView, None]:
        """Look, plan and carry out, until it is done or was tried often enough."""
        phase, tries, why_not = self._now[0].phase, 0, ""
        while True:
            view, table = self._now
            if view.phase != phase:
                phase, tries, self._room = view.phase, 0, Room()
            if tries == MOST_TRIES:
                self._report(reached=False, reason=f"gave up after {tries} tries: {why_not}")
                yield from self._rest()
                continue
            targets = self.targets = find_targets(self._planner, view, table, room=self._room)
            self.plan = Plan(task=view.task, result=targets.result)
            if targets.order.feasible and not targets.order.moves:
                tries = 0
                yield from self._wait_for_change()
                continue
            tries += 1
            why_not = yield from self._carry_out(targets)
            self._report(reached=not why_not, reason=why_not or "reached")
            yield from self._rest()

    def _carry_out(self, targets: Targets) -> Generator[np.ndarray, TableView, str]:
        """Make the moves of a plan until something is not as expected; what that is, or ""."""
        if not targets.order.feasible:
            self.attempts.append(Attempt(stage="plan", outcome=targets.order.reason))
            return targets.order.reason
        expected = self._now[1].centres[:, :2].copy()
        for move in targets.order.moves:
            onto = None if move.parked else targets.onto.get(move.index)
            task = Task(index=move.index, place=move.target, onto=onto)
            skill = self._skill = PickPlace(self._arm, self._now[1], task)
            outcome = yield from self._run(skill)
            self._note(skill, outcome, task)
            if outcome is Outcome.CROWDED:
                row = int(self._now[1].rows[move.index])
                self._room = self._room.after_crowding(row, at_pick=skill.stage == "grasp")
            if outcome is not Outcome.DONE:
                details = f" ({self._arm.why_not})" if self._arm.why_not else ""
                return f"{skill.stage}: {outcome}{details}"
            self._skill = None
            expected[move.index] = move.target
            if self._furthest_from(expected) > EXPECTED_WITHIN:
                return "something is not where it was put, or stood"
        return ""

    def _note(self, skill: PickPlace, outcome: Outcome, task: Task) -> None:
        _, table = self._now
        self.attempts.append(
            Attempt(
                stage=skill.stage,
                outcome=str(outcome),
                row=int(table.rows[task.index]),
                planned=task.place,
                reached=table.centres[task.index, :2].copy(),
            )
        )

    def _furthest_from(self, expected: np.ndarray) -> float:
        """Largest distance of an object from its place (n, 2), seen from above [m]."""
        away = np.linalg.norm(self._now[1].centres[:, :2] - expected, axis=1)
        return float(away.max(initial=0.0))

    def _wait_for_change(self) -> Generator[np.ndarray, TableView, None]:
        """Hold still until something has moved, or the next phase has begun."""
        view, table = self._now
        while (
            self._now[0].phase == view.phase
            and self._furthest_from(table.centres[:, :2]) <= EXPECTED_WITHIN
        ):
            yield self._arm.action()
        yield from self._rest()

    def _run(self, skill: _Skill[_T]) -> Generator[np.ndarray, TableView, _T]:
        """Run a skill, showing it the table before each of its steps."""
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
        """Touch what is identified, withdraw, and wait."""
        view, table = self._now
        self.plan = make_plan(self._planner, view)
        meant = self.plan.result.attention  # pyright: ignore[reportAttributeAccessIssue]
        skill = Touch(self._arm, table, meant)
        missed = yield from self._run(skill)
        if not meant[table.rows].any():
            missed = "the plan leaves nothing for the arm to touch"
        self.attempts.append(Attempt(stage="touch", outcome=missed or "done"))
        self._report(reached=not missed, reason=missed or "reached")
        while True:
            yield self._arm.action()


def _same_episode(view: View, known: View) -> bool:
    """Whether both show the same entities and question; phases may go on."""
    return replace(view, phase=0).same_scene(replace(known, phase=0)) and view.phase >= known.phase


def _continues(table: TableView, last: TableView) -> bool:
    """Whether this table can follow the last one within an episode."""
    if table.robot is not last.robot or not np.array_equal(table.rows, last.rows):
        return False
    most = 1.5 * CONTROL_TIMESTEP * np.array(table.robot.velocity_limits) + 0.01
    if not np.array_equal(table.half_extents, last.half_extents):
        return False
    undone = last.touched & ~table.touched
    return bool(np.all(np.abs(table.qpos - last.qpos) <= most)) and not undone.any()
