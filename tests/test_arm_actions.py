"""The action mapping: invertible, and never a target outside the limits."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from conceptgym.envs.arm_actions import (
    ACTION_SIZE,
    action_from_targets,
    set_points_from_action,
    targets_from_action,
)
from conceptgym.envs.arm_model import JOINT_LOWER, JOINT_UPPER, MAX_OPENING


@given(st.integers(0, 2**32 - 1))
def test_targets_survive_the_round_trip(seed: int) -> None:
    rng = np.random.default_rng(seed)
    qpos = rng.uniform(JOINT_LOWER, JOINT_UPPER, (3, 7))
    opening = rng.uniform(0.0, MAX_OPENING, 3)
    action = action_from_targets(qpos, opening)
    assert action.shape == (3, ACTION_SIZE) and action.dtype == np.float32
    found_qpos, found_opening = targets_from_action(action)
    np.testing.assert_allclose(found_qpos, qpos, atol=1e-6)
    np.testing.assert_allclose(found_opening, opening, atol=1e-8)


def test_ends_of_the_range() -> None:
    np.testing.assert_array_equal(action_from_targets(JOINT_LOWER, 0.0), -np.ones(8))
    np.testing.assert_array_equal(action_from_targets(JOINT_UPPER, MAX_OPENING), np.ones(8))


def test_no_action_asks_for_more_than_the_limits() -> None:
    qpos, opening = targets_from_action(np.full(8, 7.0))
    np.testing.assert_allclose(qpos, JOINT_UPPER)
    np.testing.assert_allclose(opening, MAX_OPENING)
    np.testing.assert_array_equal(action_from_targets(JOINT_UPPER + 1.0, -1.0)[:7], np.ones(7))


@given(st.integers(0, 2**32 - 1))
def test_set_points_are_the_targets_with_half_of_the_opening_a_finger(seed: int) -> None:
    action = np.random.default_rng(seed).uniform(-1.5, 1.5, (3, ACTION_SIZE))
    qpos, opening = targets_from_action(action)
    found = set_points_from_action(action)
    np.testing.assert_array_equal(found[:, :7], qpos)
    np.testing.assert_array_equal(found[:, 7], opening / 2)
