"""region: the attended entities are in a named part of the plane."""

from __future__ import annotations

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
_MARGIN = 0.05  # [plane units], from a region's border of what is shown and aimed at
_CLEAR = 0.1  # [plane units], of starts from the region
_SPACING = 0.25  # least distance between two objects: a region has room for three
_CANDIDATES = 32
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
        groups = sample_groups(rng, n_objects)
        names = np.unique(groups)
        meant = int(rng.choice(names))  # by group, so that a group's size tells nothing
        positions = None
        while positions is None:
            boxes = np.empty((int(names.max()) + 1, 2, 2))
            boxes[names[names != meant]] = _sample_others(rng, self.where, len(names) - 1)
            boxes[meant] = _aim(self.where)
            positions = _place(rng, np.clip(boxes, -OBJECT_REGION, OBJECT_REGION)[groups])
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

    def nearest(self, state: EntityState, attention: np.ndarray) -> EntityState:
        rows = self.check_attention(state, attention)
        rows = rows[np.asarray(state.movable, dtype=bool)[rows]]
        places = np.clip(state.positions[rows], *_aim(self.where)).astype(np.float32)
        return state if np.array_equal(places, state.positions[rows]) else state.moved(rows, places)

    def _sample_start(
        self, rng: np.random.Generator, end: np.ndarray, taken: np.ndarray
    ) -> np.ndarray:
        """A uniform place (2,) clearly outside the region, far from its end, and free."""
        low, high = self.box
        for _ in range(_RESTARTS):
            starts = rng.uniform(-OBJECT_REGION, OBJECT_REGION, size=(_CANDIDATES, 2))
            outside = np.maximum(low - starts, starts - high).max(axis=1) >= _CLEAR
            far = np.hypot(*(starts - end).T) >= LEAST_TRAVEL
            gaps = np.linalg.norm(starts[:, None] - taken, axis=-1).min(axis=1)
            found = np.flatnonzero(outside & far & (gaps >= _SPACING))
            if len(found):
                return starts[found[0]]
        raise RuntimeError(f"no free start outside the region {self.where!r} was found")


@cache
def _aim(where: str) -> np.ndarray:
    """The box (2, 2) of what is shown and aimed at: the region without its border."""
    low, high = np.array(REGIONS[where])
    return np.stack([low + _MARGIN, high - _MARGIN])


@cache
def _partners(where: str) -> tuple[tuple[str, ...], np.ndarray]:
    """The regions that do not overlap this one, and each one's chance to stand beside it.

    The chances are symmetric: a region is as often beside the shown one as it is shown. So neither
    a place nor a neighbourhood tells the attended from the others.
    """
    low, high = np.array(REGIONS[where])
    corners = {name for name in REGIONS if "_" in name}
    weights = {}
    for name, corner in REGIONS.items():
        left_bottom, right_top = np.array(corner)
        if np.maximum(low - right_top, left_bottom - high).max() > 0.0:
            weights[name] = 2.0 if {name, where} <= corners else 3.0
    chances = np.array(list(weights.values()))
    return tuple(weights), chances / chances.sum()


def _sample_others(rng: np.random.Generator, where: str, count: int) -> np.ndarray:
    """Boxes (count, 2, 2) of other regions, for the groups that are not attended."""
    names, chances = _partners(where)
    chosen = rng.choice(len(names), size=count, replace=False, p=chances)
    return np.stack([_aim(names[number]) for number in chosen])


def _place(rng: np.random.Generator, boxes: np.ndarray) -> np.ndarray | None:
    """Spaced positions (n, 2), each uniform in its box (n, 2, 2); None where they do not fit."""
    candidates = rng.uniform(boxes[:, 0], boxes[:, 1], size=(_CANDIDATES, len(boxes), 2))
    placed = np.empty((len(boxes), 2))
    for number in range(len(boxes)):
        gaps = candidates[:, number, None] - placed[None, :number]
        free = (np.einsum("kij,kij->ki", gaps, gaps) >= _SPACING**2).all(axis=1)
        if not free.any():
            return None
        placed[number] = candidates[np.argmax(free), number]
    return placed
