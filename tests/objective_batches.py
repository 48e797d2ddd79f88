"""A pool of few families, a batch in float64 and finite differences, for the objectives' tests."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import torch
from agent_scenes import SHORT, TINY

from conceptgym.agents.batches import Batch, draw_batch
from conceptgym.agents.config import EnergyConfig, TrainConfig
from conceptgym.agents.data import EventPool, draw_family, join_families
from conceptgym.agents.model import ConceptModel
from conceptgym.agents.objectives import OBJECTIVES, Step
from conceptgym.agents.scene import Scene

FAMILIES = ("colour", "near", "between")
FEW = replace(SHORT, concepts_per_family=2, sampler_steps=2)


@cache
def small_pool(config: TrainConfig = FEW) -> EventPool:
    """Two instances of each of `FAMILIES`."""
    return join_families([draw_family(name, config) for name in FAMILIES], FAMILIES, config)


def doubled(value: Any) -> Any:
    """Floats of a tensor or of a dataclass of tensors in float64; all else as it is."""
    if isinstance(value, torch.Tensor):
        return value.double() if value.is_floating_point() else value
    if hasattr(value, "__dataclass_fields__"):
        return replace(value, **{name: doubled(part) for name, part in vars(value).items()})
    return value


def make_model(energy: EnergyConfig = TINY, *, seed: int = 0) -> ConceptModel:
    """An untrained model in float64."""
    torch.manual_seed(seed)
    return ConceptModel(energy).double()


def drawn(
    name: str, config: TrainConfig = FEW, *, number: int = 0, energy: EnergyConfig = TINY
) -> tuple[Batch, Any]:
    """A batch and an objective's random numbers at a step, in float64."""
    batch = draw_batch(small_pool(FEW), config, step=number)
    step = Step(config, number, code_size=energy.learned_size)
    return doubled(batch), doubled(OBJECTIVES[name].draw(batch, step))


def check_slopes(
    model: ConceptModel, loss: Callable[[], torch.Tensor], gradients: list[torch.Tensor]
) -> None:
    """Compare gradients with central differences of a loss along random directions."""
    parameters = [p.data for p in model.parameters()]
    draw = torch.Generator().manual_seed(5)
    for _ in range(3):
        ways = [torch.randn(p.shape, generator=draw, dtype=p.dtype) for p in parameters]
        found = sum(float((g * w).sum()) for g, w in zip(gradients, ways, strict=True))
        ends = []
        for size in (1e-6, -1e-6):
            for p, way in zip(parameters, ways, strict=True):
                p.add_(way, alpha=size)
            ends.append(float(loss().detach()))
            for p, way in zip(parameters, ways, strict=True):
                p.add_(way, alpha=-size)
        wanted = (ends[0] - ends[1]) / 2e-6
        assert abs(wanted) > 1e-3, "nothing to compare"
        assert abs(found - wanted) < 1e-4 * abs(wanted) + 1e-6


def gradients_of(model: ConceptModel, loss: torch.Tensor) -> list[torch.Tensor]:
    """The gradients of a loss by every parameter, zero where there is none."""
    found = torch.autograd.grad(
        loss, list(model.parameters()), allow_unused=True, materialize_grads=True
    )
    return list(found)


def train_on_one_batch(
    name: str, steps: int, *, config: TrainConfig = FEW, rate: float = 1e-2
) -> tuple[ConceptModel, list[float]]:
    """A model trained on a single batch with the same random numbers, and its losses."""
    batch, draws = drawn(name, config)
    model, losses = make_model(), []
    optimiser = torch.optim.Adam(model.parameters(), lr=rate)
    for _ in range(steps):
        loss, _ = OBJECTIVES[name].loss(model, batch, draws, config)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        losses.append(float(loss.detach()))
    return model, losses


def edits(scene: Scene) -> torch.Tensor:
    """(B, N, 5) 1 for what may be edited, written out."""
    mask = torch.zeros_like(scene.entities[..., :5])
    mask[..., :2] = scene.movable[..., None]
    mask[..., 2:] = scene.paintable[..., None]
    return mask
