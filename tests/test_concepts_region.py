"""region: what each name means, residuals, and scenes in which nothing else tells."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from concept_scenes import make_scene, rows

from conceptgym.envs import make_concept
from conceptgym.envs.concepts import REGIONS, Region
from conceptgym.envs.concepts.region import _APART
from conceptgym.envs.errors import ConceptParameterError

EPSILON = 1e-5  # positions are float32
FREE_SIDE = {"north": (0, 1), "south": (0, -1), "east": (1, 0), "west": (-1, 0), "centre": (0, 0)}
all_regions = pytest.mark.parametrize("where", REGIONS)


def compass(where: str) -> np.ndarray:
    """The direction from the plane's middle, from the name alone."""
    return np.sum([FREE_SIDE[part] for part in where.split("_")], axis=0)


def test_names_and_default() -> None:
    assert len(REGIONS) == 9 and Region().where in REGIONS
    assert Region.parameter_choices == {"where": tuple(REGIONS)}


@all_regions
def test_a_region_is_where_its_name_says(where: str) -> None:
    place = 0.7 * compass(where)
    scene = make_scene((0, 0), [tuple(place), tuple(-place)])
    concept = Region(where=where)
    assert concept.residual(scene, rows(1)) == 0.0
    assert concept.succeeds(scene, rows(2)) == (where == "centre")


@all_regions
def test_turning_the_plane_turns_the_regions(where: str) -> None:
    """North is to north_east as east is to south_east, and so on round."""
    turned = {"north": "east", "east": "south", "south": "west", "west": "north"}
    parts = sorted((turned.get(part, part) for part in where.split("_")), key="ns".find)
    names = ["_".join(parts), "_".join(parts[::-1])]
    other = next(name for name in names if name in REGIONS)
    rng = np.random.default_rng(0)
    for x, y in rng.uniform(-1.0, 1.0, size=(40, 2)):
        here = Region(where=where).residual(make_scene((0, 0), [(x, y)]), rows(1))
        there = Region(where=other).residual(make_scene((0, 0), [(y, -x)]), rows(1))
        assert here == pytest.approx(there, abs=1e-6)


def test_the_residual_is_the_furthest_ones_distance_from_the_box() -> None:
    concept = Region(where="centre")
    for place, residual in (((0.3, -0.3), 0.0), ((0.6, 0.0), 0.3), ((0.6, -0.7), 0.5)):
        scene = make_scene((0, 0), [(0.0, 0.0), place, (0.9, 0.9)])
        assert concept.residual(scene, rows(1, 2)) == pytest.approx(residual, abs=1e-6)


def test_the_tolerance_is_002() -> None:
    for off, holds in ((0.02 - EPSILON, True), (0.02 + EPSILON, False)):
        scene = make_scene((0, 0), [(0.0, 0.4 - off)])
        assert Region(where="north").succeeds(scene, rows(1)) == holds


@all_regions
@pytest.mark.parametrize("n_objects", [2, 5, 8, 12])
def test_the_attended_are_all_that_is_in_the_region(where: str, n_objects: int) -> None:
    rng = np.random.default_rng(n_objects)
    concept = Region(where=where)
    for _ in range(15):
        event = concept.sample(rng, n_objects=n_objects)
        for state, inside in ((event.after, event.attention), (event.before, rows())):
            for row in np.flatnonzero(state.objects):
                residual = concept.residual(state, rows(int(row)))
                assert residual == 0.0 if inside[row] else residual >= 0.1 - EPSILON
        assert 1 <= event.attention.sum() <= 3


@all_regions
def test_shown_places_fill_the_region(where: str) -> None:
    rng = np.random.default_rng(0)
    low, high = np.array(REGIONS[where])
    shown = []
    for _ in range(150):
        event = Region(where=where).sample(rng, n_objects=4)
        shown.extend((event.after.positions[event.attention] - low) / (high - low))
    counts, _, _ = np.histogram2d(*np.array(shown).T, bins=2, range=[(0, 1), (0, 1)])
    assert counts.min() >= 0.15 * len(shown)  # each of four quarters
    assert np.min(shown) < 0.15 and np.max(shown) > 0.85


def test_regions_shown_together_are_apart_and_each_is_in_two_of_the_sets() -> None:
    for names in _APART:
        for one, other in combinations(names, 2):
            (low, high), (left, right) = np.array(REGIONS[one]), np.array(REGIONS[other])
            assert np.maximum(low - right, left - high).max() >= 0.1 - 1e-9
    assert Counter(name for names in _APART for name in names) == dict.fromkeys(REGIONS, 2)


def test_nearest_moves_only_what_is_outside_and_may_be_moved() -> None:
    scene = make_scene((0, 0), [(0.0, 0.7), (0.2, -0.5), (0.5, 0.0), (0.0, 0.0)])
    scene = replace(scene, movable=rows(1, 2))
    goal = Region(where="north").nearest(scene, rows(1, 2, 3))
    np.testing.assert_allclose(goal.positions[2], (0.2, 0.45), atol=1e-6)
    for row in (0, 1, 3, 4):
        np.testing.assert_array_equal(goal.positions[row], scene.positions[row])


def test_unknown_regions_are_refused() -> None:
    with pytest.raises(ConceptParameterError) as error:
        make_concept("region", where="middle")
    assert str(error.value) == (
        "where='middle' of concept 'region' is unknown; choose one of north, south, east, west, "
        "centre, north_east, north_west, south_east, south_west"
    )
