"""Where the fingertip is asked to go."""

from __future__ import annotations

import numpy as np

from conceptgym.envs.frames import plane_to_table


def table_top_targets(n: int, seed: int) -> np.ndarray:
    """(n, 3) fingertip targets over the plane, 0.03 m to 0.3 m above the table."""
    rng = np.random.default_rng(seed)
    height = rng.uniform(0.03, 0.3, (n, 1))
    return np.hstack([plane_to_table(rng.uniform(-1, 1, (n, 2))), height])
