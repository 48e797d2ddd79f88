"""between: the midpoint of a pair that stands apart."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from concept_scenes import make_scene, rows

from conceptgym.envs.concepts import Between

EPSILON = 1e-5  # positions are float32
CONCEPT = Between()


def scene(cursor: tuple[float, float], half_gap: float = 0.4):
    """A pair on the x axis around the origin, another object far off, the cursor as given."""
    return make_scene(cursor, [(-half_gap, 0.0), (half_gap, 0.0), (0.8, 0.9)])


@pytest.mark.parametrize(
    ("cursor", "half_gap", "residual"),
    [
        ((0.0, 0.0), 0.4, 0.0),
        ((0.03, -0.04), 0.4, 0.05),
        ((0.4, 0.0), 0.4, 0.4),
        ((0.0, 0.0), 0.15, 0.0),
        ((0.0, 0.0), 0.1, 0.1),
        ((0.03, 0.04), 0.05, 0.25),
        ((0.0, 0.0), 0.0, 0.3),
    ],
)
def test_the_residual_is_the_miss_and_what_the_separation_lacks(
    cursor: tuple[float, float], half_gap: float, residual: float
) -> None:
    found = CONCEPT.residual(scene(cursor, half_gap), rows(1, 2))
    assert found == pytest.approx(residual, abs=1e-6)


@pytest.mark.parametrize("angle", np.arange(0.0, 2 * np.pi, 0.7))
def test_the_tolerance_is_a_disc_of_a_tenth(angle: float) -> None:
    direction = np.array([np.cos(angle), np.sin(angle)])
    for radius, holds in ((0.1 - EPSILON, True), (0.1 + EPSILON, False)):
        assert CONCEPT.succeeds(scene(tuple(radius * direction)), rows(1, 2)) == holds


def test_a_pair_closer_than_a_fifth_has_nothing_between() -> None:
    for half_gap, holds in ((0.1 + EPSILON, True), (0.1 - EPSILON, False)):
        assert CONCEPT.succeeds(scene((0.0, 0.0), half_gap), rows(1, 2)) == holds


def test_on_the_line_but_not_midway_fails() -> None:
    assert not CONCEPT.succeeds(scene((0.2, 0.0)), rows(1, 2))


def test_the_order_of_the_pair_means_nothing() -> None:
    one = make_scene((0.1, 0.2), [(-0.4, 0.1), (0.5, 0.0)])
    other = make_scene((0.1, 0.2), [(0.5, 0.0), (-0.4, 0.1)])
    assert CONCEPT.residual(one, rows(1, 2)) == CONCEPT.residual(other, rows(1, 2))


@pytest.mark.parametrize("n_objects", [3, 5, 6, 8, 12])
def test_the_midpoint_is_no_other_pairs(n_objects: int) -> None:
    rng = np.random.default_rng(n_objects)
    for _ in range(15):
        after = CONCEPT.sample(rng, n_objects=n_objects).after
        pairs = [after.positions[list(p)] for p in combinations(np.flatnonzero(after.objects), 2)]
        middles = np.mean(pairs, axis=1)
        misses = np.sort(np.linalg.norm(middles - after.positions[after.cursor], axis=1))
        assert misses[0] <= 1e-6 and misses[1] >= 0.2 - EPSILON
        gaps = np.linalg.norm(middles[:, None] - middles, axis=-1) + np.eye(len(middles))
        possible = np.count_nonzero(gaps.min(axis=1) >= 0.2 - EPSILON)
        # Up to five objects every pair could have been meant, among more at least three.
        assert possible == len(pairs) if n_objects <= 5 else possible >= 3


def test_scenes_of_no_given_size_have_at_most_five_objects() -> None:
    assert CONCEPT.usual_objects == (2, 5) and CONCEPT.num_objects == (2, 12)
