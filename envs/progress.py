"""How far an episode of a generate task has come, phase by phase."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .concepts import Concept
from .entities import EntityState

MAX_PHASES = 3
"""Most phases that an episode can have."""
PHASE_RESIDUAL = 1.0
"""What each phase still to come adds to the residual."""


class Progress:
    """Counts the phases done, and for how long the current one has held at rest.

    A phase is done when its concept has passed at rest for `hold_steps` steps in a row; then the
    next begins. To rest for as long where a later phase passes, and the current one does not, is
    to do things out of order, which fails the episode; to pass by is not.
    """

    def __init__(self, phases: Sequence[Concept], hold_steps: int) -> None:
        """Begin with the first of `phases`, in order; at least one, and at most `MAX_PHASES`."""
        self._phases = tuple(phases)
        self._hold_steps = hold_steps
        self._held = 0
        self._early = 0
        self.done = 0
        """Phases done so far; stays 0 where there is only one."""

    @property
    def out_of_order(self) -> bool:
        """Whether a later phase was done before its turn."""
        return self._early >= self._hold_steps

    def residual(self, state: EntityState, attention: np.ndarray) -> float:
        """The current phase's residual, plus `PHASE_RESIDUAL` for each phase after it."""
        return self._current.residual(state, attention) + PHASE_RESIDUAL * self._remaining

    def advance(
        self, state: EntityState, attention: np.ndarray, *, at_rest: bool
    ) -> tuple[float, bool, bool]:
        """Look at the state that a step led to.

        Returns:
            The residual after it, whether the last phase holds at rest, and whether the episode
            ends: in success if the last phase holds, else for being out of order.
        """
        residual = self._current.residual(state, attention)
        holds = at_rest and self._current.succeeds(state, attention)
        self._held = self._held + 1 if holds else 0
        early = at_rest and not holds and self._later_holds(state, attention)
        self._early = self._early + 1 if early else 0
        last, done = not self._remaining, self._held >= self._hold_steps
        if done and len(self._phases) > 1:
            self.done = min(self.done + 1, len(self._phases))
        if done and not last:
            self._held = 0
            return self.residual(state, attention), False, False
        residual += PHASE_RESIDUAL * self._remaining
        return residual, holds and last, done or self.out_of_order

    @property
    def _index(self) -> int:
        return min(self.done, len(self._phases) - 1)

    @property
    def _current(self) -> Concept:
        return self._phases[self._index]

    @property
    def _remaining(self) -> int:
        """Phases after the current one."""
        return len(self._phases) - 1 - self._index

    def _later_holds(self, state: EntityState, attention: np.ndarray) -> bool:
        later = self._phases[self._index + 1 :]
        return any(phase.succeeds(state, attention) for phase in later)
