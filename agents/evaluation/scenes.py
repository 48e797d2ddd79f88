"""The scenes of an evaluation's episode: parameters, demonstrations and questions, all seeded."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from ...envs.concepts import CONCEPTS, Concept, Event
from ...envs.concepts.composed import Composed
from ...envs.concepts.compositions import COMPOSITIONS, random_composition
from ...envs.concepts.figure_library import FIGURES, HELD_OUT
from ...envs.demonstrations import Demonstration
from ...envs.entities import MAX_ENTITIES, POSITION
from ...envs.errors import ConceptParameterError
from ..data import draw_event
from .config import (
    JITTER,
    LARGE,
    NOISE,
    PLAIN,
    STANDARD,
    WRONG,
    Job,
    Purpose,
)

_COMPOSED_DRAWS = 20
_REST = 3  # states in a row that show a stop: two steps without a change


@dataclass(frozen=True, kw_only=True)
class Episode:
    """One episode.

    Attributes:
        concept: with its parameters.
        variant: which figure or number it is about, where there are few; else empty.
        shown: the demonstrations, of each concept that is to hold.
        ranks: (K, N, 2) how far their entities are shifted, as shares of a distribution.
        wrong: a demonstration of another concept, and whose place it takes.
        questions: by task, the event that asks.
    """

    concept: Concept
    variant: str
    shown: tuple[Sequence[Demonstration], ...]
    ranks: np.ndarray
    wrong: tuple[Demonstration, int]
    questions: dict[str, Event]

    def disturbed(self, condition: str = PLAIN) -> list[list[Demonstration]]:
        """The demonstrations of each concept, under one of `CONDITIONS`."""
        return [self._disturbed(shown, condition) for shown in self.shown]

    def _disturbed(self, items: Sequence[Demonstration], condition: str) -> list[Demonstration]:
        shown = list(items)
        if condition in JITTER or condition in NOISE:
            shifts = _shifts(condition, self.ranks)
            return [_shifted(item, shift) for item, shift in zip(shown, shifts, strict=False)]
        if condition == WRONG:
            other, place = self.wrong
            shown[place % len(shown)] = other
        return shown


def draw_episode(job: Job, *, seed: int = 0, demonstrations: int = STANDARD) -> Episode:
    """The episode of a job: a function of the seed, the concept, the level and its number.

    Fewer demonstrations are the first of the more; all else does not depend on how many they are.
    """

    def rng(purpose: Purpose) -> np.random.Generator:
        return np.random.default_rng(job.seed_for(purpose, seed))

    concept = draw_concept(job.concept, job.level, rng(Purpose.PARAMETERS))
    source = rng(Purpose.DEMONSTRATIONS)
    terms = concept.terms if isinstance(concept, Composed) else (concept,)
    shown = [
        [demonstrate(draw_event(term, each)) for _ in range(demonstrations)]
        for term, each in zip(terms, source.spawn(len(terms)), strict=True)
    ]
    return Episode(
        concept=concept,
        variant=variant_of(concept, job.level),
        shown=tuple(shown),
        ranks=rng(Purpose.JITTER).uniform(size=(demonstrations, MAX_ENTITIES, 2)),
        wrong=_draw_wrong(job.concept, rng(Purpose.WRONG)),
        questions={
            task: _draw_question(concept, job.level, job.scene_seed(seed, **where))
            for task, where in _PARTICLE.items()
        },
    )


_PARTICLE: dict[str, dict[str, Any]] = {
    task: {"world": "particle", "task": task} for task in ("generate", "identify")
}


def draw_concept(name: str, level: int, rng: np.random.Generator) -> Concept:
    """A concept whose parameters suit a level; at level 3 also one that fits large scenes."""
    split = "held_out" if level == 2 else "train"
    if name in COMPOSITIONS:
        return random_composition(name, rng, split=split)
    while True:
        concept = CONCEPTS[name].random(rng, split=split)
        if level != 3 or concept.num_objects[1] >= LARGE[0]:
            return concept


def _draw_question(concept: Concept, level: int, seed: int) -> Event:
    rng = np.random.default_rng(seed)
    if isinstance(concept, Composed):
        return _draw_composed(concept, rng)
    if level != 3:
        return draw_event(concept, rng)
    low, high = max(LARGE[0], concept.num_objects[0]), min(LARGE[1], concept.num_objects[1])
    return concept.sample(rng, n_objects=int(rng.integers(low, high + 1)))


def _draw_composed(concept: Composed, rng: np.random.Generator) -> Event:
    """A scene with a number of objects that leaves the terms room; few numbers do not."""
    for _ in range(_COMPOSED_DRAWS):
        with suppress(ConceptParameterError):
            return draw_event(concept, rng)
    return draw_event(concept, rng)


def _draw_wrong(name: str, rng: np.random.Generator) -> tuple[Demonstration, int]:
    other = str(rng.choice([each for each in CONCEPTS if each != name]))
    event = draw_event(CONCEPTS[other].random(rng, split="train"), rng)
    return demonstrate(event), int(rng.integers(STANDARD))


def demonstrate(event: Event) -> Demonstration:
    """What an event shows: how it begins, and where it comes to rest, once for each phase.

    The same start and stops as in a recording of Particle-v0 (`record_demonstrations`), without
    the way between them, which no method looks at.
    """
    *stops, end = (stop.entities for stop in event.stops)
    states = [event.before.entities, *(state for stop in stops for state in [stop] * _REST), end]
    return Demonstration.of(np.stack(states), event)


def variant_of(concept: Concept, level: int) -> str:
    """What tells episodes of a concept apart, where results are reported for each."""
    parameters = concept.parameters
    if "points" in parameters and level == 2:
        return next(name for name in HELD_OUT if FIGURES[name] == parameters["points"])
    return str(parameters["count"]) if "count" in parameters else ""


def _shifts(condition: str, ranks: np.ndarray) -> np.ndarray:
    """Uniform or normal shifts [plane units] of these ranks in [0, 1)."""
    if condition in JITTER:
        return JITTER[condition] * (2.0 * ranks - 1.0)
    inside = torch.from_numpy(ranks).clamp(min=1e-12)
    return NOISE[condition] * torch.special.ndtri(inside).numpy()


def _shifted(item: Demonstration, shift: np.ndarray) -> Demonstration:
    trajectory = item.trajectory.copy()
    trajectory[:, item.present, POSITION] += shift[item.present].astype(trajectory.dtype)
    return replace(item, trajectory=trajectory)
