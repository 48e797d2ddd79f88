"""Energies add: what a plan minimises is a sum of terms, each a function of scenes.

A term maps B scenes to energies (B,). A concept's term is the learned energy under its code, for
its own attended entities; any differentiable function of scenes, such as those of `potentials.py`,
is a term as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Real

import numpy as np
import torch
from torch import Tensor

from ..envs.entities import check_array
from ..envs.errors import ConfigError, ShapeError
from .energy import ConceptEnergy
from .scene import Scene
from .tensors import to_tensor

Term = Callable[[Scene], Tensor]


def concept_term(
    energy: ConceptEnergy,
    codes: np.ndarray,
    *,
    attention: np.ndarray | None = None,
    weight: float = 1.0,
    temperature: float = 0.0,
    recognition: bool = False,
) -> Term:
    """The energy of a concept, known by one code or by several readings of it.

    Several codes w_p are combined as a latent-variable energy is: by their least,
    ``min_p E(x, a, w_p)``, or with a temperature T > 0 by the free energy
    ``-T log mean_p exp(-E(x, a, w_p) / T)``, which averages.

    Args:
        energy: E(x, a, w).
        codes: (C,) or (P, C).
        attention: (N,) the term's attended entities; by default the scenes' own.
        weight: factor of the term.
        temperature: T, 0 for the least.
        recognition: ask in every scene how far the attention is from what would be identified in
            it, also where entities may be edited: to generate is then to become recognisable.

    Raises:
        ShapeError, NonFiniteError: on codes of another length, NaN or infinity.
        ConfigError: on a negative weight or temperature.
    """
    readings = np.atleast_2d(np.asarray(codes))
    check_array(readings, "code", (len(readings), energy.code_size))
    weight = check_weight(weight)
    if not temperature >= 0:
        raise ConfigError(f"temperature={temperature!r} must be at least 0")
    rows, count = to_tensor(readings), len(readings)

    def term(scene: Scene) -> Tensor:
        if attention is not None:
            length = scene.attention.shape[1]
            scene = scene.replace(
                attention=to_tensor(attention)[None, :length].expand_as(scene.attention)
            )
        scene = scene.as_static() if recognition else scene
        if count == 1:
            return weight * energy(scene, rows.expand(len(scene.present), -1))
        under = rows.repeat(len(scene.present), 1)  # scene-major
        energies = energy(scene.repeat(count), under).view(-1, count)
        return weight * combine_readings(energies, temperature)

    return term


def check_weight(weight: float) -> float:
    """The factor of a term.

    Raises:
        ConfigError: unless it is a finite number of at least 0.
    """
    if not isinstance(weight, Real) or not 0.0 <= float(weight) < float("inf"):
        raise ConfigError(f"weight={weight!r} must be a number of at least 0; 1 is usual")
    return float(weight)


def combine_readings(energies: Tensor, temperature: float) -> Tensor:
    """Energies (..., P) under P readings as one (...): their least, or their free energy."""
    if temperature == 0.0:
        return energies.amin(-1)
    size = float(np.log(energies.shape[-1]))
    return -temperature * (torch.logsumexp(-energies / temperature, dim=-1) - size)


def total_energy(terms: Sequence[Term], scene: Scene) -> Tensor:
    """The sum of the terms, (B,).

    Raises:
        ShapeError: if there is no term, or one returns anything but a number a scene.
    """
    if not terms:
        raise ShapeError("terms is empty; pass at least one, such as concept_term(...)")
    total = torch.zeros_like(scene.present[:, 0])
    for number, term in enumerate(terms):
        value = term(scene)
        if not isinstance(value, Tensor) or value.shape != total.shape:
            shape = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
            raise ShapeError(
                f"terms[{number}] returned {shape}, expected a tensor of shape "
                f"{tuple(total.shape)}; return one energy a scene"
            )
        total = total + value
    return total
