import numpy as np
import pytest
from rendering_scenes import make_scene, near

from conceptgym.envs.rendering import canvas
from conceptgym.envs.rendering.camera import Pinhole
from conceptgym.envs.rendering.marker_drawing import draw_markers
from conceptgym.envs.rendering.marker_kinds import Ball, Facets, Line, Marker
from conceptgym.envs.rendering.solids import Solid, solid_markers

SIZE = (120, 160)
BLUE = np.array([0.0, 0.0, 1.0, 1.0])
BOX = '<geom type="box" pos="0.5 0 0.1" size="0.05 0.05 0.05" {}/>'


def draw(marker: Marker, extra: str = "") -> np.ndarray:
    """The marker seen from above, on black."""
    model, data = make_scene(0, extra)
    surface = canvas.to_surface(np.zeros((*SIZE, 3), dtype=np.uint8))
    top = Pinhole.of(model, data, name="top", size=SIZE)
    draw_markers(surface, [marker], pinhole=top, model=model, data=data)
    return canvas.to_array(surface)


def ball(*centre: float) -> Ball:
    return Ball(centre=np.array(centre), radius=0.04, rgba=BLUE)


def line(*points: tuple[float, float, float], alpha: float = 1.0) -> Line:
    parts = len(points) - 1
    rgba = np.tile([0.0, 0.0, 1.0, alpha], (parts, 1))
    return Line(points=np.array(points), radius=np.full(parts, 0.01), rgba=rgba)


def test_a_ball_is_drawn_where_the_camera_sees_it_and_as_large():
    blue = draw(ball(0.5, 0.1, 0.2))[..., 2] > 100
    focal = SIZE[0] / 2 / np.tan(np.deg2rad(20))
    row, column = np.argwhere(blue).mean(axis=0)
    np.testing.assert_allclose((column, row), (79.5 + focal * 0.1, 59.5), atol=1)
    np.testing.assert_allclose(blue.sum(), np.pi * (focal * 0.04) ** 2, rtol=0.1)


def test_a_line_is_as_thick_as_it_is_wide():
    blue = draw(line((0.5, -0.1, 0.2), (0.5, 0.1, 0.2)))[..., 2] > 100
    focal = SIZE[0] / 2 / np.tan(np.deg2rad(20))
    np.testing.assert_allclose(blue[:, 80].sum(), 2 * focal * 0.01, atol=1)


def cube(x: float, y: float, z: float) -> Facets:
    pose = np.array([x, y, z, 1, 0, 0, 0])
    solid = Solid(kind="cube", half_extents=np.full(3, 0.02), pose=pose, colour=BLUE[:3])
    return next(m for m in solid_markers(solid) if isinstance(m, Facets))


def test_a_body_covers_what_the_camera_sees_of_it():
    """Its upper side, 1.16 m from the camera, and what smoothing adds at the edge."""
    blue = draw(cube(0.5, 0.0, 0.02))[..., 2] > 20
    focal = SIZE[0] / 2 / np.tan(np.deg2rad(20))
    np.testing.assert_allclose(blue.sum(), (focal * 0.04 / 1.16 + 0.3) ** 2, rtol=0.1)


def test_only_the_hidden_part_of_a_body_is_faint():
    """A wall over the body's one half, 2 cm high above the other side's view."""
    half = '<geom type="box" pos="0.5 0.05 0.1" size="0.05 0.05 0.001"/>'
    seen = draw(cube(0.5, 0.0, 0.02), half)[..., 2].astype(float)
    left, right = seen[:, 72:79].max(), seen[:, 82:87].max()
    assert 0 < right < 0.6 * left


@pytest.mark.parametrize("marker", [ball(0.5, 0, 0.02), line((0.49, 0, 0.02), (0.51, 0, 0.02))])
def test_marks_behind_a_geom_are_faint(marker):
    open_to_view = draw(marker).astype(float)
    hidden = draw(marker, BOX.format("")).astype(float)
    assert open_to_view[..., 2].max() > 200
    share = hidden[..., 2].sum() / open_to_view[..., 2].sum()
    assert 0.2 < share < 0.6, "a hidden mark shines through, but is told from one in sight"
    unseen = draw(marker, BOX.format('group="3"'))
    np.testing.assert_array_equal(unseen, open_to_view, "what is not seen hides nothing")


def test_transparent_segments_are_not_drawn():
    assert not draw(line((0.4, 0, 0.1), (0.6, 0, 0.1), alpha=0.0)).any()


def test_marks_behind_the_camera_are_not_drawn():
    assert not draw(ball(0.5, 0, 2.0)).any()


def test_translucent_edges_do_not_darken_a_bright_ground():
    model, data = make_scene(0)
    surface = canvas.to_surface(np.full((*SIZE, 3), (0, 0, 255), dtype=np.uint8))
    top = Pinhole.of(model, data, name="top", size=SIZE)
    draw_markers(surface, [line((0.4, 0, 0.1), (0.6, 0, 0.1))], pinhole=top, model=model, data=data)
    assert near(canvas.to_array(surface), (0, 0, 255), 6).all()
