"""Quantities of figures: what similarities leave alone, and what a mirror turns round."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conceptgym.agents.rivals.shapes import describe_shape

SEEDS = st.integers(0, 2**32 - 1)


def figure(rng: np.random.Generator, count: int) -> np.ndarray:
    return rng.normal(size=(1, count, 2))


@settings(max_examples=40)
@given(seed=SEEDS, count=st.integers(3, 6))
def test_moving_turning_scaling_and_reordering_change_nothing_but_the_scale(seed, count):
    rng = np.random.default_rng(seed)
    points = figure(rng, count)
    angle, size = rng.uniform(0.0, 2.0 * np.pi), rng.uniform(0.5, 2.0)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    moved = size * points[:, rng.permutation(count)] @ turn + rng.normal(size=2)
    here, there = describe_shape(points), describe_shape(moved)
    assert here.keys() == there.keys()
    for name in here.keys() - {"log scale"}:
        assert there[name] == pytest.approx(here[name], abs=1e-5), name


@settings(max_examples=40)
@given(seed=SEEDS, count=st.integers(3, 6))
def test_a_mirror_turns_chirality_round_and_nothing_else(seed, count):
    points = figure(np.random.default_rng(seed), count)
    here, there = describe_shape(points), describe_shape(points * (-1.0, 1.0))
    for name, value in here.items():
        sign = -1.0 if "chirality" in name else 1.0
        assert there[name] == pytest.approx(sign * value, abs=1e-6), name


def test_a_figure_without_mirror_symmetry_has_a_chirality():
    points = np.array([[(0.0, 0.0), (1.0, 0.0), (2.0, 0.0), (0.0, 0.7)]])
    found = describe_shape(points)
    assert max(abs(float(found[f"chirality {k} of 4"][0])) for k in "abc") > 0.05


def test_regular_figures_have_closed_forms():
    found = describe_shape(np.array([[(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)]]))
    gaps = [float(found[f"gap {rank} of 4"][0]) for rank in range(6)]
    assert gaps == pytest.approx([np.sqrt(2.0)] * 4 + [2.0] * 2)
    assert found["radius spread"] == pytest.approx(0.0, abs=1e-9)
    assert found["elongation"] == pytest.approx(0.0, abs=1e-9)
    line = describe_shape(np.array([[(0.0, 0.0), (1.0, 1.0), (2.0, 2.0)]]))
    assert line["elongation"] == pytest.approx(1.0)
    assert line["flatness"] == pytest.approx(0.0, abs=1e-3)


def test_too_few_points_have_no_shape():
    assert describe_shape(np.zeros((2, 1, 2))) == {}
    assert set(describe_shape(np.ones((2, 2, 2)))) == {"log scale"}


def test_points_on_one_spot_are_finite():
    for value in describe_shape(np.zeros((1, 5, 2))).values():
        assert np.isfinite(value).all()
