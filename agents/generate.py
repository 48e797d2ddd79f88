"""generate: states x from a code w and an attention a, by descent on the energy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..envs.entities import COLOUR, NUM_FEATURES, PLANE_HALF_WIDTH, POSITION, EntityState
from .config import InferenceConfig
from .descent import descend
from .energy import ConceptEnergy
from .tensors import codes_of, scene_of


@dataclass(frozen=True, kw_only=True)
class GenerateResult:
    """Entities for which the concept should hold, and how they were found.

    Attributes:
        entities: (N, 7) the lowest candidate; only editable features differ from the scene's.
        energy: its energy.
        initial_energy: the energy of the start that it came from.
        candidates: (P, N, 7) where all descents ended, lowest energy first.
        energies: (P,) their energies.
        iterations: descent steps taken.
        reason: why the lowest descent stopped.
    """

    entities: np.ndarray
    energy: float
    initial_energy: float
    candidates: np.ndarray
    energies: np.ndarray
    iterations: int
    reason: str


def generate(
    energy: ConceptEnergy,
    state: EntityState,
    attention: np.ndarray,
    *,
    code: np.ndarray,
    config: InferenceConfig | None = None,
) -> GenerateResult:
    """Find states of the editable entities that give the scene the least energy.

    Descends from random starts side by side, and keeps to the plane and to valid colours.

    Args:
        energy: E(x, a, w).
        state: the scene; `movable` and `paintable` say what may be edited.
        attention: (N,) which entities take part.
        code: (code_size,) the concept w.
        config: particles, iterations, seed.

    Raises:
        ShapeError, NonFiniteError: on an attention or a code of another shape, NaN or infinity.
    """
    config = config or InferenceConfig()
    scenes = scene_of(state, attention).repeat(config.particles)
    codes = codes_of(code, energy, times=config.particles)
    editable = _editable(state)
    start = _random_starts(scenes.entities, config)

    def project(entities: Tensor) -> Tensor:
        inside = entities.clone()
        inside[..., POSITION].clamp_(-PLANE_HALF_WIDTH, PLANE_HALF_WIDTH)
        inside[..., COLOUR].clamp_(0.0, 1.0)
        return torch.where(editable, inside, scenes.entities)

    found = descend(
        lambda entities: energy(scenes.replace(entities=entities), codes),
        start,
        iterations=config.iterations,
        project=project,
    )
    order = found.energy.argsort()
    best = found.best
    return GenerateResult(
        entities=found.value[best].numpy(),
        energy=float(found.energy[best]),
        initial_energy=float(found.initial_energy[best]),
        candidates=found.value[order].numpy(),
        energies=found.energy[order].numpy(),
        iterations=found.iterations,
        reason=found.reasons[best],
    )


def _editable(state: EntityState) -> Tensor:
    """(N, 7) bool, the features that may change."""
    columns = np.zeros((len(state.present), NUM_FEATURES), dtype=bool)
    columns[:, POSITION], columns[:, COLOUR] = state.movable[:, None], state.paintable[:, None]
    return torch.from_numpy(columns)


def _random_starts(entities: Tensor, config: InferenceConfig) -> Tensor:
    """(P, N, 7) uniform positions and colours; the projection puts back what is fixed."""
    generator = torch.Generator().manual_seed(config.seed)
    start = torch.rand(entities.shape, generator=generator)
    start[..., POSITION] = PLANE_HALF_WIDTH * (2.0 * start[..., POSITION] - 1.0)
    return start
