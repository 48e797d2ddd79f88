"""A named camera of a model as a pinhole: rays through pixels, and points to pixels."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from ..errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class View:
    """A camera that no model needs to have.

    Attributes:
        target: (x, y, z) what it looks at, in world [m].
        distance: from there [m].
        azimuth: heading of the view in world, from +x to +y [deg].
        elevation: of the view, negative downwards [deg].
    """

    target: tuple[float, float, float]
    distance: float
    azimuth: float
    elevation: float

    @property
    def camera(self) -> mujoco.MjvCamera:
        """As MuJoCo has it; its field of view is the model's."""
        camera = mujoco.MjvCamera()
        camera.type = int(mujoco.mjtCamera.mjCAMERA_FREE)
        camera.lookat[:] = self.target
        camera.distance = self.distance
        camera.azimuth, camera.elevation = self.azimuth, self.elevation
        return camera

    @property
    def axes(self) -> np.ndarray:
        """(3, 3) camera to world; the columns are the camera's x, y and z in world."""
        heading, tilt = np.deg2rad([self.azimuth, self.elevation])
        back = -np.array(
            [np.cos(tilt) * np.cos(heading), np.cos(tilt) * np.sin(heading), np.sin(tilt)]
        )
        right = np.array([np.sin(heading), -np.cos(heading), 0.0])
        return np.stack([right, np.cross(back, right), back], axis=1)


VIEWS = {"close": View(target=(0.47, 0.0, 0.09), distance=0.86, azimuth=160.0, elevation=-31.0)}
"""Cameras beside the model's own; one of the same name in the model wins."""


def find_camera(model: mujoco.MjModel, name: str) -> int | View:
    """The id of a camera of the model, or one of `VIEWS`.

    Raises:
        ConfigError: there is no camera of this name.
    """
    if isinstance(name, str):  # MuJoCo crashes on None
        camera = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_CAMERA, name)
        if camera >= 0:
            return camera
        if name in VIEWS:
            return VIEWS[name]
    known = [model.camera(i).name for i in range(model.ncam)]
    raise ConfigError(
        f"camera is {name!r}, the model has {known}; pass one of these names, or one of "
        f"{list(VIEWS)}"
    )


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
        if isinstance(camera, View):
            axes, vertical = camera.axes, model.vis.global_.fovy  # [deg]
            position = np.array(camera.target) + camera.distance * axes[:, 2]
        else:
            axes, vertical = data.cam_xmat[camera].reshape(3, 3).copy(), model.cam_fovy[camera]
            position = data.cam_xpos[camera].copy()
        focal = size[0] / 2 / np.tan(np.deg2rad(vertical) / 2)
        return cls(position=position, axes=axes, height=size[0], width=size[1], focal=float(focal))

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
