"""near: the cursor stands beside the attended entity, at no distance or direction in particular."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..entities import EntityState
from .base import Concept, with_cursor
from .ring import nearest_on_ring
from .sampling import (
    CURSOR_REGION,
    assemble,
    attended_mask,
    draw_until,
    random_colours,
    spaced_positions,
)

_SHOWN = (0.13, 0.32)  # distances that are demonstrated, inside what the test accepts
_CLEARLY_NEAR = (0.15, 0.3)  # distances to aim at, well inside what the test accepts
_CROWDED = 9  # objects from which on they stand closer, as more would not fit


@dataclass(frozen=True, kw_only=True)
class Near(Concept):
    """The cursor is 0.10 to 0.35 plane units from the attended entity: beside it, not on it.

    Residual: |distance - 0.225| [plane units].
    """

    name: ClassVar[str] = "near"
    description: ClassVar[str] = "cursor beside the attended entity, in any direction"
    middle: ClassVar[float] = 0.225
    tolerance: ClassVar[float] = 0.125

    def sample_after(
        self, rng: np.random.Generator, n_objects: int
    ) -> tuple[np.ndarray, np.ndarray]:
        # How far apart objects are at least, and every other object from the cursor.
        spacing, clear = (0.42, 0.4) if n_objects >= _CROWDED else (0.5, 0.45)
        while True:
            positions = spaced_positions(rng, n_objects, spacing=spacing)
            # Every object could be the answer, or the crowded ones would be ruled out.
            cursors = [_place_beside(rng, positions, number, clear) for number in range(n_objects)]
            attended = int(rng.integers(n_objects))
            cursor = cursors[attended]
            if cursor is not None and all(place is not None for place in cursors):
                break
        entities = assemble(cursor, positions, random_colours(rng, n_objects))
        return entities, attended_mask(n_objects, attended)

    def residual(self, state: EntityState, attention: np.ndarray) -> float:
        (row,) = self.check_attention(state, attention)
        gap = state.positions[state.cursor] - state.positions[row]
        return float(abs(np.linalg.norm(gap) - self.middle))

    def succeeds(self, state: EntityState, attention: np.ndarray) -> bool:
        (row,) = self.check_attention(state, attention)
        away = math.dist(state.positions[state.cursor], state.positions[row])
        return self.middle - self.tolerance <= away <= self.middle + self.tolerance

    def nearest(self, state: EntityState, attention: np.ndarray) -> EntityState:
        (row,) = self.check_attention(state, attention)
        start = state.positions[state.cursor]
        place = nearest_on_ring(start, state.positions[row], *_CLEARLY_NEAR)
        return state if np.array_equal(place, start) else with_cursor(state, place)


def _place_beside(
    rng: np.random.Generator, positions: np.ndarray, number: int, least: float
) -> np.ndarray | None:
    def draw() -> np.ndarray:
        radius, angle = rng.uniform(*_SHOWN), rng.uniform(0.0, 2.0 * np.pi)
        return positions[number] + radius * np.array([np.cos(angle), np.sin(angle)])

    others = np.delete(positions, number, axis=0)

    def clear(cursor: np.ndarray) -> bool:
        inside = bool(np.all(np.abs(cursor) <= CURSOR_REGION))
        gaps = others - cursor
        return inside and bool(np.min(np.einsum("ij,ij->i", gaps, gaps)) >= least**2)

    return draw_until(draw, clear, tries=40)
