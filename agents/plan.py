"""What the agent means to do in a scene, and whether the scene is still the one it planned for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ..envs.concepts import TASKS
from ..envs.concepts.composed_terms import MOST_TERMS
from ..envs.entities import MAX_ENTITIES, POSITION, EntityState, check_array
from ..envs.errors import ConfigError, NonFiniteError, ShapeError
from ..envs.progress import MAX_PHASES
from ..envs.spaces import state_from_observation
from .generate import GenerateResult
from .identify import IdentifyResult

MOVED = 0.05
"""An entity that the agent does not edit and that moved this far was moved [plane units]."""
REPAINTED = 0.02
"""Likewise for a colour channel [share]."""
_WHICH_TASK = "0 (generate) or 1 (identify)"
_WHICH_PHASE = f"the number of phases done, 0 to {MAX_PHASES}"


class Planner(Protocol):
    """What a policy asks of the agent: the two questions about a scene."""

    def generate(
        self,
        state: EntityState,
        attention: np.ndarray,
        *,
        phase: int = 0,
        attentions: Sequence[np.ndarray] | None = None,
    ) -> GenerateResult:
        """States of the editable entities for which the concept's phase, or all terms, hold."""
        ...

    def identify(self, state: EntityState) -> IdentifyResult:
        """The entities for which the concept holds."""
        ...


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The agent's intention in one scene.

    Attributes:
        task: "generate" or "identify".
        result: what the descent on the energy found, and why it stopped.
        reached: whether the world's controller can carry it out.
        reason: "reached", or why not.
    """

    task: str
    result: GenerateResult | IdentifyResult
    reached: bool = True
    reason: str = "reached"


@dataclass(frozen=True, kw_only=True)
class View:
    """An observation taken apart.

    Attributes:
        state: the entities.
        attention: (N,) bool, all False in an identify task.
        task: "generate" or "identify".
        phase: phases of the concept done so far.
        attentions: of several concepts that are to hold at once, each one's own attended entities,
            (N,) bool; None where there is only one.
    """

    state: EntityState
    attention: np.ndarray
    task: str
    phase: int = 0
    attentions: tuple[np.ndarray, ...] | None = None

    @classmethod
    def of(cls, observation: Mapping[str, Any]) -> View:
        """Read an observation of either world.

        Raises:
            ShapeError, NonFiniteError: see `state_from_observation`.
            ConfigError: on a task or phase that there is none of.
        """
        state = state_from_observation(observation)
        return cls(
            state=state,
            attention=np.asarray(observation["attention"]).astype(bool),
            task=TASKS[_number_of(observation, "task", len(TASKS), _WHICH_TASK)],
            phase=_number_of(observation, "phase", MAX_PHASES + 1, _WHICH_PHASE),
            attentions=_attentions_of(observation),
        )

    def same_scene(self, other: View) -> bool:
        """Whether both show the same entities, task, phase and attention, wherever they stand."""
        masks = ("present", "movable", "paintable")
        mine, its = self.state, other.state
        fixed = mine.present & ~mine.paintable
        return (
            self.task == other.task
            and self.phase == other.phase
            and np.array_equal(self.attention, other.attention)
            and np.array_equal(self.attentions or (), other.attentions or ())
            and all(np.array_equal(getattr(mine, name), getattr(its, name)) for name in masks)
            and bool(
                np.all(np.abs(mine.colours - its.colours)[fixed] <= REPAINTED)
                and mine.cursor == its.cursor
            )
        )

    def moved(self, other: View) -> bool:
        """Whether an object that is not the agent's to move stands elsewhere."""
        mine, its = self.state, other.state
        fixed = mine.objects & ~mine.movable
        away = np.linalg.norm(mine.positions - its.positions, axis=-1)
        return bool(np.any(away[fixed] > MOVED))


def _attentions_of(observation: Mapping[str, Any]) -> tuple[np.ndarray, ...] | None:
    """The rows of `attentions` that are used, if the observation has them."""
    if "attentions" not in observation:
        return None
    rows = observation["attentions"]
    check_array(rows, "attentions", (MOST_TERMS, MAX_ENTITIES))
    return tuple(row for row in np.asarray(rows).astype(bool) if row.any())


def _number_of(observation: Mapping[str, Any], key: str, count: int, allowed: str) -> int:
    """A key's one whole number, below `count`."""
    values = np.asarray(observation[key]).reshape(-1)
    if len(values) != 1:
        raise ShapeError(
            f"observation['{key}'] has {len(values)} entries, expected 1; "
            "pass the observation of one environment"
        )
    if values[0] not in range(count):
        finite = values.dtype.kind != "f" or np.isfinite(values[0])
        kind = ConfigError if finite else NonFiniteError
        raise kind(f"observation['{key}'] is {values[0]}; it must be {allowed}")
    return int(values[0])


def make_plan(planner: Planner, view: View) -> Plan:
    """Ask the planner the question of the view's task."""
    if view.task == "generate":
        result = planner.generate(
            view.state, view.attention, phase=view.phase, attentions=view.attentions
        )
        return Plan(task=view.task, result=result)
    return Plan(task=view.task, result=planner.identify(view.state))


def target_of(plan: Plan, state: EntityState) -> np.ndarray | None:
    """The planned position (2,) of the cursor [plane units], if the plan moves it."""
    if not isinstance(plan.result, GenerateResult) or not state.movable[state.cursor]:
        return None
    return plan.result.entities[state.cursor, POSITION].astype(np.float64)
