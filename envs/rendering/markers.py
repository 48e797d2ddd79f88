"""What is drawn over a scene, in either world: plain data, frozen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..entities import MAX_ENTITIES, check_array
from ..errors import ShapeError


@dataclass(frozen=True, kw_only=True)
class Overlay:
    """Marks and text over a picture of either world. Everything may be left out.

    Attributes:
        attended: (MAX_ENTITIES,) bool or 0/1, the entities that the concept is about.
        identified: (MAX_ENTITIES,) bool or 0/1, the entities that the answer means: the plane's
            action, or what the gripper has touched.
        plan: (K, 2) planned target positions of the cursor [plane units], or None.
        trail: (T, 2) positions of the cursor so far, oldest first [plane units], or None.
        title: what is shown, e.g. "between · generate".
        status: how it stands, e.g. "success".

    Raises:
        ShapeError: on another shape.
        NonFiniteError: on NaN or infinity.
    """

    attended: np.ndarray | None = None
    identified: np.ndarray | None = None
    plan: np.ndarray | None = None
    trail: np.ndarray | None = None
    title: str = ""
    status: str = ""

    def __post_init__(self) -> None:
        for name in ("attended", "identified"):
            mask = getattr(self, name)
            if mask is not None:
                check_array(mask, name, (MAX_ENTITIES,))
        for name in ("plan", "trail"):
            path = getattr(self, name)
            if path is not None:
                check_path(path, name, 2)

    @property
    def attended_mask(self) -> np.ndarray:
        """(MAX_ENTITIES,) bool, all False where nothing was given."""
        return _as_mask(self.attended)

    @property
    def identified_mask(self) -> np.ndarray:
        """(MAX_ENTITIES,) bool, all False where nothing was given."""
        return _as_mask(self.identified)

    @property
    def plan_points(self) -> np.ndarray:
        """(K, 2) planned positions [plane units], K = 0 where nothing was given."""
        return _as_path(self.plan)

    @property
    def trail_points(self) -> np.ndarray:
        """(T, 2) past positions [plane units], T = 0 where nothing was given."""
        return _as_path(self.trail)


def check_path(path: np.ndarray, name: str, dimensions: int) -> None:
    """Raise unless `path` is a finite (N, `dimensions`) array, N ≥ 0.

    Raises:
        ShapeError: on another shape.
        NonFiniteError: on NaN or infinity.
    """
    found = np.shape(path)
    if len(found) != 2 or found[1] != dimensions:
        raise ShapeError(
            f"{name} has shape {found}, expected (N, {dimensions}); "
            "pass one position a row, or None for no position"
        )
    check_array(path, name, found)


def _as_mask(mask: np.ndarray | None) -> np.ndarray:
    if mask is None:
        return np.zeros(MAX_ENTITIES, dtype=bool)
    return np.asarray(mask) > 0.5


def _as_path(path: np.ndarray | None) -> np.ndarray:
    if path is None:
        return np.zeros((0, 2))
    return np.asarray(path, dtype=np.float64)
