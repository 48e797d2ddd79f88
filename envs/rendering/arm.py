"""The arm's world as a picture, with OpenGL where there is one and by casting rays where not."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import mujoco
import numpy as np

from ..entities import MAX_ENTITIES
from ..errors import ConfigError
from ..number_checks import is_whole
from . import canvas
from .arm_gl import GLRenderer, NoOpenGLError
from .arm_markers import PLAN_HEIGHT, arm_markers
from .gl import opengl_hint
from .markers import Overlay, check_path
from .raycast import RaycastRenderer
from .things import Things

_BACKENDS = ("auto", "opengl", "raycast")


class ArmRenderer:
    """Draws the arm's world from a named camera of its model.

    A context manager; `close` may be called any number of times. When `draw` is given data of
    another model, the renderer moves to that model.

    Args:
        model: the model to draw first.
        size: (height, width) of the pictures [pixels].
        camera: "front", "top" or any other camera of the model, or "close".
        backend: "opengl", "raycast", or "auto": OpenGL if there is one, else rays with one warning.

    Raises:
        ConfigError: on an unknown camera or backend, or another size.
        NoOpenGLError: backend is "opengl" and there is none.
    """

    def __init__(
        self,
        model: mujoco.MjModel,
        *,
        size: tuple[int, int] = (480, 640),
        camera: str = "front",
        backend: str = "auto",
    ) -> None:
        check_view(size, backend)
        self.size = size
        self.camera = camera
        self._wanted = backend
        self._renderer: GLRenderer | RaycastRenderer | None = None
        self._energy: np.ndarray | None = None
        self._use(model)

    @property
    def backend(self) -> str:
        """What draws: "opengl", "raycast", or "closed"."""
        if self._renderer is None:
            return "closed"
        return self._renderer.backend

    def draw(
        self,
        data: mujoco.MjData,
        overlay: Overlay | None = None,
        *,
        object_rows: Sequence[int] | np.ndarray | None = None,
        tray_rows: Sequence[int] | np.ndarray = (),
        fingertip_trail: np.ndarray | None = None,
        plan_height: float = PLAN_HEIGHT,
        planned: Mapping[int, np.ndarray] | None = None,
        piece: int | None = None,
        energy: np.ndarray | None = None,
    ) -> np.ndarray:
        """A (height, width, 3) uint8 picture of `data` with the overlay's marks and text.

        Args:
            data: the state, of this or another model, with its kinematics up to date.
            overlay: marks and text.
            object_rows: (n,) the row of the overlay's masks for object_0, object_1, …; without it,
                object_i has row i + 1 (row 0 is the cursor).
            tray_rows: (m,) the same for tray_0, tray_1, …; without it, trays are not marked.
            fingertip_trail: (T, 3) past fingertip positions in world, oldest first [m]; without it
                the overlay's trail is drawn on the table.
            plan_height: height above the table to draw the overlay's plan at [m].
            planned: planned poses (7,) in world of object_i, drawn as its ghost there.
            piece: i where object_i is the cursor.
            energy: (R, R) energies over the plane, painted onto the mat; see `floor`.

        Raises:
            ShapeError, NonFiniteError: on a bad `fingertip_trail` or `energy`.
            ConfigError: `object_rows` does not name one row an object, or on an unknown object.
        """
        overlay = overlay or Overlay()
        if fingertip_trail is not None:
            check_path(fingertip_trail, "fingertip_trail", 3)
        renderer = self._renderer
        if renderer is None or renderer.model is not data.model:
            renderer = self._use(data.model)
        self._paint(renderer, energy)
        rows = self._check_rows(object_rows, tray_rows)
        things = self._things
        shown = len(rows)
        markers = arm_markers(
            overlay,
            positions=things.positions(data)[:shown],
            radii=things.radii[:shown],
            attended=overlay.attended_mask[rows],
            identified=overlay.identified_mask[rows],
            fingertip_trail=fingertip_trail,
            plan_height=plan_height,
            ghosts=[things.ghost(data, *item) for item in (planned or {}).items()],
            piece=None if piece is None else things.piece(data, piece),
        )
        return _captioned(renderer.draw(data, markers), overlay)

    def close(self) -> None:
        """Free what drawing took; a later `draw` takes it again."""
        if self._renderer is not None:
            self._renderer.close()
        self._renderer = None

    def __enter__(self) -> ArmRenderer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_renderer", None) is not None:
            self.close()

    def _use(self, model: mujoco.MjModel) -> GLRenderer | RaycastRenderer:
        """Draw this model from now on."""
        renderer = self._renderer
        self._things = Things.of(model)
        self._energy = None
        if renderer is not None and renderer.move(model):
            return renderer
        self.close()
        self._renderer = self._make_renderer(model)
        return self._renderer

    def _paint(self, renderer: GLRenderer | RaycastRenderer, energy: np.ndarray | None) -> None:
        """Paint the energy if it is another than the last one."""
        if energy is not self._energy:
            renderer.paint(energy)
            self._energy = energy

    def _make_renderer(self, model: mujoco.MjModel) -> GLRenderer | RaycastRenderer:
        if self._wanted == "opengl" or (self._wanted == "auto" and _opengl_may_work()):
            try:
                return GLRenderer(model, size=self.size, camera=self.camera)
            except NoOpenGLError as error:
                if self._wanted == "opengl":
                    raise NoOpenGLError(f"{error}. {opengl_hint()}") from error
                _remember_failure(error)
        return RaycastRenderer(model, size=self.size, camera=self.camera)

    def _check_rows(
        self,
        object_rows: Sequence[int] | np.ndarray | None,
        tray_rows: Sequence[int] | np.ndarray,
    ) -> np.ndarray:
        """(n + m,) rows of the objects and of the trays that are marked."""
        objects, trays = len(self._things.objects), len(self._things.trays)
        if object_rows is None:
            object_rows = np.arange(1, objects + 1)
        of_trays = trays if len(tray_rows) else 0
        return np.concatenate(
            [
                _rows(object_rows, "object_rows", objects, "objects"),
                _rows(tray_rows, "tray_rows", of_trays, "trays"),
            ]
        )


def check_view(size: Any, backend: Any) -> None:
    """Refuse what no picture can be drawn with.

    Raises:
        ConfigError: on an unknown backend, or unless the size is a (height, width) of whole numbers
            of at least 1.
    """
    if backend not in _BACKENDS:
        raise ConfigError(f"backend is {backend!r}, allowed are {list(_BACKENDS)}")
    sides = list(size) if np.iterable(size) else []
    if len(sides) != 2 or not all(is_whole(side) and side >= 1 for side in sides):
        raise ConfigError(
            f"frame_size={size!r} must be two whole numbers of at least 1, height and width "
            "[pixels]; (480, 640) is usual"
        )


def _rows(rows: Sequence[int] | np.ndarray, name: str, count: int, what: str) -> np.ndarray:
    found = np.asarray(rows, dtype=int)
    if found.shape != (count,) or ((found < 0) | (found >= MAX_ENTITIES)).any():
        raise ConfigError(
            f"{name} is {found.tolist()}, the model has {count} {what}; "
            f"pass one row in [0, {MAX_ENTITIES - 1}] for each"
        )
    return found


def _captioned(frame: np.ndarray, overlay: Overlay) -> np.ndarray:
    if not overlay.title and not overlay.status:
        return frame
    surface = canvas.to_surface(frame)
    canvas.draw_caption(surface, overlay.title, overlay.status)
    return canvas.to_array(surface)


_failures: list[NoOpenGLError] = []
"""Why OpenGL could not be had in this process: at most one entry."""


def _opengl_may_work() -> bool:
    return not _failures


def _remember_failure(error: NoOpenGLError) -> None:
    """Warn, and try no more: another attempt would fail alike, slowly."""
    _failures.append(error)
    warnings.warn(
        f"{error}; drawing the arm by casting rays instead. {opengl_hint()}",
        RuntimeWarning,
        stacklevel=2,
    )
