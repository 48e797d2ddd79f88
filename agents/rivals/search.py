"""Least squares by damped Gauss-Newton steps from many starts side by side, without gradients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

_STEP = 1e-4  # of the finite differences
_DAMPING = (1e-3, 1e-7, 1e6)  # first, least, most; a share of the curvature
_FALL = 0.2  # factor of the damping after a step that helped
_RISE = 5.0  # and after one that did not


@dataclass(frozen=True, kw_only=True)
class Found:
    """Where the descents ended: values (P, D) and their sums of squares (P,)."""

    values: np.ndarray
    costs: np.ndarray


def least_squares(
    residuals: Callable[[np.ndarray], np.ndarray],
    starts: np.ndarray,
    *,
    project: Callable[[np.ndarray], np.ndarray],
    iterations: int = 20,
) -> Found:
    """Levenberg-Marquardt from P starts (P, D), each projected back after every step.

    Args:
        residuals: of points (B, D), (B, F).
        starts: where to begin.
        project: brings points (B, D) back into what is allowed.
        iterations: steps tried.
    """
    values = project(starts)
    number, size = values.shape
    damping = np.full(number, _DAMPING[0])
    current = residuals(values)
    costs = (current**2).sum(1)
    for _ in range(iterations):
        moved = values[:, None] + _STEP * np.concatenate([np.zeros((1, size)), np.eye(size)])
        around = residuals(moved.reshape(-1, size)).reshape(number, size + 1, -1)
        slopes = (around[:, 1:] - around[:, :1]) / _STEP  # (P, D, F)
        tried = project(values - _steps(slopes, around[:, 0], damping))
        there = residuals(tried)
        after = (there**2).sum(1)
        better = after < costs
        values = np.where(better[:, None], tried, values)
        costs = np.where(better, after, costs)
        damping = np.clip(damping * np.where(better, _FALL, _RISE), *_DAMPING[1:])
    return Found(values=values, costs=costs)


def _steps(slopes: np.ndarray, current: np.ndarray, damping: np.ndarray) -> np.ndarray:
    """(P, D) the damped Gauss-Newton steps."""
    normal = slopes @ slopes.transpose(0, 2, 1)
    size = normal.shape[1]
    scale = np.einsum("pdd->p", normal)[:, None, None] / size + 1e-12
    normal = normal + damping[:, None, None] * scale * np.eye(size)
    return np.linalg.solve(normal, slopes @ current[..., None])[..., 0]
