"""The denoising objective: the energy's own gradient undoes noise, and codes are told apart.

A state that shows the concept is disturbed by Gaussian noise of a random scale (Vincent 2011;
scales as in Karras et al. 2022, EDM), on what may be edited (generate) or on the attention
(identify). The energy is not told the scale. Its gradient, itself differentiated (double
backward), is trained so that ``v - dE/dv`` is the expected clean value. The contrastive terms ask
that the clean scene has less energy than the noisy one, and less under its own code than under
others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from ..batches import Batch
from ..config import TrainConfig
from ..model import ConceptModel
from ..scene import Scene
from .base import Objective, Step, Terms, editable_columns, encode, sum_terms, with_state

_TEMPERATURE = 0.05  # of energies in the contrastive terms: a miss of 0.3 plane units
_ATTENTION_FLOOR = 0.1  # noise below which all scales weigh about the same
_COARSE_UNTIL, _FINE_FROM = 0.3, 0.6  # shares of the training between which the focus shifts
_IDENTIFY_WEIGHT = 0.3  # beside generate's errors


@dataclass(frozen=True, kw_only=True)
class Noise:
    """The random numbers of a step.

    Attributes:
        state_scale, attention_scale: (B * Q, 1) noise scales.
        state_weight, attention_weight: (B * Q,) weights of the errors, 2 on average for states.
        state: (B * Q, N, 5), attention: (B * Q, N), code: (B, code_size): standard normal.
    """

    state_scale: Tensor
    attention_scale: Tensor
    state_weight: Tensor
    attention_weight: Tensor
    state: Tensor
    attention: Tensor
    code: Tensor


def draw(batch: Batch, step: Step) -> Noise:
    """The noise of a step.

    The energy does not know the scale, so the scales' weights choose which answer it learns.
    Weighed towards the upper half it learns fast, but leads to the middle of a ring of answers
    (`near` collapses onto the entity); weighed towards the lower end it leads to the ring, but
    learns slowly. Training therefore shifts from the first to the second.
    """
    queries, number = batch.generate.attention.shape
    fine = min(1.0, max(0.0, (step.share - _COARSE_UNTIL) / (_FINE_FROM - _COARSE_UNTIL)))

    def scale(low: float, high: float, power: float) -> Tensor:
        return low * (high / low) ** (step.uniform(queries, 1) ** power)

    # A power of 0.5 weighs the logarithm of the scale towards its upper half, 1 weighs it evenly.
    state_scale = scale(*step.config.state_noise, 0.5 + 0.5 * fine)
    attention_scale = scale(*step.config.attention_noise, 0.5)
    weight = (0.1 - 0.07 * fine + state_scale[:, 0]) ** -(1.0 + 0.5 * fine)
    return Noise(
        state_scale=state_scale,
        attention_scale=attention_scale,
        state_weight=2.0 * weight / weight.mean(),
        attention_weight=1.0 / (_ATTENTION_FLOOR + attention_scale[:, 0]),
        state=step.normal(queries, number, 5),
        attention=step.normal(queries, number),
        code=step.normal(len(batch.given), step.code_size),
    )


def denoising_loss(
    model: ConceptModel, batch: Batch, noise: Noise, config: TrainConfig
) -> tuple[Tensor, Terms]:
    """The loss of a batch and its terms by name."""
    code = encode(model, batch, noise.code, config)
    codes = code.repeat_interleave(config.queries, dim=0)
    return sum_terms(
        {
            **_generate_terms(model, batch, noise, code, codes, config),
            **_identify_terms(model, batch, noise, code, codes, config),
        },
        config,
    )


def _generate_terms(
    model: ConceptModel,
    batch: Batch,
    noise: Noise,
    code: Tensor,
    codes: Tensor,
    config: TrainConfig,
) -> Terms:
    clean = with_state(batch.generate, batch.target)
    editable = editable_columns(clean)
    noisy = batch.target + noise.state_scale[..., None] * noise.state * editable
    slope, energies = _slope(lambda x: model.energy(with_state(clean, x), codes), noisy)
    miss = ((slope - noisy + batch.target) * editable).square().sum((1, 2))
    contrast = _contrast(model, clean, code, energies, config)
    return {"generate": (miss * noise.state_weight).mean()} | {
        f"generate_{name}": config.contrast_weight * value for name, value in contrast.items()
    }


def _identify_terms(
    model: ConceptModel,
    batch: Batch,
    noise: Noise,
    code: Tensor,
    codes: Tensor,
    config: TrainConfig,
) -> Terms:
    clean = batch.identify
    noisy = clean.attention + noise.attention_scale * noise.attention * clean.present
    slope, energies = _slope(lambda a: model.energy(clean.replace(attention=a), codes), noisy)
    miss = ((slope - noisy + clean.attention) * clean.present).square().sum(1)
    contrast = _contrast(model, clean, code, energies, config)
    error = _IDENTIFY_WEIGHT * (miss * noise.attention_weight).mean()
    return {"identify": error} | {
        f"identify_{name}": config.contrast_weight * value for name, value in contrast.items()
    }


def _slope(energy: Callable[[Tensor], Tensor], value: Tensor) -> tuple[Tensor, Tensor]:
    """The gradients of energies (B,) at `value`, each by its own row, and the energies."""

    def total(variable: Tensor) -> tuple[Tensor, Tensor]:
        energies = energy(variable)
        return energies.sum(), energies

    return torch.func.grad(total, has_aux=True)(value)


def _contrast(
    model: ConceptModel, clean: Scene, code: Tensor, noisy: Tensor, config: TrainConfig
) -> Terms:
    """One query an instance: less energy than when noisy, and than under two others' codes."""
    first = clean.map(lambda value: value[:: config.queries])
    count = len(code)
    # Instances of a family lie together: a roll by 1 mostly stays in it, the other never does.
    rolls = [0, 1, count // 3 + 1]
    codes = torch.stack([code.roll(roll, dims=0) for roll in rolls], dim=1)  # (B, 3, C)
    energies = model.energy(first.repeat(len(rolls)), codes.flatten(0, 1)).view(-1, len(rolls))
    own = energies[:, 0]
    target = torch.zeros(count, dtype=torch.long, device=own.device)
    return {
        "code": functional.cross_entropy(-energies / _TEMPERATURE, target),
        "state": functional.softplus((own - noisy[:: config.queries]) / _TEMPERATURE).mean(),
        "clean": own.mean(),
    }


OBJECTIVE = Objective(draw=draw, loss=denoising_loss)
