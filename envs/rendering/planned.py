"""Which planned places are those of solid objects, and how the objects would stand there."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ..entities import MAX_ENTITIES, EntityState, check_array
from ..errors import ConfigError, ShapeError


class Scene(Protocol):
    """What a plan needs of `conceptgym.envs.place_scene.PlaceScene`."""

    @property
    def rows(self) -> np.ndarray:
        """(n,) rows of the solid entities."""
        ...

    def poses(self, state: EntityState) -> np.ndarray:
        """(n, 7) places [m] and turns (quaternions) in world of the solid entities at rest."""
        ...


def check_plan_rows(
    rows: np.ndarray | None, positions: np.ndarray, state: EntityState
) -> np.ndarray:
    """(K,) rows of the entities that K planned positions are of.

    Args:
        rows: (K,), or None where all are the cursor's.
        positions: (K, 2) [plane units].
        state: whose entities they are.

    Raises:
        ShapeError: unless `positions` is (K, 2), and `rows` (K,).
        NonFiniteError: on NaN or infinity.
        ConfigError: if a row holds no entity.
    """
    check_array(positions, "positions", ("K", 2))
    shape = (len(positions),)
    if rows is None:
        return np.full(shape, state.cursor)
    found = np.array(rows, dtype=int)
    if found.shape != shape:
        raise ShapeError(f"rows has shape {found.shape}, expected {shape}; one for each place")
    for row in found:
        if not (0 <= row < MAX_ENTITIES and state.present[row]):
            raise ConfigError(
                f"rows holds {row}, where no entity is; choose from "
                f"{np.flatnonzero(state.present).tolist()}"
            )
    return found


def planned_poses(
    scene: Scene, state: EntityState, positions: np.ndarray, rows: np.ndarray
) -> tuple[dict[int, np.ndarray], np.ndarray]:
    """The planned poses (7,) of solid entities by their index, and the places (k, 2) of others.

    Args:
        scene: says which are solid, and how they stand.
        state: where the others are.
        positions: (K, 2) planned places [plane units].
        rows: (K,) whose.
    """
    solid = np.isin(rows, scene.rows)
    poses = scene.poses(state.moved(rows[solid], positions[solid]))
    index_of = {int(row): index for index, row in enumerate(scene.rows)}
    indices = [index_of[int(row)] for row in rows[solid]]
    return {index: poses[index] for index in indices}, positions[~solid]
