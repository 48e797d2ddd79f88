"""left_of, right_of, above, below: the cursor at a demonstrated distance in one direction."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..entities import EntityState
from .base import Concept, with_cursor
from .sampling import (
    CURSOR_REGION,
    OBJECT_REGION,
    assemble,
    attended_mask,
    random_colours,
    spaced_positions,
)

DISTANCES = (0.3, 0.6)
"""Nearest and furthest place that is meant [plane units]."""
HELD_OUT_DISTANCES = ((0.42, 0.48),)
"""Distances that training never sees [plane units]."""


@dataclass(frozen=True, kw_only=True)
class Placed(Concept):
    """The cursor stands at one place beside the attended entity, `offset` from it.

    Residual: the cursor's distance [plane units] from that one place.
    """

    tolerance: ClassVar[float] = 0.1

    @property
    @abstractmethod
    def offset(self) -> np.ndarray:
        """(2,) from the attended entity to the cursor [plane units]."""

    def sample_after(
        self, rng: np.random.Generator, n_objects: int
    ) -> tuple[np.ndarray, np.ndarray]:
        # Every object could be the answer: each leaves room for the cursor beside it.
        offset = self.offset
        low = np.maximum(-OBJECT_REGION, -CURSOR_REGION - offset)
        high = np.minimum(OBJECT_REGION, CURSOR_REGION - offset)
        positions = spaced_positions(rng, n_objects, low=low, high=high)
        attended = int(rng.integers(n_objects))
        entities = assemble(positions[attended] + offset, positions, random_colours(rng, n_objects))
        return entities, attended_mask(n_objects, attended)

    def residual(self, state: EntityState, attention: np.ndarray) -> float:
        (row,) = self.check_attention(state, attention)
        miss = state.positions[state.cursor] - state.positions[row] - self.offset
        return float(np.hypot(miss[0], miss[1]))

    def succeeds(self, state: EntityState, attention: np.ndarray) -> bool:
        (row,) = self.check_attention(state, attention)
        meant = state.positions[row] + self.offset
        return math.dist(state.positions[state.cursor], meant) <= self.tolerance

    def nearest(self, state: EntityState, attention: np.ndarray) -> EntityState:
        (row,) = self.check_attention(state, attention)
        return with_cursor(state, state.positions[row] + self.offset)


@dataclass(frozen=True, kw_only=True)
class Directional(Placed):
    """The cursor stands `distance` [plane units] from the attended entity, in `direction`."""

    distance: float = 0.4
    direction: ClassVar[tuple[float, float]]
    parameter_ranges: ClassVar[dict[str, tuple[float, float]]] = {"distance": DISTANCES}
    held_out_ranges: ClassVar[dict[str, tuple[tuple[float, float], ...]]] = {
        "distance": HELD_OUT_DISTANCES
    }

    @property
    def offset(self) -> np.ndarray:
        return self.distance * np.array(self.direction)


@dataclass(frozen=True, kw_only=True)
class LeftOf(Directional):
    """The cursor is `distance` to the left of the attended entity."""

    name: ClassVar[str] = "left_of"
    description: ClassVar[str] = "cursor left of the attended entity, at the shown distance"
    direction: ClassVar[tuple[float, float]] = (-1.0, 0.0)


@dataclass(frozen=True, kw_only=True)
class RightOf(Directional):
    """The cursor is `distance` to the right of the attended entity."""

    name: ClassVar[str] = "right_of"
    description: ClassVar[str] = "cursor right of the attended entity, at the shown distance"
    direction: ClassVar[tuple[float, float]] = (1.0, 0.0)


@dataclass(frozen=True, kw_only=True)
class Above(Directional):
    """The cursor is `distance` above the attended entity (up in the plane)."""

    name: ClassVar[str] = "above"
    description: ClassVar[str] = "cursor above the attended entity, at the shown distance"
    direction: ClassVar[tuple[float, float]] = (0.0, 1.0)


@dataclass(frozen=True, kw_only=True)
class Below(Directional):
    """The cursor is `distance` below the attended entity (down in the plane)."""

    name: ClassVar[str] = "below"
    description: ClassVar[str] = "cursor below the attended entity, at the shown distance"
    direction: ClassVar[tuple[float, float]] = (0.0, -1.0)
