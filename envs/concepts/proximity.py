"""closest, furthest: the attended entity is the nearest to, or the furthest from, the cursor."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..entities import EntityState
from .base import Concept, with_cursor
from .sampling import (
    CURSOR_REGION,
    OBJECT_REGION,
    OBJECT_SPACING,
    assemble,
    attended_mask,
    random_colours,
    spaced_positions,
)

_SHOWN_MARGIN = 0.1  # margin of what is demonstrated, above what the test asks for
_GRID = np.stack(
    np.meshgrid(*[np.linspace(-CURSOR_REGION, CURSOR_REGION, 13)] * 2), axis=-1
).reshape(-1, 2)
_SLACK = 1e-6  # [plane units], of float32 positions
_ALL_UP_TO = 6  # objects, up to which each could be the furthest: each of seven hardly can
_FEWEST = 3  # objects of larger scenes that could be
_LEAST_CELLS = 4  # grid points from which an object must be the answer, so that each can be


def _square(points: int) -> np.ndarray:
    """A grid over [-1, 1]² with so many points along each axis, (points², 2)."""
    return np.stack(np.meshgrid(*[np.linspace(-1.0, 1.0, points)] * 2), axis=-1).reshape(-1, 2)


_COARSE, _FINER = _square(31), (_square(9),) * 6
_FIRST_WIDTH = 2.0 * CURSOR_REGION / 15.0  # half of the first fine grid's width: two coarse cells


@dataclass(frozen=True, kw_only=True)
class Proximity(Concept):
    """The attended entity leads all other objects in rank of distance from the cursor.

    Residual [plane units]: what the lead (its distance against the next object's) lacks of 0.1;
    the test asks for a lead of at least 0.05, so objects on one spot fail.
    """

    sign: ClassVar[float]
    """+1 if the nearest is meant, -1 if the furthest."""
    tolerance: ClassVar[float] = 0.05
    full_lead: ClassVar[float] = 0.1

    def sample_after(
        self, rng: np.random.Generator, n_objects: int
    ) -> tuple[np.ndarray, np.ndarray]:
        while True:
            positions = self.sample_positions(rng, n_objects)
            winners = _winners(_GRID, positions, self.sign)
            counts = np.bincount(winners[winners >= 0], minlength=n_objects)
            possible = counts >= _LEAST_CELLS
            if np.count_nonzero(possible) >= self.fewest_possible(n_objects):
                break
        attended = int(rng.choice(np.flatnonzero(possible)))
        while True:
            cursors = rng.uniform(-CURSOR_REGION, CURSOR_REGION, size=(64, 2))
            hits = np.flatnonzero(_winners(cursors, positions, self.sign) == attended)
            if len(hits):
                cursor = cursors[hits[0]]
                break
        entities = assemble(cursor, positions, random_colours(rng, n_objects))
        return entities, attended_mask(n_objects, attended)

    def fewest_possible(self, n_objects: int) -> int:
        """How many of a scene's objects could be the answer at least: by default all."""
        return n_objects

    def sample_positions(self, rng: np.random.Generator, n_objects: int) -> np.ndarray:
        """Positions (n_objects, 2) [plane units] among which enough objects may lead."""
        return spaced_positions(rng, n_objects)

    def residual(self, state: EntityState, attention: np.ndarray) -> float:
        (row,) = self.check_attention(state, attention)
        away = np.linalg.norm(state.positions - state.positions[state.cursor], axis=-1)
        others = state.objects.copy()
        others[row] = False
        # Alone, it leads without bound.
        lead = float(np.min(self.sign * away[others], initial=np.inf) - self.sign * away[row])
        return max(0.0, self.full_lead - lead)

    def succeeds(self, state: EntityState, attention: np.ndarray) -> bool:
        (row,) = self.check_attention(state, attention)
        cursor, lead = state.positions[state.cursor], self.full_lead - self.tolerance
        own = math.dist(cursor, state.positions[row])
        others = np.setdiff1d(np.flatnonzero(state.objects), [row])
        away = (math.dist(cursor, place) for place in state.positions[others])
        return all(self.sign * (far - own) >= lead for far in away)

    def nearest(self, state: EntityState, attention: np.ndarray) -> EntityState:
        (row,) = self.check_attention(state, attention)
        others = state.objects.copy()
        others[row] = False
        if not others.any():
            return state
        start = state.positions[state.cursor].astype(np.float64)
        ranked = state.positions[np.append(row, np.flatnonzero(others))].astype(np.float64)
        place = _nearest_leading(start, ranked, self.sign)
        return state if np.array_equal(place, start) else with_cursor(state, place)


@dataclass(frozen=True, kw_only=True)
class Closest(Proximity):
    """The attended entity is the nearest to the cursor."""

    name: ClassVar[str] = "closest"
    description: ClassVar[str] = "the attended entity is the nearest to the cursor"
    sign: ClassVar[float] = 1.0


@dataclass(frozen=True, kw_only=True)
class Furthest(Proximity):
    """The attended entity is the furthest from the cursor."""

    name: ClassVar[str] = "furthest"
    description: ClassVar[str] = "the attended entity is the furthest from the cursor"
    sign: ClassVar[float] = -1.0
    usual_objects: ClassVar[tuple[int, int]] = (2, _ALL_UP_TO)

    def fewest_possible(self, n_objects: int) -> int:
        return n_objects if n_objects <= _ALL_UP_TO else _FEWEST

    def sample_positions(self, rng: np.random.Generator, n_objects: int) -> np.ndarray:
        if n_objects > _ALL_UP_TO:
            return spaced_positions(rng, n_objects)
        # Only corners of the convex hull can be furthest: the objects stand in a rough ring.
        turn = rng.uniform(0.0, 2.0 * np.pi)
        while True:
            jitter = rng.uniform(-0.35, 0.35, size=n_objects)
            angles = turn + 2.0 * np.pi * (np.arange(n_objects) + jitter) / n_objects
            radii = rng.uniform(0.6, OBJECT_REGION, size=n_objects)
            positions = radii[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
            gaps = np.linalg.norm(positions[:, None] - positions[None], axis=-1)
            if gaps[np.triu_indices(n_objects, 1)].min() >= OBJECT_SPACING:
                return rng.permutation(positions)


def _nearest_leading(start: np.ndarray, positions: np.ndarray, sign: float) -> np.ndarray:
    """The place (2,) nearest to `start` from which the first of the positions leads clearly.

    The set of such places is convex, an intersection of the insides of hyperbolas: a coarse grid
    finds it, finer ones around the best place so far find its nearest point to about 0.002. Where
    no place will do, it is the one with the largest lead.
    """
    if _lead(start[None], positions, sign)[0] >= _SHOWN_MARGIN - _SLACK:
        return start
    best, width = np.zeros(2), CURSOR_REGION
    for grid in (_COARSE, *_FINER):
        places = np.clip(best + width * grid, -CURSOR_REGION, CURSOR_REGION)
        lack = _SHOWN_MARGIN - _lead(places, positions, sign)
        away = np.linalg.norm(places - start, axis=1)
        # No place is 10 away: any that will do comes before all others.
        best = places[np.argmin(np.where(lack <= 0.0, away, 10.0 + lack))]
        width = _FIRST_WIDTH if grid is _COARSE else 0.5 * width
    return best


def _lead(cursors: np.ndarray, positions: np.ndarray, sign: float) -> np.ndarray:
    """By how much the first of the positions leads all others, from each cursor (k,)."""
    gaps = cursors[:, None] - positions[None]
    away = sign * np.sqrt(np.einsum("kij,kij->ki", gaps, gaps))
    return away[:, 1:].min(axis=1) - away[:, 0]


def _winners(cursors: np.ndarray, positions: np.ndarray, sign: float) -> np.ndarray:
    """Which object leads from each cursor (k,), -1 where the lead is below the shown margin."""
    away = sign * np.linalg.norm(cursors[:, None] - positions[None], axis=-1)
    ranked = np.sort(away, axis=1)
    lead = ranked[:, 1] - ranked[:, 0]
    return np.where(lead >= _SHOWN_MARGIN, np.argmin(away, axis=1), -1)
