"""A window that shows frames: `render_mode="human"` of both worlds."""

from __future__ import annotations

import os

import numpy as np
import pygame

from ..errors import ConfigError, ShapeError
from . import canvas


class Window:
    """Opens with the first frame, keeps to a frame rate, and closes when the user closes it.

    After the user has closed it, `show` does nothing, so that a running episode goes on; `close`
    makes it ready to open again. A context manager.

    Args:
        title: what the window's frame says.
        fps: frames per second that `show` slows down to, 0 for as fast as can be.

    Raises:
        ConfigError: on a negative frame rate.
    """

    def __init__(self, *, title: str = "conceptgym", fps: float = 25.0) -> None:
        if not fps >= 0:
            raise ConfigError(f"fps is {fps}, allowed is 0 (no limit) or more")
        self.title = title
        self.fps = fps
        self._screen: pygame.Surface | None = None
        self._clock = pygame.time.Clock()
        self._dismissed = False

    @property
    def is_open(self) -> bool:
        """Whether there is a window now."""
        return self._screen is not None

    def show(self, frame: np.ndarray) -> bool:
        """Show a (height, width, 3) uint8 frame; wait for the next one's time.

        Returns:
            False once the user has closed the window.

        Raises:
            ShapeError: the frame is no (height, width, 3) uint8 array.
        """
        check_frame(frame, "frame")
        if self._dismissed:
            return False
        screen = self._fitting_screen((frame.shape[1], frame.shape[0]))
        screen.blit(canvas.to_surface(frame), (0, 0))
        pygame.display.flip()
        if any(event.type == pygame.QUIT for event in pygame.event.get()):
            self.close()
            self._dismissed = True
            return False
        self._clock.tick(self.fps)
        return True

    def close(self) -> None:
        """Close the window if it is open."""
        self._dismissed = False
        if self._screen is not None:
            self._screen = None
            pygame.display.quit()

    def __enter__(self) -> Window:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _fitting_screen(self, size: tuple[int, int]) -> pygame.Surface:
        """The window's surface, opened or resized to (width, height) [pixels]."""
        # There is one display a process: another window may have resized it, or quit it.
        current = pygame.display.get_surface()
        if self._screen is None or current is None or current.get_size() != size:
            _start_video()
            current = pygame.display.set_mode(size)
            pygame.display.set_caption(self.title)
        self._screen = current
        return current


def _start_video() -> None:
    """Start SDL's video on any driver but "offscreen".

    That one, SDL's choice where there is no display, shuts down the process's EGL display when it
    stops, and with it every OpenGL renderer of MuJoCo. "dummy" shows as little and does no harm.
    """
    pygame.display.init()
    if pygame.display.get_driver() == "offscreen":
        pygame.display.quit()
        os.environ["SDL_VIDEODRIVER"] = "dummy"
        pygame.display.init()


def check_frame(frame: np.ndarray, name: str) -> None:
    """Raise unless `frame` is a (height, width, 3) uint8 array.

    Raises:
        ShapeError: it is not.
    """
    array = np.asarray(frame)
    if array.ndim != 3 or array.shape[2] != 3 or not array.size or array.dtype != np.uint8:
        raise ShapeError(
            f"{name} is a {array.dtype} array of shape {array.shape}, expected (height, width, 3) "
            "uint8; pass what `render` of an environment made with render_mode='rgb_array' returns"
        )
