"""Colour of what a ray meets: Lambert and Blinn-Phong shading with hard shadows."""

from __future__ import annotations

import mujoco
import numpy as np

from .materials import Light, Surfaces, lights, sky_profile
from .rays import cast_rays

_SHADOW_SLACK = 2e-3
"""A point is lit if the light's ray stops this close to it [m]."""


class Shader:
    """Traces rays in one state of a model."""

    def __init__(self, model: mujoco.MjModel, data: mujoco.MjData) -> None:
        self._model = model
        self._data = data
        self._surfaces = Surfaces.of(model)
        self._lights = lights(model, data)
        self._sky = sky_profile(model).astype(np.float32)

    def trace(self, origin: np.ndarray, rays: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(N, 3) colours in [0, 1] and (N,) geoms, -1 for the sky, of what rays meet.

        Args:
            origin: (3,) where all rays start, in world [m].
            rays: (N, 3) unit directions in world.
        """
        geoms, distance, normals = cast_rays(self._model, self._data, origin, rays)
        colours = self._sky_colour(rays)
        hit = np.flatnonzero(geoms >= 0)
        if len(hit):
            points = origin + rays[hit] * distance[hit, None]
            colours[hit] = self._shade(points, rays[hit], normals[hit], geoms[hit])
        return np.clip(colours, 0.0, 1.0), geoms

    def _sky_colour(self, rays: np.ndarray) -> np.ndarray:
        steps = len(self._sky) - 1
        return self._sky[np.clip((rays[:, 2] + 1) / 2 * steps + 0.5, 0, steps).astype(int)]

    def _shade(
        self, points: np.ndarray, rays: np.ndarray, normals: np.ndarray, geoms: np.ndarray
    ) -> np.ndarray:
        """(N, 3) float32 colours of the points [m] that rays met."""
        surfaces = self._surfaces
        rays, normals = rays.astype(np.float32), normals.astype(np.float32)
        facing = -_dot(normals, rays)
        normals *= np.where(facing < 0, np.float32(-1), np.float32(1))[:, None]
        head = self._model.vis.headlight
        ambient, diffuse = (np.asarray(c, dtype=np.float32) for c in (head.ambient, head.diffuse))
        lit = ambient + np.abs(facing)[:, None] * diffuse
        lit += surfaces.emission[geoms, None].astype(np.float32)
        shine = np.zeros_like(lit)
        for light in self._lights:
            from_light, share = self._lit_share(light, points, normals)
            lit += share[:, None] * light.diffuse.astype(np.float32)
            if light.specular.any():
                at = np.flatnonzero(share > 0)
                power = 128 * np.maximum(surfaces.shininess[geoms[at]], 0.05)
                glint = _glint(from_light[at], rays[at], normals[at], power)
                shine[at] += glint[:, None] * light.specular.astype(np.float32)
        shine *= surfaces.specular[geoms, None].astype(np.float32)
        return surfaces.colour[geoms].astype(np.float32) * lit + shine

    def _lit_share(
        self, light: Light, points: np.ndarray, normals: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """(N, 3) directions from the light, and (N,) shares of its light, 0 in shadow."""
        from_light = points - light.position
        distance = np.sqrt(_dot(from_light, from_light))
        from_light /= distance[:, None]
        directions = from_light.astype(np.float32)
        share = np.maximum(-_dot(normals, directions), np.float32(0))
        share *= light.strength(directions, distance).astype(np.float32)
        if light.casts_shadow:
            # All rays start at the light: one call follows them all.
            towards = np.flatnonzero(share > 0)
            _, reach, _ = cast_rays(self._model, self._data, light.position, from_light[towards])
            share[towards[reach < distance[towards] - _SHADOW_SLACK]] = 0.0
        return directions, share


def _dot(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """(N,) scalar products of (N, 3) vectors."""
    return np.einsum("ni,ni->n", left, right)


def _glint(
    from_light: np.ndarray, rays: np.ndarray, normals: np.ndarray, power: np.ndarray
) -> np.ndarray:
    """(N,) Blinn and Phong's highlight: the cosine of normal and half vector, to a power."""
    half = -(from_light + rays)
    cosine = _dot(normals, half) / np.sqrt(np.maximum(_dot(half, half), np.float32(1e-12)))
    return np.maximum(cosine, np.float32(0)) ** power.astype(np.float32)
