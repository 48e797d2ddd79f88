"""The objective: its gradient against a second, eager derivation; its noise; that it learns."""

from dataclasses import replace

import pytest
import torch
from agent_scenes import SHORT, TINY
from torch.nn import functional

from conceptgym.agents.data import Batch, build_pool, draw_batch
from conceptgym.agents.energy import ConceptEnergy, Scene
from conceptgym.agents.model import ConceptModel
from conceptgym.agents.objectives.denoising import Noise, denoising_loss, draw_noise

POOL = build_pool(SHORT)
BATCH = draw_batch(POOL, SHORT, step=0)
NOISE = draw_noise(BATCH, SHORT, step=0, code_size=TINY.code_size)


def make_model() -> ConceptModel:
    torch.manual_seed(0)
    return ConceptModel(TINY)


def doubled(scene: Scene) -> Scene:
    return Scene(**{name: value.double() for name, value in vars(scene).items()})


def doubled_batch() -> Batch:
    return Batch(
        demos_before=BATCH.demos_before.double(),
        demos=doubled(BATCH.demos),
        given=BATCH.given.double(),
        generate=doubled(BATCH.generate),
        identify=doubled(BATCH.identify),
    )


def independent_loss(model: ConceptModel, batch: Batch, noise: Noise) -> torch.Tensor:
    """The objective again, one task after the other, with an eager double backward."""
    code = model.encoder(batch.demos_before, batch.demos, batch.given)
    code = code + SHORT.code_noise * noise.code
    per_query = code.repeat_interleave(SHORT.queries, dim=0)
    clean, static = batch.generate, batch.identify

    edits = torch.zeros_like(clean.entities)
    edits[..., :2] = clean.movable[..., None]
    edits[..., 2:5] = clean.paintable[..., None]
    x = clean.entities + noise.state_scale[:, :, None] * noise.state * edits
    x = x.detach().requires_grad_(True)
    of_state = model.energy(clean.replace(entities=x), per_query)
    (slope,) = torch.autograd.grad(of_state.sum(), x, create_graph=True)
    miss = edits * (x - slope - clean.entities)
    generate = (miss.pow(2).sum((1, 2)) * noise.state_weight).mean()

    a = static.attention + noise.attention_scale * noise.attention * static.present
    a = a.detach().requires_grad_(True)
    of_attention = model.energy(static.replace(attention=a), per_query)
    (slope,) = torch.autograd.grad(of_attention.sum(), a, create_graph=True)
    miss = static.present * (a - slope - static.attention)
    identify = (miss.pow(2).sum(1) * noise.attention_weight).mean()

    own_energies, code_losses, state_losses = [], [], []
    for scene, noisy in ((clean, of_state), (static, of_attention)):
        first = Scene(**{k: v[:: SHORT.queries] for k, v in vars(scene).items()})
        count = len(code)
        energies = torch.stack(
            [model.energy(first, code.roll(r, 0)) for r in (0, 1, count // 3 + 1)], dim=1
        )
        own_energies.append(energies[:, 0])
        code_losses.append(-functional.log_softmax(-energies / 0.05, dim=1)[:, 0])
        gap = energies[:, 0] - noisy[:: SHORT.queries]
        state_losses.append(functional.softplus(gap / 0.05))
    contrast = sum(torch.cat(part).mean() for part in (own_energies, code_losses, state_losses))
    return generate + 0.3 * identify + SHORT.contrast_weight * contrast


def test_loss_and_gradient_equal_an_independent_double_backward() -> None:
    model, batch = make_model().double(), doubled_batch()
    noise = Noise(**{name: value.double() for name, value in vars(NOISE).items()})
    parameters = list(model.parameters())
    loss, _ = denoising_loss(model, batch, noise, config=SHORT)
    expected = independent_loss(model, batch, noise)
    torch.testing.assert_close(loss, expected)
    found = torch.autograd.grad(loss, parameters, allow_unused=True, materialize_grads=True)
    wanted = torch.autograd.grad(expected, parameters, allow_unused=True, materialize_grads=True)
    assert max(float(value.abs().max()) for value in wanted) > 0.1
    torch.testing.assert_close(found, wanted)


class KnowsTheAnswer(ConceptEnergy):
    """E = ½ |v - clean|² over states and attention: the energy that training aims at."""

    def forward(self, scene: Scene, code: torch.Tensor) -> torch.Tensor:
        parts = [BATCH.generate, BATCH.identify]
        x = torch.cat([part.entities for part in parts])
        a = torch.cat([part.attention for part in parts])
        if len(code) != len(x):  # the contrast asks about some scenes under several codes
            return 0.0 * code.sum(1)
        gap = (scene.entities - x).square().sum((1, 2)) + (scene.attention - a).square().sum(1)
        return 0.5 * gap


def test_the_ideal_energy_has_no_denoising_loss() -> None:
    model = make_model()
    model.energy = KnowsTheAnswer(TINY)
    _, terms = denoising_loss(model, BATCH, NOISE, config=SHORT)
    assert float(terms["generate"]) == pytest.approx(0.0, abs=1e-9)
    assert float(terms["identify"]) == pytest.approx(0.0, abs=1e-9)


def test_the_loss_is_the_documented_sum_of_its_terms() -> None:
    loss, terms = denoising_loss(make_model(), BATCH, NOISE, config=SHORT)
    contrast = sum(terms[name] for name in ("contrast_code", "contrast_state", "clean_energy"))
    expected = terms["generate"] + 0.3 * terms["identify"] + SHORT.contrast_weight * contrast
    torch.testing.assert_close(loss, expected)
    assert len(terms) == 5


def test_the_loss_falls_on_a_fixed_batch() -> None:
    model = make_model()
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(15):
        loss, _ = denoising_loss(model, BATCH, NOISE, config=SHORT)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.8 * losses[0]


def test_noise_is_a_function_of_seed_and_step() -> None:
    torch.manual_seed(77)
    again = draw_noise(BATCH, SHORT, step=0, code_size=TINY.code_size)
    later = draw_noise(BATCH, SHORT, step=1, code_size=TINY.code_size)
    other = draw_noise(BATCH, replace(SHORT, seed=1), step=0, code_size=TINY.code_size)
    for name, value in vars(NOISE).items():
        assert torch.equal(value, getattr(again, name))
        assert not torch.equal(value, getattr(later, name))
        assert not torch.equal(value, getattr(other, name))


LONG = replace(SHORT, steps=100)
STAGES = [(0, 0.0), (30, 0.0), (45, 0.5), (60, 1.0), (99, 1.0)]  # a step, and how fine its focus


@pytest.mark.parametrize(("step", "fine"), STAGES)
def test_weights_shift_from_coarse_to_fine(step: int, fine: float) -> None:
    noise = draw_noise(BATCH, LONG, step=step, code_size=TINY.code_size)
    scale = noise.state_scale.flatten()
    weight = (0.1 * (1.0 - fine) + 0.03 * fine + scale) ** -(1.0 + 0.5 * fine)
    torch.testing.assert_close(noise.state_weight, 2.0 * weight / weight.mean())
    torch.testing.assert_close(noise.attention_weight, 1.0 / (0.1 + noise.attention_scale[:, 0]))


@pytest.mark.parametrize(("first", "state_middle"), [(0, 2.0 / 3.0), (60, 0.5)])
def test_noise_scales_keep_to_their_ranges(first: int, state_middle: float) -> None:
    """Their logarithm is drawn towards the upper half; for states evenly, in the end."""
    drawn = [draw_noise(BATCH, LONG, step=first + step, code_size=4) for step in range(30)]
    for name, middle in (("state", state_middle), ("attention", 2.0 / 3.0)):
        low, high = getattr(LONG, f"{name}_noise")
        scales = torch.cat([getattr(noise, f"{name}_scale") for noise in drawn])
        assert low <= scales.min() < 1.5 * low and 0.8 * high < scales.max() <= high
        share = (scales / low).log() / torch.tensor(high / low).log()  # in [0, 1]
        assert float(share.mean()) == pytest.approx(middle, abs=0.04)
