"""Quantities of scenes that a concept may hold constant: places, distances, colours, numbers.

None of them knows of a concept; what a scene has no answer to (no zone, one object) is left out.
Leads are cut off at `FULL_LEAD`: beyond it, more of a lead says nothing.
"""

from __future__ import annotations

import numpy as np

from ...envs.entities import ZONE_RADIUS
from .base import ON
from .scenes import Scenes
from .shapes import describe_shape

FULL_LEAD = 0.1
"""A lead in distance of this much counts as a clear one [plane units]."""
FULL_CONTRAST = 0.3
"""Colours this far apart count as clearly different [RGB]."""
_EDGE = 0.1  # a zone's edge, over which an object counts in part [plane units]

AXES = ("x", "y", "redness", "greenness", "light")
"""Last words of the names of a vector's components."""
Features = dict[str, np.ndarray]
"""Names to values (B,), one for each variant of a scene."""


def describe(scenes: Scenes) -> Features:
    """All quantities of all variants."""
    found: Features = {}
    _describe_cursor(scenes, found)
    if len(scenes.objects):
        _describe_touched(scenes, found)
    if scenes.attended.shape[1]:
        points = scenes.positions[scenes.rows, scenes.attended]
        _describe_places(points, found, "attended")
        _describe_distances(scenes, points, found)
        _describe_colours(scenes, found)
        found.update(describe_shape(points))
    if scenes.attended_zones.shape[1]:
        _describe_zones(scenes, found)
    return found


def _describe_cursor(scenes: Scenes, found: Features) -> None:
    cursor = scenes.positions[:, scenes.cursor]
    _describe_places(cursor[:, None], found, "cursor")


def _describe_places(points: np.ndarray, found: Features, name: str) -> None:
    """Where points (B, m, 2) lie in the plane."""
    x, y = points[..., 0], points[..., 1]
    found[f"{name} x"], found[f"{name} y"] = x.mean(1), y.mean(1)
    found[f"{name} radius"] = np.hypot(x, y).mean(1)
    found[f"{name} border"] = np.maximum(np.abs(x), np.abs(y)).mean(1)
    found[f"{name} corner"] = np.minimum(np.abs(x), np.abs(y)).mean(1)
    if points.shape[1] > 1:
        for label, values in (("x", x), ("y", y)):
            found[f"{name} least {label}"] = values.min(1)
            found[f"{name} most {label}"] = values.max(1)


def _describe_distances(scenes: Scenes, points: np.ndarray, found: Features) -> None:
    """How the cursor stands to the attended objects, against the others."""
    cursor = scenes.positions[:, scenes.cursor]
    offset = cursor - points.mean(1)
    found["offset x"], found["offset y"] = offset[:, 0], offset[:, 1]
    found["distance"] = np.hypot(offset[:, 0], offset[:, 1])
    away = np.linalg.norm(points - cursor[:, None], axis=-1)
    if away.shape[1] > 1:
        found["least distance"], found["most distance"] = away.min(1), away.max(1)
        found["unequal distance"] = found["most distance"] - found["least distance"]
    every = np.linalg.norm(scenes.positions[:, scenes.objects] - cursor[:, None], axis=-1)
    others = scenes.others
    near = np.where(others, every, np.inf).min(1) - away.max(1)
    far = away.min(1) - np.where(others, every, -np.inf).max(1)
    found["nearest"], found["furthest"] = np.minimum(near, FULL_LEAD), np.minimum(far, FULL_LEAD)


def _describe_touched(scenes: Scenes, found: Features) -> None:
    """The object that is nearest to the cursor, and whether it is attended."""
    cursor = scenes.positions[:, scenes.cursor]
    every = np.linalg.norm(scenes.positions[:, scenes.objects] - cursor[:, None], axis=-1)
    row = scenes.objects[every.argmin(1)]
    found["off objects"] = np.maximum(every.min(1), ON)
    _describe_colour(scenes.colours[np.arange(len(row)), row], found, "touched")


def _describe_colour(colours: np.ndarray, found: Features, name: str) -> None:
    """Colours (B, 3) turned so that the hues of one saturation lie around a circle."""
    red, green, blue = colours.T
    found[f"{name} redness"] = red - (green + blue) / 2.0
    found[f"{name} greenness"] = np.sqrt(0.75) * (green - blue)
    found[f"{name} light"] = colours.mean(1)


def _describe_colours(scenes: Scenes, found: Features) -> None:
    colours = scenes.colours[scenes.rows, scenes.attended]
    mean = colours.mean(1)
    _describe_colour(mean, found, "attended")
    found["colour spread"] = np.linalg.norm(colours - mean[:, None], axis=-1).max(1)
    gaps = np.linalg.norm(scenes.colours[:, scenes.objects] - mean[:, None], axis=-1)
    contrast = np.where(scenes.others, gaps, np.inf).min(1)
    found["contrast"] = np.minimum(contrast, FULL_CONTRAST)


def _describe_zones(scenes: Scenes, found: Features) -> None:
    """How many objects lie in the attended zones, and where the cursor stands to them."""
    centres = scenes.positions[scenes.rows, scenes.attended_zones]  # (B, l, 2)
    objects = scenes.positions[:, scenes.objects]
    away = np.linalg.norm(objects[:, :, None] - centres[:, None], axis=-1)  # (B, n, l)
    inside = np.clip((ZONE_RADIUS - away) / _EDGE + 0.5, 0.0, 1.0).max(2)
    found["number in zone"] = inside.sum(1)
    found["at edge of zone"] = (inside * (1.0 - inside)).sum(1)
    offset = scenes.positions[:, scenes.cursor] - centres.mean(1)
    found["zone offset x"], found["zone offset y"] = offset[:, 0], offset[:, 1]
    found["zone distance"] = np.hypot(offset[:, 0], offset[:, 1])
    _describe_places(centres, found, "zone")
    if scenes.attended.shape[1]:
        points = scenes.positions[scenes.rows, scenes.attended]
        apart = np.linalg.norm(points[:, :, None] - centres[:, None], axis=-1).min(2)
        found["attended off zone"] = apart.mean(1)
