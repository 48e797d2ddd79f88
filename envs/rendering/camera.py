"""A named camera of a model as a pinhole: rays through pixels, and points to pixels."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from ..errors import ConfigError


def find_camera(model: mujoco.MjModel, name: str) -> int:
    """The camera's id.

    Raises:
        ConfigError: the model has no camera of this name.
    """
    camera = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_CAMERA, name)
    if camera < 0:
        known = [model.camera(i).name for i in range(model.ncam)]
        raise ConfigError(f"camera is {name!r}, the model has {known}; pass one of these names")
    return camera


@dataclass(frozen=True, kw_only=True)
class Pinhole:
    """A camera that looks along its -z axis, with x to the right and y up.

    Attributes:
        position: (3,) in world [m].
        axes: (3, 3) camera to world; the columns are the camera's x, y and z in world.
        height, width: of the picture [pixels].
        focal: focal length [pixels].
    """

    position: np.ndarray
    axes: np.ndarray
    height: int
    width: int
    focal: float

    @classmethod
    def of(
        cls, model: mujoco.MjModel, data: mujoco.MjData, *, name: str, size: tuple[int, int]
    ) -> Pinhole:
        """The named camera as it stands in `data`, for a picture of size (height, width)."""
        camera = find_camera(model, name)
        half_view = np.deg2rad(model.cam_fovy[camera]) / 2  # vertical [rad]
        return cls(
            position=data.cam_xpos[camera].copy(),
            axes=data.cam_xmat[camera].reshape(3, 3).copy(),
            height=size[0],
            width=size[1],
            focal=float(size[0] / 2 / np.tan(half_view)),
        )

    def rays(self, columns: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """(N, 3) unit directions in world through (N,) pixel positions; centres are at .5."""
        x = (columns - self.width / 2) / self.focal
        y = (self.height / 2 - rows) / self.focal
        length = np.sqrt(x * x + y * y + 1.0)[:, None]
        right, up, back = self.axes.T
        return (x[:, None] * right + y[:, None] * up - back) / length

    def project(self, points_in_world: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Map (N, 3) points [m] to (N, 2) pixels (column, row) and (N,) depths along the view [m].

        Points behind the camera have a depth ≤ 0 and a meaningless pixel.
        """
        in_camera = (np.asarray(points_in_world) - self.position) @ self.axes
        depth = -in_camera[:, 2]
        scale = self.focal / np.where(depth > 1e-9, depth, 1e-9)
        columns = self.width / 2 + in_camera[:, 0] * scale
        rows = self.height / 2 - in_camera[:, 1] * scale
        return np.stack([columns, rows], axis=-1), depth
