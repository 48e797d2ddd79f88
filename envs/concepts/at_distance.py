"""at_distance: the cursor at a demonstrated distance from the attended entity, anywhere around."""

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
    OBJECT_REGION,
    OBJECT_SPACING,
    assemble,
    attended_mask,
    random_colours,
    spaced_positions,
)

_CLEAR = 0.2  # [plane units], by which the other objects' distances differ from the shown one
_ANGLES = np.arange(32) * (2.0 * np.pi / 32)
_ALL_UP_TO = 8  # objects, up to which each must be a possible answer
_FEWEST = 3  # possible answers of larger scenes
_MENDS = 30


@dataclass(frozen=True, kw_only=True)
class AtDistance(Concept):
    """The cursor stands `distance` [plane units] from the attended entity, in any direction.

    Residual [plane units]: by how much its distance differs from that.
    """

    distance: float = 0.45
    name: ClassVar[str] = "at_distance"
    description: ClassVar[str] = "cursor at the shown distance from the attended entity"
    tolerance: ClassVar[float] = 0.1
    parameter_ranges: ClassVar[dict[str, tuple[float, float]]] = {"distance": (0.3, 0.8)}
    held_out_ranges: ClassVar[dict[str, tuple[tuple[float, float], ...]]] = {
        "distance": ((0.5, 0.6),)
    }

    def sample_after(
        self, rng: np.random.Generator, n_objects: int
    ) -> tuple[np.ndarray, np.ndarray]:
        positions, cursors, possible = self._sample_scene(rng, n_objects)
        attended = int(rng.choice(np.flatnonzero(possible.any(axis=1))))
        cursor = cursors[attended, rng.choice(np.flatnonzero(possible[attended]))]
        entities = assemble(cursor, positions, random_colours(rng, n_objects))
        return entities, attended_mask(n_objects, attended)

    def residual(self, state: EntityState, attention: np.ndarray) -> float:
        (row,) = self.check_attention(state, attention)
        gap = state.positions[state.cursor] - state.positions[row]
        return float(abs(np.hypot(gap[0], gap[1]) - self.distance))

    def succeeds(self, state: EntityState, attention: np.ndarray) -> bool:
        (row,) = self.check_attention(state, attention)
        away = math.dist(state.positions[state.cursor], state.positions[row])
        return self.distance - self.tolerance <= away <= self.distance + self.tolerance

    def nearest(self, state: EntityState, attention: np.ndarray) -> EntityState:
        (row,) = self.check_attention(state, attention)
        start, centre = state.positions[state.cursor], state.positions[row]
        place = nearest_on_ring(start, centre, self.distance, self.distance)
        return state if np.array_equal(place, start) else with_cursor(state, place)

    def _sample_scene(
        self, rng: np.random.Generator, n_objects: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Objects (n, 2), cursors at the distance from each (n, k, 2), and which would do (n, k).

        In smaller scenes every object could be the answer: those that could not be are moved until
        they can. In larger ones at least three could.
        """
        fewest = n_objects if n_objects <= _ALL_UP_TO else _FEWEST
        while True:
            positions = spaced_positions(rng, n_objects)
            for _ in range(_MENDS):
                cursors, possible = self._possible_cursors(rng, positions)
                able = possible.any(axis=1)
                if np.count_nonzero(able) >= fewest:
                    return positions, cursors, possible
                _move_one(rng, positions, int(rng.choice(np.flatnonzero(~able))))

    def _possible_cursors(
        self, rng: np.random.Generator, positions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        angles = _ANGLES + rng.uniform(0.0, 2.0 * np.pi)
        around = self.distance * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
        cursors = positions[:, None] + around
        gaps = cursors[:, :, None] - positions
        misses = np.abs(np.sqrt(np.einsum("ikjx,ikjx->ikj", gaps, gaps)) - self.distance)
        number = np.arange(len(positions))
        misses[number, :, number] = np.inf  # of the attended itself
        inside = np.abs(cursors).max(axis=-1) <= CURSOR_REGION
        return cursors, inside & (misses.min(axis=-1) >= _CLEAR)


def _move_one(rng: np.random.Generator, positions: np.ndarray, number: int) -> None:
    """Put one object elsewhere, in place; where it stands if no free place is found."""
    others = np.delete(positions, number, axis=0)
    places = rng.uniform(-OBJECT_REGION, OBJECT_REGION, size=(16, 2))
    gaps = np.linalg.norm(places[:, None] - others, axis=-1).min(axis=1, initial=np.inf)
    free = np.flatnonzero(gaps >= OBJECT_SPACING)
    if len(free):
        positions[number] = places[free[0]]
