"""Markers of the arm's world drawn onto a picture that is already there."""

from __future__ import annotations

from collections.abc import Sequence

import mujoco
import numpy as np
import pygame

from . import canvas
from .camera import Pinhole
from .marker_kinds import Ball, Facets, Line, Marker
from .rays import cast_rays

_SCALE = 2
"""Markers are drawn this many times as large and scaled down, which smooths their edges."""
_SLACK = 0.006
"""A marker is hidden by what is nearer to the camera by more than this [m]."""
_HIDDEN_OPACITY = 0.35
"""What is hidden shines through a little: the arm often stands before what it works on."""


def draw_markers(
    surface: pygame.Surface,
    markers: Sequence[Marker],
    *,
    pinhole: Pinhole,
    model: mujoco.MjModel,
    data: mujoco.MjData,
) -> None:
    """Draw markers in place, faint where a geom stands before them.

    Args:
        surface: a picture taken by the pinhole.
        markers: in world [m].
        pinhole: the camera.
        model: the model that the picture shows.
        data: the state that the picture shows.
    """
    if not markers:
        return
    width, height = surface.get_size()
    layer = canvas.clear_layer((_SCALE * width, _SCALE * height))
    probes = [marker.probes for marker in markers]
    stops = np.cumsum([len(points) for points in probes])[:-1]
    together = np.concatenate(probes)
    pixels, depth = pinhole.project(together)
    opacity = _opacity(together, depth, pinhole, model, data)
    scale = _SCALE * pinhole.focal / np.maximum(depth, 1e-3)
    parts = (np.split(values, stops) for values in (_fine(pixels), scale, opacity))
    for marker, at, per_metre, visible in zip(markers, *parts, strict=True):
        if isinstance(marker, Ball):
            if visible[0]:
                colour = _bytes(marker.rgba, visible[0])
                _draw_ball(layer, colour, at[0], round(marker.radius * per_metre[0]))
        elif isinstance(marker, Facets):
            _draw_facets(layer, marker, visible, pinhole)
        else:
            _draw_line(layer, marker, at, per_metre, visible)
    # Colours must be weighted by their opacity to be scaled down, else the edges turn dark.
    small = pygame.transform.smoothscale(layer.premul_alpha(), (width, height))
    surface.blit(small, (0, 0), special_flags=pygame.BLEND_PREMULTIPLIED)


def _fine(pixels: np.ndarray) -> np.ndarray:
    """Pixels of the layer; far ones would overflow pygame's integers."""
    return np.clip(pixels * _SCALE, -1e4, 1e4)


def _opacity(
    points: np.ndarray,
    depth: np.ndarray,
    pinhole: Pinhole,
    model: mujoco.MjModel,
    data: mujoco.MjData,
) -> np.ndarray:
    """(N,) shares: 1 in sight, less behind a geom, 0 behind the camera."""
    rays = points - pinhole.position
    reach = np.linalg.norm(rays, axis=1)
    rays /= np.maximum(reach, 1e-9)[:, None]
    _, distance, _ = cast_rays(model, data, pinhole.position, rays)
    in_sight = np.where(reach < distance + _SLACK, 1.0, _HIDDEN_OPACITY)
    return np.where(depth > 1e-3, in_sight, 0.0)


def _draw_ball(
    layer: pygame.Surface, colour: tuple[int, int, int, int], centre: np.ndarray, radius: int
) -> None:
    """A translucent disc with a lighter spot and a firmer rim, to look round; radius [pixels]."""
    radius = max(2, radius)
    middle = (round(float(centre[0])), round(float(centre[1])))
    red, green, blue, alpha = colour
    pygame.draw.circle(layer, (red, green, blue, alpha), middle, radius)
    light = tuple(c + (255 - c) // 3 for c in (red, green, blue))
    spot = (middle[0] - radius // 4, middle[1] - radius // 4)
    pygame.draw.circle(layer, (*light, alpha), spot, max(1, radius // 2))
    rim = min(255, alpha + 80)
    pygame.draw.circle(layer, (red, green, blue, rim), middle, radius, max(1, radius // 8))


def _draw_line(
    layer: pygame.Surface,
    line: Line,
    at: np.ndarray,
    per_metre: np.ndarray,
    visible: np.ndarray,
) -> None:
    weaker = np.minimum(visible[:-1], visible[1:])  # of a segment's ends
    for i in line.drawn[weaker[line.drawn] > 0]:
        half_width = float(line.radius[i] * per_metre[i])
        colour = _bytes(line.rgba[i], float(weaker[i]))
        _draw_segment(layer, colour, at[i], at[i + 1], half_width)


def _draw_facets(
    layer: pygame.Surface, facets: Facets, visible: np.ndarray, pinhole: Pinhole
) -> None:
    """Those that face the camera; they do not overlap, and drawing one replaces what is there."""
    towards = pinhole.position - facets.probes
    facing = np.einsum("ni,ni->n", facets.normals, towards) > 0
    pixels, _ = pinhole.project(facets.corners.reshape(-1, 3))
    corners = _fine(pixels).reshape(-1, 4, 2)
    for i in np.flatnonzero(facing & (visible > 0)):
        pygame.draw.polygon(layer, _bytes(facets.rgba[i], visible[i]), corners[i].tolist())


def _draw_segment(
    layer: pygame.Surface,
    colour: tuple[int, int, int, int],
    start: np.ndarray,
    end: np.ndarray,
    half_width: float,
) -> None:
    half_width = max(half_width, 0.75)
    along = end - start
    length = float(np.hypot(*along))
    if length > 1e-6:
        side = np.array([-along[1], along[0]]) / length * half_width
        corners = [start + side, end + side, end - side, start - side]
        pygame.draw.polygon(layer, colour, [(float(x), float(y)) for x, y in corners])
    for x, y in (start, end):
        pygame.draw.circle(layer, colour, (float(x), float(y)), half_width)


def _bytes(rgba: np.ndarray, opacity: float) -> tuple[int, int, int, int]:
    red, green, blue, alpha = (round(float(c) * 255) for c in np.clip(rgba, 0, 1))
    return red, green, blue, round(alpha * opacity)
