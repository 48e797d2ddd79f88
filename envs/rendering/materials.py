"""Colours and lights of a MuJoCo model, for a renderer that is not OpenGL."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from .textures import texture_image

_SKYBOX = int(mujoco.mjtTexture.mjTEXTURE_SKYBOX)
_DEFAULT_SKY = np.array([[0.56, 0.64, 0.74], [0.88, 0.91, 0.94]])
_DISTANCE_OF_DIRECTIONAL_LIGHT = 20.0
"""Far enough for near parallel rays, near enough for exact ones [m]."""


@dataclass(frozen=True, kw_only=True)
class Light:
    """A light at a position in world [m] with a diffuse and a specular colour, each (3,)."""

    position: np.ndarray
    diffuse: np.ndarray
    specular: np.ndarray
    casts_shadow: bool


def lights(model: mujoco.MjModel, data: mujoco.MjData) -> list[Light]:
    """The model's active lights; one from the upper right if it has none."""
    found = []
    for i in np.flatnonzero(model.light_active):
        position = data.light_xpos[i].copy()
        if int(model.light_type[i]) == int(mujoco.mjtLightType.mjLIGHT_DIRECTIONAL):
            position = model.stat.center - _DISTANCE_OF_DIRECTIONAL_LIGHT * data.light_xdir[i]
        found.append(
            Light(
                position=position,
                diffuse=model.light_diffuse[i].copy(),
                specular=model.light_specular[i].copy(),
                casts_shadow=bool(model.light_castshadow[i]),
            )
        )
    if not found:
        white = np.full(3, 0.6)
        position = model.stat.center + model.stat.extent * np.array([1.0, -1.0, 2.0])
        found = [Light(position=position, diffuse=white, specular=0.3 * white, casts_shadow=True)]
    return found


def sky_gradient(model: mujoco.MjModel) -> np.ndarray:
    """(2, 3) colours of the sky at the zenith and at the horizon."""
    for i in np.flatnonzero(np.equal(model.tex_type, _SKYBOX)):
        image = texture_image(model, int(i))
        # A sky is a column of six square faces: right, left, up, down, front, back. The gradient's
        # middle, the horizon, is half-way down a side.
        side = image.shape[0] // 6 if image.shape[0] >= 6 * image.shape[1] else image.shape[0]
        horizon = image[side // 2, image.shape[1] // 2]
        zenith = image[2 * side + side // 2 if image.shape[0] > side else 0, image.shape[1] // 2]
        return np.stack([zenith, horizon])
    return _DEFAULT_SKY


@dataclass(frozen=True, kw_only=True)
class Surfaces:
    """What the geoms are made of; every array has one row a geom.

    Attributes:
        colour: (ngeom, 3).
        emission, specular, shininess: (ngeom,) as MuJoCo has them.
    """

    colour: np.ndarray
    emission: np.ndarray
    specular: np.ndarray
    shininess: np.ndarray

    @classmethod
    def of(cls, model: mujoco.MjModel) -> Surfaces:
        """The model's surfaces as they are now."""
        material = model.geom_matid
        has = material >= 0
        index = np.where(has, material, 0)
        if not model.nmat:
            has, index = np.zeros(model.ngeom, dtype=bool), np.zeros(0, dtype=int)
        values = {
            name: _per_geom(getattr(model, f"mat_{name}"), index, has, default)
            for name, default in (("emission", 0.0), ("specular", 0.5), ("shininess", 0.5))
        }
        colour = model.geom_rgba[:, :3].astype(float)
        # A geom's own colour, where it has been set, wins over its material's.
        plain = has & np.all(np.isclose(model.geom_rgba, [0.5, 0.5, 0.5, 1.0]), axis=1)
        if model.nmat:
            colour[plain] = model.mat_rgba[material[plain], :3]
        return cls(colour=colour, **values)


def _per_geom(values: np.ndarray, index: np.ndarray, has: np.ndarray, default: float) -> np.ndarray:
    if not len(index):
        return np.full(len(has), default)
    return np.where(has, values[index], default)
