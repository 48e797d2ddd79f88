"""Demonstrations straight from the concepts' samplers, for the tests of the rivals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from conceptgym.envs import CONCEPTS, Concept, Demonstration, EntityState, Event

REST = 3
"""Steps that a demonstration rests at each stop."""


def demonstrate(event: Event) -> Demonstration:
    """A demonstration that jumps from stop to stop, and rests at each."""
    stops = [state.entities for state in event.stops for _ in range(REST)]
    return Demonstration.of(np.stack([event.before.entities, *stops]), event)


def draw(concept: Concept, rng: np.random.Generator) -> Event:
    """An event of a usual size."""
    low = max(concept.num_objects[0], concept.usual_objects[0])
    high = min(concept.num_objects[1], concept.usual_objects[1])
    return concept.sample(rng, n_objects=int(rng.integers(low, high + 1)))


def episode(name: str, seed: int, *, shown: int = 5) -> tuple[Concept, list[Demonstration], Event]:
    """A concept with random parameters, demonstrations of it and a new event."""
    rng = np.random.default_rng(seed)
    concept = CONCEPTS[name].random(rng)
    demonstrations = [demonstrate(draw(concept, rng)) for _ in range(shown)]
    return concept, demonstrations, draw(concept, rng)


def static(state: EntityState) -> EntityState:
    """The scene as an identify task shows it: nothing may be edited."""
    nothing = np.zeros_like(state.movable)
    return replace(state, movable=nothing, paintable=nothing)


def reordered(demonstration: Demonstration, order: np.ndarray) -> Demonstration:
    """The demonstration with its rows in another order."""
    names = ("attention", "present", "movable", "paintable")
    masks = {name: getattr(demonstration, name)[order] for name in names}
    return Demonstration(trajectory=demonstration.trajectory[:, order], **masks)
