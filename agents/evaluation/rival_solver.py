"""Asks a rival, or one's own method, what our agent is asked, and checks what it answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy

import numpy as np

from ...envs.concepts import Event
from ...envs.concepts.composed import ComposedEvent
from ...envs.demonstrations import Demonstration
from ...envs.entities import EntityState, check_array
from ...envs.errors import ShapeError
from ..rivals import PlansTogether, Rival
from .verdicts import Plan, carried_out

MakeRival = Callable[[int], Rival]
"""Makes a rival from a seed."""


class RivalSolver:
    """A rival that observes demonstrations; what it does to them is nobody else's business.

    It sees one concept. Where several are to hold there is a rival for each: one that can plan them
    together does (`PlansTogether`), of others each one's plan is gone to in turn.
    """

    def __init__(
        self, name: str, make: MakeRival, shown: Sequence[Sequence[Demonstration]], *, seed: int
    ) -> None:
        """Let it observe.

        Args:
            name: what messages call it.
            make: makes who answers.
            shown: the demonstrations of each concept, of which it is given copies, as of every
                scene.
            seed: of what it draws.
        """
        self._name = name
        self._rivals = [make(seed) for _ in shown]
        for rival, each in zip(self._rivals, shown, strict=True):
            rival.observe(deepcopy(list(each)))

    def plan(self, event: Event) -> Plan:
        """Entities for each phase that the rival saw; of several concepts, for all at once.

        Raises:
            ShapeError, NonFiniteError: if it returns anything but arrays of entities.
        """
        if not isinstance(event, ComposedEvent):
            return self._plan(self._rivals[0], event.before, event.attention)
        able = [rival for rival in self._rivals if isinstance(rival, PlansTogether)]
        if able:
            first, *others = able
            scene = deepcopy(event.before)
            plan = first.plan_together(others, scene, event.attentions.copy())
            return self._checked(plan, event.before)
        state = event.before
        for rival, attention in zip(self._rivals, event.attentions, strict=True):
            for entities in self._plan(rival, state, attention):
                state = carried_out(state, entities)
        return [state.entities]

    def identify(self, state: EntityState) -> np.ndarray:
        """(N,) bool, the entities that are meant.

        Raises:
            ShapeError, NonFiniteError: if it returns anything but a mask.
        """
        found = self._rivals[0].identify(deepcopy(state))
        name = f"the answer of rival '{self._name}'"
        check_array(found, name, state.present.shape)
        if not np.isin(found, (0, 1)).all():
            raise ShapeError(f"{name} holds other numbers than 0 and 1; return a mask of bools")
        return np.asarray(found, dtype=bool)

    def _plan(self, rival: Rival, state: EntityState, attention: np.ndarray) -> Plan:
        return self._checked(rival.plan(deepcopy(state), attention.copy()), state)

    def _checked(self, plan: object, state: EntityState) -> Plan:
        name = f"the plan of rival '{self._name}'"
        if not isinstance(plan, Sequence) or not plan:
            raise ShapeError(
                f"{name} is {_described(plan)}, expected a list of entity arrays, one for each "
                "phase; return [entities]"
            )
        for phase, entities in enumerate(plan):
            check_array(entities, f"{name}, phase {phase},", state.entities.shape)
        return [np.asarray(entities) for entities in plan]


def _described(value: object) -> str:
    """What messages call a value that is no list of arrays."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    return "empty" if isinstance(value, Sequence) else f"a {type(value).__name__}"
