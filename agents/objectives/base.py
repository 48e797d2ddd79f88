"""What an objective is: random numbers drawn by step, and a loss of a batch given them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any

import torch
from torch import Tensor

from ...envs.concepts import TASKS
from ...envs.errors import ConfigError
from ..batches import Batch
from ..code import normalise_code
from ..config import TrainConfig
from ..model import ConceptModel
from ..scene import Scene

Terms = dict[str, Tensor]
Loss = Callable[[ConceptModel, Batch, Any, TrainConfig], tuple[Tensor, Terms]]


class Step:
    """A training step, and the random numbers it may draw: a function of seed and step alone.

    Attributes:
        config: of the training.
        share: of the training that is done, in [0, 1).
        code_size: length of the learned part of w.
    """

    def __init__(
        self, config: TrainConfig, number: int, *, code_size: int, device: str = "cpu"
    ) -> None:
        self.config = config
        self.share = number / config.steps
        self.code_size = code_size
        self._generator = torch.Generator().manual_seed(config.seed * 1_000_003 + number)
        self._device = device

    def normal(self, *shape: int) -> Tensor:
        """Standard normal numbers."""
        return torch.randn(*shape, generator=self._generator).to(self._device)

    def uniform(self, *shape: int) -> Tensor:
        """Numbers in [0, 1)."""
        return torch.rand(*shape, generator=self._generator).to(self._device)


@dataclass(frozen=True, kw_only=True)
class Objective:
    """A way to train the energy; a file of this folder that names one `OBJECTIVE` adds it.

    Attributes:
        draw: the random numbers of a step, and all else that changes from step to step. It runs
            outside the loss, so that the loss can be compiled and a resumed run equals another.
        loss: (model, batch, what was drawn, config) to the loss and its terms by name. Terms of
            generating begin with "generate", those of identifying with "identify". It raises
            `ConfigError` where it returns anything else.
        amortised: whether the encoder is trained; if not, inference starts w from random codes.
        compiled: whether a fast training compiles the loss (`torch.compile`) and runs it in
            bfloat16: not where graphs nest deeply, or where that is too coarse.
    """

    draw: Callable[[Batch, Step], Any]
    loss: Loss
    amortised: bool = True
    compiled: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "loss", _checked(self.loss))


def _checked(loss: Loss) -> Loss:
    """The same loss, which raises `ConfigError` unless it returns numbers that can be reported."""

    @wraps(loss)
    def checked(
        model: ConceptModel, batch: Batch, draws: Any, config: TrainConfig
    ) -> tuple[Tensor, Terms]:
        found: Any = loss(model, batch, draws, config)
        if not (isinstance(found, tuple) and len(found) == 2 and isinstance(found[1], dict)):
            size = f" of {len(found)}" if isinstance(found, tuple) else ""
            raise ConfigError(
                f"an objective's loss returned a {type(found).__name__}{size}, expected the "
                "loss and a dictionary of its terms; return what sum_terms(terms, config) returns"
            )
        for name, value in {"the loss": found[0], **found[1]}.items():
            _check_number(name, value)
        return found

    return checked


def sum_terms(terms: Mapping[str, Tensor], config: TrainConfig) -> tuple[Tensor, Terms]:
    """The sum of the trained tasks' terms, and these terms; those of other tasks are left out.

    Raises:
        ConfigError: on a term whose name begins with no task's or that is no single number, and if
            there is no term of a trained task.
    """
    for name, value in terms.items():
        if not name.startswith(TASKS):
            raise ConfigError(
                f"terms holds {name!r}, which no task's name begins; call it "
                f"{' or '.join(f'{task}_{name}' for task in TASKS)}, whichever it trains"
            )
        _check_number(name, value)
    kept = {name: value for name, value in terms.items() if name.startswith(config.tasks)}
    if not kept:
        raise ConfigError(
            f"terms holds {', '.join(terms) or 'nothing'}, but TrainConfig.tasks={config.tasks!r}; "
            "give at least one term of a task that is trained"
        )
    return torch.stack(list(kept.values())).sum(), kept


def _check_number(name: str, value: Any) -> None:
    """Raise `ConfigError` unless `value` is a tensor of one number."""
    if not isinstance(value, Tensor) or value.dim():
        shape = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
        raise ConfigError(
            f"{name} of an objective is {shape}, expected a tensor of shape (); return the mean "
            "over the batch"
        )


def encode(model: ConceptModel, batch: Batch, code_noise: Tensor, config: TrainConfig) -> Tensor:
    """The encoder's codes (B, C), their learned part disturbed by `code_noise` (B, code_size)."""
    codes = model.encoder(batch.demos, batch.given, batch.summary, batch.rows)
    size = code_noise.shape[1]
    what = normalise_code(codes)[:, :size] + config.code_noise * code_noise
    return torch.cat([what, codes[:, size:]], dim=-1)


def editable_columns(scene: Scene) -> Tensor:
    """(B, N, 5) 1 for the positions and colours that may be edited."""
    return torch.stack([scene.movable] * 2 + [scene.paintable] * 3, dim=-1)


def with_state(scene: Scene, state: Tensor) -> Scene:
    """The scenes with other positions and colours, (B, N, 5)."""
    return scene.replace(entities=torch.cat([state, scene.entities[..., 5:]], dim=-1))
