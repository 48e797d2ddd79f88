"""The closed-form alignment against least squares, the quick searches against slow ones."""

from __future__ import annotations

from itertools import combinations, permutations
from math import factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conceptgym.envs.concepts.alignment import (
    align,
    find_copies,
    least_gap,
    misfits_of_three,
    orders,
    pairs,
)

SEEDS = st.integers(0, 2**32 - 1)
COUNTS = st.integers(3, 6)
few = settings(max_examples=40)


def random_points(rng: np.random.Generator, count: int) -> np.ndarray:
    return rng.normal(size=count) + 1j * rng.normal(size=count)


def random_template(rng: np.random.Generator, count: int) -> np.ndarray:
    """Random points of zero mean and unit RMS radius."""
    points = random_points(rng, count)
    points -= points.mean()
    return points / np.sqrt((np.abs(points) ** 2).mean())


def misfit_by_matrices(points: np.ndarray, template: np.ndarray, least_size: float) -> float:
    """The misfit by numpy's least squares in the unknowns (x, y, a, b) of each order in turn."""
    best = np.inf
    x, y = np.real(template), np.imag(template)
    ones, zeros = np.ones(len(x)), np.zeros(len(x))
    design = np.concatenate(
        [np.column_stack([ones, zeros, x, -y]), np.column_stack([zeros, ones, y, x])]
    )
    for order in permutations(range(len(points))):
        taken = points[list(order)]
        target = np.concatenate([np.real(taken), np.imag(taken)])
        solution = np.linalg.lstsq(design, target, rcond=None)[0]
        off = (target - design @ solution).reshape(2, -1)
        size = float(np.hypot(solution[2], solution[3]))
        largest = float(np.hypot(*off).max())
        best = min(best, largest / max(size, least_size) + max(0.0, 1.0 - size / least_size))
    return best


@pytest.mark.parametrize("count", [3, 4, 5, 6])
def test_every_order_is_tried_once(count: int) -> None:
    table = orders(count)
    assert len({tuple(row) for row in table}) == len(table) == factorial(count)
    np.testing.assert_array_equal(
        np.sort(table, axis=1), np.tile(np.arange(count), (len(table), 1))
    )


@few
@given(SEEDS, COUNTS)
def test_a_posed_template_is_found_again(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    template = random_template(rng, count)
    factor = rng.uniform(0.2, 2.0) * np.exp(1j * rng.uniform(0.0, 2.0 * np.pi))
    centre = complex(*rng.normal(size=2))
    order = rng.permutation(count)
    found = align((centre + factor * template)[order], template)
    assert found.misfit == pytest.approx(0.0, abs=1e-9)
    assert found.centre == pytest.approx(centre)
    assert abs(found.factor) == pytest.approx(abs(factor))
    np.testing.assert_allclose(found.misfits, 0.0, atol=1e-9)
    placed = found.centre + found.factor * template
    np.testing.assert_allclose((centre + factor * template)[order][found.order], placed, atol=1e-9)


@settings(max_examples=15)
@given(SEEDS, st.integers(3, 5), st.floats(0.05, 2.0))
def test_the_misfit_is_that_of_least_squares_in_the_best_order(
    seed: int, count: int, least_size: float
) -> None:
    rng = np.random.default_rng(seed)
    points, template = random_points(rng, count), random_template(rng, count)
    expected = misfit_by_matrices(points, template, least_size)
    assert align(points, template, least_size=least_size).misfit == pytest.approx(expected)


@few
@given(SEEDS, COUNTS)
def test_place_turn_size_and_order_do_not_count(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    points, template = random_points(rng, count), random_template(rng, count)
    factor = rng.uniform(0.1, 10.0) * np.exp(1j * rng.uniform(0.0, 2.0 * np.pi))
    moved = rng.permutation(factor * points + complex(*rng.normal(size=2)))
    assert align(moved, template).misfit == pytest.approx(align(points, template).misfit)


@few
@given(SEEDS, COUNTS)
def test_mirroring_both_does_not_count(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    points, template = random_points(rng, count), random_template(rng, count)
    both = align(points.conj(), template.conj()).misfit
    assert both == pytest.approx(align(points, template).misfit)


@few
@given(SEEDS, COUNTS)
def test_small_moves_change_the_misfit_little(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    points, template = random_points(rng, count) * 0.3, random_template(rng, count)
    nudged = points + 1e-6 * random_points(rng, count)
    before, after = (align(p, template, least_size=0.18).misfit for p in (points, nudged))
    assert abs(after - before) < 1e-3


@pytest.mark.parametrize(("size", "misfit"), [(0.0, 1.0), (0.05, 0.5), (0.09, 0.1), (0.2, 0.0)])
def test_the_misfit_holds_what_the_size_lacks(size: float, misfit: float) -> None:
    template = np.array([1.0, 1.0j, -1.0, -1.0j])
    assert align(size * template, template, least_size=0.1).misfit == pytest.approx(misfit)


@settings(max_examples=25)
@given(SEEDS, st.integers(3, 5), st.sampled_from([0.1, 0.25, 0.4, 0.6]))
def test_the_quick_search_finds_what_the_slow_one_does(seed: int, count: int, limit: float) -> None:
    rng = np.random.default_rng(seed)
    template = random_template(rng, count)
    points = random_points(rng, 8) * 0.4
    points[:count] = 0.3 * template * np.exp(2j) + 0.02 * random_points(rng, count)
    found = find_copies(points, template, limit=limit, least_size=0.18)
    slow = {
        chosen
        for chosen in combinations(range(8), count)
        if align(points[list(chosen)], template, least_size=0.18).misfit <= limit
    }
    assert {tuple(sorted(row.tolist())) for row in found} == slow


@few
@given(SEEDS, COUNTS)
def test_copies_come_in_the_order_of_the_templates_places(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    template = random_template(rng, count)
    order = rng.permutation(count)
    points = (0.4 * np.exp(1j) * template + 0.1)[order]
    found = find_copies(points, template, limit=0.01, least_size=0.18)
    assert np.argsort(order).tolist() in found.tolist()


@few
@given(SEEDS)
def test_threes_are_judged_as_one_by_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    template = random_template(rng, 3)
    candidates, points = random_points(rng, 4) * 0.4, random_points(rng, 5) * 0.4
    expected = [
        min(
            align(np.array([place, points[i], points[j]]), template, least_size=0.18).misfit
            for i, j in combinations(range(5), 2)
        )
        for place in candidates
    ]
    found = misfits_of_three(candidates, points, template, least_size=0.18)
    np.testing.assert_allclose(found, expected)


def test_pairs_and_the_least_gap() -> None:
    first, second = pairs(4)
    listed = list(zip(first.tolist(), second.tolist(), strict=True))
    assert listed == list(combinations(range(4), 2))
    assert least_gap(np.array([0.0, 3.0, 3.0 + 4.0j, 3.5])) == pytest.approx(0.5)
