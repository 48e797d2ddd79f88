"""The explicit, invertible mapping between the particle plane and the arm's table.

The plane is what a person sees who sits opposite the robot: the plane's right is the robot's left
(+y in world), the plane's up points towards the robot (-x in world). It is a rotation by +90°, a
scale and a shift, so shapes keep their handedness:

    target_in_world = TABLE_CENTRE_IN_WORLD + METRES_PER_PLANE_UNIT * (-y_plane, x_plane)

The table top lies at z = 0 in world [m]; the robot's base frame is the world frame.
"""

from __future__ import annotations

import numpy as np

TABLE_CENTRE_IN_WORLD = np.array([0.5, 0.0])
"""World (x, y) of the plane's origin [m]."""
METRES_PER_PLANE_UNIT = 0.2
"""Scale of the mapping [m per plane unit]: the plane covers 0.4 m by 0.4 m of the table."""
_TO_TABLE = METRES_PER_PLANE_UNIT * np.array([-1.0, 1.0])  # of (y, x) in the plane
_TO_PLANE = METRES_PER_PLANE_UNIT * np.array([1.0, -1.0])  # of (y, x) on the table


def plane_to_table(position_in_plane: np.ndarray) -> np.ndarray:
    """Map (..., 2) positions in the plane [plane units] to (..., 2) world x, y [m]."""
    position = np.asarray(position_in_plane, dtype=np.float64)
    return TABLE_CENTRE_IN_WORLD + _TO_TABLE * position[..., ::-1]


def table_to_plane(position_in_world: np.ndarray) -> np.ndarray:
    """Map (..., 2) world x, y [m] to (..., 2) positions in the plane [plane units].

    The inverse of `plane_to_table`.
    """
    position = np.asarray(position_in_world, dtype=np.float64)
    return (position - TABLE_CENTRE_IN_WORLD)[..., ::-1] / _TO_PLANE
