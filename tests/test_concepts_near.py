"""near: a ring around the attended entity, in every direction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from concept_scenes import make_scene, rows

from conceptgym.envs.concepts import Near

EPSILON = 1e-5  # positions are float32
CONCEPT = Near()


def scene_at(distance: float, angle: float = 0.0):
    """The cursor at a distance from an object; another stands by."""
    cursor = distance * np.array([np.cos(angle), np.sin(angle)])
    return make_scene(tuple(cursor), [(0.0, 0.0), (0.7, 0.7)])


@pytest.mark.parametrize(
    ("distance", "residual"), [(0.0, 0.225), (0.1, 0.125), (0.225, 0.0), (0.3, 0.075), (1.0, 0.775)]
)
def test_the_residual_is_the_distance_from_the_rings_middle(
    distance: float, residual: float
) -> None:
    assert CONCEPT.residual(scene_at(distance), rows(1)) == pytest.approx(residual, abs=1e-6)


@pytest.mark.parametrize("angle", np.arange(0.0, 2 * np.pi, 0.7))
@pytest.mark.parametrize(
    ("distance", "holds"),
    [
        (0.1 - EPSILON, False),
        (0.1 + EPSILON, True),
        (0.35 - EPSILON, True),
        (0.35 + EPSILON, False),
    ],
)
def test_from_a_tenth_to_035_is_near(angle: float, distance: float, holds: bool) -> None:
    assert CONCEPT.succeeds(scene_at(distance, angle), rows(1)) == holds


def test_every_direction_is_shown() -> None:
    rng = np.random.default_rng(0)
    angles = []
    for _ in range(300):
        event = CONCEPT.sample(rng, n_objects=3)
        state = event.after
        gap = state.positions[state.cursor] - state.positions[event.attention][0]
        angles.append(np.arctan2(gap[1], gap[0]))
    counts, _ = np.histogram(angles, bins=8, range=(-np.pi, np.pi))
    assert counts.min() >= 18  # 37.5 expected in each


@pytest.mark.parametrize(("start", "goal"), [(0.0, 0.15), (0.1, 0.15), (0.2, 0.2), (0.9, 0.3)])
def test_nearest_is_straight_in_or_out_to_well_inside_the_ring(start: float, goal: float) -> None:
    for angle in np.arange(0.0, 2 * np.pi, 0.7):
        scene = replace(scene_at(start, angle), movable=rows(0))
        found = CONCEPT.nearest(scene, rows(1)).positions[0]
        assert np.linalg.norm(found) == pytest.approx(goal, abs=1e-6)
        if start:
            np.testing.assert_allclose(found, scene.positions[0] * goal / start, atol=1e-6)


@pytest.mark.parametrize(("n_objects", "clear"), [(2, 0.45), (8, 0.45), (9, 0.4), (12, 0.4)])
def test_the_other_objects_are_clearly_further(n_objects: int, clear: float) -> None:
    rng = np.random.default_rng(n_objects)
    for _ in range(20):
        event = CONCEPT.sample(rng, n_objects=n_objects)
        away = np.linalg.norm(
            event.after.positions - event.after.positions[event.after.cursor], axis=1
        )
        assert away[event.after.objects & ~event.attention].min() >= clear - EPSILON
