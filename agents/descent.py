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
    energy: Callable[[Tensor, Tensor], Tensor],
    start: Tensor,
    *,
    iterations: int,
    project: Callable[[Tensor, Tensor], Tensor] = lambda value, rows: value,
    step_size: float = 1.0,
    tolerance: float = 1e-3,
    check: Callable[[Tensor, Tensor], None] | None = None,
) -> Descent:
    """Descend P variables side by side; a step that raises an energy is halved, not taken.

    Variables that have come to an end are left out of the work.

    Args:
        energy: maps M of the variables (M, ...) and their numbers (M,) to energies (M,), each a
            function of its own row alone.
        start: (P, ...) where to begin.
        iterations: most steps to take.
        project: maps M variables and their numbers to the nearest allowed ones.
        step_size: first step, in units of the gradient; one leads to the nearest answer.
        tolerance: a row whose step is shorter than this has converged.
        check: called with variables and their numbers where their gradient is not finite; may
            raise, and otherwise those descents stall.
    """
    rows = torch.arange(len(start))
    value = project(start.detach().clone(), rows)  # written to below; the caller keeps its own
    level, gradient = _value_and_gradient(energy, value, rows, check)
    initial, taken = level.clone(), 0
    steps = torch.full_like(level, step_size)
    done, stalled = torch.zeros_like(level, dtype=torch.bool), torch.zeros_like(level).bool()
    for _ in range(iterations):
        trial = project(value[rows] - _along(steps[rows], gradient) * gradient[rows], rows)
        length = (trial - value[rows]).flatten(1).norm(dim=1)
        done[rows] = length < tolerance * steps[rows].clamp(max=1.0)
        stalled[rows] = (steps[rows] < 1e-3 * step_size) & ~done[rows]
        going = ~(done | stalled)[rows]
        rows, trial = rows[going], trial[going]
        if len(rows) == 0:
            break
        taken += 1
        trial_level, trial_gradient = _value_and_gradient(energy, trial, rows, check)
        accept = trial_level < level[rows]
        taken_rows = rows[accept]
        level[taken_rows], value[taken_rows] = trial_level[accept], trial[accept]
        gradient[taken_rows] = trial_gradient[accept]
        longer = (1.5 * steps[rows]).clamp(max=step_size)
        steps[rows] = torch.where(accept, longer, 0.5 * steps[rows])
    reasons = tuple(
        CONVERGED if ended else STALLED if stuck else SPENT
        for ended, stuck in zip(done.tolist(), stalled.tolist(), strict=True)
    )
    return Descent(
        value=value, energy=level, initial_energy=initial, iterations=taken, reasons=reasons
    )


def _along(steps: Tensor, gradient: Tensor) -> Tensor:
    """Steps (M,) in a shape that multiplies rows of the gradient (P, ...)."""
    return steps.view((-1,) + (1,) * (gradient.dim() - 1))


def _value_and_gradient(
    energy: Callable[[Tensor, Tensor], Tensor],
    value: Tensor,
    rows: Tensor,
    check: Callable[[Tensor, Tensor], None] | None,
) -> tuple[Tensor, Tensor]:
    with torch.enable_grad():
        variable = value.detach().requires_grad_(True)
        level = energy(variable, rows)
        (gradient,) = torch.autograd.grad(level.sum(), variable)
        if check is not None and not gradient.isfinite().all():
            check(variable, rows)
    return level.detach().clone(), gradient.clone()
