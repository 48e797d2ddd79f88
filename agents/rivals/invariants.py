"""Invariants: carries out whatever quantities the demonstrations hold constant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...envs.demonstrations import Demonstration
from ...envs.entities import EntityState
from .base import Shown, check_attention, check_observed, editable_features, phases_of
from .features import Features, describe
from .scenes import scenes_of
from .search import least_squares
from .singles import Singles, find_edits, find_singles, one_by_one
from .statistics import Law, find_law
from .variants import (
    all_attentions,
    clip_edits,
    kinds_of,
    mutants,
    other_attentions,
    random_edits,
    transplants,
)

_VARIANTS = 512  # random variants of each demonstration's scene
_COPIES = 16  # starts of a search taken from each demonstration
_STARTS = 192  # random starts, and children in every round
_PARENTS = 24  # that survive a round
_ROUNDS = 5
_DESCENTS = 8  # survivors of the last round, descended from
_STAY = 0.05  # weight of not moving what need not move


@dataclass(frozen=True, kw_only=True)
class _Phase:
    """What one phase holds constant against random edits, and against random attentions."""

    shown: tuple[Shown, ...]
    edits: Law
    attentions: Law
    single_edits: Law | None
    singles: Singles | None


class Invariants:
    """Finds what the demonstrations' ends have in common, and brings it about in a new scene.

    Of every quantity in `features`, it compares the spread over the demonstrations with the
    spread over random variants of the demonstrations' own scenes: edited at random (what generate
    can do) or attended at random (what identify asks). A quantity counts by how much less it
    varies. generate minimises the squared deviations over all that may be edited, identify over
    all attentions of the sizes shown. Nothing is learned before the demonstrations.
    """

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._phases: tuple[_Phase, ...] = ()
        self._sizes: tuple[tuple[int, int], ...] = ()

    def observe(self, demonstrations: Sequence[Demonstration]) -> None:
        """Weigh every quantity, for each phase by itself."""
        rng = np.random.default_rng(self._seed)
        phases = phases_of(demonstrations)
        self._phases = tuple(_phase_of(rng, shown) for shown in phases)
        sizes = [kinds_of(shown.after, shown.answer) for shown in phases[-1]]
        self._sizes = tuple(sorted(set(sizes)))

    def plan(self, state: EntityState, attention: np.ndarray) -> tuple[np.ndarray, ...]:
        """Entities (N, 7) for each phase, each begun where the last one ended."""
        check_observed(self._phases)
        attended = check_attention(state, attention)
        rng = np.random.default_rng(self._seed)
        plan: list[np.ndarray] = []
        for phase in self._phases:
            plan.append(_carry_out(rng, phase, state, attended))
            state = state.with_entities(plan[-1])
        return tuple(plan)

    def generate(self, state: EntityState, attention: np.ndarray) -> np.ndarray:
        """Entities (N, 7) in which what was held constant is so again."""
        return self.plan(state, attention)[-1]

    def identify(self, state: EntityState) -> np.ndarray:
        """(N,) bool, the attention under which the scene deviates least."""
        check_observed(self._phases)
        last = self._phases[-1]
        if last.singles is not None:
            return last.singles.identify(state)
        rng = np.random.default_rng(self._seed)
        best, least = np.zeros(state.present.shape, dtype=bool), np.inf
        for size in self._sizes:
            candidates = all_attentions(rng, state, size)
            if not len(candidates):
                continue
            found = describe(scenes_of(state, state.entities[None], candidates))
            costs = np.log1p(last.attentions.deviations(found) ** 2).sum(1)
            if costs.min() < least:
                best, least = candidates[costs.argmin()], float(costs.min())
        return best


def _phase_of(rng: np.random.Generator, shown: Sequence[Shown]) -> _Phase:
    acted, edits, answered, attentions, distinct = [], [], [], [], []
    for each in shown:
        state, entities = each.after, each.after.entities[None]
        drawn = random_edits(rng, state, _VARIANTS)
        acted.append(describe(scenes_of(state, entities, each.attention[None])))
        edits.append(describe(scenes_of(state, drawn, each.attention[None])))
        others = other_attentions(rng, state, each.answer, _VARIANTS)
        if len(others):
            answered.append(describe(scenes_of(state, entities, each.answer[None])))
            padded = np.resize(others, (_VARIANTS, len(state.present)))
            attentions.append(describe(scenes_of(state, entities, padded)))
            distinct.append(len(others))
    law = find_law(answered, attentions, distinct=distinct)
    return _Phase(
        shown=tuple(shown),
        edits=find_law(acted, edits, hints=True),
        attentions=law,
        single_edits=find_edits(rng, shown),
        singles=find_singles(shown, law),
    )


def _carry_out(
    rng: np.random.Generator, phase: _Phase, state: EntityState, attention: np.ndarray
) -> np.ndarray:
    """Entities (N, 7) that deviate least from a phase's law."""
    editable = editable_features(state)
    original = state.entities.astype(np.float64)
    if not editable.any():
        return state.entities.copy()

    def deviations(entities: np.ndarray) -> np.ndarray:
        found: Features = describe(scenes_of(state, entities, attention[None]))
        parts = [phase.edits.deviations(found), _STAY * (entities - original)[:, editable]]
        if phase.single_edits is not None:
            parts += [
                phase.single_edits.deviations(describe(scenes_of(state, entities, alone)))
                for alone in one_by_one(attention & state.objects)
            ]
        return np.concatenate(parts, axis=1)

    def robust(entities: np.ndarray) -> np.ndarray:
        # What was constant by coincidence may contradict the rest: it is better given up wholly.
        found = deviations(entities)
        return np.sign(found) * np.sqrt(np.log1p(found**2))

    def full(values: np.ndarray) -> np.ndarray:
        entities = np.repeat(original[None], len(values), axis=0)
        entities[:, editable] = values
        return entities

    def best_of(population: np.ndarray, number: int) -> np.ndarray:
        return population[(robust(population) ** 2).sum(1).argsort()[:number]]

    copies = [transplants(rng, each, state, attention, _COPIES) for each in phase.shown]
    population = np.concatenate([original[None], *copies, random_edits(rng, state, _STARTS)])
    for _ in range(_ROUNDS):
        population = best_of(population, _PARENTS)
        population = np.concatenate([population, mutants(rng, state, population, _STARTS)])
    starts = best_of(population, _DESCENTS)
    for residuals in (deviations, robust):
        ends = least_squares(
            lambda values, of=residuals: of(full(values)),
            starts[:, editable],
            project=lambda values: clip_edits(full(values))[:, editable],
        )
        starts = best_of(np.concatenate([starts, full(ends.values)]), _DESCENTS)
    return np.where(editable, starts[0], state.entities).astype(np.float32)
