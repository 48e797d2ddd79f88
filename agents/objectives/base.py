"""What an objective is: random numbers drawn by step, and a loss of a batch given them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

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
            generating begin with "generate", those of identifying with "identify".
        amortised: whether the encoder is trained; if not, inference starts w from random codes.
        compiled: whether `torch.compile` shortens it: not where graphs nest deeply.
    """

    draw: Callable[[Batch, Step], Any]
    loss: Loss
    amortised: bool = True
    compiled: bool = True


def sum_terms(terms: Mapping[str, Tensor], config: TrainConfig) -> tuple[Tensor, Terms]:
    """The sum of the trained tasks' terms, and these terms."""
    kept = {name: value for name, value in terms.items() if name.startswith(config.tasks)}
    return torch.stack(list(kept.values())).sum(), kept


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
