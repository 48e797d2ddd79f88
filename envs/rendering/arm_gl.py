"""The arm's world drawn with OpenGL."""

from __future__ import annotations

from collections.abc import Sequence

import mujoco
import numpy as np

from . import canvas
from .camera import Pinhole, View, find_camera
from .floor import find_mat, mat_picture
from .gl import choose_opengl_backend
from .marker_drawing import draw_markers
from .marker_kinds import Marker
from .offscreen import Offscreen

_SHADOW_MAP = 2048
"""Side of the shadow map [pixels]; MuJoCo's default of 4096 costs most of a software frame."""
_SHADOW_REACH = 0.8
"""Half of what the shadow map covers, as a share of the model's extent; less is finer."""
_MOST_GEOMS = 2000
_EVERYTHING = int(mujoco.mjtCatBit.mjCAT_ALL)


class NoOpenGLError(RuntimeError):
    """No OpenGL context can be made on this machine."""


class GLRenderer:
    """Draws a model from one of its cameras with OpenGL.

    Args:
        model: the model. Its off-screen buffer and shadow map are sized for these pictures.
        size: (height, width) of the pictures [pixels].
        camera: name of a camera of the model, or one of `camera.VIEWS`.

    Raises:
        NoOpenGLError: there is no OpenGL; the message says what was tried.
        ConfigError: on an unknown camera.
    """

    backend = "opengl"

    def __init__(
        self, model: mujoco.MjModel, *, size: tuple[int, int] = (480, 640), camera: str = "front"
    ) -> None:
        self.size = size
        self.camera = camera
        self._offscreen: Offscreen | None = None
        self._use(model)
        backend = choose_opengl_backend()
        try:
            self._offscreen = Offscreen(model, size)
        except Exception as error:  # each backend and driver fails with a type of its own
            raise NoOpenGLError(f"no OpenGL with MUJOCO_GL={backend!r}: {error}") from error

    def move(self, model: mujoco.MjModel) -> bool:
        """Draw another model from now on, unpainted, if it has the same textures and meshes.

        That is far cheaper than another OpenGL context.

        Returns:
            False if it has others; then nothing has changed.
        """
        self._fit(model)
        if self._offscreen is None or not self._offscreen.suits(model):
            return False
        self.paint(None)
        self._use(model)
        return True

    def paint(self, energy: np.ndarray | None) -> None:
        """Paint (R, R) energies over the plane onto the mat, see `floor`; None clears it.

        Raises:
            ConfigError, ShapeError, NonFiniteError: there is no mat, or on a bad grid.
        """
        if self._offscreen is None or (energy is None and self._painted < 0):
            return
        if energy is None:
            self._offscreen.paint(self._painted, None)
            self._painted = -1
            return
        picture = mat_picture(self.model, energy)
        self._painted = int(self.model.geom_matid[find_mat(self.model)])
        self._offscreen.paint(self._painted, (255 * picture + 0.5).astype(np.uint8))

    def draw(self, data: mujoco.MjData, markers: Sequence[Marker] = ()) -> np.ndarray:
        """A (height, width, 3) uint8 picture of `data` with the markers over it."""
        if self._offscreen is None:
            raise NoOpenGLError("the renderer is closed; make another")
        mujoco.mjv_updateScene(
            self.model, data, self._option, None, self._view, _EVERYTHING, self._scene
        )
        frame = self._offscreen.render(self._scene)
        if not markers:
            return frame
        surface = canvas.to_surface(frame)
        pinhole = Pinhole.of(self.model, data, name=self.camera, size=self.size)
        draw_markers(surface, markers, pinhole=pinhole, model=self.model, data=data)
        return canvas.to_array(surface)

    def close(self) -> None:
        """Free the OpenGL context."""
        if self._offscreen is not None:
            self._offscreen.close()
        self._offscreen = None

    def _use(self, model: mujoco.MjModel) -> None:
        found = find_camera(model, self.camera)
        self._view = found.camera if isinstance(found, View) else _fixed_camera(found)
        self._fit(model)
        self.model = model
        self._option = mujoco.MjvOption()
        self._scene = mujoco.MjvScene(model, _MOST_GEOMS)
        # A mirrored second pass over everything, for a floor that hardly reflects.
        self._scene.flags[int(mujoco.mjtRndFlag.mjRND_REFLECTION)] = 0
        self._painted = -1

    def _fit(self, model: mujoco.MjModel) -> None:
        """Size the model's off-screen buffer and shadow map for these pictures."""
        view, (height, width) = model.vis.global_, self.size
        view.offheight, view.offwidth = max(view.offheight, height), max(view.offwidth, width)
        model.vis.map.shadowclip = min(model.vis.map.shadowclip, _SHADOW_REACH)
        model.vis.quality.shadowsize = min(model.vis.quality.shadowsize, _SHADOW_MAP)


def _fixed_camera(camera: int) -> mujoco.MjvCamera:
    view = mujoco.MjvCamera()
    view.type, view.fixedcamid = int(mujoco.mjtCamera.mjCAMERA_FIXED), camera
    return view
