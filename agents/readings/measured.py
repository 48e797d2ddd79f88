"""Ambiguity and diversity measured, over concepts; what scripts/readings.py reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..config import InferenceConfig
from ..evaluation.lanes import Lanes
from ..infer import infer
from ..model import ConceptModel
from ..terms import concept_term
from .ambiguity import Method, draw_case, solve
from .diversity import Diversity, measure_diversity, uniform_spread

_SHOWN = 5  # demonstrations before diversity is measured, so that the concept is clear


@dataclass(frozen=True, kw_only=True)
class Answers:
    """The answers of several seeds to each of several scenes of a concept.

    Attributes:
        concept: its name.
        scenes: what was answered to each.
        uniform: mean distance of two states uniform on all that pass the concept's test, mean over
            the scenes; None unless every scene has one.
        circle: where a concept asks for a circle of radius r, the mean distance 4r/π of two points
            uniform on it, mean over the scenes.
    """

    concept: str
    scenes: tuple[Diversity, ...]
    uniform: float | None
    circle: float | None

    @property
    def total(self) -> int:
        """Answers in all."""
        return sum(len(scene.held) for scene in self.scenes)

    @property
    def held(self) -> int:
        """Valid answers in all."""
        return sum(int(scene.held.sum()) for scene in self.scenes)

    @property
    def all_held(self) -> int:
        """Scenes of which all answers are valid."""
        return sum(bool(scene.held.all()) for scene in self.scenes)

    @property
    def spread(self) -> float | None:
        """Mean spread of the scenes with two or more valid answers; None without any."""
        return _mean([scene.spread for scene in self.scenes if scene.held.sum() >= 2])

    @property
    def reference(self) -> float | None:
        """Mean spread of the nearest valid states to random starts."""
        return _mean([scene.reference for scene in self.scenes])


@dataclass(frozen=True, kw_only=True)
class Successes:
    """Which of a concept's cases each method solves, all of them in one order."""

    concept: str
    solved: Mapping[str, Sequence[bool]]

    @property
    def cases(self) -> int:
        """How many there are."""
        return len(next(iter(self.solved.values())))


def measure_answers(
    model: ConceptModel,
    names: Sequence[str],
    *,
    scenes: int,
    seeds: int,
    lanes: int = 32,
    seed: int = 0,
    progress: Callable[[], object] = lambda: None,
) -> list[Answers]:
    """Diversity per concept: `seeds` answers to each of `scenes` unseen scenes.

    Each scene has a concept with parameters, and five demonstrations, of its own.
    """
    runner = Lanes(lanes)
    shared = runner.share(model)

    def run(item: tuple[str, int]) -> tuple[Diversity, float | None, float | None]:
        case = draw_case(*item, seed=seed, demonstrations=_SHOWN)
        code = infer(shared, case.demonstrations).code
        term = concept_term(shared.energy, code)
        found = measure_diversity(
            [term], case.concept, case.question, seeds=seeds, config=InferenceConfig()
        )
        uniform = uniform_spread(case.concept, case.question, seed=seed)
        around = item[0] == "at_distance"
        circle = 4.0 * case.concept.parameters["distance"] / np.pi if around else None
        progress()
        return found, uniform, circle

    items = [(name, number) for name in names for number in range(scenes)]
    found = runner.map(run, items)
    parts = [found[place : place + scenes] for place in range(0, len(found), scenes)]
    return [
        Answers(
            concept=name,
            scenes=tuple(scene for scene, _, _ in part),
            uniform=_mean_of_all([uniform for _, uniform, _ in part]),
            circle=_mean_of_all([circle for _, _, circle in part]),
        )
        for name, part in zip(names, parts, strict=True)
    ]


def measure_ambiguity(
    model: ConceptModel,
    names: Sequence[str],
    ways: Mapping[str, Method],
    *,
    cases: int,
    lanes: int = 32,
    seed: int = 0,
    progress: Callable[[], object] = lambda: None,
) -> list[Successes]:
    """Which of `cases` cases of each concept every method solves."""
    runner = Lanes(lanes)
    shared = runner.share(model)

    def run(item: tuple[str, int]) -> dict[str, bool]:
        outcomes = solve(shared, draw_case(*item, seed=seed), ways)
        progress()
        return outcomes

    items = [(name, number) for name in names for number in range(cases)]
    found = runner.map(run, items)
    parts = [found[place : place + cases] for place in range(0, len(found), cases)]
    return [
        Successes(concept=name, solved={way: [bool(each[way]) for each in part] for way in ways})
        for name, part in zip(names, parts, strict=True)
    ]


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _mean_of_all(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return _mean(known) if len(known) == len(values) else None
