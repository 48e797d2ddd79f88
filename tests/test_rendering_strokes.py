"""Strokes and dashed rings: where they lie and how wide they are."""

import numpy as np
import pygame
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conceptgym.envs.rendering.canvas import to_array
from conceptgym.envs.rendering.strokes import draw_dashed_ring, draw_stroke, rgb

SIZE = 120
WHITE = (255, 255, 255)
PIXELS = st.tuples(st.integers(20, 100), st.integers(20, 100))


def drawn(draw, *args, **options) -> np.ndarray:
    """(SIZE, SIZE) bool, the pixels that are drawn."""
    surface = pygame.Surface((SIZE, SIZE), 0, 32)
    draw(surface, WHITE, *args, **options)
    return to_array(surface)[..., 0] > 0


@settings(max_examples=40)
@given(start=PIXELS, end=PIXELS, width=st.integers(5, 14))
def test_a_stroke_is_every_pixel_within_half_its_width(start, end, width):
    """Two pixels of leeway: corners are whole pixels."""
    found = drawn(draw_stroke, start, end, width)
    rows, columns = np.mgrid[:SIZE, :SIZE]
    points = np.stack([columns, rows], axis=-1).astype(float)
    along = np.subtract(end, start).astype(float)
    share = (points - start) @ along / max(1.0, along @ along)
    away = np.linalg.norm(points - (start + share.clip(0, 1)[..., None] * along), axis=-1)
    assert found[away < width / 2 - 2].all()
    assert not found[away > width / 2 + 2].any()


@pytest.mark.parametrize("dashes", [4, 12])
def test_a_dashed_ring_has_so_many_dashes_at_its_radius(dashes):
    found = drawn(draw_dashed_ring, (60, 60), 40, 6, dashes=dashes)
    away = np.linalg.norm(np.argwhere(found) - 60, axis=1)
    assert away.min() > 40 - 3 - 2 and away.max() < 40 + 3 + 2  # corners are whole pixels
    angle = np.linspace(0, 2 * np.pi, 1000, endpoint=False)
    places = np.round(60 + 40 * np.stack([np.sin(angle), np.cos(angle)])).astype(int)
    on = found[tuple(places)]
    assert np.count_nonzero(on & ~np.roll(on, 1)) == dashes
    assert 0.5 < on.mean() < 0.75


def test_colours_become_whole_numbers_in_range():
    assert rgb(np.array([-3.0, 127.6, 300.0])) == (0, 128, 255)
