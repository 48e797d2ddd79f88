"""Pictures as pygame surfaces and back, and the line of text on top. No window, no display."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pygame
import pygame.font

from . import theme


def to_array(surface: pygame.Surface) -> np.ndarray:
    """The surface's pixels, a new (height, width, 3) uint8 array."""
    width, height = surface.get_size()
    pixels = np.frombuffer(pygame.image.tobytes(surface, "RGB"), dtype=np.uint8)
    return pixels.reshape(height, width, 3).copy()


def to_surface(frame: np.ndarray) -> pygame.Surface:
    """A surface with the pixels of a (height, width, 3) uint8 array."""
    height, width = frame.shape[:2]
    return pygame.image.frombytes(np.ascontiguousarray(frame).tobytes(), (width, height), "RGB")


def clear_layer(size: tuple[int, int]) -> pygame.Surface:
    """A transparent surface of (width, height) [pixels]."""
    return pygame.Surface(size, pygame.SRCALPHA, 32)


def draw_caption(surface: pygame.Surface, title: str, status: str, *, strip: int = 0) -> None:
    """Write the title at the top left and the status at the top right, each on a pill.

    With `strip` [pixels] the text stands in the middle of a margin of that height and is inset by
    as much; else it stands a little inside the corners.
    """
    width, height = surface.get_size()
    text_size = max(11, round(min(width, height) / 30))
    pill_height = _pill_size("", text_size)[1]
    left, top = (strip, max(0, (strip - pill_height) // 2)) if strip else (text_size, text_size)
    if title:
        _draw_pill(surface, title, text_size, (left, top), theme.INK, theme.CARD)
    if status:
        corner = (width - left - _pill_size(status, text_size)[0], top)
        _draw_pill(surface, status, text_size, corner, theme.CARD, theme.status_colour(status))


def _draw_pill(
    surface: pygame.Surface,
    text: str,
    text_size: int,
    corner: tuple[int, int],
    ink: theme.Colour,
    fill: theme.Colour,
) -> None:
    """Text on a rounded, slightly translucent ground, smoothed by drawing it twice as large."""
    width, height = _pill_size(text, text_size)
    ground = clear_layer((2 * width, 2 * height))
    ground.fill((*fill, 0))  # the same colour outside: no dark fringe when it is scaled down
    pygame.draw.rect(ground, (*fill, 225), ground.get_rect(), border_radius=height)
    surface.blit(pygame.transform.smoothscale(ground, (width, height)), corner)
    written = _font(text_size).render(text, True, ink)
    left, top = corner
    x = left + (width - written.get_width()) // 2
    surface.blit(written, (x, top + (height - written.get_height()) // 2))


def _pill_size(text: str, text_size: int) -> tuple[int, int]:
    width, height = _font(text_size).size(text)
    return width + text_size * 5 // 4, height + text_size // 2


@lru_cache(maxsize=8)
def _font(text_size: int) -> pygame.font.Font:
    """The font that comes with pygame, which every installation has."""
    pygame.font.init()
    return pygame.font.Font(None, round(text_size * 1.45))
