"""The training loop: resumable at any step, because a step depends on its number alone."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..envs.errors import CheckpointError, ConfigError, NonFiniteError
from .batches import draw_batch
from .checkpoint import load_tensors, save_tensors
from .config import EnergyConfig, TrainConfig
from .data import EventPool
from .model import ConceptModel
from .objectives import OBJECTIVES, Step


@dataclass(frozen=True, kw_only=True)
class Progress:
    """One training step's report.

    Attributes:
        step: steps done, of all sessions.
        seconds: training time [s], of all sessions.
        loss: the loss, and terms: its parts by name.
    """

    step: int
    seconds: float
    loss: float
    terms: dict[str, float]


class Trainer:
    """Trains a model on a pool of events; `save` and `resume` keep everything that matters."""

    def __init__(
        self, energy: EnergyConfig, train: TrainConfig, *, device: str = "cpu", fast: bool = True
    ) -> None:
        """Make a fresh model.

        Args:
            energy: sizes of the model.
            train: how to train.
            device: "cpu" or "cuda".
            fast: compile the loss and run it in bfloat16, where the objective allows it; the first
                step then takes minutes.

        Raises:
            ConfigError: if there is no such objective.
        """
        if train.objective not in OBJECTIVES:
            raise ConfigError(
                f"TrainConfig.objective={train.objective!r} is unknown; choose one of "
                f"{', '.join(OBJECTIVES)}, or add a file to agents/objectives/"
            )
        torch.manual_seed(train.seed)
        self.config = train
        self.device = device
        self.model = ConceptModel(energy).to(device)
        self.average = ConceptModel(energy).to(device)
        self.average.load_state_dict(self.model.state_dict())
        self.optimiser = torch.optim.AdamW(
            self.model.parameters(), lr=train.learning_rate, weight_decay=train.weight_decay
        )
        self.step = 0
        self.seconds = 0.0
        self.saved_at = 0.0
        self.objective = OBJECTIVES[train.objective]
        self._fast = fast and self.objective.compiled
        loss = self.objective.loss
        self._loss = torch.compile(loss, dynamic=False) if self._fast else loss

    def run(self, pool: EventPool) -> Iterator[Progress]:
        """Train to the configured number of steps, yielding after each.

        Raises:
            NonFiniteError: if a loss or its gradient is not finite; the weights stay as they were.
        """
        while self.step < self.config.steps:
            begin = time.perf_counter()
            loss, terms = self._take_step(pool)
            self.seconds += time.perf_counter() - begin
            named = {name: float(value.detach()) for name, value in terms.items()}
            yield Progress(step=self.step, seconds=self.seconds, loss=loss, terms=named)

    def _take_step(self, pool: EventPool) -> tuple[float, dict[str, Tensor]]:
        batch = draw_batch(pool, self.config, step=self.step)
        size = self.model.energy.config.learned_size
        step = Step(self.config, self.step, code_size=size, device=self.device)
        draws = self.objective.draw(batch, step)
        low = torch.autocast(self.device, torch.bfloat16) if self._fast else nullcontext()
        with low:
            loss, terms = self._loss(self.model, batch, draws, self.config)
        if not loss.requires_grad:
            raise ConfigError(
                "an objective's loss has no gradient in the weights; compute it from "
                "model.energy, outside of torch.no_grad()"
            )
        for group in self.optimiser.param_groups:
            group["lr"] = self.learning_rate
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), self.config.gradient_clip)
        if not (math.isfinite(float(loss.detach())) and math.isfinite(float(norm))):
            raise NonFiniteError(_diverged(self.step, terms))
        self.optimiser.step()
        self.step += 1
        self._update_average()
        return float(loss.detach()), terms

    @property
    def learning_rate(self) -> float:
        """The step's learning rate: a linear warm-up, then a cosine to a fiftieth."""
        config = self.config
        warm = min(1.0, (self.step + 1) / config.warm_up_steps)
        wave = 0.5 * (1.0 + math.cos(math.pi * min(1.0, self.step / config.steps)))
        return config.learning_rate * warm * (0.02 + 0.98 * wave)

    def _update_average(self) -> None:
        decay = min(self.config.ema_decay, self.step / (self.step + 10.0))
        with torch.no_grad():
            pairs = zip(self.average.parameters(), self.model.parameters(), strict=True)
            for slow, quick in pairs:
                slow.lerp_(quick, 1.0 - decay)

    @property
    def header(self) -> dict[str, Any]:
        """What made the weights, and what they need; JSON-ready."""
        return {
            "energy": self.model.energy.config.to_dict(),
            "train": self.config.to_dict(),
            "step": self.step,
            "seconds": self.seconds,
            "amortised": self.objective.amortised,  # as inference has to be
        }

    def save(self, path: Path) -> None:
        """Write model, average and optimiser to `path` (safetensors) in one atomic step."""
        tensors = {f"model.{k}": v for k, v in self.model.state_dict().items()}
        tensors |= {f"average.{k}": v for k, v in self.average.state_dict().items()}
        for number, state in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{number}.{k}": v for k, v in state.items()}
        save_tensors(path, tensors, self.header)
        self.saved_at = self.seconds

    def resume(self, path: Path) -> None:
        """Go on from what `save` wrote.

        Raises:
            CheckpointError: if the file is broken, of another configuration or not a training
                run's; the trainer then stays as it was.
        """
        expected = {"energy": self.model.energy.config.to_dict(), "train": self.config.to_dict()}
        tensors, header = load_tensors(path, expected)
        models = {"model": self.model, "average": self.average}
        names = {
            f"{group}.{name}" for group, model in models.items() for name in model.state_dict()
        }
        if not (names <= tensors.keys() and {"step", "seconds"} <= header.keys()):
            raise CheckpointError(
                f"checkpoint {path} holds other entries than a training run writes; resume from "
                "the checkpoint.safetensors of a run, or start anew in another folder"
            )
        parts = _split(tensors)
        self.model.load_state_dict(parts["model"])
        self.average.load_state_dict(parts["average"])
        state = self.optimiser.state_dict()
        for key, value in parts.get("optimiser", {}).items():
            number, name = key.split(".")
            state["state"].setdefault(int(number), {})[name] = value
        self.optimiser.load_state_dict(state)
        self.step, self.seconds = int(header["step"]), float(header["seconds"])
        self.saved_at = self.seconds


def _diverged(step: int, terms: dict[str, Tensor]) -> str:
    values = ", ".join(f"{name} {float(value.detach()):g}" for name, value in terms.items())
    return (
        f"the loss of step {step} or its gradient is not finite ({values}); lower "
        "TrainConfig.learning_rate or gradient_clip, or mend the objective; the last checkpoint "
        "is whole"
    )


def _split(tensors: dict[str, Tensor]) -> dict[str, dict[str, Tensor]]:
    parts: dict[str, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        group, name = key.split(".", 1)
        parts.setdefault(group, {})[name] = value
    return parts
