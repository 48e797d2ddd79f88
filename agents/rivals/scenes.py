"""Scenes side by side: what the invariants are computed from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...envs.entities import COLOUR, POSITION, EntityState


@dataclass(frozen=True, kw_only=True)
class Scenes:
    """B variants of one scene of N entities: other features, or another attention.

    Attributes:
        positions: (B, N, 2) [plane units]; colours: (B, N, 3).
        cursor: row of the cursor.
        objects: (n,) rows of the objects; zones: (z,) rows of the zones.
        attended: (B, m) rows of the attended objects; attended_zones: (B, l) likewise.
    """

    positions: np.ndarray
    colours: np.ndarray
    cursor: int
    objects: np.ndarray
    zones: np.ndarray
    attended: np.ndarray
    attended_zones: np.ndarray

    @property
    def rows(self) -> np.ndarray:
        """(B, 1), to index each variant with rows of its own."""
        return np.arange(len(self.positions))[:, None]

    @property
    def others(self) -> np.ndarray:
        """(B, n) bool, which of `objects` are not attended."""
        attended = np.zeros(self.positions.shape[:2], dtype=bool)
        attended[self.rows, self.attended] = True
        return ~attended[:, self.objects]


def scenes_of(state: EntityState, entities: np.ndarray, attention: np.ndarray) -> Scenes:
    """Variants of a scene.

    Args:
        state: which entities there are.
        entities: (B, N, 7), or (1, N, 7) for the same in each.
        attention: (B, N) bool, or (1, N); the same number of objects and zones in each.
    """
    number = max(len(entities), len(attention))
    objects, zones = state.objects, state.zones
    entities = np.broadcast_to(entities, (number, *entities.shape[1:])).astype(np.float64)
    attention = np.broadcast_to(attention, (number, attention.shape[1]))
    return Scenes(
        positions=entities[..., POSITION],
        colours=entities[..., COLOUR],
        cursor=state.cursor,
        objects=np.flatnonzero(objects),
        zones=np.flatnonzero(zones),
        attended=np.nonzero(attention & objects)[1].reshape(number, -1),
        attended_zones=np.nonzero(attention & zones)[1].reshape(number, -1),
    )
