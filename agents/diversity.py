"""How different the answers of different seeds are, and whether they are all valid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..envs.concepts import Concept, Event
from ..envs.entities import PLANE_HALF_WIDTH, POSITION, EntityState
from ..envs.errors import ConfigError
from .config import InferenceConfig
from .generate import generate
from .terms import Term


@dataclass(frozen=True, kw_only=True)
class Diversity:
    """Answers to one scene from several seeds.

    Attributes:
        valid: share of the answers for which the concept holds.
        spread: mean distance between two answers [plane units, over all that moves].
        reference: the same between answers that the concept's own rule gives from as many random
            starts: what there is to be covered.
        answers: (S, N, 7) the answers.
    """

    valid: float
    spread: float
    reference: float
    answers: np.ndarray

    @property
    def coverage(self) -> float:
        """Spread as a share of the reference; 0 where there is nothing to cover."""
        return self.spread / self.reference if self.reference > 0 else 0.0


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
    held = [concept.succeeds(state.with_entities(answer), event.attention) for answer in answers]
    ruled = np.stack(
        [
            concept.nearest(_scattered(state, seed), event.attention).entities
            for seed in range(seeds)
        ]
    )
    return Diversity(
        valid=float(np.mean(held)),
        spread=_spread(answers, state),
        reference=_spread(ruled, state),
        answers=answers,
    )


def _scattered(state: EntityState, seed: int) -> EntityState:
    """The state with what is movable at random places."""
    rng = np.random.default_rng(seed)
    entities = state.entities.copy()
    places = rng.uniform(-PLANE_HALF_WIDTH, PLANE_HALF_WIDTH, size=(len(entities), 2))
    entities[state.movable, POSITION] = places[state.movable]
    return state.with_entities(entities)


def _spread(answers: np.ndarray, state: EntityState) -> float:
    places = answers[:, state.movable, POSITION].reshape(len(answers), -1)
    gaps = np.linalg.norm(places[:, None] - places[None], axis=-1)
    return float(gaps[np.triu_indices(len(answers), 1)].mean())
