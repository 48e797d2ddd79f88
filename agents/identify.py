"""identify: the attention a from a code w and a scene x, by descent on the energy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..envs.entities import EntityState
from .config import InferenceConfig
from .descent import descend
from .energy import ConceptEnergy
from .tensors import codes_of, scene_of

THRESHOLD = 0.5
"""Entities whose inferred attention is above this are attended."""


@dataclass(frozen=True, kw_only=True)
class IdentifyResult:
    """Which entities a concept holds for, and how that was found.

    Attributes:
        attention: (N,) bool; at least one, the strongest if none passes `THRESHOLD`.
        strength: (N,) the real-valued attention that the descent ended at.
        energy: its energy.
        initial_energy: the energy of the start that it came from.
        iterations: descent steps taken.
        reason: why the lowest descent stopped.
    """

    attention: np.ndarray
    strength: np.ndarray
    energy: float
    initial_energy: float
    iterations: int
    reason: str


def identify(
    energy: ConceptEnergy,
    state: EntityState,
    *,
    code: np.ndarray,
    config: InferenceConfig | None = None,
) -> IdentifyResult:
    """Find the attention that gives the scene the least energy.

    The scene counts as static: what may be edited is not looked at. Descends side by side from
    an undecided start (0.5 everywhere) and random ones.

    Args:
        energy: E(x, a, w).
        state: the scene.
        code: (code_size,) the concept w.
        config: particles, iterations, seed.

    Raises:
        ShapeError, NonFiniteError: on a code of another shape, NaN or infinity.
    """
    config = config or InferenceConfig()
    nothing = np.zeros_like(state.present)
    static = EntityState(
        entities=state.entities, present=state.present, movable=nothing, paintable=nothing
    )
    scenes = scene_of(static, nothing).repeat(config.particles)
    codes = codes_of(code, energy, times=config.particles)
    generator = torch.Generator().manual_seed(config.seed)
    start = torch.rand(scenes.attention.shape, generator=generator)
    start[0] = 0.5

    def project(attention: Tensor) -> Tensor:
        return attention * scenes.present

    found = descend(
        lambda attention: energy(scenes.replace(attention=attention), codes),
        start,
        iterations=config.iterations,
        project=project,
    )
    best = found.best
    strength = found.value[best].numpy()
    attention = (strength > THRESHOLD) & state.present
    if not attention.any():
        attention[np.where(state.present, strength, -np.inf).argmax()] = True
    return IdentifyResult(
        attention=attention,
        strength=strength,
        energy=float(found.energy[best]),
        initial_energy=float(found.initial_energy[best]),
        iterations=found.iterations,
        reason=found.reasons[best],
    )
