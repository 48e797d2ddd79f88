"""Waiting for each other: cycles are found, and the least number of nodes to take out of them."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conceptgym.agents.manipulation.blocking import least_parkings, on_cycles, without

SEEDS = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize(
    ("blockers", "cycles", "least"),
    [
        ({}, set(), 0),
        ({0: {1}, 1: {2}, 2: set()}, set(), 0),
        ({0: {1}, 1: {0}}, {0, 1}, 1),
        ({0: {1}, 1: {2}, 2: {0}, 3: {0}}, {0, 1, 2}, 1),  # 3 only waits for the cycle
        ({0: {1, 2}, 1: {0}, 2: {0}}, {0, 1, 2}, 1),  # 0 is in both cycles
        ({0: {1}, 1: {0}, 2: {3}, 3: {2}}, {0, 1, 2, 3}, 2),
        ({0: {1, 2}, 1: {0, 2}, 2: {0, 1}}, {0, 1, 2}, 2),
    ],
)
def test_cycles_and_parkings(blockers: dict[int, set[int]], cycles: set[int], least: int) -> None:
    assert on_cycles(blockers) == cycles
    assert least_parkings(blockers) == least


def test_a_parked_node_waits_but_does_not_block() -> None:
    assert without({0: {1}, 1: {0, 2}, 2: set()}, {1}) == {0: set(), 1: {0, 2}, 2: set()}


@settings(max_examples=60)
@given(SEEDS, st.integers(1, 5))
def test_no_order_of_placements_needs_fewer_parkings(seed: int, number: int) -> None:
    """In an order, a node must be parked that blocks one before it."""
    waits = np.random.default_rng(seed).random((number, number)) < 0.4
    blockers = {i: {j for j in range(number) if j != i and waits[i, j]} for i in range(number)}

    def parked(order: tuple[int, ...]) -> int:
        return sum(any(b in blockers[a] for a in order[:k]) for k, b in enumerate(order))

    assert least_parkings(blockers) == min(map(parked, permutations(range(number))))
    assert bool(on_cycles(blockers)) == (least_parkings(blockers) > 0)
