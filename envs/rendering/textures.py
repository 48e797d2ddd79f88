"""Textured planes of a MuJoCo model (a chequered floor), for a renderer that is not OpenGL."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from .camera import Pinhole

_PLANE = int(mujoco.mjtGeom.mjGEOM_PLANE)
_RGB_ROLE = int(mujoco.mjtTextureRole.mjTEXROLE_RGB)


@dataclass(frozen=True, kw_only=True)
class PlaneTexture:
    """The picture on a plane geom.

    Attributes:
        geom: its id.
        levels: (h, w, 3) float32 pictures in [0, 1], each half the size of the one before.
        repeat: (2,) how often the picture repeats per metre along the plane's x and y.
    """

    geom: int
    levels: tuple[np.ndarray, ...]
    repeat: np.ndarray

    def colours(self, data: mujoco.MjData, pinhole: Pinhole, pixels: np.ndarray) -> np.ndarray:
        """(N, 3) colours of the plane in (N, 2) pixels (column, row) that show it.

        A pixel takes its colour from the level whose texels are about as large as itself, seen on
        the plane, so that a far chequerboard turns grey instead of flickering.
        """
        axes = data.geom_xmat[self.geom].reshape(3, 3)
        normal = axes[:, 2]
        rays = pinhole.rays(pixels[:, 0] + 0.5, pixels[:, 1] + 0.5)
        slope = rays @ normal
        slope = np.where(np.abs(slope) < 1e-6, -1e-6, slope)
        centre = data.geom_xpos[self.geom]
        distance = np.abs((centre - pinhole.position) @ normal / slope)
        local = (pinhole.position - centre + rays * distance[:, None]) @ axes[:, :2]
        turns = (local * self.repeat + 0.5) % 1.0
        span = distance / pinhole.focal / np.abs(slope)  # of a pixel on the plane [m]
        texels = span * self.repeat.max() * max(self.levels[0].shape[:2])
        chosen = np.clip(np.log2(np.maximum(texels, 1.0)).round(), 0, len(self.levels) - 1)
        colours = np.empty((len(pixels), 3), dtype=np.float32)
        for level in np.unique(chosen).astype(int):
            at = chosen == level
            colours[at] = _look_up(self.levels[level], turns[at])
        return colours


def plane_textures(model: mujoco.MjModel) -> list[PlaneTexture]:
    """The plane geoms with a 2-D colour texture."""
    found = []
    for geom in np.flatnonzero(np.equal(model.geom_type, _PLANE)):
        material = int(model.geom_matid[geom])
        texture = int(model.mat_texid[material, _RGB_ROLE]) if material >= 0 else -1
        if texture < 0:
            continue
        repeat = model.mat_texrepeat[material].astype(float)
        size = 2 * model.geom_size[geom, :2]
        if not model.mat_texuniform[material] and (size > 0).all():
            repeat = repeat / size
        levels = tuple(_levels(texture_image(model, texture)))
        found.append(PlaneTexture(geom=int(geom), levels=levels, repeat=repeat))
    return found


def painted(model: mujoco.MjModel, geom: int, picture: np.ndarray) -> PlaneTexture:
    """A picture (h, w, 3) in [0, 1] that spans a geom once, rows along its y, columns along its x.

    The geom is a box that is thin enough to be taken for a plane.
    """
    repeat = 0.5 / model.geom_size[geom, :2]
    return PlaneTexture(geom=geom, levels=tuple(_levels(picture)), repeat=repeat)


def texture_image(model: mujoco.MjModel, texture: int) -> np.ndarray:
    """(height, width, 3) float32 in [0, 1], grey textures spread over the channels."""
    height, width = int(model.tex_height[texture]), int(model.tex_width[texture])
    channels = int(model.tex_nchannel[texture])
    start = int(model.tex_adr[texture])
    pixels = model.tex_data[start : start + height * width * channels]
    image = pixels.reshape(height, width, channels).astype(np.float32) / 255
    return image[..., :3] if channels >= 3 else image[..., :1].repeat(3, axis=2)


def _levels(image: np.ndarray) -> list[np.ndarray]:
    """The image and its halvings, down to one texel along the shorter side."""
    levels = [image]
    while min(levels[-1].shape[:2]) > 1:
        last = levels[-1]
        height, width = (n // 2 * 2 for n in last.shape[:2])
        parts = last[:height, :width].reshape(height // 2, 2, width // 2, 2, 3)
        levels.append(parts.mean(axis=(1, 3)))
    return levels


def _look_up(image: np.ndarray, turns: np.ndarray) -> np.ndarray:
    """(N, 3) colours at (N, 2) positions in [0, 1), interpolated; the image repeats."""
    height, width = image.shape[:2]
    x, y = turns[:, 0] * width - 0.5, turns[:, 1] * height - 0.5
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    right_share = (x - left)[:, None].astype(np.float32)
    low_share = (y - top)[:, None].astype(np.float32)
    upper, lower = (
        image[row % height, left % width] * (1 - right_share)
        + image[row % height, (left + 1) % width] * right_share
        for row in (top, top + 1)
    )
    return upper * (1 - low_share) + lower * low_share
