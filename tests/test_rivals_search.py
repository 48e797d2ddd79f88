"""Least squares find what is known in closed form, and keep within bounds."""

import numpy as np
import pytest

from conceptgym.agents.rivals.search import least_squares


def free(values: np.ndarray) -> np.ndarray:
    return values


def test_a_linear_problem_is_solved_as_by_lstsq():
    rng = np.random.default_rng(0)
    matrix, target = rng.normal(size=(6, 3)), rng.normal(size=6)
    found = least_squares(
        lambda values: values @ matrix.T - target, rng.normal(size=(4, 3)), project=free
    )
    best, (cost,), *_ = np.linalg.lstsq(matrix, target, rcond=None)
    assert np.allclose(found.values, best, atol=1e-4)
    assert found.costs == pytest.approx(np.full(4, cost), rel=1e-6)


def test_rosenbrock_is_solved():
    def residuals(values):
        x, y = values.T
        return np.stack([10.0 * (y - x**2), 1.0 - x], axis=1)

    found = least_squares(residuals, np.array([[-1.2, 1.0]]), project=free, iterations=60)
    assert np.allclose(found.values, 1.0, atol=1e-3)


def test_a_cost_never_rises_and_bounds_hold():
    starts = np.random.default_rng(1).normal(size=(5, 2))
    project = lambda values: np.clip(values, -1.0, 1.0)  # noqa: E731
    found = least_squares(lambda values: values - 3.0, starts, project=project)
    before = ((project(starts) - 3.0) ** 2).sum(1)
    assert (found.costs <= before + 1e-12).all()
    assert np.allclose(found.values, 1.0)


def test_a_plateau_is_left_alone():
    starts = np.array([[0.3, 0.4]])
    found = least_squares(lambda values: np.ones((len(values), 2)), starts, project=free)
    assert np.array_equal(found.values, starts)
