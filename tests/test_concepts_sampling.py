"""Draws that the concepts share."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from concept_scenes import make_scene, rows

from conceptgym.envs.concepts import Near, sampling
from conceptgym.envs.concepts.sampling import (
    CURSOR_REGION,
    LEAST_TRAVEL,
    MOST_IN_GROUP,
    assemble,
    attended_mask,
    draw_until,
    hue_to_rgb,
    move_cursor_away,
    random_colours,
    sample_groups,
    spaced_positions,
)
from conceptgym.envs.entities import CURSOR, NUM_FEATURES


@pytest.mark.parametrize("n", [1, 2, 8, 12])
def test_spaced_positions_keep_their_distance_and_box(n: int) -> None:
    rng = np.random.default_rng(n)
    low, high = np.array([-0.9, -0.2]), np.array([0.5, 0.9])
    for _ in range(20):
        positions = spaced_positions(rng, n, low=low, high=high, spacing=0.25)
        assert positions.shape == (n, 2)
        assert (positions >= low).all() and (positions <= high).all()
        gaps = [np.linalg.norm(a - b) for a, b in combinations(positions, 2)]
        assert min(gaps, default=1.0) >= 0.25


def test_positions_that_cannot_fit_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "_RESTARTS", 20)
    with pytest.raises(RuntimeError) as error:
        spaced_positions(np.random.default_rng(0), 5, low=0.0, high=0.1, spacing=0.2)
    assert str(error.value) == "no 5 positions 0.2 apart fit the box [0.0, 0.1]"


def test_hues_go_round() -> None:
    np.testing.assert_allclose(hue_to_rgb(-30.0), hue_to_rgb(330.0))
    np.testing.assert_allclose(hue_to_rgb(360.0), hue_to_rgb(0.0))
    colours = random_colours(np.random.default_rng(0), 50)
    np.testing.assert_allclose(colours.max(axis=1), 0.9)
    np.testing.assert_allclose(colours.min(axis=1), 0.135)


def test_the_cursor_comes_first() -> None:
    entities = assemble(np.array([0.1, 0.2]), np.ones((2, 2)), np.full((2, 3), 0.5))
    assert entities.shape == (3, NUM_FEATURES) and entities[:, CURSOR].tolist() == [1, 0, 0]
    np.testing.assert_array_equal(entities[0, :2], [0.1, 0.2])
    assert attended_mask(3, 0, 2).tolist() == [False, True, False, True]


@pytest.mark.parametrize(("n", "most"), [(2, 5), (5, 3), (9, 3), (12, 5)])
def test_groups_are_at_least_two_and_small(n: int, most: int) -> None:
    rng = np.random.default_rng(n)
    counts = set()
    for _ in range(200):
        groups = sample_groups(rng, n, most=most)
        assert groups.shape == (n,) and groups.max() < most
        assert max(np.bincount(groups)) <= MOST_IN_GROUP
        counts.add(len(set(groups.tolist())))
    assert counts == set(range(max(2, -(-n // MOST_IN_GROUP)), min(n, most) + 1))


def test_draw_until_gives_up() -> None:
    numbers = iter(range(100))

    def draw() -> np.ndarray:
        return np.array(next(numbers))

    assert draw_until(draw, lambda value: bool(value >= 3)) == 3
    assert draw_until(draw, lambda value: False, tries=5) is None
    assert next(numbers) == 9


def test_the_cursor_starts_far_off_where_the_test_fails() -> None:
    rng = np.random.default_rng(0)
    after = make_scene((0.2, 0.0), [(0.0, 0.0), (0.8, 0.8)])
    concept = Near()
    starts = []
    for _ in range(100):
        before = move_cursor_away(rng, after, lambda s: not concept.succeeds(s, rows(1)))
        assert not concept.succeeds(before, rows(1))
        np.testing.assert_array_equal(before.entities[1:], after.entities[1:])
        starts.append(before.positions[0])
    travel = np.linalg.norm(np.array(starts) - after.positions[0], axis=1)
    assert travel.min() >= LEAST_TRAVEL - 1e-6
    assert np.abs(starts).max() <= CURSOR_REGION
    # Uniform otherwise: every quarter of the plane is used.
    quarters = {(x > 0, y > 0) for x, y in starts}
    assert len(quarters) == 4


def test_no_start_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "_RESTARTS", 20)
    after = make_scene((0.2, 0.0), [(0.0, 0.0), (0.8, 0.8)])
    with pytest.raises(RuntimeError) as error:
        move_cursor_away(np.random.default_rng(0), after, lambda state: False)
    assert str(error.value) == "no start was found at which the concept does not hold yet"
