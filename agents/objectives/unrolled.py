"""The paper's objective: energies of true and inferred scenes, through unrolled samplers.

As in Mordatch 2018 (arXiv 1811.02486, section 4): w is found from the demonstrations by descent on
their energy, then the state x (under the true attention) and the attention a (in the true scene)
of events held out are found by Langevin dynamics. The learned part of w starts from random numbers;
the plain part is what the demonstrations show, as for every objective here. Two losses each:

- contrast, ``softplus(E(true) - E(inferred))``, with the inferred scene held fixed;
- KL, the energy of the inferred scene with the weights (and w) of that last energy held fixed,
  differentiated through the sampler: it trains the steps to arrive low.

A small L2 keeps the energies from running away. There is no encoder: inference starts w anew
(``InferenceConfig(amortised=False, shown_values=True)``), and what it starts from and keeps to is
what is trained here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.func import functional_call
from torch.nn import functional

from ..batches import Batch
from ..code import normalise_code
from ..config import TrainConfig
from ..model import ConceptModel
from ..scene import Scene
from ..summary import plain_codes
from .base import Objective, Step, Terms, editable_columns, sum_terms, with_state

_STEP = 0.5  # of the samplers, in units of the gradient: the paper's alpha / 2, under a temperature
_NOISE = 0.02  # standard deviation added by a Langevin step [plane units, share, attention]
_CODE_STEP = 1.0  # of the descent on w, as inference begins with
_LONGEST = 1.0  # step of a row: an energy that is not trained yet would throw it far off
_L2 = 0.1  # weight of squared energies

Energies = Callable[[Tensor], Tensor]


@dataclass(frozen=True, kw_only=True)
class Draws:
    """The random numbers of a step; K steps of each sampler.

    Attributes:
        code: (B, code_size) where the descents on w's learned part begin.
        attention: (B * Q, N) where those on attention begin, in [0, 1).
        state_noise: (K, B * Q, N, 5), attention_noise: (K, B * Q, N): standard normal.
    """

    code: Tensor
    attention: Tensor
    state_noise: Tensor
    attention_noise: Tensor


def draw(batch: Batch, step: Step) -> Draws:
    """The random numbers of a step."""
    steps, (queries, number) = step.config.sampler_steps, batch.generate.attention.shape
    return Draws(
        code=step.normal(len(batch.given), step.code_size),
        attention=step.uniform(queries, number),
        state_noise=step.normal(steps, queries, number, 5),
        attention_noise=step.normal(steps, queries, number),
    )


def unrolled_loss(
    model: ConceptModel, batch: Batch, draws: Draws, config: TrainConfig
) -> tuple[Tensor, Terms]:
    """The loss of a batch and its terms by name; the encoder takes no part."""
    codes = infer_codes(model, batch, draws, config)
    codes = codes.repeat_interleave(config.queries, dim=0)
    terms: Terms = {}
    if "generate" in config.tasks:
        scene = batch.generate
        found = sample_states(model, scene, codes, draws.state_noise)
        true = with_state(scene, batch.target)
        terms |= _compare("generate", model, true, with_state(scene, found), codes)
    if "identify" in config.tasks:
        scene = batch.identify
        found = sample_attention(model, scene, codes, draws)
        terms |= _compare("identify", model, scene, scene.replace(attention=found), codes)
    return sum_terms(terms, config)


def infer_codes(model: ConceptModel, batch: Batch, draws: Draws, config: TrainConfig) -> Tensor:
    """Codes (B, C): what the demonstrations show, and a learned part by descent on their energy."""
    demos = batch.demos.map(lambda value: value[batch.rows])
    owner = batch.rows // batch.given.shape[1]  # the instance of each demonstration
    share = (1.0 / batch.given.sum(1))[owner]
    shown = plain_codes(batch.summary, batch.given)

    def with_shown(what: Tensor) -> Tensor:
        return torch.cat([what, shown], dim=1)

    def energy(what: Tensor) -> Tensor:
        under = with_shown(what)[owner]
        found = torch.zeros_like(share)
        if "generate" in config.tasks:
            found = found + model.energy(demos, under)
        if "identify" in config.tasks:
            found = found + model.energy(demos.as_static(), under)
        return found * share

    codes = normalise_code(with_shown(draws.code))
    for _ in range(config.sampler_steps):
        what = codes[:, : draws.code.shape[1]]
        codes = normalise_code(with_shown(what - _step(energy, what, _CODE_STEP)))
    return codes


def sample_states(model: ConceptModel, scene: Scene, codes: Tensor, noise: Tensor) -> Tensor:
    """Positions and colours (B * Q, N, 5) by Langevin dynamics from the scene's own."""
    editable = editable_columns(scene)
    low = scene.entities.new_tensor([-1.0, -1.0, 0.0, 0.0, 0.0])
    state = scene.entities[..., :5]
    for kick in noise:
        step = _step(lambda x: model.energy(with_state(scene, x), codes), state, _STEP)
        moved = (state - step + _NOISE * kick).clamp(min=low, max=torch.ones_like(low))
        state = torch.where(editable > 0, moved, state)
    return state


def sample_attention(model: ConceptModel, scene: Scene, codes: Tensor, draws: Draws) -> Tensor:
    """Attention (B * Q, N) by Langevin dynamics from random numbers."""
    attention = draws.attention * scene.present
    for kick in draws.attention_noise:
        step = _step(lambda a: model.energy(scene.replace(attention=a), codes), attention, _STEP)
        attention = (attention - step + _NOISE * kick) * scene.present
    return attention


def _compare(name: str, model: ConceptModel, true: Scene, found: Scene, codes: Tensor) -> Terms:
    held = found.map(lambda value: value.detach())
    of_true, of_found = model.energy(true, codes), model.energy(held, codes)
    frozen = {key: value.detach() for key, value in model.energy.named_parameters()}
    arrived = functional_call(model.energy, frozen, (found, codes.detach()))
    return {
        name: functional.softplus(of_true - of_found).mean(),
        f"{name}_kl": arrived.mean(),
        f"{name}_l2": _L2 * (of_true.square() + of_found.square()).mean(),
    }


def _step(energy: Energies, value: Tensor, size: float) -> Tensor:
    """The gradient of the energies times `size`, no row longer than `_LONGEST`; differentiable."""
    slope = torch.func.grad(lambda variable: energy(variable).sum())(value)
    length = (slope.square().flatten(1).sum(1) + 1e-12).sqrt()
    factor = (_LONGEST / length).clamp(max=size)
    return slope * factor.view(-1, *[1] * (slope.dim() - 1))


OBJECTIVE = Objective(draw=draw, loss=unrolled_loss, amortised=False, compiled=False)
