import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rendering_scenes import make_state, mask, near, with_zones

from conceptgym.envs.entities import ZONE_RADIUS
from conceptgym.envs.errors import ConfigError
from conceptgym.envs.rendering import theme
from conceptgym.envs.rendering.markers import Overlay
from conceptgym.envs.rendering.plane import VIEW_HALF_WIDTH, PlaneRenderer

SIZE = 240
RENDERER = PlaneRenderer(SIZE)
RED = (230, 26, 26)


def pixel_of(x: float, y: float) -> tuple[int, int]:
    """Row and column of a position, worked out from the view's half width alone."""
    scale = SIZE / (2 * VIEW_HALF_WIDTH)
    return round((VIEW_HALF_WIDTH - y) * scale), round((x + VIEW_HALF_WIDTH) * scale)


def middle(where: np.ndarray) -> np.ndarray:
    return np.argwhere(where).mean(axis=0)


@settings(max_examples=20)
@given(x=st.floats(-1.05, 1.05), y=st.floats(-1.05, 1.05))
def test_an_entity_is_drawn_where_it_is_with_y_up(x, y):
    frame = RENDERER.draw(make_state([(x, y)], has_cursor=False))
    assert frame.shape == (SIZE, SIZE, 3) and frame.dtype == np.uint8
    red = near(frame, RED, 60)
    np.testing.assert_allclose(middle(red), pixel_of(x, y), atol=1.5)


def test_absent_rows_are_not_drawn():
    nobody = make_state([])
    assert not near(RENDERER.draw(nobody), RED, 60).any()


def test_drawing_keeps_nothing_from_the_frame_before():
    state = make_state([(0.1, 0.2), (-0.5, 0.4)])
    before = RENDERER.draw(state)
    trail = np.array([[0.0, 0.0], [0.5, 0.5]])
    RENDERER.draw(state, Overlay(attended=mask(1), plan=trail, trail=trail, title="a", status="b"))
    np.testing.assert_array_equal(RENDERER.draw(state), before)


def test_attended_and_identified_entities_are_told_apart():
    state = make_state([(-0.8, -0.8), (0.5, 0.5), (-0.5, 0.5)])
    frame = RENDERER.draw(state, Overlay(attended=mask(1), identified=mask(2)))
    row, column = middle(near(frame, theme.ATTENDED))
    np.testing.assert_allclose((row, column), pixel_of(0.5, 0.5), atol=2)
    row, column = middle(near(frame, theme.IDENTIFIED))
    np.testing.assert_allclose((row, column), pixel_of(-0.44, 0.56), atol=3)


def test_an_absent_entity_gets_no_halo():
    frame = RENDERER.draw(make_state([(0.0, 0.0)]), Overlay(attended=mask(5)))
    assert not near(frame, theme.ATTENDED).any()


@settings(max_examples=20)
@given(x=st.floats(-0.7, 0.7), y=st.floats(-0.7, 0.7))
def test_a_zone_is_a_translucent_disc_of_its_radius_with_a_dashed_edge(x, y):
    empty = RENDERER.draw(make_state([])).astype(int)
    state = with_zones(make_state([(x, y)], has_cursor=False), 0)
    tint = np.abs(RENDERER.draw(state) - empty).sum(axis=2)
    np.testing.assert_allclose(middle(tint > 0), pixel_of(x, y), atol=1.5)
    rows, columns = np.nonzero(tint)
    width = 2 * ZONE_RADIUS * SIZE / (2 * VIEW_HALF_WIDTH)
    for extent in (np.ptp(rows), np.ptp(columns)):
        assert extent == pytest.approx(width, abs=3)
    row, column = pixel_of(x, y)
    assert 0 < tint[row, column] < 200  # the plane shines through
    angle = np.linspace(0, 2 * np.pi, 720)
    radius = ZONE_RADIUS - 0.006
    edge = [pixel_of(x + radius * np.cos(a), y + radius * np.sin(a)) for a in angle]
    strong = tint[tuple(np.transpose(edge))] > 2 * tint[row, column]
    assert 0.4 < strong.mean() < 0.9
    assert np.count_nonzero(strong[1:] & ~strong[:-1]) > 20, "dashes"


