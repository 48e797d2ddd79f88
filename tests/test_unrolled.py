"""The paper's objective: its gradient through the samplers, their steps; that it learns."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from agent_scenes import TINY
from objective_batches import (
    FEW,
    check_slopes,
    drawn,
    edits,
    gradients_of,
    make_model,
    train_on_one_batch,
)
from torch.nn import functional

from conceptgym.agents.batches import Batch
from conceptgym.agents.code import PLAIN_SIZE, normalise_code
from conceptgym.agents.config import TrainConfig
from conceptgym.agents.energy import ConceptEnergy
from conceptgym.agents.model import ConceptModel
from conceptgym.agents.objectives.unrolled import (
    Draws,
    infer_codes,
    sample_attention,
    sample_states,
    unrolled_loss,
)
from conceptgym.agents.scene import Scene
from conceptgym.agents.summary import plain_codes
from conceptgym.envs.concepts import TASKS


def with_states(scene: Scene, states: torch.Tensor) -> Scene:
    return scene.replace(entities=torch.cat([states, scene.entities[..., 5:]], dim=-1))


def inferred(
    model: ConceptModel, batch: Batch, draws: Draws, config: TrainConfig
) -> tuple[torch.Tensor, Scene, Scene]:
    codes = infer_codes(model, batch, draws, config).repeat_interleave(config.queries, dim=0)
    states = sample_states(model, batch.generate, codes, draws.state_noise)
    attention = sample_attention(model, batch.identify, codes, draws)
    return (
        codes,
        with_states(batch.generate, states),
        batch.identify.replace(attention=attention),
    )


@pytest.mark.parametrize("seed", [0, 1])
def test_the_gradient_equals_finite_differences_of_what_it_stands_for(seed: int) -> None:
    """What is held fixed in the loss stays at its first value while the weights move."""
    model, held = make_model(seed=seed), make_model(seed=seed)
    batch, draws = drawn("unrolled")
    codes0, generate0, identify0 = inferred(held, batch, draws, FEW)
    held_scenes = [scene.map(lambda value: value.detach()) for scene in (generate0, identify0)]
    truths = [with_states(batch.generate, batch.target), batch.identify]

    def surrogate() -> torch.Tensor:
        codes, *found = inferred(model, batch, draws, FEW)
        total = torch.zeros(())
        for true, fixed, moving in zip(truths, held_scenes, found, strict=True):
            low, high = model.energy(true, codes), model.energy(fixed, codes)
            arrived = held.energy(moving, codes0)
            squares = 0.1 * (low.square() + high.square())
            total = total + (functional.softplus(low - high) + arrived + squares).mean()
        return total

    loss, _ = unrolled_loss(model, batch, draws, FEW)
    torch.testing.assert_close(loss, surrogate())
    check_slopes(model, surrogate, gradients_of(model, loss))


def test_the_energys_weights_of_the_kl_term_are_held_fixed() -> None:
    """With samplers that take no step there is nothing to differentiate through."""
    model, (batch, draws) = make_model(), drawn("unrolled")
    still = replace(
        draws, state_noise=draws.state_noise[:0], attention_noise=draws.attention_noise[:0]
    )
    stopped = replace(FEW, sampler_steps=1)
    _, terms = unrolled_loss(model, batch, draws, stopped)
    assert any(value.abs().sum() > 0 for value in gradients_of(model, terms["generate_kl"]))
    _, terms = unrolled_loss(model, batch, still, stopped)
    assert not terms["generate_kl"].requires_grad


def test_the_encoder_takes_no_part() -> None:
    model, (batch, draws) = make_model(), drawn("unrolled")
    loss, _ = unrolled_loss(model, batch, draws, FEW)
    loss.backward()
    assert all(p.grad is None for p in model.encoder.parameters())


def test_samplers_begin_as_inference_begins() -> None:
    """The learned part of w at unit variance, attention anywhere in [0, 1)."""
    wide = replace(FEW, sampler_steps=1)
    codes = torch.cat([drawn("unrolled", wide, number=k)[1].code for k in range(200)])
    assert codes.shape[1] == TINY.code_size
    assert float(codes.std()) == pytest.approx(1.0, abs=0.05)
    _, draws = drawn("unrolled")
    assert 0.0 <= float(draws.attention.min()) <= float(draws.attention.max()) < 1.0
    assert len(draws.state_noise) == len(draws.attention_noise) == FEW.sampler_steps


class Bowl(ConceptEnergy):
    """E = ½ c |v - goal|² over states, attention or codes: descents with closed forms."""

    goal: Any = None
    steepness = 1.0

    def forward(self, scene: Scene, codes: torch.Tensor) -> torch.Tensor:
        if self.goal.shape == codes.shape[1:]:
            gap = codes - self.goal
        else:
            gap = scene.attention if scene.static else scene.entities[..., :5]
            gap = gap - self.goal
        return 0.5 * self.steepness * gap.square().flatten(1).sum(1)


def bowl(goal: torch.Tensor, steepness: float) -> ConceptModel:
    model = make_model()
    model.energy = Bowl(TINY).double()
    model.energy.goal, model.energy.steepness = goal, steepness
    return model


@pytest.mark.parametrize("steepness", [0.01, 40.0])
def test_samplers_step_along_the_gradient_plus_noise_but_no_further_than_one(
    steepness: float,
) -> None:
    batch, draws = drawn("unrolled", replace(FEW, sampler_steps=1))
    scene, codes = batch.generate, torch.zeros(len(batch.target), TINY.code_size + PLAIN_SIZE)
    goal = torch.full_like(batch.target[0], 0.3)
    start = scene.entities[..., :5]
    found = sample_states(bowl(goal, steepness), scene, codes.double(), draws.state_noise)
    slope = steepness * (start - goal)
    length = slope.flatten(1).norm(dim=1)[:, None, None]
    step = slope * torch.minimum(torch.full_like(length, 0.5), 1.0 / length)
    moved = start - step + 0.02 * draws.state_noise[0]
    low = torch.tensor([-1.0, -1.0, 0.0, 0.0, 0.0]).double()
    moved = torch.minimum(torch.maximum(moved, low), torch.ones(5).double())
    torch.testing.assert_close(found, torch.where(edits(scene) > 0, moved, start))
    assert bool((length > 2.0).any()) == (steepness > 1.0), "both kinds of step are tested"

    static, goal = batch.identify, torch.full_like(batch.identify.attention[0], 0.7)
    found = sample_attention(bowl(goal, steepness), static, codes.double(), draws)
    start = draws.attention * static.present
    slope = steepness * (start - goal)
    length = slope.norm(dim=1)[:, None]
    step = slope * torch.minimum(torch.full_like(length, 0.5), 1.0 / length)
    wanted = (start - step + 0.02 * draws.attention_noise[0]) * static.present
    torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize("tasks", [TASKS, ("generate",), ("identify",)])
def test_codes_descend_the_mean_energy_of_the_demonstrations(tasks: tuple[str, ...]) -> None:
    """The learned part does; the plain part holds the average of what they show."""
    config = replace(FEW, sampler_steps=1, tasks=tasks)
    batch, draws = drawn("unrolled", config)
    shown = plain_codes(batch.summary, batch.given)
    goal = torch.linspace(-0.5, 0.5, TINY.code_size + PLAIN_SIZE).double()
    found = infer_codes(bowl(goal, 0.01), batch, draws, config)
    start = functional.layer_norm(draws.code, (TINY.code_size,))
    slope = 0.01 * len(tasks) * (start - goal[: TINY.code_size])  # a mean over alike ones
    torch.testing.assert_close(found, normalise_code(torch.cat([start - slope, shown], dim=1)))
    torch.testing.assert_close(found[:, TINY.code_size :], shown, rtol=0, atol=0)


def test_it_overfits_one_batch() -> None:
    """The loss falls, and what is inferred comes nearer to the truth."""
    batch, draws = drawn("unrolled")

    def misses(model: ConceptModel) -> tuple[float, float]:
        _, states, attention = inferred(model, batch, draws, FEW)
        gap = (states.entities[..., :5] - batch.target).square().sum((1, 2)).mean()
        wrong = (attention.attention - batch.identify.attention).square().sum(1).mean()
        return gap.item(), wrong.item()

    before = misses(make_model())
    model, losses = train_on_one_batch("unrolled", 30, rate=3e-3)
    after = misses(model)
    assert losses[-1] < 0.97 * losses[0]
    assert after[0] < 0.75 * before[0] and after[1] < 0.7 * before[1]
