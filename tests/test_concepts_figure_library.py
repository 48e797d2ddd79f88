"""The library's figures, what is refused, and what training's figures keep clear of."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conceptgym.envs.concepts.alignment import align, least_gap
from conceptgym.envs.concepts.figure_library import (
    CLEAR_MISFIT,
    FIGURES,
    HELD_OUT,
    LEAST_SPACING,
    NAMED,
    as_complex,
    as_pairs,
    is_held_out,
    normalised,
    random_figure,
)
from conceptgym.envs.errors import ConceptParameterError

TEMPLATES = {name: as_complex(points) for name, points in FIGURES.items()}
all_figures = pytest.mark.parametrize("name", FIGURES)
SEEDS = st.integers(0, 2**32 - 1)
few = settings(max_examples=60)


def gaps(name: str) -> np.ndarray:
    """All distances within a figure in ascending order, as multiples of the least."""
    template = TEMPLATES[name]
    sizes = np.sort([abs(one - other) for one, other in combinations(template, 2)])
    return sizes / sizes[0]


def posed(rng: np.random.Generator, figure: np.ndarray) -> np.ndarray:
    """The figure at a random place, turned, sized and with its points in another order."""
    factor = rng.uniform(0.1, 10.0) * np.exp(1j * rng.uniform(0.0, 2.0 * np.pi))
    return rng.permutation(factor * figure + complex(*rng.normal(size=2)))


def test_the_librarys_names() -> None:
    assert NAMED == ("line", "triangle", "square", "circle")
    assert HELD_OUT == ("pentagon", "L", "T", "V", "arc", "zigzag", "cross")
    assert tuple(FIGURES) == NAMED + HELD_OUT


@all_figures
def test_figures_have_zero_mean_and_unit_radius(name: str) -> None:
    template = TEMPLATES[name]
    assert 3 <= len(template) <= 6
    assert abs(template.mean()) < 1e-12
    assert (np.abs(template) ** 2).mean() == pytest.approx(1.0)
    assert least_gap(template) > LEAST_SPACING


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("line", [1, 1, 1, 2, 2, 3]),
        ("triangle", [1, 1, 1]),
        ("square", [1] * 4 + [np.sqrt(2)] * 2),
        ("circle", [1] * 6 + [np.sqrt(3)] * 6 + [2] * 3),
        ("pentagon", [1] * 5 + [(1 + np.sqrt(5)) / 2] * 5),
        ("cross", [1] * 4 + [np.sqrt(2)] * 4 + [2] * 2),
    ],
)
def test_the_regular_figures_distances(name: str, expected: list[float]) -> None:
    np.testing.assert_allclose(gaps(name), expected)


def test_the_arc_is_half_a_circle() -> None:
    ends = np.array(FIGURES["arc"])[[0, -1]]
    middle, radius = ends.mean(axis=0), np.linalg.norm(ends[0] - ends[1]) / 2.0
    away = np.linalg.norm(np.array(FIGURES["arc"]) - middle, axis=1)
    np.testing.assert_allclose(away, radius)


@all_figures
def test_only_l_and_zigzag_differ_from_their_mirror_image(name: str) -> None:
    misfit = align(TEMPLATES[name].conj(), TEMPLATES[name]).misfit
    if name in ("L", "zigzag"):
        assert misfit > CLEAR_MISFIT
    else:
        assert misfit == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(("one", "other"), list(combinations(FIGURES, 2)))
def test_no_two_figures_are_alike(one: str, other: str) -> None:
    if len(TEMPLATES[one]) == len(TEMPLATES[other]):
        for version in (TEMPLATES[one], TEMPLATES[one].conj()):
            assert align(version, TEMPLATES[other]).misfit > CLEAR_MISFIT
            assert align(TEMPLATES[other], version).misfit > CLEAR_MISFIT


@all_figures
@settings(max_examples=10)
@given(seed=SEEDS, mirrored=st.booleans())
def test_held_out_figures_are_known_in_any_pose(name: str, seed: int, mirrored: bool) -> None:
    version = TEMPLATES[name].conj() if mirrored else TEMPLATES[name]
    points = as_pairs(posed(np.random.default_rng(seed), version))
    assert is_held_out(normalised(points)) == (name in HELD_OUT)


@few
@given(SEEDS)
def test_training_figures_keep_clear_of_what_is_held_out(seed: int) -> None:
    figure = as_complex(random_figure(np.random.default_rng(seed)))
    assert least_gap(figure) >= LEAST_SPACING
    for name in HELD_OUT:
        if len(TEMPLATES[name]) == len(figure):
            for version in (figure, figure.conj()):
                assert align(version, TEMPLATES[name]).misfit >= CLEAR_MISFIT
    mirrored = align(figure, figure.conj()).misfit
    assert mirrored >= CLEAR_MISFIT or mirrored < 1e-9


def test_training_draws_every_number_of_points_and_the_named_shapes() -> None:
    rng = np.random.default_rng(0)
    drawn = [random_figure(rng) for _ in range(400)]
    random_ones = [points for points in drawn if points not in FIGURES.values()]
    counts = np.bincount([len(points) for points in random_ones], minlength=7)[3:]
    assert counts.min() >= 55  # 80 expected of each
    for name in NAMED:
        assert 8 <= drawn.count(FIGURES[name]) <= 36  # 20 expected
    assert not set(drawn) & {FIGURES[name] for name in HELD_OUT}
    symmetric = [
        align(as_complex(points), as_complex(points).conj()).misfit < 1e-9 for points in random_ones
    ]
    assert 0.2 <= np.mean(symmetric) <= 0.4


@few
@given(SEEDS, st.integers(3, 6))
def test_normalising_keeps_the_figure_and_its_own_result(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(count, 2)) + 3.0 * np.arange(count)[:, None]
    once = normalised(points)
    assert align(as_complex(points), as_complex(once)).misfit == pytest.approx(0.0, abs=1e-9)
    assert normalised(once) == once
    assert normalised([list(pair) for pair in once]) == once


@all_figures
def test_a_name_stands_for_its_points(name: str) -> None:
    assert normalised(name) == FIGURES[name]


def test_points_on_one_line_are_a_figure() -> None:
    assert normalised([(0, 0), (1, 1), (2, 2)])[1] == pytest.approx((0.0, 0.0))


NAMES = "line, triangle, square, circle, pentagon, L, T, V, arc, zigzag, cross"


def refused(points: object) -> str:
    with pytest.raises(ConceptParameterError) as caught:
        normalised(points)
    return str(caught.value)


def test_an_unknown_name_is_refused() -> None:
    assert refused("star") == (
        f"points='star' is no figure of the library; choose one of {NAMES}, or give 3 to 6 "
        "pairs (x, y)"
    )


@pytest.mark.parametrize(
    "points",
    [
        7,
        None,
        (),
        [(0.0, 0.0), (1.0, 1.0)],
        [(float(i), 0.0) for i in range(7)],
        [(0, 0, 0), (1, 1, 1), (2, 2, 3)],
        [(0, 0), (1, 1), (2,)],
        [("a", "b")] * 3,
    ],
)
def test_other_shapes_are_refused(points: object) -> None:
    assert refused(points) == (
        f"points={points!r} of concept 'figure' is not a figure; give 3 to 6 pairs (x, y), "
        f"or one of {NAMES}"
    )


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_numbers_that_are_not_finite_are_refused(bad: float) -> None:
    points = [(0.0, 0.0), (1.0, bad), (2.0, 1.0)]
    assert refused(points) == (
        f"points={points!r} of concept 'figure' holds a number that is not finite; "
        "give finite numbers"
    )


@pytest.mark.parametrize("third", [(0.0, 0.0), (0.0, 0.01)])
def test_points_on_one_spot_are_refused(third: tuple[float, float]) -> None:
    points = [(0.0, 0.0), (1.0, 0.0), third]
    assert refused(points) == (
        f"points={points!r} of concept 'figure' coincide: two are {third[1]:.3g} apart, "
        "0.05 of the RMS radius is the least; give each point a place of its own"
    )


def test_one_spot_alone_is_refused() -> None:
    assert "two are 0 apart" in refused([(2.0, 2.0)] * 3)
