"""Draws of zones, the numbers that they hold, and places in and around them."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from conceptgym.envs.concepts.zone_scenes import (
    COUNT_SHARES,
    place_cursor,
    place_inside,
    place_outside,
    place_zones,
    retried,
    sets_with,
)
from conceptgym.envs.entities import ZONE_RADIUS

NONE = np.empty((0, 2))
SIZES = range(7, 13)


def joint_chances(n_objects: int) -> dict[tuple[int, tuple[int, ...]], float]:
    """The chance of each count together with each set of numbers."""
    return {
        (count, numbers): COUNT_SHARES[count - 1] * chance
        for count in range(1, 7)
        for numbers, chance in zip(*sets_with(count, n_objects), strict=True)
    }


@pytest.mark.parametrize("n_objects", SIZES)
def test_each_number_of_a_set_is_the_count_equally_often(n_objects: int) -> None:
    joint = joint_chances(n_objects)
    assert sum(joint.values()) == pytest.approx(1.0)
    for count, numbers in joint:
        alike = [joint[other, numbers] for other in numbers]
        assert joint[count, numbers] == pytest.approx(np.mean(alike), rel=1e-9)


@pytest.mark.parametrize("n_objects", SIZES)
def test_all_sets_that_the_objects_allow_are_drawn(n_objects: int) -> None:
    every = {s for k in (2, 3) for s in combinations(range(1, 7), k) if sum(s) <= n_objects}
    joint = joint_chances(n_objects)
    assert {numbers for _, numbers in joint} == every
    assert min(joint.values()) > 1e-4


@pytest.mark.parametrize(("n_objects", "share"), [(7, 0.05), (8, 0.25), (9, 0.45)])
def test_scenes_of_three_zones_are_not_rare(n_objects: int, share: float) -> None:
    joint = joint_chances(n_objects)
    assert sum(chance for (_, s), chance in joint.items() if len(s) == 3) > share


@pytest.mark.parametrize("number", [1, 2, 3])
def test_zones_keep_apart_and_in_the_plane(number: int) -> None:
    rng = np.random.default_rng(number)
    drawn = np.array([retried(lambda: place_zones(rng, number)) for _ in range(200)])
    assert drawn.shape == (200, number, 2)
    assert np.abs(drawn).max() <= 0.65
    for first, second in combinations(range(number), 2):
        gaps = np.linalg.norm(drawn[:, first] - drawn[:, second], axis=1)
        assert gaps.min() >= 2 * ZONE_RADIUS + 0.1
    assert np.abs(drawn.mean(axis=(0, 1))).max() < 0.1  # no side is preferred
    assert np.abs(drawn).max() > 0.6


def test_six_fit_into_a_zone_and_use_all_of_it() -> None:
    rng = np.random.default_rng(0)
    centre = np.array([0.3, -0.6])
    away = []
    for _ in range(100):
        places = retried(lambda: place_inside(rng, 6, centre=centre, taken=NONE))
        assert places.shape == (6, 2)
        gaps = [np.linalg.norm(a - b) for a, b in combinations(places, 2)]
        assert min(gaps) >= 0.16
        away.extend(np.linalg.norm(places - centre, axis=1))
    assert max(away) <= 0.27 and max(away) > 0.265 and min(away) < 0.05


def test_places_keep_away_from_zones_and_from_what_is_there() -> None:
    rng = np.random.default_rng(1)
    centres = np.array([[-0.6, 0.0], [0.5, 0.5]])
    taken = rng.uniform(-0.9, 0.9, size=(5, 2))
    for _ in range(100):
        outside = retried(lambda: place_outside(rng, 4, centres=centres, taken=taken))
        cursor = retried(lambda: place_cursor(rng, taken=taken))
        assert outside.shape == (4, 2) and cursor.shape == (1, 2)
        assert np.abs(outside).max() <= 0.9 and np.abs(cursor).max() <= 0.95
        assert np.linalg.norm(outside[:, None] - centres, axis=-1).min() >= 0.43
        for places in (outside, cursor):
            assert np.linalg.norm(places[:, None] - taken, axis=-1).min() >= 0.16


def test_a_full_zone_is_no_place() -> None:
    rng = np.random.default_rng(2)
    grid = np.stack(np.meshgrid(*[np.linspace(-0.4, 0.4, 9)] * 2), axis=-1).reshape(-1, 2)
    assert place_inside(rng, 1, centre=np.zeros(2), taken=grid) is None
    assert place_inside(rng, 30, centre=np.zeros(2), taken=NONE) is None
    assert place_inside(rng, 0, centre=np.zeros(2), taken=grid) is not None


def test_draws_are_repeated_until_one_is_found() -> None:
    draws = iter([None, None, np.ones(1), np.zeros(1)])
    assert retried(lambda: next(draws)).tolist() == [1.0]
    with pytest.raises(RuntimeError) as error:
        retried(lambda: None)
    assert str(error.value) == "200 draws of a scene with zones found no room in the plane"
