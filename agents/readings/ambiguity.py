"""What few demonstrations leave open: how often they are carried out as they were meant.

A case is a concept with parameters of training, two demonstrations of it and an unseen scene; a
plan succeeds if the concept's own test passes in it. Methods differ in how many of the
demonstrations they see, and in how many readings of them (codes w) they plan with. All methods get
the same cases, so that they can be compared case by case.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ...envs.concepts import CONCEPTS, Concept, Event
from ...envs.demonstrations import Demonstration
from ..config import InferenceConfig
from ..data import draw_event
from ..evaluation.scenes import demonstrate
from ..generate import generate
from ..infer import infer
from ..model import ConceptModel
from ..terms import concept_term


@dataclass(frozen=True, kw_only=True)
class Method:
    """How a case is solved: from the first so many demonstrations, with this inference."""

    demonstrations: int
    config: InferenceConfig


@dataclass(frozen=True, kw_only=True)
class Case:
    """A concept, demonstrations of it, and an unseen scene to carry it out in."""

    concept: Concept
    demonstrations: list[Demonstration]
    question: Event


def methods(
    *, code_particles: int = 13, readings: int = 4, temperature: float = 0.01
) -> dict[str, Method]:
    """The methods that are compared, by name.

    Args:
        code_particles: descents on w of those that look for several readings.
        readings: how many of what they find they plan with.
        temperature: of the free energy; see `infer.surprise` for what 0.01 stands for.
    """
    single = InferenceConfig()
    likeliest = InferenceConfig(code_particles=code_particles)
    least = replace(likeliest, readings=readings)
    free = replace(least, temperature=temperature)
    return {
        "encoder's reading": Method(demonstrations=1, config=single),
        "likeliest reading": Method(demonstrations=1, config=likeliest),
        "least of readings": Method(demonstrations=1, config=least),
        "free energy": Method(demonstrations=1, config=free),
        "two shown": Method(demonstrations=2, config=single),
    }


def draw_case(name: str, number: int, *, seed: int = 0, demonstrations: int = 2) -> Case:
    """Case `number` of a concept: a function of the arguments; parameters are those of training."""
    rng = np.random.default_rng([seed, zlib.crc32(name.encode()), number])
    concept = CONCEPTS[name].random(rng, split="train")
    shown = [demonstrate(draw_event(concept, rng)) for _ in range(demonstrations)]
    return Case(concept=concept, demonstrations=shown, question=draw_event(concept, rng))


def solve(model: ConceptModel, case: Case, ways: Mapping[str, Method]) -> dict[str, bool]:
    """Which methods succeed at a case of a concept of one phase."""
    inferred: dict[Method, np.ndarray] = {}
    question, outcomes = case.question, {}
    for name, way in ways.items():
        config = way.config
        # How plans are made with w is no part of how it is inferred.
        alike = replace(way, config=replace(config, readings=1, temperature=0.0))
        if alike not in inferred:
            shown = case.demonstrations[: way.demonstrations]
            inferred[alike] = infer(model, shown, config=alike.config).readings[0]
        codes = inferred[alike][: config.readings]
        term = concept_term(model.energy, codes, temperature=config.temperature)
        found = generate([term], question.before, question.attention, config=config)
        after = question.before.with_entities(found.entities)
        outcomes[name] = case.concept.succeeds(after, question.attention)
    return outcomes
