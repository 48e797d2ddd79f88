import mujoco
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rendering_scenes import make_scene

from conceptgym.envs.errors import ConfigError
from conceptgym.envs.rendering.camera import VIEWS, Pinhole, View, find_camera

MODEL, DATA = make_scene()
FRONT = Pinhole.of(MODEL, DATA, name="front", size=(120, 160))


@given(column=st.floats(0, 160), row=st.floats(0, 120), distance=st.floats(0.1, 10))
def test_points_along_a_ray_project_to_its_pixel(column, row, distance):
    ray = FRONT.rays(np.array([column]), np.array([row]))
    np.testing.assert_allclose(np.linalg.norm(ray), 1.0)
    pixel, depth = FRONT.project(FRONT.position + distance * ray)
    np.testing.assert_allclose(pixel, [[column, row]], atol=1e-6)
    assert 0 < depth[0] <= distance + 1e-12


def test_the_field_of_view_is_the_vertical_one():
    top = Pinhole.of(MODEL, DATA, name="top", size=(100, 300))
    reach = 1.2 * np.tan(np.deg2rad(20))  # half of what is seen of the table along world x [m]
    pixels, _ = top.project(np.array([[0.5 - reach, 0, 0], [0.5, 0, 0], [0.5, 0.1, 0]]))
    np.testing.assert_allclose(pixels[0], [150, 0], atol=1e-6)
    np.testing.assert_allclose(pixels[1], [150, 50], atol=1e-6)
    assert pixels[2, 0] > 150  # the robot's left is at the right, as in the plane


def test_points_behind_the_camera_have_no_depth():
    _, depth = FRONT.project(FRONT.position + FRONT.axes[:, 2:].T)
    assert depth[0] < 0


@pytest.mark.parametrize("name", ["side", None, 0, ["front"]])
def test_an_unknown_camera_is_refused(name):
    with pytest.raises(ConfigError) as caught:
        find_camera(MODEL, name)
    assert str(caught.value) == (
        f"camera is {name!r}, the model has ['front', 'top']; pass one of these names, or one of "
        "['close']"
    )


def test_a_view_sees_what_mujocos_free_camera_sees():
    """Its pinhole stands and looks as the scene's camera does."""
    view = View(target=(0.4, 0.1, 0.05), distance=0.8, azimuth=150.0, elevation=-30.0)
    scene = mujoco.MjvScene(MODEL, 100)
    mujoco.mjv_updateScene(MODEL, DATA, mujoco.MjvOption(), None, view.camera, 7, scene)
    eyes = scene.camera
    np.testing.assert_allclose(view.axes[:, 2], -eyes[0].forward, atol=1e-6)
    np.testing.assert_allclose(view.axes[:, 1], eyes[0].up, atol=1e-6)
    np.testing.assert_allclose(
        np.array(view.target) + 0.8 * view.axes[:, 2], (eyes[0].pos + eyes[1].pos) / 2, atol=1e-6
    )


def test_the_close_view_needs_no_camera_in_the_model():
    close = Pinhole.of(MODEL, DATA, name="close", size=(120, 160))
    pixels, depth = close.project(np.array([VIEWS["close"].target]))
    np.testing.assert_allclose(pixels, [[80, 60]], atol=1e-6)
    np.testing.assert_allclose(depth, VIEWS["close"].distance)
