"""Brings about in a new scene what the demonstrations hold constant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...envs.entities import EntityState
from .base import Shown, editable_features
from .features import describe
from .scenes import scenes_of
from .search import least_squares
from .shapes import SIZE
from .singles import Singles, one_by_one
from .statistics import Law
from .variants import clip_edits, mutants, random_edits, regrouped, transplants

_COPIES = 16  # starts of a search taken from each demonstration
_STARTS = 192  # random starts, and children in every round
_PARENTS = 24  # that survive a round
_ROUNDS = 5
_DESCENTS = 8  # survivors of the last round, descended from
_SPARE = 0.1  # of a size's logarithm: what it may be off
_STAY = 0.05  # weight of not moving what need not move


@dataclass(frozen=True, kw_only=True)
class Phase:
    """What one phase of the demonstrations holds constant.

    Attributes:
        shown: the phase in each demonstration.
        edits: what is constant against random edits; single_edits: for each attended object.
        attentions: what is constant against other attentions; singles: for each object.
    """

    shown: tuple[Shown, ...]
    edits: Law
    single_edits: Law | None
    attentions: Law
    singles: Singles | None

    @cached_property
    def sizes(self) -> tuple[float, float]:
        """Least and most shown of the logarithm of what is attended's size; without one, any."""
        ends = [scenes_of(s.after, s.after.entities[None], s.attention[None]) for s in self.shown]
        found = [describe(end).get(SIZE) for end in ends]
        shown = [float(size[0]) for size in found if size is not None]
        return (min(shown), max(shown)) if len(shown) == len(found) else (-np.inf, np.inf)


@dataclass(frozen=True, kw_only=True)
class Aim:
    """A phase, and whom it is about in the scene at hand: `attention` (N,) bool."""

    phase: Phase
    attention: np.ndarray


def carry_out(rng: np.random.Generator, aims: Sequence[Aim], state: EntityState) -> np.ndarray:
    """Entities (N, 7) that deviate least from the laws of all aims together.

    Starts are the scene itself, what the demonstrations ended in, and random edits. The best are
    changed at random for a few rounds, then descended from.
    """
    task = _Task(aims=aims, state=state)
    if not task.editable.any():
        return state.entities.copy()
    copies = [
        transplants(rng, each, state, aim.attention, _COPIES)
        for aim in aims
        for each in aim.phase.shown
    ]
    drawn = random_edits(rng, state, _STARTS)
    population = np.concatenate([task.original[None], *copies, drawn])
    for _ in range(_ROUNDS):
        parents = task.best_of(population, _PARENTS)
        children = [mutants(rng, state, parents, _STARTS)]
        if len(aims) > 1:  # what one aim asks for is moved to where another wants it
            children += [
                regrouped(rng, aim.attention & state.movable, parents, _STARTS) for aim in aims
            ]
        population = np.concatenate([parents, *children])
    best = task.best_of(population, _DESCENTS)
    for residuals in (task.deviations, task.robust):
        ends = least_squares(
            lambda values, of=residuals: of(task.full(values)),
            best[:, task.editable],
            project=lambda values: clip_edits(task.full(values))[:, task.editable],
        )
        best = task.best_of(np.concatenate([best, task.full(ends.values)]), _DESCENTS)
    return np.where(task.editable, best[0], state.entities).astype(np.float32)


@dataclass(frozen=True, kw_only=True)
class _Task:
    """A scene in which phases are to be carried out."""

    aims: Sequence[Aim]
    state: EntityState

    @cached_property
    def editable(self) -> np.ndarray:
        """(N, 7) bool, the features that may be changed: D of them."""
        return editable_features(self.state)

    @cached_property
    def original(self) -> np.ndarray:
        """(N, 7) the scene as it is."""
        return self.state.entities.astype(np.float64)

    def full(self, values: np.ndarray) -> np.ndarray:
        """(B, N, 7) the scene with its editable features at values (B, D)."""
        entities = np.repeat(self.original[None], len(values), axis=0)
        entities[:, self.editable] = values
        return entities

    def deviations(self, entities: np.ndarray) -> np.ndarray:
        """(B, F) of entities (B, N, 7) from the laws, and how far they were moved."""
        moved = (entities - self.original)[:, self.editable]
        parts = [part for aim in self.aims for part in self._missed(aim, entities)]
        return np.concatenate([*parts, _STAY * moved], axis=1)

    def _missed(self, aim: Aim, entities: np.ndarray) -> list[np.ndarray]:
        """(B, F) each, deviations from an aim's laws."""
        together = describe(scenes_of(self.state, entities, aim.attention[None]))
        parts = [aim.phase.edits.deviations(together)]
        if aim.phase.single_edits is not None:
            for alone in one_by_one(aim.attention & self.state.objects):
                found = describe(scenes_of(self.state, entities, alone))
                parts.append(aim.phase.single_edits.deviations(found))
        if len(self.aims) > 1 and SIZE in together:
            # Shrunk to a dot, a figure would fit whatever else is asked for.
            off = together[SIZE] - np.clip(together[SIZE], *aim.phase.sizes)
            parts.append(off[:, None] / _SPARE)
        return parts

    def robust(self, entities: np.ndarray) -> np.ndarray:
        """(B, F) deviations whose squares grow like logarithms.

        What was constant by coincidence may contradict the rest: it is better given up wholly.
        """
        found = self.deviations(entities)
        return np.sign(found) * np.sqrt(np.log1p(found**2))

    def best_of(self, population: np.ndarray, number: int) -> np.ndarray:
        """(number, N, 7) of a population (B, N, 7), the one that deviates least first."""
        return population[(self.robust(population) ** 2).sum(1).argsort()[:number]]