def test_objects_and_the_cursor_lie_over_zones():
    places = [(0.0, 0.3), (0.1, -0.1), (0.0, 0.0)]
    state = with_zones(make_state(places), 2)
    frame, bare = RENDERER.draw(state), RENDERER.draw(make_state(places[:2]))
    for (x, y), size in zip(places, (0, 3), strict=False):  # the cursor's dot, and a disc
        row, column = pixel_of(x, y)
        inside = slice(row - size, row + size + 1), slice(column - size, column + size + 1)
        np.testing.assert_array_equal(frame[inside], bare[inside])
    assert (frame[pixel_of(-0.2, 0.0)] != bare[pixel_of(-0.2, 0.0)]).any()


def test_an_attended_zone_has_a_ring_around_it_and_an_identified_one_a_tick_on_its_rim():
    state = with_zones(make_state([(-0.8, -0.8), (0.3, 0.4), (-0.4, -0.2)]), 1, 2)
    frame = RENDERER.draw(state, Overlay(attended=mask(1), identified=mask(2)))
    ring = near(frame, theme.ATTENDED)
    np.testing.assert_allclose(middle(ring), pixel_of(0.3, 0.4), atol=2)
    scale = SIZE / (2 * VIEW_HALF_WIDTH)
    away = np.linalg.norm(np.argwhere(ring) - pixel_of(0.3, 0.4), axis=1) / scale
    assert away.min() > ZONE_RADIUS and away.max() < ZONE_RADIUS + 0.08
    tick = middle(near(frame, theme.IDENTIFIED))
    away = np.linalg.norm(tick - pixel_of(-0.4, -0.2)) / scale
    assert away == pytest.approx(ZONE_RADIUS, abs=0.04)


def test_the_plan_is_a_ghost_around_its_position():
    frame = RENDERER.draw(make_state([(-0.8, 0.0)]), Overlay(plan=np.array([[0.3, -0.6]])))
    np.testing.assert_allclose(middle(near(frame, theme.PLAN, 60)), pixel_of(0.3, -0.6), atol=2)


def test_the_trail_fades_towards_the_past():
    trail = np.stack([np.linspace(-0.9, 0.9, 30), np.full(30, 0.37)], axis=1)
    frame = RENDERER.draw(make_state([]), Overlay(trail=trail)).astype(int)
    row, _ = pixel_of(0.0, 0.37)
    blueness = frame[row, :, 2] - frame[row, :, 0]
    old, recent = blueness[pixel_of(-0.7, 0)[1]], blueness[pixel_of(0.7, 0)[1]]
    assert recent > 2 * old > 0


def test_positions_far_outside_do_not_break_the_picture():
    state = make_state([(1e6, -1e6), (0.0, 0.0)])
    overlay = Overlay(plan=np.array([[1e9, 0.0]]), trail=np.array([[-1e9, 0.0], [0.0, 0.0]]))
    assert near(RENDERER.draw(state, overlay), RED, 60).any()


def test_too_small_a_size_is_refused():
    with pytest.raises(ConfigError, match=r"^size is 10 pixels, allowed is 64 or more$"):
        PlaneRenderer(10)


def test_drawing_opens_no_window_and_prints_nothing():
    code = (
        "import os; os.environ.pop('SDL_VIDEODRIVER', None)\n"
        "from rendering_scenes import make_state\n"
        "from conceptgym.envs.rendering.plane import PlaneRenderer\n"
        "import pygame\n"
        "PlaneRenderer(64).draw(make_state([(0.0, 0.0)]))\n"
        "raise SystemExit(int(pygame.display.get_init()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
