"""Energies add: what a plan minimises is a sum of terms, each a function of scenes.

A term maps B scenes to energies (B,). A concept's term is the learned energy under its code, for
its own attended entities; any differentiable function of scenes, such as those of `potentials.py`,
is a term as well. What such a function returns must be finite, and so must its gradient; of the
learned energy that is known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..envs.entities import check_array
from ..envs.errors import ConfigError, NonFiniteError, ShapeError
from ..envs.number_checks import is_finite
from .energy import ConceptEnergy
from .scene import Scene
from .tensors import to_tensor

Term = Callable[[Scene], Tensor]


@dataclass(frozen=True)
class Learned:
    """A learned energy as a term, which tells it from terms of one's own."""

    term: Term

    def __call__(self, scene: Scene) -> Tensor:
        """Energies (B,) of B scenes."""
        return self.term(scene)


def concept_term(
    energy: ConceptEnergy,
    codes: np.ndarray,
    *,
    attention: np.ndarray | None = None,
    weight: float = 1.0,
    temperature: float = 0.0,
    recognition: bool = False,
) -> Learned:
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
        ConfigError: on a weight or temperature that is negative, infinite or no number.
    """
    readings = np.atleast_2d(np.asarray(codes))
    check_array(readings, "code", (len(readings), energy.code_size))
    weight = check_weight(weight)
    if not is_finite(temperature) or temperature < 0:
        raise ConfigError(
            f"temperature={temperature!r} must be a number of at least 0; 0 is the least energy"
        )
    rows, count = to_tensor(readings), len(readings)
    attended = None if attention is None else to_tensor(attention)

    def term(scene: Scene) -> Tensor:
        if attended is not None:
            length = scene.attention.shape[1]
            scene = scene.replace(attention=attended[None, :length].expand_as(scene.attention))
        scene = scene.as_static() if recognition else scene
        if count == 1:
            return weight * energy(scene, rows.expand(len(scene.present), -1))
        under = rows.repeat(len(scene.present), 1)  # scene-major
        energies = energy(scene.repeat(count), under).view(-1, count)
        return weight * combine_readings(energies, temperature)

    return Learned(term)


def check_weight(weight: float) -> float:
    """The factor of a term.

    Raises:
        ConfigError: unless it is a finite number of at least 0.
    """
    if not is_finite(weight) or weight < 0:
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
        NonFiniteError: if one of the user's own returns NaN or infinity.
    """
    if not terms:
        raise ShapeError("terms is empty; pass at least one, such as concept_term(...)")
    total = torch.zeros_like(scene.present[:, 0])
    for number in range(len(terms)):
        total = total + _energy_of(terms, number, scene)
    return total


def check_gradients(terms: Sequence[Term], scene: Scene, counts: Tensor) -> None:
    """Refuse a term of the user's own that spoils the gradient of the sum.

    Args:
        terms: what is summed.
        scene: its entities, or else its attention, are what the gradient is taken of.
        counts: which of their entries may change; the gradient of the others is not used.

    Raises:
        NonFiniteError: if the gradient of such a term holds NaN or infinity where it counts.
    """
    variable = scene.entities if scene.entities.requires_grad else scene.attention
    for number, term in enumerate(terms):
        value = None if isinstance(term, Learned) else term(scene)
        if value is None or not value.requires_grad:
            continue
        (found,) = torch.autograd.grad(value.sum(), variable, materialize_grads=True)
        spoilt = found[counts & ~found.isfinite()]
        if len(spoilt):
            raise NonFiniteError(
                f"the gradient of {_own_name(terms, number)} holds {float(spoilt[0])}; every entry "
                "must be a finite number: sqrt, norms and powers may have none at 0, log none at 0 "
                "or below; add 1e-9 to what goes into them, or choose that by torch.where"
            )


def _energy_of(terms: Sequence[Term], number: int, scene: Scene) -> Tensor:
    """The energies (B,) of one of the terms; those of the user's own are checked."""
    value, wanted = terms[number](scene), scene.present[:, 0]
    if isinstance(terms[number], Learned):
        return value
    if not isinstance(value, Tensor) or value.shape != wanted.shape:
        shape = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
        raise ShapeError(
            f"{_own_name(terms, number)} returned {shape}, expected a tensor of shape "
            f"{tuple(wanted.shape)}; return one energy a scene"
        )
    finite = value.isfinite()
    if not finite.all() and scene.entities.isfinite().all() and scene.attention.isfinite().all():
        raise NonFiniteError(
            f"{_own_name(terms, number)} returned {value[~finite][0].item()}; every energy must be "
            "a finite number: keep what goes into sqrt, log and divisions where they are defined, "
            "by clamp or torch.where, and give a hard constraint a large weight"
        )
    return value.to(wanted)  # some compute in float64


def _own_name(terms: Sequence[Term], number: int) -> str:
    """What messages call a term of the user's own; only such terms are counted."""
    own = sum(not isinstance(term, Learned) for term in terms[:number])
    called = getattr(terms[number], "__name__", type(terms[number]).__name__)
    return f"your own term {own} ('{called}')"
