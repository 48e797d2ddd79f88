"""left_of, right_of, above, below: closed forms, the tolerance's edge, the distance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from concept_scenes import make_scene, rows

from conceptgym.envs import CONCEPTS, make_concept
from conceptgym.envs.concepts import Directional
from conceptgym.envs.errors import ConceptParameterError

# As a person sees the plane: x to the right, y up.
DIRECTIONS = {
    "left_of": (-1.0, 0.0),
    "right_of": (1.0, 0.0),
    "above": (0.0, 1.0),
    "below": (0.0, -1.0),
}
all_directions = pytest.mark.parametrize("name", DIRECTIONS)
ATTENDED = np.array([0.2, -0.1])
EPSILON = 1e-5  # positions are float32


def residual_at(concept: Directional, cursor: np.ndarray) -> float:
    """The residual with the cursor there; another object stands by."""
    scene = make_scene(tuple(cursor), [tuple(ATTENDED), (-0.6, 0.5)])
    return concept.residual(scene, rows(1))


def test_these_are_all_the_directions() -> None:
    found = {name for name, kind in CONCEPTS.items() if issubclass(kind, Directional)}
    assert found == set(DIRECTIONS)


@all_directions
@pytest.mark.parametrize("distance", [0.3, 0.4, 0.55])
def test_the_residual_is_the_distance_from_one_place(name: str, distance: float) -> None:
    concept = make_concept(name, distance=distance)
    assert isinstance(concept, Directional)
    place = ATTENDED + distance * np.array(DIRECTIONS[name])
    np.testing.assert_allclose(concept.offset, place - ATTENDED)
    assert residual_at(concept, place) == pytest.approx(0.0, abs=1e-6)
    assert residual_at(concept, place + (0.03, -0.04)) == pytest.approx(0.05, abs=1e-6)
    assert residual_at(concept, ATTENDED) == pytest.approx(distance, abs=1e-6)


@all_directions
@pytest.mark.parametrize("angle", np.arange(0.0, 2 * np.pi, 0.7))
def test_the_tolerance_is_a_disc_of_a_tenth(name: str, angle: float) -> None:
    concept = make_concept(name)
    assert concept.tolerance == 0.1
    place = ATTENDED + 0.4 * np.array(DIRECTIONS[name])
    for radius, holds in ((0.1 - EPSILON, True), (0.1 + EPSILON, False)):
        cursor = place + radius * np.array([np.cos(angle), np.sin(angle)])
        scene = make_scene(tuple(cursor), [tuple(ATTENDED), (-0.6, 0.5)])
        assert concept.succeeds(scene, rows(1)) == holds


@all_directions
def test_the_other_directions_fail(name: str) -> None:
    concept = make_concept(name)
    for other, direction in DIRECTIONS.items():
        scene = make_scene(tuple(ATTENDED + 0.4 * np.array(direction)), [tuple(ATTENDED)])
        assert concept.succeeds(scene, rows(1)) == (other == name)


@all_directions
def test_drawn_distances_fill_their_range(name: str) -> None:
    rng = np.random.default_rng(0)
    drawn = [CONCEPTS[name].random(rng).parameters["distance"] for _ in range(200)]
    assert 0.3 <= min(drawn) < 0.32 and 0.58 < max(drawn) <= 0.6


@all_directions
def test_training_never_sees_the_middle_distances(name: str) -> None:
    rng = np.random.default_rng(0)
    for split, hidden in (("train", False), ("held_out", True)):
        drawn = [CONCEPTS[name].random(rng, split=split).parameters["distance"] for _ in range(100)]
        assert all((0.42 <= distance < 0.48) == hidden for distance in drawn)


@all_directions
def test_nearest_is_the_one_place_kept_in_the_plane(name: str) -> None:
    concept = make_concept(name)
    for attended in (ATTENDED, np.array([0.9, 0.9]), np.array([-0.9, -0.9])):
        scene = make_scene((0.5, 0.5), [tuple(attended), (-0.6, 0.5)])
        goal = concept.nearest(replace(scene, movable=rows(0)), rows(1))
        place = np.clip(attended + 0.4 * np.array(DIRECTIONS[name]), -0.95, 0.95)
        np.testing.assert_allclose(goal.positions[0], place, atol=1e-6)


@all_directions
@pytest.mark.parametrize("distance", [0.29, 0.61, float("nan")])
def test_distances_out_of_range_are_refused(name: str, distance: float) -> None:
    with pytest.raises(ConceptParameterError) as error:
        make_concept(name, distance=distance)
    assert str(error.value) == (
        f"distance={distance} of concept '{name}' is outside [0.3, 0.6]; "
        "choose a value in that range"
    )
