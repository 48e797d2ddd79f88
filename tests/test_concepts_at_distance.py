"""at_distance: a circle around the attended entity, others at other distances."""

from __future__ import annotations

import numpy as np
import pytest
from concept_scenes import make_scene, rows

from conceptgym.envs import make_concept
from conceptgym.envs.concepts import AtDistance
from conceptgym.envs.errors import ConceptParameterError

EPSILON = 1e-5  # positions are float32


@pytest.mark.parametrize("distance", [0.3, 0.5, 0.8])
@pytest.mark.parametrize("angle", np.arange(0.0, 2 * np.pi, 0.9))
def test_the_residual_is_by_how_much_the_distance_differs(distance: float, angle: float) -> None:
    concept = AtDistance(distance=distance)
    direction = np.array([np.cos(angle), np.sin(angle)])
    for off in (-0.2, -0.1 - EPSILON, -0.1 + EPSILON, 0.0, 0.1 - EPSILON, 0.1 + EPSILON):
        scene = make_scene(tuple((distance + off) * direction), [(0.0, 0.0), (0.7, 0.7)])
        assert concept.residual(scene, rows(1)) == pytest.approx(abs(off), abs=1e-6)
        assert concept.succeeds(scene, rows(1)) == (abs(off) < 0.1)


@pytest.mark.parametrize("n_objects", [2, 5, 8, 12])
def test_the_other_objects_are_clearly_nearer_or_further(n_objects: int) -> None:
    rng = np.random.default_rng(n_objects)
    for _ in range(30):
        concept = AtDistance(distance=float(rng.uniform(0.3, 0.8)))
        event = concept.sample(rng, n_objects=n_objects)
        state = event.after
        away = np.linalg.norm(state.positions - state.positions[state.cursor], axis=1)
        assert away[event.attention] == pytest.approx(concept.distance, abs=1e-5)
        others = away[state.objects & ~event.attention]
        assert np.abs(others - concept.distance).min() >= 0.2 - EPSILON


def test_every_direction_is_shown() -> None:
    rng = np.random.default_rng(0)
    angles = []
    for _ in range(300):
        event = AtDistance(distance=0.3).sample(rng, n_objects=3)
        state = event.after
        gap = state.positions[state.cursor] - state.positions[event.attention][0]
        angles.append(np.arctan2(gap[1], gap[0]))
    counts, _ = np.histogram(angles, bins=8, range=(-np.pi, np.pi))
    assert counts.min() >= 18  # 37.5 expected in each


def test_training_never_sees_distances_from_05_to_06() -> None:
    rng = np.random.default_rng(0)
    for split, hidden in (("train", False), ("held_out", True)):
        drawn = [AtDistance.random(rng, split=split).parameters["distance"] for _ in range(100)]
        assert all((0.5 <= distance < 0.6) == hidden for distance in drawn)


@pytest.mark.parametrize("distance", [0.29, 0.81, float("nan")])
def test_distances_out_of_range_are_refused(distance: float) -> None:
    with pytest.raises(ConceptParameterError) as error:
        make_concept("at_distance", distance=distance)
    assert str(error.value) == (
        f"distance={distance} of concept 'at_distance' is outside [0.3, 0.8]; "
        "choose a value in that range"
    )
