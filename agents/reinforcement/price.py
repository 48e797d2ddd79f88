"""What demonstrations of a concept cost, to hold against the environment steps of a policy."""

from __future__ import annotations

from functools import cache

import numpy as np

from ...envs.demonstrations import record_demonstrations
from ..evaluation.config import STANDARD


@cache
def demonstrated_steps(concept: str, *, recordings: int = 100) -> float:
    """The mean number of environment steps in `STANDARD` demonstrations of a concept.

    Raises:
        UnknownConceptError: on an unknown concept.
        ConfigError: if `recordings` is below 1.
    """
    recorded = record_demonstrations(concept=concept, episodes=recordings)
    return STANDARD * float(np.mean([len(one.trajectory) - 1 for one in recorded]))
