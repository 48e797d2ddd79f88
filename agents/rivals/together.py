"""Several concepts at once, for rivals that saw them one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, Self, runtime_checkable

import numpy as np

from ...envs.entities import EntityState
from .base import Rival


@runtime_checkable
class PlansTogether(Rival, Protocol):
    """A rival that can bring about several concepts at once.

    Of others each concept is carried out in turn, begun where the last one ended; it may undo that.
    """

    def plan_together(
        self, others: Sequence[Self], state: EntityState, attentions: np.ndarray
    ) -> Sequence[np.ndarray]:
        """Entities (N, 7) in which what this rival saw holds, and what `others` saw besides.

        Args:
            others: rivals of the same kind that saw the other concepts.
            state: the scene.
            attentions: (T, N) bool, whom each concept is about, its own first.

        Returns:
            a list of one.

        Raises:
            NoDemonstrationsError: if one of them observed nothing.
            ShapeError, NonFiniteError: on attentions that do not fit the scene.
        """
        ...
