import numpy as np
import pygame
import pytest

from conceptgym.envs.errors import ConfigError, ShapeError
from conceptgym.envs.rendering.window import Window

FRAME = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)


@pytest.fixture(autouse=True)
def dummy_driver(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    yield
    pygame.display.quit()


def shown() -> np.ndarray:
    """What the open window shows, (height, width, 3)."""
    surface = pygame.display.get_surface()
    assert surface is not None
    return pygame.surfarray.array3d(surface).swapaxes(0, 1)


def test_a_window_opens_with_the_first_frame_and_shows_it():
    with Window(title="near", fps=0) as window:
        assert not window.is_open
        assert window.show(FRAME) and window.is_open
        np.testing.assert_array_equal(shown(), FRAME)
        assert pygame.display.get_caption()[0] == "near"
    assert not window.is_open and not pygame.display.get_init()


def test_it_takes_the_size_of_the_frames():
    with Window(fps=0) as window:
        window.show(FRAME)
        window.show(FRAME[:20])
        np.testing.assert_array_equal(shown(), FRAME[:20])


def test_a_window_survives_the_closing_of_another():
    with Window(fps=0) as window, Window(fps=0) as other:
        window.show(FRAME)
        other.show(FRAME[:20])
        other.close()
        assert window.show(FRAME)
        np.testing.assert_array_equal(shown(), FRAME)


def test_closed_by_the_user_it_stays_closed_until_it_is_closed_here():
    with Window(fps=0) as window:
        window.show(FRAME)
        pygame.event.post(pygame.event.Event(pygame.QUIT))
        assert not window.show(FRAME)
        assert not window.show(FRAME) and not window.is_open
        window.close()
        assert window.show(FRAME)


def test_it_asks_the_clock_for_its_frame_rate(monkeypatch):
    rates = []

    class Clock:
        def tick(self, rate):
            rates.append(rate)

    monkeypatch.setattr(pygame.time, "Clock", Clock)
    with Window(fps=25) as window:
        window.show(FRAME)
    assert rates == [25]


def test_a_float_frame_is_refused():
    with pytest.raises(ShapeError) as caught:
        Window().show(np.zeros((4, 5, 3)))
    assert str(caught.value) == (
        "frame is a float64 array of shape (4, 5, 3), expected (height, width, 3) uint8; pass what "
        "`render` of an environment made with render_mode='rgb_array' returns"
    )


@pytest.mark.parametrize("fps", [-1.0, float("nan")])
def test_a_bad_frame_rate_is_refused(fps):
    with pytest.raises(ConfigError) as caught:
        Window(fps=fps)
    assert str(caught.value) == f"fps is {fps}, allowed is 0 (no limit) or more"
