import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from conceptgym.envs.frames import plane_to_table
from conceptgym.envs.rendering import theme
from conceptgym.envs.rendering.arm_markers import (
    ATTENDED_GAP,
    IDENTIFIED_GAP,
    Ghost,
    Piece,
    arm_markers,
)
from conceptgym.envs.rendering.marker_kinds import Ball, Facets, Line, Marker
from conceptgym.envs.rendering.markers import Overlay
from conceptgym.envs.rendering.solids import Solid

POSITIONS = np.array([[0.4, -0.1, 0.015], [0.5, 0.1, 0.015], [0.6, 0.0, 0.3]])
RADII = np.array([0.02, 0.01, 0.07])


def mark(overlay: Overlay | None = None, *, attended=(), identified=(), **extra) -> list[Marker]:
    masks = {
        "attended": np.isin(np.arange(3), attended),
        "identified": np.isin(np.arange(3), identified),
    }
    return arm_markers(overlay or Overlay(), positions=POSITIONS, radii=RADII, **masks, **extra)


def ghost_at(x: float, y: float, bottom: float = 0.0) -> Ghost:
    """A red ball's ghost; the ball itself lies at (0.5, 0) m."""
    size = np.full(3, 0.012)
    pose = np.array([x, y, bottom + 0.012, 1, 0, 0, 0])
    solid = Solid(kind="ball", half_extents=size, pose=pose, colour=np.array([1.0, 0.0, 0.0]))
    return Ghost(solid=solid, start=np.array([0.5, 0.0, 0.0]))


def test_nothing_to_say_gives_no_marker():
    assert mark() == []


def test_rings_lie_on_the_table_around_the_objects_that_are_meant():
    attended, identified = mark(attended=[1], identified=[2])
    for ring, row, gap, colour in (
        (attended, 1, ATTENDED_GAP, theme.ATTENDED),
        (identified, 2, IDENTIFIED_GAP, theme.IDENTIFIED),
    ):
        assert isinstance(ring, Line)
        away = np.linalg.norm(ring.points[:, :2] - POSITIONS[row, :2], axis=1)
        np.testing.assert_allclose(away, RADII[row] + gap)
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


def test_a_ghost_is_a_body_in_a_violet_ring_with_an_arrow_from_the_object():
    markers = mark(ghosts=[ghost_at(0.6, 0.1, bottom=0.03)])
    (body,) = (m for m in markers if isinstance(m, Facets))
    np.testing.assert_allclose(body.probes.mean(axis=0), [0.6, 0.1, 0.042], atol=1e-9)
    violet = [m for m in markers if isinstance(m, Line) and np.allclose(m.rgba[0, :3], _violet())]
    ring, shaft, *_ = violet
    np.testing.assert_allclose(ring.points[:-1].mean(axis=0), [0.6, 0.1, 0.03], atol=1e-9)
    np.testing.assert_allclose(shaft.points[0, :2], [0.5, 0.0], atol=1e-9)
    towards = np.array([0.6, 0.1, 0.03]) - shaft.points[0]
    off = np.cross(shaft.points[-1] - shaft.points[0], towards)
    np.testing.assert_allclose(off, 0.0, atol=1e-9)


def test_no_arrow_leads_to_where_the_object_is_already():
    lines = [m for m in mark(ghosts=[ghost_at(0.505, 0.0)]) if isinstance(m, Line)]
    assert sum(np.allclose(line.rgba[0, :3], _violet()) for line in lines) == 1, "the ring alone"


def test_the_piece_wears_a_dark_cross_hair_where_it_is():
    bottom = np.array([0.5, 0.1, 0.2])
    lines = [m for m in mark(piece=Piece(bottom=bottom, radius=0.02)) if isinstance(m, Line)]
    dark = [m for m in lines if np.allclose(m.rgba[0, :3], theme.share(theme.INK))]
    assert len(dark) == 5 and len(lines) == 10, "a ring and four ticks, each cased in white"
    for line in lines:
        np.testing.assert_allclose(line.points[:, 2], 0.2)
    assert all(np.linalg.norm(m.points - bottom, axis=1).min() > 0.02 for m in lines)


def _violet() -> tuple[float, float, float]:
    return theme.share(theme.PLAN)
