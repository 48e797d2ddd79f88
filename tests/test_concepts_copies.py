"""Copies of a figure: told as the alignment tells them, and by hand-made cases."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conceptgym.envs.concepts.alignment import align
from conceptgym.envs.concepts.copies import is_copy
from conceptgym.envs.concepts.figure_library import FIGURES, as_complex

LEAST, LIMIT = 0.18, 0.2
SEEDS = st.integers(0, 2**32 - 1)


def laid(figure: np.ndarray, *, size: float, angle: float, mirror: bool = False) -> np.ndarray:
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return size * (figure * [-1.0 if mirror else 1.0, 1.0]) @ turn + [0.3, -0.2]


def found(points: np.ndarray, figure: np.ndarray) -> bool:
    return is_copy(points, figure, limit=LIMIT, least_size=LEAST)


@pytest.mark.parametrize("name", FIGURES)
@settings(max_examples=30)
@given(seed=SEEDS)
def test_it_agrees_with_the_alignment(name: str, seed: int) -> None:
    rng, figure = np.random.default_rng(seed), np.array(FIGURES[name])
    scale = rng.uniform(0.0, 0.4)
    points = laid(figure, size=rng.uniform(0.1, 0.6), angle=rng.uniform(0, 7))
    points = rng.permutation(points + scale * 0.2 * rng.normal(size=points.shape))
    misfit = align(as_complex(points), as_complex(figure), least_size=LEAST).misfit
    if abs(misfit - LIMIT) > 1e-9:
        assert found(points, figure) == (misfit <= LIMIT)


@pytest.mark.parametrize("name", FIGURES)
def test_any_pose_and_order_is_a_copy_and_a_small_or_spoilt_one_is_none(name: str) -> None:
    figure, rng = np.array(FIGURES[name]), np.random.default_rng(0)
    for angle in (0.0, 2.0, 4.5):
        points = rng.permutation(laid(figure, size=0.4, angle=angle))
        assert found(points, figure)
        assert not found(laid(figure, size=0.78 * LEAST, angle=angle), figure)
        assert found(laid(figure, size=0.82 * LEAST, angle=angle), figure)
        points[0] += 0.4
        assert not found(points, figure)


def test_a_mirror_image_is_none_of_a_chiral_figure() -> None:
    figure = np.array(FIGURES["L"])
    assert found(laid(figure, size=0.4, angle=1.0), figure)
    assert not found(laid(figure, size=0.4, angle=1.0, mirror=True), figure)
