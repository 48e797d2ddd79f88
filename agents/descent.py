"""Projected gradient descent on an energy: the one optimiser behind infer, generate, identify."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

CONVERGED = "converged"
STALLED = "stalled: no step lowers the energy"
SPENT = "iterations spent"


@dataclass(frozen=True, kw_only=True)
class Descent:
    """Where P descents ended, and why they stopped.

    Attributes:
        value: (P, ...) the variables at the end.
        energy: (P,) their energies, initial_energy: (P,) those of the start.
        iterations: steps taken by the longest descent.
        reasons: (P,) `CONVERGED`, `STALLED` or `SPENT`.
    """

    value: Tensor
    energy: Tensor
    initial_energy: Tensor
    iterations: int
    reasons: tuple[str, ...]

    @property
    def best(self) -> int:
        """The descent that ended lowest."""
        return int(self.energy.argmin())


def descend(
    energy: Callable[[Tensor], Tensor],
    start: Tensor,
    *,
    iterations: int,
    project: Callable[[Tensor], Tensor] = lambda value: value,
    step_size: float = 1.0,
    tolerance: float = 1e-3,
) -> Descent:
    """Descend P variables side by side; a step that raises an energy is halved, not taken.

    Args:
        energy: maps (P, ...) to (P,) energies, each a function of its own row alone.
        start: (P, ...) where to begin.
        iterations: most steps to take.
        project: maps the variables to the nearest allowed ones.
        step_size: first step, in units of the gradient; one is a full denoising step.
        tolerance: a row whose step is shorter than this has converged.
    """
    value = project(start)
    level, gradient = _value_and_gradient(energy, value)
    initial, taken = level, 0
    shape = (-1,) + (1,) * (value.dim() - 1)
    steps = torch.full_like(level, step_size)
    done = torch.zeros_like(level, dtype=torch.bool)
    stalled = torch.zeros_like(done)
    for _ in range(iterations):
        trial = project(value - steps.view(shape) * gradient)
        length = (trial - value).flatten(1).norm(dim=1)
        done |= (length < tolerance * steps.clamp(max=1.0)) & ~stalled
        stalled |= (steps < 1e-3 * step_size) & ~done
        if bool((done | stalled).all()):
            break
        taken += 1
        trial_level, trial_gradient = _value_and_gradient(energy, trial)
        accept = (trial_level < level) & ~done & ~stalled
        level = torch.where(accept, trial_level, level)
        value = torch.where(accept.view(shape), trial, value)
        gradient = torch.where(accept.view(shape), trial_gradient, gradient)
        steps = torch.where(accept, (1.5 * steps).clamp(max=step_size), 0.5 * steps)
    reasons = tuple(
        CONVERGED if ended else STALLED if stuck else SPENT
        for ended, stuck in zip(done.tolist(), stalled.tolist(), strict=True)
    )
    return Descent(
        value=value, energy=level, initial_energy=initial, iterations=taken, reasons=reasons
    )


def _value_and_gradient(energy: Callable[[Tensor], Tensor], value: Tensor) -> tuple[Tensor, Tensor]:
    with torch.enable_grad():
        variable = value.detach().requires_grad_(True)
        level = energy(variable)
        (gradient,) = torch.autograd.grad(level.sum(), variable)
    return level.detach(), gradient
