"""The mapping between plane and table: invertible, a rotation with a scale, within reach."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conceptgym.envs.arm_model import HOVER_HEIGHT
from conceptgym.envs.arm_start import qpos_at_fingertip
from conceptgym.envs.frames import (
    METRES_PER_PLANE_UNIT,
    TABLE_CENTRE_IN_WORLD,
    plane_to_table,
    table_to_plane,
)

SEEDS = st.integers(0, 2**32 - 1)
CORNERS = np.array(list(product((-1.0, 1.0), repeat=2)))


@given(SEEDS)
def test_each_mapping_undoes_the_other(seed: int) -> None:
    points = np.random.default_rng(seed).uniform(-2, 2, (3, 4, 2))
    np.testing.assert_allclose(table_to_plane(plane_to_table(points)), points, atol=1e-12)
    np.testing.assert_allclose(plane_to_table(table_to_plane(points)), points, atol=1e-12)


@given(SEEDS)
def test_lengths_scale_and_handedness_stays(seed: int) -> None:
    a, b, c = np.random.default_rng(seed).uniform(-1, 1, (3, 2))
    in_world = plane_to_table(np.array([a, b, c]))
    length = np.linalg.norm(in_world[1] - in_world[0])
    assert length == pytest.approx(METRES_PER_PLANE_UNIT * np.linalg.norm(b - a), abs=1e-12)

    def area(p: np.ndarray, q: np.ndarray, r: np.ndarray) -> float:
        return float(np.linalg.det(np.array([q - p, r - p])))

    scaled = METRES_PER_PLANE_UNIT**2 * area(a, b, c)
    assert area(*in_world) == pytest.approx(scaled, abs=1e-12)


def test_directions_are_the_documented_ones() -> None:
    centre = plane_to_table(np.zeros(2))
    np.testing.assert_allclose(centre, TABLE_CENTRE_IN_WORLD)
    np.testing.assert_allclose(centre, [0.5, 0.0])
    # The plane's right is the robot's left (+y), its up points towards the robot (-x).
    np.testing.assert_allclose(plane_to_table(np.array([1.0, 0.0])) - centre, [0.0, 0.2])
    np.testing.assert_allclose(plane_to_table(np.array([0.0, 1.0])) - centre, [-0.2, 0.0])


@pytest.mark.parametrize("corner", CORNERS, ids=str)
def test_the_arm_reaches_every_corner(corner: np.ndarray) -> None:
    """`qpos_at_fingertip` raises where the fingertip misses its target by 0.1 mm."""
    for height in (0.02, HOVER_HEIGHT, 0.2):
        qpos_at_fingertip(np.append(plane_to_table(corner), height))
