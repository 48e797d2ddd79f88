"""The shipped objective: its gradient, its ideal, its weights; that it learns."""

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

from conceptgym.agents.batches import Batch
from conceptgym.agents.energy import ConceptEnergy
from conceptgym.agents.objectives.projection import projection_loss
from conceptgym.agents.scene import Scene


def test_the_gradient_equals_finite_differences() -> None:
    model, (batch, draws) = make_model(), drawn("projection")
    found = gradients_of(model, projection_loss(model, batch, draws, FEW)[0])
    check_slopes(model, lambda: projection_loss(model, batch, draws, FEW)[0], found)


class Misses(ConceptEnergy):
    """Residuals that are what is lacking, and what is added to them."""

    batch: Any = None
    position = colour = attention = 0.0

    def residuals(
        self, scene: Scene, codes: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        lacking = scene.entities[..., :5] - self.batch.target
        asked = scene.attention - self.batch.identify.attention
        return (
            lacking[..., :2] + self.position,
            lacking[..., 2:] + self.colour,
            asked + self.attention,
        )


def terms_of(batch: Batch, draws: Any, **added: float) -> dict[str, float]:
    model = make_model()
    model.energy = Misses(TINY).double()
    model.energy.batch = batch
    for name, value in added.items():
        setattr(model.energy, name, value)
    _, terms = projection_loss(model, batch, draws, FEW)
    return {name: value.item() for name, value in terms.items()}


def test_residuals_that_are_what_is_lacking_have_no_loss_and_are_half_a_squared_distance() -> None:
    batch, draws = drawn("projection")
    assert terms_of(batch, draws) == pytest.approx({"generate": 0.0, "identify": 0.0}, abs=1e-20)
    energy = Misses(TINY).double()
    energy.batch = batch
    gap = (batch.generate.entities[..., :5] - batch.target) * edits(batch.generate)
    found = energy(batch.generate, torch.zeros(len(gap), energy.code_size))
    torch.testing.assert_close(found, 0.5 * gap.square().sum((1, 2)))


@pytest.mark.parametrize("kind", ["position", "colour"])
def test_errors_count_relative_to_the_way_there(kind: str) -> None:
    """An error e of every feature of a kind, at an entity with a way r to go: n e² / (0.03 + r)."""
    batch, draws = drawn("projection")
    columns = slice(0, 2) if kind == "position" else slice(2, 5)
    mask = edits(batch.generate)
    square = ((batch.generate.entities[..., :5] - batch.target) * mask).square().sum(-1)
    way = (square + 1e-8).sqrt()  # soft, so that no way at all has a slope
    errors = 0.01 * mask[..., columns].sum(-1) / (0.03 + way)
    edited = mask.amax(-1).sum(-1).clamp(min=1.0)
    wanted = (errors.sum(-1) / edited.sqrt()).mean().item()
    found = terms_of(batch, draws, **{kind: 0.1})
    assert wanted > 0.01
    assert found["generate"] == pytest.approx(wanted)
    assert found["identify"] == pytest.approx(0.0, abs=1e-20)


def test_errors_of_attention_count_where_something_is() -> None:
    batch, draws = drawn("projection")
    found = terms_of(batch, draws, attention=0.1)
    present = batch.identify.present.sum(1).mean().item()
    assert found["identify"] == pytest.approx(0.01 * present)
    assert found["generate"] == pytest.approx(0.0, abs=1e-20)


def test_it_overfits_one_batch() -> None:
    _, losses = train_on_one_batch("projection", 30, rate=3e-2)
    assert losses[-1] < 0.1 * losses[0]
