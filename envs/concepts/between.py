"""between: the cursor stands midway between the two attended entities."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar

import numpy as np

from ..entities import EntityState
from .base import Concept, with_cursor
from .sampling import (
    assemble,
    attended_mask,
    random_colours,
    spaced_positions,
)

_CLEAR = 0.2  # midpoints of two pairs are at least this far apart
_SPACING = 0.45


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
    num_objects: ClassVar[tuple[int, int]] = (2, 5)  # more have midpoints too close to tell apart

    def sample_after(
        self, rng: np.random.Generator, n_objects: int
    ) -> tuple[np.ndarray, np.ndarray]:
        pairs = list(combinations(range(n_objects), 2))
        while True:
            positions = spaced_positions(rng, n_objects, spacing=_SPACING)
            first, second = np.array(pairs).T
            midpoints = (positions[first] + positions[second]) / 2.0
            # Every pair could be the answer: no two midpoints are confused.
            if _least_gap(midpoints) >= _CLEAR:
                break
        pair = pairs[int(rng.integers(len(pairs)))]
        cursor = positions[list(pair)].mean(axis=0)
        entities = assemble(cursor, positions, random_colours(rng, n_objects))
        return entities, attended_mask(n_objects, *pair)

    def residual(self, state: EntityState, attention: np.ndarray) -> float:
        one, other = self.check_attention(state, attention)
        ends = state.positions[[one, other]].astype(np.float64)
        separation = float(np.linalg.norm(ends[0] - ends[1]))
        miss = float(np.linalg.norm(state.positions[state.cursor] - (ends[0] + ends[1]) / 2.0))
        return miss + max(0.0, self.least_separation - separation)

    def nearest(self, state: EntityState, attention: np.ndarray) -> EntityState:
        ends = state.positions[self.check_attention(state, attention)]
        return with_cursor(state, ends.mean(axis=0, dtype=np.float64))


def _least_gap(points: np.ndarray) -> float:
    if len(points) < 2:
        return np.inf
    gaps = np.linalg.norm(points[:, None] - points[None], axis=-1)
    return float(gaps[np.triu_indices(len(points), 1)].min())
