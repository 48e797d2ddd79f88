"""between: the cursor stands midway between the two attended entities."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar

import numpy as np

from ..entities import EntityState
from .base import Concept, with_cursor
from .sampling import (
    OBJECT_SPACING,
    assemble,
    attended_mask,
    random_colours,
    spaced_positions,
)

_CLEAR = 0.2  # midpoints of two pairs are at least this far apart
_SPACING = 0.45
_ALL_UP_TO = 5  # objects, up to which each pair is a possible answer: more have many midpoints
_FEWEST = 3  # possible answers of larger scenes


@dataclass(frozen=True, kw_only=True)
class Between(Concept):
    """The cursor is midway between two attended entities that stand apart.

    Residual [plane units]: the cursor's distance from their midpoint, plus what their separation
    lacks of 0.3 (two that coincide have nothing between them).
    """

    name: ClassVar[str] = "between"
    description: ClassVar[str] = "cursor midway between the two attended entities"
    tolerance: ClassVar[float] = 0.1
    least_separation: ClassVar[float] = 0.3
    num_attended: ClassVar[tuple[int, int]] = (2, 2)
    usual_objects: ClassVar[tuple[int, int]] = (2, _ALL_UP_TO)

    def sample_after(
        self, rng: np.random.Generator, n_objects: int
    ) -> tuple[np.ndarray, np.ndarray]:
        pairs = np.array(list(combinations(range(n_objects), 2)))
        # Every pair could be the answer, or in larger scenes some: its midpoint is no other's.
        usual = n_objects <= _ALL_UP_TO
        fewest, spacing = (len(pairs), _SPACING) if usual else (_FEWEST, OBJECT_SPACING)
        while True:
            positions = spaced_positions(rng, n_objects, spacing=spacing)
            possible = _least_gaps(positions[pairs].mean(axis=1)) >= _CLEAR
            if np.count_nonzero(possible) >= fewest:
                break
        pair = rng.choice(pairs[possible]).tolist()
        cursor = positions[pair].mean(axis=0)
        entities = assemble(cursor, positions, random_colours(rng, n_objects))
        return entities, attended_mask(n_objects, *pair)

    def residual(self, state: EntityState, attention: np.ndarray) -> float:
        one, other = self.check_attention(state, attention)
        ends = state.positions[[one, other]].astype(np.float64)
        separation = float(np.linalg.norm(ends[0] - ends[1]))
        miss = float(np.linalg.norm(state.positions[state.cursor] - (ends[0] + ends[1]) / 2.0))
        return miss + max(0.0, self.least_separation - separation)

    def succeeds(self, state: EntityState, attention: np.ndarray) -> bool:
        one, other = state.positions[self.check_attention(state, attention)].astype(np.float64)
        # Seen from one end, the other is twice as far as what is midway.
        mirrored = 2.0 * state.positions[state.cursor].astype(np.float64) - one
        lacking = max(0.0, self.least_separation - math.dist(one, other))
        return math.dist(mirrored, other) <= 2.0 * (self.tolerance - lacking)

    def nearest(self, state: EntityState, attention: np.ndarray) -> EntityState:
        ends = state.positions[self.check_attention(state, attention)]
        return with_cursor(state, ends.mean(axis=0, dtype=np.float64))


def _least_gaps(points: np.ndarray) -> np.ndarray:
    """Distance of each point from the nearest other one (k,)."""
    gaps = np.linalg.norm(points[:, None] - points[None], axis=-1)
    np.fill_diagonal(gaps, np.inf)
    return gaps.min(axis=1)
