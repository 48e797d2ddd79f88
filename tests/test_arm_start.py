"""The arm's start: exact, within limits, free of contacts and of memory."""

from __future__ import annotations

import re

import mujoco
import numpy as np
import pytest

from conceptgym.envs import arm_model
from conceptgym.envs.arm_start import TOLERANCE, qpos_at_fingertip
from conceptgym.envs.errors import NonFiniteError, ShapeError, UnreachableTargetError
from conceptgym.envs.frames import plane_to_table

GRID = [np.array([x, y]) for x in np.linspace(-1, 1, 9) for y in np.linspace(-1, 1, 9)]


@pytest.fixture(scope="module")
def model() -> mujoco.MjModel:
    return arm_model.build_arm_model(0)


@pytest.mark.parametrize("height", [0.03, arm_model.HOVER_HEIGHT, 0.3])
def test_reaches_the_whole_plane(model: mujoco.MjModel, height: float) -> None:
    data = mujoco.MjData(model)
    for position_in_plane in GRID:
        target = np.append(plane_to_table(position_in_plane), height)
        qpos = qpos_at_fingertip(target)
        assert (qpos >= arm_model.JOINT_LOWER).all() and (qpos <= arm_model.JOINT_UPPER).all()
        data.qpos[:7] = qpos
        mujoco.mj_forward(model, data)
        site = data.site(arm_model.FINGERTIP_SITE)
        assert np.linalg.norm(site.xpos - target) < TOLERANCE
        np.testing.assert_allclose(site.xmat.reshape(3, 3), arm_model.GRIPPER_DOWN, atol=1e-4)
        assert data.ncon == 0, position_in_plane


def test_the_same_point_gives_the_same_bits_whatever_came_before() -> None:
    target = np.array([0.45, -0.1, 0.08])
    first = qpos_at_fingertip(target)
    for position_in_plane in GRID[::10]:
        qpos_at_fingertip(np.append(plane_to_table(position_in_plane), 0.2))
    np.testing.assert_array_equal(qpos_at_fingertip(target), first)


def test_far_point_is_refused() -> None:
    with pytest.raises(UnreachableTargetError) as error:
        qpos_at_fingertip(np.array([2.0, 0.0, 0.1]))
    pattern = (
        r"position_in_world is \(2\.000, 0\.000, 0\.100\) \[m\], but with the gripper pointing "
        r"down the fingertip stops \d\.\d{3} m away; choose a point above the table's plane"
    )
    assert re.fullmatch(pattern, str(error.value))


def test_bad_points_are_refused() -> None:
    with pytest.raises(ShapeError) as shape_error:
        qpos_at_fingertip(np.zeros(2))
    assert str(shape_error.value) == (
        "position_in_world has shape (2,), expected (3,); pass an array of that shape"
    )
    with pytest.raises(NonFiniteError) as value_error:
        qpos_at_fingertip(np.array([0.5, np.nan, 0.1]))
    assert str(value_error.value) == (
        "position_in_world holds nan at index (1,); every entry must be a finite number"
    )
