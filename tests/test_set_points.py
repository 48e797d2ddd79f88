"""Set-points follow targets, and never ask for more than the velocity limits."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from place_scenes import make_world

from conceptgym.envs import ROBOTS, Robot
from conceptgym.envs.arm_model import (
    CONTROL_TIMESTEP,
    FINGER_VELOCITY_LIMIT,
    SERVO_TIME_CONSTANT,
)
from conceptgym.envs.set_points import SETPOINT_SPEED_SHARE, SetPoints

LIMITS = np.array([2.0, 1.0, 3.0])
LAWS = settings(max_examples=80)


def arm(qpos: np.ndarray, qvel: np.ndarray, act: np.ndarray) -> Any:
    """What of MjData the set-points look at, without a model; two fingers at rest."""
    fingers = np.zeros(2)
    state = {"qpos": np.append(qpos, fingers), "qvel": np.append(qvel, fingers), "act": act}
    return cast(Any, SimpleNamespace(**state, ctrl=np.zeros(len(act))))


@LAWS
@given(seed=st.integers(0, 2**32 - 1))
def test_no_velocity_beyond_the_limits_is_ever_asked_for(seed: int) -> None:
    rng = np.random.default_rng(seed)
    act, target = rng.uniform(-9, 9, (2, 4))
    data = arm(rng.uniform(-9, 9, 3), rng.uniform(-9, 9, 3), act)
    SetPoints(LIMITS).command(data, target)
    speeds = SETPOINT_SPEED_SHARE * np.append(LIMITS, FINGER_VELOCITY_LIMIT)
    assert np.all(np.abs(data.ctrl) <= speeds) and SETPOINT_SPEED_SHARE < 1.0


def test_a_target_that_one_step_reaches_is_where_the_set_point_ends() -> None:
    act = np.array([0.1, -0.2, 0.3, 0.02])
    data = arm(act[:3], np.zeros(3), act)
    target = act + 0.5 * CONTROL_TIMESTEP * np.append(LIMITS, FINGER_VELOCITY_LIMIT)
    SetPoints(LIMITS).command(data, target)
    np.testing.assert_allclose(act + CONTROL_TIMESTEP * data.ctrl, target)


def test_set_points_do_not_run_away_from_a_joint_that_is_held_back() -> None:
    """A servo runs at lead over time constant: the lead alone must keep to the limits too."""
    act = np.zeros(4)
    data = arm(np.zeros(3), np.zeros(3), act)
    for _ in range(100):
        SetPoints(LIMITS).command(data, np.append(np.full(3, 9.0), 0.7))
        data.act += CONTROL_TIMESTEP * data.ctrl
    assert np.all(data.act[:3] <= SERVO_TIME_CONSTANT * LIMITS)
    assert np.all(data.act[:3] > 0.9 * SERVO_TIME_CONSTANT * LIMITS)
    assert data.act[3] == pytest.approx(0.7)  # fingers press as they like


@pytest.mark.parametrize("robot", ROBOTS.values(), ids=list(ROBOTS))
def test_an_arm_in_free_motion_keeps_to_its_limits(robot: Robot) -> None:
    world = make_world(robot=robot)
    world.model.geom_contype[:] = world.model.geom_conaffinity[:] = 0
    rng = np.random.default_rng(0)
    for hold in (1, 5, 25):
        for _ in range(75 // hold):
            action = rng.choice([-1.0, 1.0], robot.num_joints + 1)
            for _ in range(hold):
                world.step(action)
    assert 0.5 < world.max_velocity_share < 1.0
    assert world.max_joint_limit_violation < 2e-3
    assert world.max_torque_share <= 1.0 + 1e-9
