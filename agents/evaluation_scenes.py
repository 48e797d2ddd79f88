"""The scenes of an evaluation's episode: parameters, demonstrations and questions, all seeded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..envs.concepts import CONCEPTS, Concept, Event
from ..envs.concepts.figure_library import FIGURES, HELD_OUT
from ..envs.demonstrations import Demonstration
from ..envs.entities import POSITION
from .data import MOST_OBJECTS, draw_event
from .evaluation_config import JITTER, LARGE, PLAIN, WRONG, EvaluationConfig, Job, Purpose

_REST = 3  # states in a row that show a stop: two steps without a change


@dataclass(frozen=True, kw_only=True)
class Episode:
    """One episode.

    Attributes:
        concept: with its parameters.
        variant: which figure or number it is about, where there are few; else empty.
        shown: the demonstrations; fewer of them are the first of these.
        noise: (K, N, 2) shifts of their entities, in standard deviations.
        wrong: a demonstration of another concept, and whose place it takes.
        questions: by task, the event that asks.
    """

    concept: Concept
    variant: str
    shown: Sequence[Demonstration]
    noise: np.ndarray
    wrong: tuple[Demonstration, int]
    questions: dict[str, Event]

    def demonstrations(self, number: int, condition: str = PLAIN) -> list[Demonstration]:
        """The first `number` demonstrations under a condition of `CONDITIONS`."""
        shown = list(self.shown[:number])
        if condition in JITTER:
            shifts = JITTER[condition] * self.noise
            return [_shifted(item, shift) for item, shift in zip(shown, shifts, strict=False)]
        if condition == WRONG:
            other, place = self.wrong
            shown[place % number] = other
        return shown


def draw_episode(config: EvaluationConfig, job: Job) -> Episode:
    """The episode of a job: a function of the seed, the concept, the level and its number."""

    def rng(purpose: Purpose) -> np.random.Generator:
        return np.random.default_rng(job.seed_for(purpose, config.seed))

    concept = draw_concept(job.concept, job.level, rng(Purpose.PARAMETERS))
    source = rng(Purpose.DEMONSTRATIONS)
    most = max(*config.demonstrations, 5)
    shown = [demonstrate(draw_event(concept, source)) for _ in range(most)]
    return Episode(
        concept=concept,
        variant=variant_of(concept, job.level),
        shown=shown,
        noise=rng(Purpose.JITTER).normal(size=(most, len(shown[0].present), 2)),
        wrong=_draw_wrong(job.concept, rng(Purpose.WRONG)),
        questions={
            task: _draw_question(concept, job.level, job.scene_seed(config.seed, **where))
            for task, where in _PARTICLE.items()
        },
    )


_PARTICLE: dict[str, dict[str, Any]] = {
    task: {"world": "particle", "task": task} for task in ("generate", "identify")
}


def draw_concept(name: str, level: int, rng: np.random.Generator) -> Concept:
    """A concept whose parameters suit a level; at level 3 also one that fits large scenes."""
    split = "held_out" if level == 2 else "train"
    while True:
        concept = CONCEPTS[name].random(rng, split=split)
        if level != 3 or concept.num_objects[1] >= LARGE[0]:
            return concept


def _draw_question(concept: Concept, level: int, seed: int) -> Event:
    rng = np.random.default_rng(seed)
    if level != 3:
        return draw_event(concept, rng)
    low, high = max(LARGE[0], concept.num_objects[0]), min(LARGE[1], concept.num_objects[1])
    return concept.sample(rng, n_objects=int(rng.integers(low, high + 1)))


def _draw_wrong(name: str, rng: np.random.Generator) -> tuple[Demonstration, int]:
    other = str(rng.choice([each for each in CONCEPTS if each != name]))
    event = draw_event(CONCEPTS[other].random(rng, split="train"), rng, most=MOST_OBJECTS)
    return demonstrate(event), int(rng.integers(5))


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


def _shifted(item: Demonstration, shift: np.ndarray) -> Demonstration:
    trajectory = item.trajectory.copy()
    trajectory[:, item.present, POSITION] += shift[item.present].astype(trajectory.dtype)
    return replace(item, trajectory=trajectory)
