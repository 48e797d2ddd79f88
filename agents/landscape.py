"""landscape: the energy of a scene with one entity at each place of the plane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from ..envs.entities import PLANE_HALF_WIDTH, POSITION, EntityState
from ..envs.errors import ShapeError
from ..envs.number_checks import check_whole, is_whole
from .tensors import check_attended, check_state, scene_of
from .terms import Term, total_energy


def landscape(
    terms: Sequence[Term],
    state: EntityState,
    attention: np.ndarray,
    *,
    entity: int | None = None,
    resolution: int = 61,
) -> np.ndarray:
    """Energies (resolution, resolution); rows run along y, columns along x [plane units].

    Args:
        terms: what is summed.
        state: the scene.
        attention: (N,) which entities take part.
        entity: row of the entity that is moved; by default the cursor.
        resolution: places along each side.

    Raises:
        ShapeError, NonFiniteError: if there is no such entity, or on an attention of another shape,
            NaN or infinity, or that marks no entity.
        ConfigError: if `resolution` is no whole number of at least 1.
    """
    check_state(state)
    check_whole("resolution", resolution, least=1, cure="61 is usual")
    row = state.cursor if entity is None else entity
    if not (is_whole(row) and 0 <= row < len(state.present) and state.present[row]):
        raise ShapeError(
            f"entity={entity!r} is no row that holds an entity; choose one of "
            f"{np.flatnonzero(state.present).tolist()}"
        )
    line = np.linspace(-PLANE_HALF_WIDTH, PLANE_HALF_WIDTH, resolution, dtype=np.float32)
    places = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    movable = state.movable.copy()
    movable[row] = True
    scene = scene_of(replace(state, movable=movable), attention).repeat(len(places))
    check_attended(attention, state.present, "attention")
    entities = scene.entities.clone()
    entities[:, row, POSITION] = torch.from_numpy(places)
    with torch.no_grad():
        energies = total_energy(terms, scene.replace(entities=entities))
    return energies.numpy().reshape(resolution, resolution)
