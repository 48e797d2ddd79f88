import numpy as np
import pytest
from rendering_scenes import make_scene, near

from conceptgym.envs.errors import ConfigError
from conceptgym.envs.rendering.camera import Pinhole
from conceptgym.envs.rendering.raycast import RaycastRenderer

SIZE = (120, 160)


def draw(extra: str = "", *, n_objects: int = 0, camera: str = "top", size=SIZE) -> np.ndarray:
    model, data = make_scene(n_objects, extra)
    return RaycastRenderer(model, size=size, camera=camera).draw(data)


def test_a_balls_disc_has_the_area_that_geometry_says():
    frame = draw('<geom type="sphere" pos="0.5 0 0.6" size="0.1" rgba="1 0 0 1"/>')
    red = frame[..., 0].astype(int) - frame[..., 1] > 40
    focal = SIZE[0] / 2 / np.tan(np.deg2rad(20))
    radius = focal * 0.1 / np.sqrt(0.6**2 - 0.1**2)  # seen from 0.6 m above its centre [pixels]
    np.testing.assert_allclose(red.sum(), np.pi * radius**2, rtol=0.03)


def test_things_cast_shadows_where_the_light_does_not_reach():
    frame = draw('<geom type="sphere" pos="0.6 0 0.1" size="0.03"/>', camera="front")
    model, data = make_scene(0)
    front = Pinhole.of(model, data, name="front", size=SIZE)
    # The light stands 3 m above x = 0.5 m: the shadow's middle lies at x = 0.5 + 0.1 · 3 / 2.9.
    points = np.array([[0.5 + 0.1 * 3 / 2.9, 0, 0], [0.6, 0.12, 0]])
    columns, rows = front.project(points)[0].astype(int).T
    shadow, lit = frame[rows, columns].astype(float).mean(axis=1)
    assert shadow < 0.75 * lit


@pytest.mark.parametrize("hidden", ['rgba="1 0 0 0"', 'rgba="1 0 0 1" group="3"'])
def test_invisible_geoms_leave_no_trace(hidden):
    np.testing.assert_array_equal(
        draw(f'<geom type="sphere" pos="0.5 0 0.5" size="0.1" {hidden}/>'), draw()
    )


def test_a_colour_changed_after_making_the_renderer_is_seen():
    model, data = make_scene(1)
    renderer = RaycastRenderer(model, size=SIZE, camera="top")
    before = renderer.draw(data)
    model.geom_rgba[model.ngeom - 1] = (0, 1, 0, 1)
    changed = (renderer.draw(data) != before).any(axis=2)
    assert 0 < changed.mean() < 0.05


@pytest.mark.parametrize("size", [(4, 4), (61, 83), (90, 122)])
def test_any_size_will_do(size):
    assert draw(size=size).shape == (*size, 3)


def test_splitting_blocks_agrees_with_tracing_every_pixel():
    model, data = make_scene(3)
    small = RaycastRenderer(model, size=SIZE, camera="front").draw(data)
    # Four times as large, then averaged: what a slow renderer would show.
    large = RaycastRenderer(model, size=(480, 640), camera="front").draw(data)
    averaged = large.reshape(120, 4, 160, 4, 3).mean(axis=(1, 3))
    assert np.abs(small - averaged).mean() < 2.0


def test_the_sky_brightens_towards_the_horizon_as_the_model_says():
    extra = '<camera name="up" pos="0 0 1" xyaxes="0 1 0 0 0 1" fovy="100"/>'
    frame = draw(extra, camera="up").astype(int)
    zenith, horizon = frame[0].mean(axis=0), frame[57].mean(axis=0)
    assert np.abs(zenith - horizon).max() > 10


def test_too_small_a_size_is_refused():
    model, _ = make_scene(0)
    with pytest.raises(ConfigError) as caught:
        RaycastRenderer(model, size=(2, 100))
    assert str(caught.value) == (
        "size is (2, 100), allowed are (height, width) of 4 pixels or more"
    )


def test_a_red_geom_is_red():
    frame = draw('<geom type="box" pos="0.5 0 0.1" size="0.2 0.2 0.1" rgba="1 0 0 1"/>')
    red, green, blue = frame[60, 80].astype(int)
    assert red > 150 and green < 10 and blue < 10
    assert not near(frame[:5], (255, 0, 0), 120).any()
