"""What recognising would reach: a demonstrator who is told the concept, but knows trained ones.

Where parameters were held out of training, an agent may infer them, or take the shown concept for
the nearest that it was trained on. This one does the latter as well as can be: it is told the
concept, puts every parameter that is held out to the nearest one that is not, and does what a
demonstrator of that concept would do. What it reaches is no sign of inference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np

from ...envs.concepts import Concept, Event
from ...envs.concepts.alignment import align
from ...envs.concepts.figure import Figure
from ...envs.concepts.figure_library import Points, as_complex, random_figure
from ...envs.entities import EntityState
from ...envs.errors import ConfigError

_JUST = 1e-9  # outside a range that is held out
_FIGURES = 100  # of training, the most alike of which is taken


class Recogniser:
    """Carries out the concept of training that is nearest to the one it is told."""

    def __init__(self, concept: Concept) -> None:
        self._phases = tuple(nearest_trained(phase) for phase in concept.phases)

    def plan(self, event: Event) -> Sequence[np.ndarray]:
        """Entities (N, 7) for each of its phases, each planned from where the last one ends."""
        state, plan = event.before, []
        for phase in self._phases:
            state = phase.nearest(state, event.attention)
            plan.append(state.entities.copy())
        return plan

    def identify(self, state: EntityState) -> np.ndarray:
        """Not asked of it: who is meant, it is told.

        Raises:
            ConfigError: always.
        """
        raise ConfigError("method='recogniser' only generates; ask it for task='generate'")


def nearest_trained(concept: Concept) -> Concept:
    """The concept with every held-out parameter moved to the nearest that training may draw."""
    if isinstance(concept, Figure):
        if not concept.held_out:
            return concept
        return replace(concept, points=_nearest_figure(concept.points))  # pyright: ignore[reportArgumentType]
    changes = {}
    for name, parts in concept.held_out_ranges.items():
        value = float(getattr(concept, name))
        for low, high in parts:
            if low <= value < high:
                changes[name] = low - _JUST if value - low < high - value else high
    return replace(concept, **changes) if changes else concept


@cache
def _nearest_figure(points: Points) -> Points:
    """Of some figures of training with as many points, the most alike."""
    rng, template, found = np.random.default_rng(0), as_complex(points), []
    while len(found) < _FIGURES:
        drawn = random_figure(rng)
        if len(drawn) == len(points):
            found.append(drawn)
    return min(found, key=lambda drawn: align(as_complex(drawn), template).misfit)
