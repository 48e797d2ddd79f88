"""The denoising objective: its gradient, its ideal, its noise; that it learns."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from agent_scenes import TINY
from objective_batches import (
    FEW,
    check_slopes,
    doubled,
    drawn,
    edits,
    gradients_of,
    make_model,
    small_pool,
    train_on_one_batch,
)
from torch.nn import functional

from conceptgym.agents.batches import Batch, draw_batch
from conceptgym.agents.energy import ConceptEnergy
from conceptgym.agents.model import ConceptModel
from conceptgym.agents.objectives import Step
from conceptgym.agents.objectives.base import encode
from conceptgym.agents.objectives.denoising import Noise, denoising_loss, draw
from conceptgym.agents.scene import Scene


def independent_loss(model: ConceptModel, batch: Batch, noise: Noise) -> torch.Tensor:
    """The objective again, with an eager double backward."""
    code = encode(model, batch, noise.code, FEW)
    per_query = code.repeat_interleave(FEW.queries, dim=0)
    clean, static = batch.generate, batch.identify

    def disturbed(x: torch.Tensor) -> Scene:
        return clean.replace(entities=torch.cat([x, clean.entities[..., 5:]], dim=-1))

    x = batch.target + noise.state_scale[:, :, None] * noise.state * edits(clean)
    x = x.detach().requires_grad_(True)
    of_state = model.energy(disturbed(x), per_query)
    (slope,) = torch.autograd.grad(of_state.sum(), x, create_graph=True)
    miss = edits(clean) * (x - slope - batch.target)
    generate = (miss.pow(2).sum((1, 2)) * noise.state_weight).mean()

    a = static.attention + noise.attention_scale * noise.attention * static.present
    a = a.detach().requires_grad_(True)
    of_attention = model.energy(static.replace(attention=a), per_query)
    (slope,) = torch.autograd.grad(of_attention.sum(), a, create_graph=True)
    miss = static.present * (a - slope - static.attention)
    identify = (miss.pow(2).sum(1) * noise.attention_weight).mean()

    contrast = torch.zeros(())
    for scene, noisy in ((disturbed(batch.target), of_state), (static, of_attention)):
        first = scene.map(lambda value: value[:: FEW.queries])
        rolls = (0, 1, len(code) // 3 + 1)
        energies = torch.stack([model.energy(first, code.roll(r, 0)) for r in rolls], dim=1)
        told_apart = -functional.log_softmax(-energies / 0.05, dim=1)[:, 0]
        above = functional.softplus((energies[:, 0] - noisy[:: FEW.queries]) / 0.05)
        contrast = contrast + (told_apart + above + energies[:, 0]).mean()
    return generate + 0.3 * identify + FEW.contrast_weight * contrast


def test_loss_and_gradient_equal_an_independent_double_backward() -> None:
    model, (batch, noise) = make_model(), drawn("denoising")
    loss, _ = denoising_loss(model, batch, noise, FEW)
    expected = independent_loss(model, batch, noise)
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(gradients_of(model, loss), gradients_of(model, expected))


def test_the_gradient_equals_finite_differences() -> None:
    model, (batch, noise) = make_model(), drawn("denoising")
    found = gradients_of(model, denoising_loss(model, batch, noise, FEW)[0])
    check_slopes(model, lambda: denoising_loss(model, batch, noise, FEW)[0], found)


class KnowsTheAnswer(ConceptEnergy):
    """E = ½ |v - clean|² over states or attention: the energy that training aims at."""

    batch: Any = None

    def forward(self, scene: Scene, codes: torch.Tensor) -> torch.Tensor:
        if len(codes) != len(
            self.batch.target
        ):  # the contrast asks about some, under others' codes
            return 0.0 * codes.sum(1)
        if scene.static:
            return 0.5 * (scene.attention - self.batch.identify.attention).square().sum(1)
        return 0.5 * (scene.entities[..., :5] - self.batch.target).square().sum((1, 2))


def test_the_ideal_energy_has_no_denoising_loss() -> None:
    model, (batch, noise) = make_model(), drawn("denoising")
    assert denoising_loss(model, batch, noise, FEW)[1]["generate"].item() > 0.01
    model.energy = KnowsTheAnswer(TINY).double()
    model.energy.batch = batch
    _, terms = denoising_loss(model, batch, noise, FEW)
    assert float(terms["generate"]) == pytest.approx(0.0, abs=1e-20)
    assert float(terms["identify"]) == pytest.approx(0.0, abs=1e-20)


def test_it_overfits_one_batch() -> None:
    _, losses = train_on_one_batch("denoising", 30, rate=3e-2)
    assert losses[-1] < 0.3 * losses[0]


LONG = replace(FEW, steps=100)
STAGES = [(0, 0.0), (30, 0.0), (45, 0.5), (60, 1.0), (99, 1.0)]  # a step, and how fine its focus


def noise_at(number: int) -> Noise:
    batch = draw_batch(small_pool(), FEW, step=0)
    return doubled(draw(batch, Step(LONG, number, code_size=4)))


@pytest.mark.parametrize(("step", "fine"), STAGES)
def test_weights_shift_from_coarse_to_fine(step: int, fine: float) -> None:
    noise = noise_at(step)
    scale = noise.state_scale.flatten()
    weight = (0.1 * (1.0 - fine) + 0.03 * fine + scale) ** -(1.0 + 0.5 * fine)
    torch.testing.assert_close(
        noise.state_weight, 2.0 * weight / weight.mean(), rtol=1e-5, atol=1e-6
    )
    wanted = 1.0 / (0.1 + noise.attention_scale[:, 0])
    torch.testing.assert_close(noise.attention_weight, wanted, rtol=1e-5, atol=1e-6)  # float32


@pytest.mark.parametrize(("first", "state_middle"), [(0, 2.0 / 3.0), (60, 0.5)])
def test_noise_scales_keep_to_their_ranges(first: int, state_middle: float) -> None:
    """Their logarithm is drawn towards the upper half; for states evenly, in the end."""
    drawn_noise = [noise_at(first + step) for step in range(30)]
    for name, middle in (("state", state_middle), ("attention", 2.0 / 3.0)):
        low, high = getattr(LONG, f"{name}_noise")
        scales = torch.cat([getattr(noise, f"{name}_scale") for noise in drawn_noise])
        assert low <= float(scales.min()) + 1e-9
        assert 0.8 * high < float(scales.max()) <= high + 1e-6
        share = (scales / low).log() / torch.tensor(high / low).log()  # in [0, 1]
        assert float(share.mean()) == pytest.approx(middle, abs=0.05)
