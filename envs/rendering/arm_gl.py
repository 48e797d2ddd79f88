"""The arm's world drawn with OpenGL through `mujoco.Renderer`."""

from __future__ import annotations

from collections.abc import Sequence

import mujoco
import numpy as np

from . import canvas
from .arm_markers import Marker
from .camera import Pinhole, find_camera
from .gl import choose_opengl_backend
from .marker_drawing import draw_markers

_SHADOW_MAP = 2048
"""Side of the shadow map [pixels]; MuJoCo's default of 4096 costs most of a software frame."""


class NoOpenGLError(RuntimeError):
    """No OpenGL context can be made on this machine."""


class GLRenderer:
    """Draws a model from one of its cameras with OpenGL.

    Args:
        model: the model. Its off-screen buffer and shadow map are sized for these pictures.
        size: (height, width) of the pictures [pixels].
        camera: name of a camera of the model.

    Raises:
        NoOpenGLError: there is no OpenGL; the message says what was tried.
        ConfigError: on an unknown camera.
    """

    backend = "opengl"

    def __init__(
        self, model: mujoco.MjModel, *, size: tuple[int, int] = (480, 640), camera: str = "front"
    ) -> None:
        find_camera(model, camera)
        self.model = model
        self.size = size
        self.camera = camera
        height, width = size
        backend = choose_opengl_backend()
        view = model.vis.global_
        view.offheight, view.offwidth = max(view.offheight, height), max(view.offwidth, width)
        model.vis.quality.shadowsize = min(model.vis.quality.shadowsize, _SHADOW_MAP)
        try:
            self._renderer = mujoco.Renderer(model, height, width)
        except Exception as error:  # each backend and driver fails with a type of its own
            raise NoOpenGLError(f"no OpenGL with MUJOCO_GL={backend!r}: {error}") from error
        # A mirrored second pass over everything, for a floor that hardly reflects.
        self._renderer.scene.flags[mujoco.mjtRndFlag.mjRND_REFLECTION] = 0

    def draw(self, data: mujoco.MjData, markers: Sequence[Marker] = ()) -> np.ndarray:
        """A (height, width, 3) uint8 picture of `data` with the markers over it."""
        self._renderer.update_scene(data, camera=self.camera)
        frame = self._renderer.render()
        if not markers:
            return frame
        surface = canvas.to_surface(frame)
        pinhole = Pinhole.of(self.model, data, name=self.camera, size=self.size)
        draw_markers(surface, markers, pinhole=pinhole, model=self.model, data=data)
        return canvas.to_array(surface)

    def close(self) -> None:
        """Free the OpenGL context."""
        self._renderer.close()
