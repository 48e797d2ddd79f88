"""Copying: does again what the most similar demonstration did."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...envs.demonstrations import Demonstration
from ...envs.entities import COLOUR, POSITION, EntityState
from .base import Shown, check_attention, check_observed, editable_features, phases_of
from .variants import clip_edits, middle

_MISSING = 2.0  # what an entity without a counterpart adds to how different two scenes are


class CopyNearest:
    """Transfers the demonstration whose scene looks most like the one at hand, and no other.

    Scenes are compared by their attended entities: their places relative to the cursor, and their
    colours. What was edited is put where it stood relative to the attended entities' middle, and
    painted as it was; identify marks the entities that look most like those once meant.
    """

    def __init__(self) -> None:
        self._phases: tuple[tuple[Shown, ...], ...] = ()

    def observe(self, demonstrations: Sequence[Demonstration]) -> None:
        """Keep the demonstrations."""
        self._phases = phases_of(demonstrations)

    def plan(self, state: EntityState, attention: np.ndarray) -> tuple[np.ndarray, ...]:
        """Entities (N, 7) for each phase, each begun where the last one ended."""
        check_observed(self._phases)
        attended = check_attention(state, attention)
        plan: list[np.ndarray] = []
        for phase in self._phases:
            costs = [_match(each.before, each.attention, state, attended)[0] for each in phase]
            plan.append(_transfer(phase[int(np.argmin(costs))], state, attended))
            state = state.with_entities(plan[-1])
        return tuple(plan)

    def identify(self, state: EntityState) -> np.ndarray:
        """(N,) bool, the entities most like those of the most similar demonstration."""
        check_observed(self._phases)
        phase = self._phases[-1]
        matches = [_match(each.after, each.answer, state, state.present) for each in phase]
        answer = np.zeros(state.present.shape, dtype=bool)
        answer[list(min(matches, key=lambda match: match[0])[1].values())] = True
        return answer


def _appearance(state: EntityState) -> np.ndarray:
    """(N, 7) entities with positions relative to the cursor; kinds count far more than looks."""
    looks = state.entities.astype(np.float64)
    looks[:, POSITION] -= state.positions[state.cursor]
    looks[:, COLOUR.stop :] *= 100.0
    return looks


def _match(
    shown: EntityState, meant: np.ndarray, state: EntityState, allowed: np.ndarray
) -> tuple[float, dict[int, int]]:
    """How badly the meant entities fit a scene's allowed ones, and the best row for each.

    Pairs are made greedily, the most alike first, and never of different kinds.
    """
    theirs = np.flatnonzero(meant & shown.present)
    ours = np.flatnonzero(allowed & state.present)
    gaps = np.linalg.norm(
        _appearance(shown)[theirs][:, None] - _appearance(state)[ours][None], axis=-1
    )
    pairs: dict[int, int] = {}
    cost = 0.0
    while gaps.size and gaps.min() < 50.0:
        one, other = np.unravel_index(gaps.argmin(), gaps.shape)
        pairs[int(theirs[one])] = int(ours[other])
        cost += float(gaps[one, other])
        gaps[one], gaps[:, other] = np.inf, np.inf
    return (cost + _MISSING * (len(theirs) - len(pairs))) / max(1, len(theirs)), pairs


def _transfer(shown: Shown, state: EntityState, attention: np.ndarray) -> np.ndarray:
    """Entities (N, 7) with what may be edited as it was in the demonstration."""
    theirs, ours = editable_features(shown.after), editable_features(state)
    _, pairs = _match(shown.before, np.any(theirs, axis=1), state, np.any(ours, axis=1))
    entities = state.entities.astype(np.float64)
    shift = middle(state, attention) - middle(shown.before, shown.attention)
    for their, our in pairs.items():
        entities[our] = shown.after.entities[their]
        entities[our, POSITION] += shift
    return np.where(ours, clip_edits(entities), state.entities).astype(np.float32)
