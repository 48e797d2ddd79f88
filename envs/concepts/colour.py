"""colour: the attended entities, and no others, have the demonstrated colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..entities import COLOUR, MAX_ENTITIES, EntityState
from .base import Concept
from .sampling import (
    CURSOR_REGION,
    MOST_IN_GROUP,
    assemble,
    attended_mask,
    hue_to_rgb,
    sample_groups,
    spaced_positions,
)

_MOST_IN_LARGE = 6  # objects of a hue in a scene of more than the usual number
_HUE_JITTER = 4.0  # [degrees], of every object around its group's hue
_HUE_GAP = 45.0  # [degrees], between the hues of two groups


@dataclass(frozen=True, kw_only=True)
class Colour(Concept):
    """One to six attended entities have the colour of `hue` [degrees], and no others have it.

    More than three are attended in scenes of more than eight objects alone.

    Residual [distance in RGB]: the largest distance of an attended entity's colour from that
    colour, or what another object's colour lacks of being 0.3 away from it, if that is more.
    """

    hue: float = 0.0
    name: ClassVar[str] = "colour"
    description: ClassVar[str] = "the attended entities, and no others, have the shown colour"
    tolerance: ClassVar[float] = 0.15
    least_contrast: ClassVar[float] = 0.3
    num_attended: ClassVar[tuple[int, int]] = (1, _MOST_IN_LARGE)
    tasks_on_arm: ClassVar[tuple[str, ...]] = ("identify",)  # an arm cannot paint
    tasks_on_table: ClassVar[tuple[str, ...]] = ("identify",)
    parameter_ranges: ClassVar[dict[str, tuple[float, float]]] = {"hue": (0.0, 360.0)}
    held_out_ranges: ClassVar[dict[str, tuple[tuple[float, float], ...]]] = {
        "hue": ((100.0, 136.0), (250.0, 286.0))
    }

    @property
    def rgb(self) -> np.ndarray:
        """The colour, (3,)."""
        return hue_to_rgb(self.hue)

    def editable(
        self, entities: np.ndarray, attention: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        return np.zeros(MAX_ENTITIES, dtype=bool), np.asarray(attention, dtype=bool).copy()

    def sample_after(
        self, rng: np.random.Generator, n_objects: int
    ) -> tuple[np.ndarray, np.ndarray]:
        large = n_objects > self.usual_objects[1]
        groups = sample_groups(rng, n_objects, largest=_MOST_IN_LARGE if large else MOST_IN_GROUP)
        names = np.unique(groups)
        meant = int(rng.choice(names))  # by group, so that a group's size tells nothing
        hues = self.hue + _sample_hue_offsets(rng, int(names.max()) + 1, meant)[groups]
        hues += rng.uniform(-_HUE_JITTER, _HUE_JITTER, size=n_objects)
        positions = spaced_positions(rng, n_objects)
        cursor = rng.uniform(-CURSOR_REGION, CURSOR_REGION, size=2)
        entities = assemble(cursor, positions, np.array([hue_to_rgb(hue) for hue in hues]))
        return entities, attended_mask(n_objects, *np.flatnonzero(groups == meant).tolist())

    def sample_before(
        self, rng: np.random.Generator, after: EntityState, attention: np.ndarray
    ) -> EntityState:
        entities = after.entities.copy()
        for row in np.flatnonzero(attention):
            turn = rng.uniform(_HUE_GAP, 360.0 - _HUE_GAP)
            entities[row, COLOUR] = hue_to_rgb(self.hue + turn)
        return after.with_entities(entities)

    def residual(self, state: EntityState, attention: np.ndarray) -> float:
        rows = self.check_attention(state, attention)
        others = state.objects.copy()
        others[rows] = False
        away = np.linalg.norm(state.colours - self.rgb, axis=-1)
        contrast = self.least_contrast - away[others]
        return float(max(away[rows].max(), contrast.max(initial=0.0)))

    def succeeds(self, state: EntityState, attention: np.ndarray) -> bool:
        rows = self.check_attention(state, attention)
        unlike = np.square(state.colours - self.rgb).sum(axis=1)
        others = np.setdiff1d(np.flatnonzero(state.objects), rows)
        clear = self.least_contrast - self.tolerance
        return bool(
            (unlike[rows] <= self.tolerance**2).all() and (unlike[others] >= clear**2).all()
        )

    def nearest(self, state: EntityState, attention: np.ndarray) -> EntityState:
        rows = self.check_attention(state, attention)
        rows = rows[state.paintable[rows]]
        entities = state.entities.copy()
        entities[rows, COLOUR] = self.rgb
        return state if np.array_equal(entities, state.entities) else state.with_entities(entities)


def _sample_hue_offsets(rng: np.random.Generator, count: int, meant: int) -> np.ndarray:
    """Hues of the groups relative to the meant one's [degrees], each `_HUE_GAP` apart."""
    gaps = rng.dirichlet(np.ones(count)) * (360.0 - count * _HUE_GAP) + _HUE_GAP
    hues = rng.permutation(np.cumsum(gaps))
    return hues - hues[meant]
