"""Lines and rings with pygame that its own drawing lacks, in pixels."""

from __future__ import annotations

import math

import numpy as np
import pygame

from . import theme


def rgb(colour: np.ndarray) -> theme.Colour:
    """Three shares of 255 as pygame takes them."""
    red, green, blue = (int(round(float(c))) for c in np.clip(colour, 0, 255))
    return red, green, blue


def draw_stroke(
    surface: pygame.Surface,
    colour: tuple[int, ...],
    start: tuple[int, int],
    end: tuple[int, int],
    width: int,
) -> None:
    """A line with round ends; pygame's own has slanted ones."""
    along = np.subtract(end, start).astype(float)
    length = float(np.hypot(*along))
    if length > 0:
        side = np.array([-along[1], along[0]]) / length * width / 2
        corners = [start + side, end + side, end - side, start - side]
        pygame.draw.polygon(surface, colour, [tuple(c) for c in corners])
    for centre in (start, end):
        pygame.draw.circle(surface, colour, centre, max(1, width // 2))


def draw_dashed_ring(
    surface: pygame.Surface,
    colour: tuple[int, ...],
    centre: tuple[int, int],
    radius: int,
    width: int,
    dashes: int = 12,
) -> None:
    """A ring of `dashes` curved dashes, its middle line at `radius` [pixels]."""
    for dash in range(dashes):
        angles = (dash + np.linspace(0.0, 0.58, 7)) * 2 * math.pi / dashes
        unit = np.stack([np.cos(angles), np.sin(angles)], axis=1)
        outer, inner = unit * (radius + width / 2), unit[::-1] * (radius - width / 2)
        ring = np.concatenate([outer, inner]) + centre
        pygame.draw.polygon(surface, colour, [tuple(p) for p in ring])
