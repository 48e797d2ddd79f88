"""offset: the cursor at a demonstrated distance in a demonstrated direction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from .directional import DISTANCES, HELD_OUT_DISTANCES, Placed


@dataclass(frozen=True, kw_only=True)
class Offset(Placed):
    """The cursor stands `distance` [plane units] from the attended entity, in `direction`.

    The direction is an angle [degrees], 0 to the right and 90 up.

    Residual: the cursor's distance [plane units] from that one place.
    """

    direction: float = 45.0
    distance: float = 0.4
    name: ClassVar[str] = "offset"
    description: ClassVar[str] = "cursor in the shown direction from the attended entity"
    parameter_ranges: ClassVar[dict[str, tuple[float, float]]] = {
        "direction": (0.0, 360.0),
        "distance": DISTANCES,
    }
    held_out_ranges: ClassVar[dict[str, tuple[tuple[float, float], ...]]] = {
        "direction": ((28.0, 64.0), (208.0, 244.0)),
        "distance": HELD_OUT_DISTANCES,
    }

    @property
    def offset(self) -> np.ndarray:
        angle = np.deg2rad(self.direction)
        return self.distance * np.array([np.cos(angle), np.sin(angle)])
