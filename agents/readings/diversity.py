"""How different the answers of different seeds are, and whether they are all valid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...envs.concepts import Concept, Event
from ...envs.entities import COLOUR, PLANE_HALF_WIDTH, POSITION, EntityState
from ...envs.errors import ConfigError
from ..config import InferenceConfig
from ..generate import generate
from ..terms import Term

_DRAWS = 3000
_LEAST = 10  # of the draws, that must pass for their spread to mean anything
_MOST = 200  # of those that pass, that are compared


@dataclass(frozen=True, kw_only=True)
class Diversity:
    """Answers to one scene from several seeds.

    Attributes:
        answers: (S, N, 7) the answers.
        held: (S,) bool, for which of them the concept holds.
        spread: mean distance between two of these [plane units and shares of colour, over all that
            may be edited]; 0 with fewer than two.
        reference: the same between answers that the concept's own rule gives from as many random
            starts: what there is to be covered.
    """

    answers: np.ndarray
    held: np.ndarray
    spread: float
    reference: float

    @property
    def valid(self) -> float:
        """Share of the answers for which the concept holds."""
        return float(self.held.mean())


def measure_diversity(
    terms: Sequence[Term],
    concept: Concept,
    event: Event,
    *,
    seeds: int = 8,
    config: InferenceConfig | None = None,
) -> Diversity:
    """Ask for the same scene with several seeds.

    Args:
        terms: what to minimise the sum of, see `generate`.
        concept: judges the answers, and gives the reference.
        event: the scene, and what is attended.
        seeds: how many answers.
        config: of the inference, its seed apart.

    Raises:
        ConfigError: if `seeds` is below 2.
    """
    if seeds < 2:
        raise ConfigError(f"seeds={seeds} must be at least 2, to compare answers")
    config, state = config or InferenceConfig(), event.before
    answers = np.stack(
        [
            generate(
                terms, state, event.attention, config=replace(config, seed=config.seed + number)
            ).entities
            for number in range(seeds)
        ]
    )
    held = np.array(
        [concept.succeeds(state.with_entities(answer), event.attention) for answer in answers]
    )
    starts = (_scattered(state, np.random.default_rng(seed)) for seed in range(seeds))
    ruled = np.stack([concept.nearest(start, event.attention).entities for start in starts])
    return Diversity(
        answers=answers,
        held=held,
        spread=_spread(answers[held], state),
        reference=_spread(ruled, state),
    )


def uniform_spread(concept: Concept, event: Event, *, seed: int = 0) -> float | None:
    """Mean distance between two states drawn uniformly from all that pass the concept's test.

    By rejection: uniform states of what may be edited, of which those that pass are kept. None
    where hardly any passes, as of six places on a circle.
    """
    rng, passed = np.random.default_rng(seed), []
    for _ in range(_DRAWS):
        state = _scattered(event.before, rng)
        if concept.succeeds(state, event.attention):
            passed.append(state.entities)
            if len(passed) == _MOST:
                break
    return _spread(np.stack(passed), event.before) if len(passed) >= _LEAST else None


def _scattered(state: EntityState, rng: np.random.Generator) -> EntityState:
    """The state with what is movable at random places, what is paintable of random colours."""
    entities = state.entities.copy()
    places = rng.uniform(-PLANE_HALF_WIDTH, PLANE_HALF_WIDTH, size=(len(entities), 2))
    colours = rng.uniform(size=(len(entities), 3))
    entities[state.movable, POSITION] = places[state.movable]
    entities[state.paintable, COLOUR] = colours[state.paintable]
    return state.with_entities(entities)


def _spread(answers: np.ndarray, state: EntityState) -> float:
    """Mean distance between two of the answers (S, N, 7); 0 with fewer than two."""
    if len(answers) < 2:
        return 0.0
    places = answers[:, state.movable, POSITION].reshape(len(answers), -1)
    colours = answers[:, state.paintable, COLOUR].reshape(len(answers), -1)
    points = np.concatenate([places, colours], axis=1)
    gaps = np.linalg.norm(points[:, None] - points[None], axis=-1)
    return float(gaps[np.triu_indices(len(answers), 1)].mean())
