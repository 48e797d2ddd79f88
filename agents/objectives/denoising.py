"""The denoising objective: the energy's own gradient undoes noise, and codes are told apart.

A satisfied scene is disturbed by Gaussian noise of a random scale (Vincent 2011; scales as in
Karras et al. 2022, EDM), on the states that may be edited (generate) or on the attention
(identify). The energy is not told the scale. Its gradient, itself differentiated (double
backward), is trained so that ``v - dE/dv`` is the expected clean value. The contrastive terms ask
that the clean scene has less energy than the noisy one, and less under its own code than under
others.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from ..config import TrainConfig
from ..data import Batch
from ..energy import Scene
from ..model import ConceptModel

_TEMPERATURE = 0.05  # of energies in the contrastive terms: a miss of 0.3 plane units
_ATTENTION_FLOOR = 0.1  # noise below which all scales weigh about the same
_COARSE_UNTIL, _FINE_FROM = 0.3, 0.6  # shares of the training between which the focus shifts


@dataclass(frozen=True, kw_only=True)
class Noise:
    """The random numbers of one step, drawn outside the compiled loss.

    Attributes:
        state_scale, attention_scale: (B * Q, 1) noise scales.
        state_weight, attention_weight: (B * Q,) weights of the errors, 2 on average for states.
        state: (B * Q, N, 6), attention: (B * Q, N), code: (B, code_size): standard normal.
    """

    state_scale: Tensor
    attention_scale: Tensor
    state_weight: Tensor
    attention_weight: Tensor
    state: Tensor
    attention: Tensor
    code: Tensor


def draw_noise(batch: Batch, config: TrainConfig, *, step: int, code_size: int) -> Noise:
    """The noise of a training step: a function of the seed and the step alone.

    The energy does not know the scale, so the scales' weights choose which answer it learns.
    Weighed towards the upper half it learns fast, but leads to the middle of a ring of answers
    (`near` collapses onto the entity); weighed towards the lower end it leads to the ring, but
    learns slowly. Training therefore shifts from the first to the second.
    """
    generator = torch.Generator().manual_seed(config.seed * 1_000_003 + step)
    queries, number = batch.generate.attention.shape
    share = (step / config.steps - _COARSE_UNTIL) / (_FINE_FROM - _COARSE_UNTIL)
    fine = min(1.0, max(0.0, share))

    def scale(low: float, high: float, power: float) -> Tensor:
        return low * (high / low) ** (torch.rand(queries, 1, generator=generator) ** power)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    # A power of 0.5 weighs the logarithm of the scale towards its upper half, 1 weighs it evenly.
    state_scale = scale(*config.state_noise, 0.5 + 0.5 * fine)
    attention_scale = scale(*config.attention_noise, 0.5)
    weight = (0.1 - 0.07 * fine + state_scale[:, 0]) ** -(1.0 + 0.5 * fine)
    noise = Noise(
        state_scale=state_scale,
        attention_scale=attention_scale,
        state_weight=2.0 * weight / weight.mean(),
        attention_weight=1.0 / (_ATTENTION_FLOOR + attention_scale[:, 0]),
        state=normal(queries, number, 6),
        attention=normal(queries, number),
        code=normal(batch.given.shape[0], code_size),
    )
    device = batch.given.device
    return Noise(**{name: value.to(device) for name, value in vars(noise).items()})


def denoising_loss(
    model: ConceptModel, batch: Batch, noise: Noise, *, config: TrainConfig
) -> tuple[Tensor, dict[str, Tensor]]:
    """The loss of a batch and its terms by name."""
    code = model.encoder(batch.demos_before, batch.demos, batch.given)
    code = code + config.code_noise * noise.code
    codes = code.repeat_interleave(config.queries, dim=0)
    clean, editable = _join(batch)
    disturbed = _disturb(batch, noise)

    def total(entities: Tensor, attention: Tensor) -> tuple[Tensor, Tensor]:
        scene = disturbed.replace(entities=entities, attention=attention)
        energies = model.energy(scene, torch.cat([codes, codes]))
        return energies.sum(), energies

    (grad_x, grad_a), energies = torch.func.grad(total, argnums=(0, 1), has_aux=True)(
        disturbed.entities, disturbed.attention
    )
    size = len(codes)
    miss_x = ((grad_x - disturbed.entities + clean.entities) * editable)[:size]
    miss_a = ((grad_a - disturbed.attention + clean.attention) * clean.present)[size:]
    generate = (miss_x.square().sum((1, 2)) * noise.state_weight).mean()
    identify = (miss_a.square().sum(1) * noise.attention_weight).mean()
    terms = {"generate": generate, "identify": identify}
    terms |= _contrast(model, clean, code, energies, config)
    loss = (
        generate
        + 0.3 * identify
        + config.contrast_weight
        * (terms["contrast_code"] + terms["contrast_state"] + terms["clean_energy"])
    )
    return loss, terms


def _join(batch: Batch) -> tuple[Scene, Tensor]:
    """Both tasks' clean scenes, (2 * B * Q), and which features may be edited (…, N, 6)."""
    parts = zip(vars(batch.generate).items(), vars(batch.identify).values(), strict=True)
    clean = Scene(**{name: torch.cat([one, other]) for (name, one), other in parts})
    movable, paintable = clean.movable, clean.paintable
    columns = [movable] * 2 + [paintable] * 3 + [torch.zeros_like(movable)]
    return clean, torch.stack(columns, dim=-1)


def _disturb(batch: Batch, noise: Noise) -> Scene:
    clean, editable = _join(batch)
    size = len(noise.state)
    entities, attention = clean.entities.clone(), clean.attention.clone()
    entities[:size] += noise.state_scale[..., None] * noise.state * editable[:size]
    attention[size:] += noise.attention_scale * noise.attention * clean.present[size:]
    return clean.replace(entities=entities, attention=attention)


def _contrast(
    model: ConceptModel, clean: Scene, code: Tensor, noisy: Tensor, config: TrainConfig
) -> dict[str, Tensor]:
    """One query an instance and task, under its own code and under two others'."""
    first = slice(None, None, config.queries)
    some = Scene(**{name: value[first] for name, value in vars(clean).items()})
    count = len(code)
    # Instances of a family lie together: a roll by 1 mostly stays in it, the other never does.
    rolls = [0, 1, count // 3 + 1]
    codes = torch.stack([code.roll(roll, dims=0) for roll in rolls], dim=1)  # (B, 3, C)
    codes = torch.cat([codes, codes]).flatten(0, 1)
    energies = model.energy(some.repeat(len(rolls)), codes).view(-1, len(rolls))
    own = energies[:, 0]
    target = torch.zeros(len(own), dtype=torch.long, device=own.device)
    return {
        "contrast_code": functional.cross_entropy(-energies / _TEMPERATURE, target),
        "contrast_state": functional.softplus((own - noisy[first]) / _TEMPERATURE).mean(),
        "clean_energy": own.mean(),
    }
