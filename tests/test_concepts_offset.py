"""offset: closed forms, the compass, what training never sees."""

from __future__ import annotations

import numpy as np
import pytest
from concept_scenes import make_scene, rows

from conceptgym.envs import make_concept
from conceptgym.envs.concepts import Offset
from conceptgym.envs.errors import ConceptParameterError

ATTENDED = (0.2, -0.1)
EPSILON = 1e-5  # positions are float32


@pytest.mark.parametrize(
    ("direction", "name"), [(0, "right_of"), (90, "above"), (180, "left_of"), (270, "below")]
)
def test_the_compass_points_are_the_named_directions(direction: float, name: str) -> None:
    rng = np.random.default_rng(0)
    offset = make_concept("offset", direction=direction, distance=0.5)
    named = make_concept(name, distance=0.5)
    for cursor in rng.uniform(-1.0, 1.0, size=(20, 2)):
        scene = make_scene(tuple(cursor), [ATTENDED, (-0.6, 0.5)])
        found = offset.residual(scene, rows(1))
        assert found == pytest.approx(named.residual(scene, rows(1)), abs=1e-6)


@pytest.mark.parametrize("direction", [0.0, 45.0, 200.0, 359.0])
def test_the_residual_is_the_distance_from_one_place(direction: float) -> None:
    concept = Offset(direction=direction, distance=0.4)
    angle = np.deg2rad(direction)
    place = np.array(ATTENDED) + 0.4 * np.array([np.cos(angle), np.sin(angle)])
    for radius, holds in ((0.1 - EPSILON, True), (0.1 + EPSILON, False)):
        scene = make_scene((place[0], place[1] - radius), [ATTENDED])
        assert concept.residual(scene, rows(1)) == pytest.approx(radius, abs=1e-6)
        assert concept.succeeds(scene, rows(1)) == holds


def test_held_out_are_a_fifth_of_the_circle_and_of_the_distances() -> None:
    directions = np.arange(0.5, 360.0)
    hidden = [Offset(direction=float(d), distance=0.3).held_out for d in directions]
    assert sum(hidden) == 72
    assert all(28 <= d < 64 or 208 <= d < 244 for d in directions[hidden])
    assert Offset(direction=0.0, distance=0.42).held_out
    assert not Offset(direction=0.0, distance=0.48).held_out


def test_about_half_of_the_held_out_draws_have_such_a_direction_and_half_such_a_distance() -> None:
    rng = np.random.default_rng(0)
    drawn = [Offset.random(rng, split="held_out").parameters for _ in range(400)]
    direction = np.mean([Offset(direction=p["direction"], distance=0.3).held_out for p in drawn])
    distance = np.mean([Offset(direction=0.0, distance=p["distance"]).held_out for p in drawn])
    assert 0.45 < direction < 0.65 and 0.45 < distance < 0.65
    assert not any(Offset.random(rng, split="train").held_out for _ in range(200))


@pytest.mark.parametrize(
    ("parameter", "value", "allowed"),
    [("direction", -1.0, "[0.0, 360.0]"), ("distance", 0.7, "[0.3, 0.6]")],
)
def test_parameters_out_of_range_are_refused(parameter: str, value: float, allowed: str) -> None:
    with pytest.raises(ConceptParameterError) as error:
        make_concept("offset", **{parameter: value})
    assert str(error.value) == (
        f"{parameter}={value} of concept 'offset' is outside {allowed}; "
        "choose a value in that range"
    )
