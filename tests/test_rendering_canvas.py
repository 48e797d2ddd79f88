import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from rendering_scenes import near

from conceptgym.envs.rendering import canvas, theme


@given(height=st.integers(1, 9), width=st.integers(1, 9), seed=st.integers(0, 99))
def test_surfaces_hold_exactly_the_pixels(height, width, seed):
    frame = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    np.testing.assert_array_equal(canvas.to_array(canvas.to_surface(frame)), frame)


def test_caption_writes_left_and_right_and_leaves_the_picture_alone():
    frame = np.full((240, 320, 3), 90, dtype=np.uint8)
    surface = canvas.to_surface(frame)
    canvas.draw_caption(surface, "near · generate", "success")
    drawn = canvas.to_array(surface)
    assert near(drawn[:40, :160], theme.INK).any()
    assert near(drawn[:40, 160:], theme.IDENTIFIED).any()
    np.testing.assert_array_equal(drawn[50:], frame[50:])


def test_status_colours_tell_success_from_failure():
    assert theme.status_colour("success") == theme.status_colour("Success, 12 steps")
    assert theme.status_colour("failure") != theme.status_colour("success")
    assert theme.status_colour("step 12") == theme.status_colour("") == theme.MUTED
