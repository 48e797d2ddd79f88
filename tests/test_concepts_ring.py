"""The nearest point of a ring inside the plane, held against many points of it."""

from __future__ import annotations

import numpy as np
import pytest
from concept_scenes import SEEDS
from hypothesis import given, settings
from hypothesis import strategies as st

from conceptgym.envs.concepts.ring import nearest_on_ring
from conceptgym.envs.concepts.sampling import CURSOR_REGION

few = settings(max_examples=100)
RINGS = st.sampled_from([(0.15, 0.3), (0.3, 0.3), (0.8, 0.8), (0.41, 2.9)])


def points_of_ring(centre: np.ndarray, inner: float, outer: float) -> np.ndarray:
    """A dense grid of the ring's points in the plane."""
    angles = np.linspace(0.0, 2.0 * np.pi, 721)
    radii = np.linspace(inner, outer, 1 if inner == outer else 60)
    turned = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    found = centre + (radii[:, None, None] * turned).reshape(-1, 2)
    return found[np.abs(found).max(axis=1) <= CURSOR_REGION]


@few
@given(SEEDS, RINGS)
def test_no_point_of_the_ring_is_nearer(seed: int, ring: tuple[float, float]) -> None:
    rng = np.random.default_rng(seed)
    centre, start = rng.uniform(-0.9, 0.9, 2), rng.uniform(-1.0, 1.0, 2)
    place = nearest_on_ring(start, centre, *ring)
    away = np.linalg.norm(place - centre)
    assert ring[0] - 1e-5 <= away <= ring[1] + 1e-5
    if np.array_equal(place, start):
        return
    assert np.abs(place).max() <= CURSOR_REGION + 1e-5
    others = points_of_ring(centre, *ring)
    assert np.linalg.norm(place - start) <= np.linalg.norm(others - start, axis=1).min() + 1e-6


def test_closed_forms() -> None:
    at = nearest_on_ring(np.array([0.6, 0.0]), np.zeros(2), 0.15, 0.3)
    np.testing.assert_allclose(at, (0.3, 0.0))
    at = nearest_on_ring(np.array([0.0, -0.03]), np.zeros(2), 0.15, 0.3)
    np.testing.assert_allclose(at, (0.0, -0.15))
    # Straight out would leave the plane: the circle meets its edge at 0.95, up as near as down.
    at = nearest_on_ring(np.array([1.0, 0.0]), np.array([0.8, 0.0]), 0.3, 0.3)
    np.testing.assert_allclose(np.abs(at), (0.95, (0.3**2 - 0.15**2) ** 0.5))


def test_a_start_in_the_ring_stays_even_at_the_very_border() -> None:
    start = np.array([0.99, 0.5])
    np.testing.assert_array_equal(nearest_on_ring(start, np.array([0.8, 0.5]), 0.15, 0.3), start)


@pytest.mark.parametrize("centre", [(0.0, 0.0), (0.9, 0.9), (-0.9, 0.2)])
def test_from_the_centre_it_is_always_the_same_point(centre: tuple[float, float]) -> None:
    there = np.array(centre)
    one, again = (nearest_on_ring(there, there, 0.4, 0.5) for _ in range(2))
    np.testing.assert_array_equal(one, again)
    assert np.linalg.norm(one - there) == pytest.approx(0.4)
    assert np.abs(one).max() <= CURSOR_REGION


def test_a_ring_outside_the_plane_gives_a_place_in_it() -> None:
    place = nearest_on_ring(np.zeros(2), np.array([5.0, 0.0]), 0.3, 0.4)
    assert np.abs(place).max() <= CURSOR_REGION
