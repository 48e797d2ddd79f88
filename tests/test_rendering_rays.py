import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from rendering_scenes import make_scene

from conceptgym.envs.rendering.rays import FAR, cast_rays

BALL = '<geom name="ball" type="sphere" pos="0.5 0 1" size="0.2"/>'
MODEL, DATA = make_scene(0, BALL)


@given(angle=st.floats(0, 2 * np.pi), tilt=st.floats(0, 0.2))
def test_a_ball_is_met_where_geometry_says(angle, tilt):
    origin = np.array([0.5, 0.0, 2.0])
    ray = np.array([np.sin(tilt) * np.cos(angle), np.sin(tilt) * np.sin(angle), -np.cos(tilt)])
    geoms, distance, normals = cast_rays(MODEL, DATA, origin, ray[None])
    inside = 0.2**2 - np.sin(tilt) ** 2
    if inside < 1e-6:
        return
    expected = np.cos(tilt) - np.sqrt(inside)
    assert geoms[0] == MODEL.geom("ball").id
    np.testing.assert_allclose(distance[0], expected, atol=1e-9)
    outwards = (origin + ray * expected - [0.5, 0, 1]) / 0.2
    np.testing.assert_allclose(normals[0], outwards, atol=1e-6)


def test_rays_into_the_sky_meet_nothing():
    geoms, distance, _ = cast_rays(MODEL, DATA, np.array([3.0, 0, 1]), np.array([[0.0, 0, 1]]))
    assert geoms[0] == -1 and distance[0] == FAR


def test_what_a_viewer_hides_is_passed_through():
    for hidden in ('rgba="1 0 0 0"', 'group="3"'):
        geom = f'<geom type="sphere" pos="0.5 0 1" size="0.2" {hidden}/>'
        model, data = make_scene(0, geom)
        geoms, _, _ = cast_rays(model, data, np.array([0.5, 0, 2]), np.array([[0.0, 0, -1]]))
        assert geoms[0] == model.geom("table").id


def test_no_rays_are_no_trouble():
    geoms, distance, normals = cast_rays(MODEL, DATA, np.zeros(3), np.zeros((0, 3)))
    assert len(geoms) == len(distance) == len(normals) == 0
