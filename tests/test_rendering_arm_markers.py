import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from conceptgym.envs.frames import plane_to_table
from conceptgym.envs.rendering import theme
from conceptgym.envs.rendering.arm_markers import (
    ATTENDED_RADIUS,
    IDENTIFIED_RADIUS,
    Ball,
    Line,
    Marker,
    arm_markers,
)
from conceptgym.envs.rendering.markers import Overlay

POSITIONS = np.array([[0.4, -0.1, 0.015], [0.5, 0.1, 0.015], [0.6, 0.0, 0.3]])


def mark(overlay: Overlay | None = None, *, attended=(), identified=(), **extra) -> list[Marker]:
    masks = {
        "attended": np.isin(np.arange(3), attended),
        "identified": np.isin(np.arange(3), identified),
    }
    return arm_markers(overlay or Overlay(), positions=POSITIONS, **masks, **extra)


def test_nothing_to_say_gives_no_marker():
    assert mark() == []


def test_rings_lie_on_the_table_around_the_objects_that_are_meant():
    attended, identified = mark(attended=[1], identified=[2])
    for ring, row, radius, colour in (
        (attended, 1, ATTENDED_RADIUS, theme.ATTENDED),
        (identified, 2, IDENTIFIED_RADIUS, theme.IDENTIFIED),
    ):
        assert isinstance(ring, Line)
        away = np.linalg.norm(ring.points[:, :2] - POSITIONS[row, :2], axis=1)
        np.testing.assert_allclose(away, radius)
        assert (ring.points[:, 2] < 0.005).all()
        np.testing.assert_allclose(ring.rgba[:, :3], [theme.share(colour)] * len(ring.rgba))


@given(x=st.floats(-1, 1), y=st.floats(-1, 1), height=st.floats(0.02, 0.3))
def test_the_plan_stands_over_its_place_on_the_table(x, y, height):
    markers = mark(Overlay(plan=np.array([[x, y]])), plan_height=height)
    target = plane_to_table(np.array([x, y]))
    (ball,) = (m for m in markers if isinstance(m, Ball))
    np.testing.assert_allclose(ball.centre, [*target, height])
    upright = next(m for m in markers if isinstance(m, Line) and np.ptp(m.points[:, 2]) > 0)
    np.testing.assert_allclose(upright.points[:, :2], [target] * len(upright.points))


def test_a_long_trail_keeps_its_ends_and_fades_towards_the_past():
    trail = np.cumsum(np.full((1000, 3), 1e-3), axis=0)
    (line,) = mark(fingertip_trail=trail)
    assert isinstance(line, Line) and len(line.points) < 200
    np.testing.assert_array_equal(line.points[[0, -1]], trail[[0, -1]])
    assert (np.diff(line.rgba[:, 3]) > 0).all() and (np.diff(line.radius) > 0).all()
    assert len(line.radius) == len(line.rgba) == len(line.points) - 1


def test_without_a_fingertip_trail_the_planes_trail_lies_on_the_table():
    trail = np.array([[-0.5, 0.2], [0.3, 0.8]])
    (line,) = mark(Overlay(trail=trail))
    assert isinstance(line, Line)
    np.testing.assert_allclose(line.points[:, :2], plane_to_table(trail))
    assert (line.points[:, 2] < 0.005).all()
