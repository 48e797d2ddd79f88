"""identify: the attention a from a code w and a scene x, by descent on the energy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..envs.entities import EntityState
from ..envs.errors import ShapeError
from .config import InferenceConfig
from .descent import descend
from .scene import Scene
from .tensors import check_state, scene_of
from .terms import Term, check_gradients, total_energy

THRESHOLD = 0.5
"""Entities whose inferred attention is above this are attended."""
_MOST_PARTICLES = 4  # an attention has one answer, and all starts mostly lead there


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
    terms: Sequence[Term], state: EntityState, *, config: InferenceConfig | None = None
) -> IdentifyResult:
    """Find the attention that gives the scene the least energy.

    The scene counts as static: what may be edited is not looked at. Descends side by side from
    an undecided start (0.5 everywhere) and random ones.

    Args:
        terms: what to minimise the sum of; mostly one `concept_term`.
        state: the scene.
        config: particles, iterations, seed.

    Raises:
        ShapeError: on a state that is no `EntityState`, or that holds no entity.
        NonFiniteError: on NaN or infinity of a term of one's own, or in its gradient.
    """
    config = config or InferenceConfig()
    check_state(state)
    if not state.present.any():
        raise ShapeError("state holds no entity; mark in present those that are there")
    nothing = np.zeros_like(state.present)
    particles = min(config.particles, _MOST_PARTICLES)
    scenes = scene_of(state, nothing).as_static().repeat(particles)
    generator = torch.Generator().manual_seed(config.seed)
    start = torch.rand(scenes.attention.shape, generator=generator)
    start[0] = 0.5

    def project(attention: Tensor, rows: Tensor) -> Tensor:
        return attention * scenes.present[rows]

    def scenes_of(attention: Tensor, rows: Tensor) -> Scene:
        return scenes.take(rows).replace(attention=attention)

    found = descend(
        lambda attention, rows: total_energy(terms, scenes_of(attention, rows)),
        start,
        iterations=config.iterations,
        project=project,
        check=lambda attention, rows: check_gradients(
            terms, scenes_of(attention, rows), scenes.present[rows] > 0.5
        ),
    )
    best = found.best
    strength = np.zeros(len(state.present), dtype=np.float32)
    strength[: start.shape[1]] = found.value[best].numpy()
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
