"""The colours that both worlds share, so that a mark means the same in either picture."""

from __future__ import annotations

Colour = tuple[int, int, int]

ATTENDED: Colour = (245, 150, 20)
"""Amber: the entities that the concept is about."""
IDENTIFIED: Colour = (22, 160, 90)
"""Green: the entities that the answer means; also success."""
PLAN: Colour = (124, 77, 240)
"""Violet: where the cursor is planned to go."""
TRAIL: Colour = (40, 110, 220)
"""Blue: where the cursor has been."""
INK: Colour = (38, 42, 52)
"""Near black: the cursor and text."""
MUTED: Colour = (104, 112, 126)
"""Grey: text of no particular meaning."""
PAPER: Colour = (248, 247, 243)
"""Soft off-white: the background."""
CARD: Colour = (255, 255, 254)
"""White: the plane."""
GRID: Colour = (233, 232, 226)
AXIS: Colour = (214, 213, 206)
BORDER: Colour = (192, 192, 188)

_STATUS = {"success": IDENTIFIED, "failure": (205, 62, 62), "failed": (205, 62, 62)}


def status_colour(status: str) -> Colour:
    """Green for "success", red for "failure" or "failed" (as first word), else grey."""
    words = status.lower().replace(",", " ").split()
    return _STATUS.get(words[0], MUTED) if words else MUTED


def share(colour: Colour) -> tuple[float, float, float]:
    """The colour in shares of 1, as MuJoCo has it."""
    red, green, blue = colour
    return red / 255, green / 255, blue / 255
