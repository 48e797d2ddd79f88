"""The particle world as a picture: discs in a plane, seen from above, y up."""

from __future__ import annotations

import numpy as np
import pygame

from ..entities import PLANE_HALF_WIDTH, ZONE_RADIUS, EntityState
from ..errors import ConfigError
from . import canvas, theme
from .markers import Overlay
from .strokes import draw_dashed_ring, draw_stroke, rgb

VIEW_HALF_WIDTH = 1.15
"""Half of the width that is shown [plane units]: entities a little outside are still seen."""
ENTITY_RADIUS = 0.07
"""Radius that an entity is drawn with [plane units]."""
MIN_SIZE = 64
_SUPERSAMPLING = 2
_GRID_STEP = 0.25


class PlaneRenderer:
    """Draws entity states off-screen with pygame.

    Args:
        size: width and height of the picture [pixels], at least 64.

    Raises:
        ConfigError: on a size that is too small.
    """

    def __init__(self, size: int = 480) -> None:
        if size < MIN_SIZE:
            raise ConfigError(f"size is {size} pixels, allowed is {MIN_SIZE} or more")
        self.size = size
        self._fine = size * _SUPERSAMPLING
        self._background = self._draw_background()

    def draw(self, state: EntityState, overlay: Overlay | None = None) -> np.ndarray:
        """A (size, size, 3) uint8 picture of the state with the overlay's marks and text."""
        overlay = overlay or Overlay()
        surface = self._background.copy()
        self._draw_zones(surface, state)
        marks = canvas.clear_layer(surface.get_size())
        self._draw_trail(marks, overlay.trail_points)
        self._draw_shadows(marks, state)
        surface.blit(marks, (0, 0))
        self._draw_halos(surface, state, overlay)
        for row in np.flatnonzero(state.objects):
            self._draw_disc(surface, state, int(row))
        for row in np.flatnonzero((state.objects | state.zones) & overlay.identified_mask):
            rim = (ZONE_RADIUS if state.zones[row] else ENTITY_RADIUS) - ENTITY_RADIUS
            self._draw_tick(surface, state.positions[row] + rim * np.sqrt(0.5))
        self._draw_plan(surface, overlay.plan_points)
        for row in np.flatnonzero(state.present & ~state.objects & ~state.zones):
            self._draw_cursor(surface, state, int(row))
        return self._finish(surface, overlay)

    def _finish(self, surface: pygame.Surface, overlay: Overlay) -> np.ndarray:
        surface = pygame.transform.smoothscale(surface, (self.size, self.size))
        margin = round(self.size * (1 - PLANE_HALF_WIDTH / VIEW_HALF_WIDTH) / 2)
        canvas.draw_caption(surface, overlay.title, overlay.status, strip=margin)
        return canvas.to_array(surface)

    # Plane units to fine pixels

    def _point(self, position: np.ndarray) -> tuple[int, int]:
        """Fine pixel (column, row) of a position [plane units]; up in the plane is up here."""
        scale = self._fine / (2 * VIEW_HALF_WIDTH)
        # Far positions would overflow pygame's integers.
        x, y = np.clip(position, -10, 10)
        return round((x + VIEW_HALF_WIDTH) * scale), round((VIEW_HALF_WIDTH - y) * scale)

    def _length(self, length: float) -> int:
        """Fine pixels of a length [plane units], at least one."""
        return max(1, round(length * self._fine / (2 * VIEW_HALF_WIDTH)))

    # Layers, from the back to the front

    def _draw_background(self) -> pygame.Surface:
        surface = pygame.Surface((self._fine, self._fine), 0, 32)
        surface.fill(theme.PAPER)
        left, top = self._point(np.array([-PLANE_HALF_WIDTH, PLANE_HALF_WIDTH]))
        side = self._length(2 * PLANE_HALF_WIDTH)
        square = pygame.Rect(left, top, side, side)
        corner = self._length(0.03)
        pygame.draw.rect(surface, theme.CARD, square, border_radius=corner)
        inner = np.arange(-PLANE_HALF_WIDTH + _GRID_STEP, PLANE_HALF_WIDTH - 1e-9, _GRID_STEP)
        for value in inner:
            colour = theme.AXIS if abs(value) < 1e-9 else theme.GRID
            column, row = self._point(np.array([value, value]))
            width = self._length(0.006)
            pygame.draw.line(surface, colour, (column, top), (column, top + side), width)
            pygame.draw.line(surface, colour, (left, row), (left + side, row), width)
        width = self._length(0.01)
        pygame.draw.rect(surface, theme.BORDER, square, width, border_radius=corner)
        return surface

    def _draw_zones(self, surface: pygame.Surface, state: EntityState) -> None:
        """A translucent disc of the zone's colour with a dashed edge."""
        if not state.zones.any():
            return
        layer = canvas.clear_layer(surface.get_size())
        radius, width = self._length(ZONE_RADIUS), self._length(0.012)
        for row in np.flatnonzero(state.zones):
            colour = rgb(np.clip(state.colours[row], 0, 1) * 255)
            centre = self._point(state.positions[row])
            pygame.draw.circle(layer, (*colour, 34), centre, radius)
            draw_dashed_ring(layer, (*colour, 170), centre, radius - width // 2, width, dashes=36)
        surface.blit(layer, (0, 0))

    def _draw_trail(self, layer: pygame.Surface, trail: np.ndarray) -> None:
        """A line that fades and thins towards the past."""
        count = len(trail) - 1
        for i in range(count):
            share = (i + 1) / count
            colour = (*theme.TRAIL, round(20 + 170 * share))
            start, end = self._point(trail[i]), self._point(trail[i + 1])
            thick = self._length(0.008 + 0.016 * share)
            draw_stroke(layer, colour, start, end, thick)

    def _draw_shadows(self, layer: pygame.Surface, state: EntityState) -> None:
        for row in np.flatnonzero(state.objects):
            centre = self._point(state.positions[row] + np.array([0.012, -0.02]))
            for step in range(5, 0, -1):
                shadow = (40, 44, 60, 8 + 8 * (5 - step))
                radius = self._length(ENTITY_RADIUS * (0.92 + 0.07 * step))
                pygame.draw.circle(layer, shadow, centre, radius)

    def _draw_halos(self, surface: pygame.Surface, state: EntityState, overlay: Overlay) -> None:
        """An amber ring with a faint glow around each attended entity."""
        width, glow = self._length(0.022), self._length(0.017)
        for row in np.flatnonzero(state.present & overlay.attended_mask):
            centre = self._point(state.positions[row])
            inner = ZONE_RADIUS if state.zones[row] else ENTITY_RADIUS
            radius = self._length(inner + 0.048)
            reach = radius + glow
            layer = canvas.clear_layer((2 * reach, 2 * reach))
            # Around a zone only the ring glows: a disc would tint all that lies in it.
            depth = glow + 2 * width if state.zones[row] else 0
            pygame.draw.circle(layer, (*theme.ATTENDED, 60), (reach, reach), reach, depth)
            surface.blit(layer, (centre[0] - reach, centre[1] - reach))
            pygame.draw.circle(surface, theme.ATTENDED, centre, radius, width)

    def _draw_disc(self, surface: pygame.Surface, state: EntityState, row: int) -> None:
        colour = np.clip(state.colours[row], 0, 1) * 255
        centre = self._point(state.positions[row])
        pygame.draw.circle(surface, rgb(colour * 0.62), centre, self._length(ENTITY_RADIUS))
        pygame.draw.circle(surface, rgb(colour), centre, self._length(ENTITY_RADIUS - 0.013))
        # A soft light from the upper left gives the disc some body.
        light = self._point(state.positions[row] + np.array([-0.008, 0.01]))
        lit = rgb(colour + 0.16 * (255 - colour))
        pygame.draw.circle(surface, lit, light, self._length(ENTITY_RADIUS - 0.027))

    def _draw_tick(self, surface: pygame.Surface, position: np.ndarray) -> None:
        """A green badge with a tick at the upper right of an identified entity."""
        badge = position + np.array([0.062, 0.062])
        centre = self._point(badge)
        pygame.draw.circle(surface, theme.CARD, centre, self._length(0.05))
        pygame.draw.circle(surface, theme.IDENTIFIED, centre, self._length(0.042))
        corners = [badge + np.array(c) for c in ((-0.02, 0.0), (-0.005, -0.016), (0.021, 0.017))]
        for start, end in zip(corners[:-1], corners[1:], strict=True):
            ends = self._point(start), self._point(end)
            draw_stroke(surface, theme.CARD, *ends, self._length(0.011))

    def _draw_plan(self, surface: pygame.Surface, plan: np.ndarray) -> None:
        """A translucent disc in a dashed ring at each planned position."""
        if not len(plan):
            return
        ghost = canvas.clear_layer(surface.get_size())
        for position in plan:
            centre = self._point(position)
            radius = self._length(0.075)
            pygame.draw.circle(ghost, (*theme.PLAN, 46), centre, radius)
            draw_dashed_ring(ghost, (*theme.PLAN, 235), centre, radius, self._length(0.015))
            pygame.draw.circle(ghost, (*theme.PLAN, 235), centre, self._length(0.013))
        surface.blit(ghost, (0, 0))

    def _draw_cursor(self, surface: pygame.Surface, state: EntityState, row: int) -> None:
        """A dark ring with a cross-hair around a dot of the cursor's own colour."""
        position = state.positions[row]
        colour = np.clip(state.colours[row], 0, 1) * 255
        centre = self._point(position)
        outer, width = self._length(0.055), self._length(0.016)
        pygame.draw.circle(surface, theme.CARD, centre, outer + width // 2, width * 2)
        for direction in ((1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)):
            start = self._point(position + 0.035 * np.array(direction))
            end = self._point(position + 0.088 * np.array(direction))
            draw_stroke(surface, theme.CARD, start, end, width * 2)
            draw_stroke(surface, theme.INK, start, end, width)
        pygame.draw.circle(surface, theme.INK, centre, outer, width)
        pygame.draw.circle(surface, theme.INK, centre, self._length(0.026))
        pygame.draw.circle(surface, rgb(colour), centre, self._length(0.018))
