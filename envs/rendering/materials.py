"""Colours and lights of a MuJoCo model, for a renderer that is not OpenGL."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from .textures import texture_image

_SKYBOX = int(mujoco.mjtTexture.mjTEXTURE_SKYBOX)
_SPOT = int(mujoco.mjtLightType.mjLIGHT_SPOT)
_DIRECTIONAL = int(mujoco.mjtLightType.mjLIGHT_DIRECTIONAL)
_DEFAULT_SKY = np.array([[0.78, 0.80, 0.82], [0.88, 0.91, 0.94], [0.56, 0.64, 0.74]])
"""Nadir, horizon and zenith where the model has no sky."""
_SKY_STEPS = 513
_DISTANCE_OF_DIRECTIONAL_LIGHT = 20.0
"""Far enough for near parallel rays, near enough for exact ones [m]."""


@dataclass(frozen=True, kw_only=True)
class Light:
    """A light, with what OpenGL's fixed lights have.

    Attributes:
        position: (3,) in world [m].
        direction: (3,) unit vector in world along which a spot shines.
        diffuse, specular: (3,) colours.
        casts_shadow: whether geoms stop it.
        attenuation: (3,) its strength falls as 1 / (a0 + a1 d + a2 d²) with the distance d [m].
        cutoff: half angle of a spot's cone [rad], π for no spot.
        exponent: a spot's strength falls as this power of the cosine to its axis.
    """

    position: np.ndarray
    direction: np.ndarray
    diffuse: np.ndarray
    specular: np.ndarray
    casts_shadow: bool
    attenuation: np.ndarray
    cutoff: float = np.pi
    exponent: float = 0.0

    def strength(self, directions: np.ndarray, distance: np.ndarray) -> np.ndarray:
        """(N,) strength at points in (N, 3) unit directions and (N,) distances [m] from it."""
        constant, linear, square = self.attenuation
        strength = 1.0 / (constant + linear * distance + square * distance**2)
        if self.cutoff < np.pi:
            cosine = directions @ self.direction
            inside = cosine >= np.cos(self.cutoff)
            strength = strength * np.where(inside, np.maximum(cosine, 0.0) ** self.exponent, 0.0)
        return strength


def lights(model: mujoco.MjModel, data: mujoco.MjData) -> list[Light]:
    """The model's active lights; one from the upper right if it has none."""
    found = [_light(model, data, int(i)) for i in np.flatnonzero(model.light_active)]
    if found:
        return found
    towards = np.array([1.0, -1.0, 2.0])
    white = np.full(3, 0.6)
    return [
        Light(
            position=model.stat.center + model.stat.extent * towards,
            direction=-towards / np.linalg.norm(towards),
            diffuse=white,
            specular=0.3 * white,
            casts_shadow=True,
            attenuation=np.array([1.0, 0.0, 0.0]),
        )
    ]


def _light(model: mujoco.MjModel, data: mujoco.MjData, light: int) -> Light:
    kind = int(model.light_type[light])
    direction = data.light_xdir[light].copy()
    position, attenuation = data.light_xpos[light].copy(), model.light_attenuation[light].copy()
    if kind == _DIRECTIONAL:
        position = model.stat.center - _DISTANCE_OF_DIRECTIONAL_LIGHT * direction
        attenuation = np.array([1.0, 0.0, 0.0])
    return Light(
        position=position,
        direction=direction,
        diffuse=model.light_diffuse[light].copy(),
        specular=model.light_specular[light].copy(),
        casts_shadow=bool(model.light_castshadow[light]),
        attenuation=attenuation,
        cutoff=float(np.deg2rad(model.light_cutoff[light])) if kind == _SPOT else np.pi,
        exponent=float(model.light_exponent[light]),
    )


def sky_profile(model: mujoco.MjModel) -> np.ndarray:
    """(n, 3) colours of the sky in directions whose z goes evenly from -1 (down) to 1 (up).

    A sky is taken to look the same all around, as MuJoCo's gradients do.
    """
    z = np.linspace(-1.0, 1.0, _SKY_STEPS)
    for texture in np.flatnonzero(np.equal(model.tex_type, _SKYBOX)):
        image = texture_image(model, int(texture))
        if image.shape[0] == 6 * image.shape[1]:
            return _cube_profile(image, z)
    known = [-1.0, 0.0, 1.0]
    return np.stack([np.interp(z, known, channel) for channel in _DEFAULT_SKY.T], axis=1)


def _cube_profile(image: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Colours of a cube of six square faces, one below the other, towards a side's middle column.

    The faces are right, left, up, down, front, back.
    """
    side = image.shape[1]
    slope = z / np.sqrt(np.maximum(1.0 - z**2, 1e-12))  # of the direction over the ground
    on_side = np.abs(slope) <= 1.0
    face = np.where(on_side, 0, np.where(slope > 0, 2, 3))
    # On the upper and lower face the middle of the picture is straight up and down.
    across = np.where(on_side, -slope, 1.0 / np.where(on_side, 1.0, slope))
    row = np.clip(((1.0 + across) / 2 * side).astype(int), 0, side - 1)
    return image[face * side + row, side // 2]


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
