"""The renderers on the arm that ships, where its geoms and cameras must suit them."""

import mujoco
import numpy as np
import pytest

from conceptgym.envs.arm_model import HOME_QPOS, build_arm_model
from conceptgym.envs.rendering.arm import ArmRenderer
from conceptgym.envs.rendering.camera import Pinhole

SIZE = (120, 160)


@pytest.fixture(scope="module")
def arm():
    model = build_arm_model(3)
    data = mujoco.MjData(model)
    data.qpos[: len(HOME_QPOS)] = HOME_QPOS
    mujoco.mj_forward(model, data)
    return model, data


@pytest.mark.parametrize("camera", ["front", "top", "close"])
def test_the_whole_working_plane_is_in_view(arm, camera):
    model, data = arm
    pinhole = Pinhole.of(model, data, name=camera, size=SIZE)
    corners = np.array([[x, y, 0.0] for x in (0.3, 0.7) for y in (-0.2, 0.2)])
    pixels, depth = pinhole.project(corners)
    assert (depth > 0).all()
    assert (pixels > 0).all() and (pixels < [SIZE[1], SIZE[0]]).all()


@pytest.mark.parametrize("camera", ["front", "top", "close"])
def test_the_planes_right_is_right_and_its_up_is_up(arm, camera):
    model, data = arm
    pinhole = Pinhole.of(model, data, name=camera, size=SIZE)
    # In world the plane's right is +y, its up is -x.
    pixels, _ = pinhole.project(np.array([[0.5, 0, 0], [0.5, 0.1, 0], [0.4, 0, 0]]))
    assert pixels[1, 0] > pixels[0, 0] and pixels[2, 1] < pixels[0, 1]


def test_moving_the_arm_changes_the_picture(arm):
    model, data = arm
    with ArmRenderer(model, size=SIZE, backend="raycast") as renderer:
        before = renderer.draw(data)
        moved = mujoco.MjData(model)
        moved.qpos[: len(HOME_QPOS)] = HOME_QPOS + 0.3
        mujoco.mj_forward(model, moved)
        changed = (renderer.draw(moved) != before).any(axis=2)
    assert 0.02 < changed.mean() < 0.9
