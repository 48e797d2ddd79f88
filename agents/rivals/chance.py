"""Chance: valid answers drawn at random, the floor that every other figure is read against."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...envs.demonstrations import Demonstration
from ...envs.entities import POSITION, EntityState
from .base import Shown, check_attention, check_observed, editable_features, phases_of

REACH = 0.95
"""Movable entities are placed in [-REACH, REACH]² [plane units]."""


class Chance:
    """Puts what may be edited anywhere, and marks as many entities as were shown, at random."""

    def __init__(self, seed: int = 0) -> None:
        self._states = np.random.default_rng(seed)
        self._answers = np.random.default_rng(seed).spawn(1)[0]  # the same, planned before or not
        self._phases: tuple[tuple[Shown, ...], ...] = ()

    def observe(self, demonstrations: Sequence[Demonstration]) -> None:
        """Keep what kind and number of entities are attended, nothing else."""
        self._phases = phases_of(demonstrations)

    def plan(self, state: EntityState, attention: np.ndarray) -> tuple[np.ndarray, ...]:
        """Random valid entities (N, 7) for each phase."""
        check_observed(self._phases)
        check_attention(state, attention)
        return tuple(self._draw(state) for _ in self._phases)

    def identify(self, state: EntityState) -> np.ndarray:
        """(N,) bool, as many objects and zones as in a random demonstration."""
        check_observed(self._phases)
        last = self._phases[-1]
        like = last[int(self._answers.integers(len(last)))]
        answer = np.zeros(state.present.shape, dtype=bool)
        for kind, shown in ((state.objects, like.after.objects), (state.zones, like.after.zones)):
            number = min(np.count_nonzero(shown & like.answer), np.count_nonzero(kind))
            drawn = self._answers.choice(np.flatnonzero(kind), size=int(number), replace=False)
            answer[drawn] = True
        return answer

    def _draw(self, state: EntityState) -> np.ndarray:
        drawn = self._states.uniform(size=state.entities.shape).astype(np.float32)
        drawn[:, POSITION] = REACH * (2.0 * drawn[:, POSITION] - 1.0)
        return np.where(editable_features(state), drawn, state.entities)
