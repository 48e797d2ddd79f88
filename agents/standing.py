"""Whether demonstrations end with the cursor on top of something."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..envs.demonstrations import Demonstration
from ..envs.entities import CURSOR, POSITION, ZONE

ON_TOP = 0.09
"""A cursor this near to an object's place is on it [plane units]."""


def shows_standing(demonstrations: Sequence[Demonstration]) -> bool:
    """Whether in most demonstrations a cursor that may be moved ends on an object.

    In the plane things may share a place; solid ones then stand on one another.
    """
    return sum(map(_stands, demonstrations)) > 0.5 * len(demonstrations)


def _stands(demonstration: Demonstration) -> bool:
    after = demonstration.after
    cursor = (after[:, CURSOR] > 0.5) & demonstration.present
    moved = cursor & demonstration.movable
    objects = demonstration.present & ~cursor & (after[:, ZONE] < 0.5)
    if not moved.any() or not objects.any():
        return False
    away = after[objects, POSITION] - after[np.argmax(moved), POSITION]
    return bool(np.linalg.norm(away, axis=1).min() <= ON_TOP)
