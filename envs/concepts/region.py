"""region: the attended entities are in a named part of the plane."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import numpy as np

from ..entities import MAX_ENTITIES, POSITION, EntityState
from .base import Concept
from .sampling import (
    CURSOR_REGION,
    LEAST_TRAVEL,
    MOST_IN_GROUP,
    OBJECT_REGION,
    assemble,
    attended_mask,
    random_colours,
    sample_groups,
)

REGIONS: dict[str, tuple[tuple[float, float], tuple[float, float]]] = {
    "north": ((-1.0, 0.4), (1.0, 1.0)),
    "south": ((-1.0, -1.0), (1.0, -0.4)),
    "east": ((0.4, -1.0), (1.0, 1.0)),
    "west": ((-1.0, -1.0), (-0.4, 1.0)),
    "centre": ((-0.3, -0.3), (0.3, 0.3)),
    "north_east": ((0.1, 0.1), (1.0, 1.0)),
    "north_west": ((-1.0, 0.1), (-0.1, 1.0)),
    "south_east": ((0.1, -1.0), (1.0, -0.1)),
    "south_west": ((-1.0, -1.0), (-0.1, -0.1)),
}
"""Corners (left, bottom), (right, top) of every region [plane units]: bands along the four sides, a
square in the middle and one in each corner. Two that do not overlap are at least 0.1 apart."""
_APART = (
    ("north", "south", "centre"),
    ("east", "west", "centre"),
    ("north", "south_east", "south_west"),
    ("south", "north_east", "north_west"),
    ("east", "north_west", "south_west"),
    ("west", "north_east", "south_east"),
)
"""Regions that do not overlap; each is in two of these, so none is more often beside another than
it is shown."""
_MOST_GROUPS = 3
_MOST_GROUPED = _MOST_GROUPS * MOST_IN_GROUP
_MARGIN = 0.05  # [plane units], from a region's border of what is shown and aimed at
_CLEAR = 0.1  # [plane units], of starts from the region
_SPACING = 0.25  # least distance between two objects: a region has room for three
_CANDIDATES = 24
_RESTARTS = 1000


@dataclass(frozen=True, kw_only=True)
class Region(Concept):
    """One to three attended entities are in the region `where`, see `REGIONS`.

    Residual [plane units]: the distance from the region of the attended entity furthest from it.
    """

    where: str = "north"
    name: ClassVar[str] = "region"
    description: ClassVar[str] = "the attended entities are in the shown part of the plane"
    tolerance: ClassVar[float] = 0.02
    num_attended: ClassVar[tuple[int, int]] = (1, MOST_IN_GROUP)
    tasks_on_arm: ClassVar[tuple[str, ...]] = ("identify",)  # an arm's fingertip moves no objects
    parameter_choices: ClassVar[dict[str, tuple[str, ...]]] = {"where": tuple(REGIONS)}

    @property
    def box(self) -> np.ndarray:
        """(2, 2) the region's lower left and upper right corner [plane units]."""
        return np.array(REGIONS[self.where])

    def editable(
        self, entities: np.ndarray, attention: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        return np.asarray(attention, dtype=bool).copy(), np.zeros(MAX_ENTITIES, dtype=bool)

    def sample_after(
        self, rng: np.random.Generator, n_objects: int
    ) -> tuple[np.ndarray, np.ndarray]:
        # Every group of objects is in a region of its own, so that the others look like the
        # attended: it is the region alone that tells them apart.
        groups = sample_groups(rng, min(n_objects, _MOST_GROUPED), most=_MOST_GROUPS)
        meant = int(rng.choice(np.unique(groups)))  # so that a group's size tells nothing
        apart = [names for names in _APART if self.where in names]
        names = rng.permutation(apart[int(rng.integers(len(apart)))]).tolist()
        there = names.index(self.where)
        names[meant], names[there] = names[there], names[meant]
        positions = None
        while positions is None:
            positions = _place(rng, names, groups, n_objects)
        cursor = rng.uniform(-CURSOR_REGION, CURSOR_REGION, size=2)
        entities = assemble(cursor, positions, random_colours(rng, n_objects))
        return entities, attended_mask(n_objects, *np.flatnonzero(groups == meant).tolist())

    def sample_before(
        self, rng: np.random.Generator, after: EntityState, attention: np.ndarray
    ) -> EntityState:
        entities = after.entities.copy()
        for row in np.flatnonzero(attention):
            others = after.objects.copy()
            others[row] = False
            end, taken = entities[row, POSITION], entities[others, POSITION]
            entities[row, POSITION] = self._sample_start(rng, end, taken)
        return after.with_entities(entities)

    def residual(self, state: EntityState, attention: np.ndarray) -> float:
        rows = self.check_attention(state, attention)
        low, high = self.box
        places = state.positions[rows]
        outside = np.maximum(np.maximum(low - places, places - high), 0.0)
        return float(np.hypot(outside[:, 0], outside[:, 1]).max())

    def succeeds(self, state: EntityState, attention: np.ndarray) -> bool:
        (left, bottom), (right, top) = self.box.tolist()
        for x, y in state.positions[self.check_attention(state, attention)].tolist():
            inside = min(max(x, left), right), min(max(y, bottom), top)
            if math.dist((x, y), inside) > self.tolerance:
                return False
        return True

    def nearest(self, state: EntityState, attention: np.ndarray) -> EntityState:
        rows = self.check_attention(state, attention)
        rows = rows[state.movable[rows]]
        places = np.clip(state.positions[rows], *_aim(self.where)).astype(np.float32)
        return state if np.array_equal(places, state.positions[rows]) else state.moved(rows, places)

    def _sample_start(
        self, rng: np.random.Generator, end: np.ndarray, taken: np.ndarray
    ) -> np.ndarray:
        """A uniform place (2,) clearly outside the region, far from its end, and free."""
        for _ in range(_RESTARTS):
            starts = rng.uniform(-OBJECT_REGION, OBJECT_REGION, size=(_CANDIDATES, 2))
            far = np.hypot(*(starts - end).T) >= LEAST_TRAVEL
            gaps = np.linalg.norm(starts[:, None] - taken, axis=-1).min(axis=1)
            found = np.flatnonzero(_outside(starts, self.where) & far & (gaps >= _SPACING))
            if len(found):
                return starts[found[0]]
        raise RuntimeError(f"no free start outside the region {self.where!r} was found")


@cache
def _aim(where: str) -> np.ndarray:
    """The box (2, 2) of what is shown and aimed at: the region without its border."""
    low, high = np.array(REGIONS[where])
    return np.stack([low + _MARGIN, high - _MARGIN])


def _outside(points: np.ndarray, where: str) -> np.ndarray:
    """Which of the points (k, 2) are clearly outside a region (k,)."""
    low, high = np.array(REGIONS[where])
    return np.maximum(low - points, points - high).max(axis=1) >= _CLEAR


def _place(
    rng: np.random.Generator, names: list[str], groups: np.ndarray, n_objects: int
) -> np.ndarray | None:
    """Spaced positions (n_objects, 2), or None where a draw did not fit.

    Each object is uniform in its group's region; those beyond the groups are in none of them.
    """
    boxes = np.clip([_aim(name) for name in names], -OBJECT_REGION, OBJECT_REGION)[groups]
    candidates = rng.uniform(boxes[:, 0], boxes[:, 1], size=(_CANDIDATES, len(boxes), 2))
    rest = n_objects - len(boxes)
    if rest:
        points = rng.uniform(-OBJECT_REGION, OBJECT_REGION, size=(1000, 2))
        points = points[np.all([_outside(points, name) for name in names], axis=0)]
        points = np.resize(points, (_CANDIDATES, rest, 2))
        candidates = np.concatenate([candidates, points], axis=1)
    placed = np.empty((n_objects, 2))
    for number in range(n_objects):
        gaps = candidates[:, number, None] - placed[None, :number]
        free = (np.einsum("kij,kij->ki", gaps, gaps) >= _SPACING**2).all(axis=1)
        if not free.any():
            return None
        placed[number] = candidates[np.argmax(free), number]
    return placed
