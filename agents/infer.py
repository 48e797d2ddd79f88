"""infer: w from demonstrations, by descent on their energy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ..envs.demonstrations import Demonstration
from .config import InferenceConfig
from .descent import descend
from .model import ConceptModel
from .tensors import stack_demonstrations

_TOLERANCE = 1e-5  # steps on w are short: its gradients are small beside a code's unit variance


@dataclass(frozen=True, kw_only=True)
class InferResult:
    """A concept code and how it was found.

    Attributes:
        code: (code_size,) the code w.
        energy: mean energy of the demonstrations under it.
        initial_energy: the same under the first guess.
        iterations: descent steps taken.
        reason: why the descent stopped.
    """

    code: np.ndarray
    energy: float
    initial_energy: float
    iterations: int
    reason: str


def infer(
    model: ConceptModel,
    demonstrations: Sequence[Demonstration],
    *,
    config: InferenceConfig | None = None,
) -> InferResult:
    """Find the code that gives the demonstrations the least energy.

    w* = argmin over w of the mean of E(x_k, a_k, w), from the encoder's guess (or, with
    ``amortised=False``, from random codes, the best of which is kept). Codes are kept at zero mean
    and unit variance, as in training.

    Raises:
        NoDemonstrationsError, ShapeError, NonFiniteError, MixedLayoutError: see
            `stack_demonstrations`.
    """
    config = config or InferenceConfig()
    before, scenes = stack_demonstrations(demonstrations)
    number, size = len(demonstrations), model.energy.config.code_size
    with torch.no_grad():
        if config.amortised:
            start = model.encoder(before, scenes, torch.ones(1, number))
        else:
            generator = torch.Generator().manual_seed(config.seed)
            start = torch.randn(config.particles, size, generator=generator)
    repeated = scenes.repeat(len(start))  # each demonstration under every code

    def energy(codes: Tensor) -> Tensor:
        under = codes.repeat(number, 1)  # (K * P, C), demonstration-major
        return model.energy(repeated, under).view(number, len(codes)).mean(0)

    found = descend(
        energy,
        start,
        iterations=config.code_iterations,
        project=normalise_code,
        step_size=config.code_step,
        tolerance=_TOLERANCE,
    )
    best = found.best
    return InferResult(
        code=found.value[best].numpy(),
        energy=float(found.energy[best]),
        initial_energy=float(found.initial_energy[best]),
        iterations=found.iterations,
        reason=found.reasons[best],
    )


def normalise_code(code: Tensor) -> Tensor:
    """Codes (…, C) at zero mean and unit variance, where the encoder puts them."""
    return functional.layer_norm(code, code.shape[-1:])
