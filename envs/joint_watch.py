"""How near an arm's joints came to their limits."""

from __future__ import annotations

import numpy as np


class JointWatch:
    """The extremes of n joints' positions, velocities and torques since it was made.

    What runs in every step is written with few NumPy calls.
    """

    def __init__(self, qpos: np.ndarray) -> None:
        """Begin at joint positions (n,) [rad], at rest."""
        self._lowest, self._highest = qpos.copy(), qpos.copy()
        self._fastest, self._strongest = np.zeros((2, len(qpos)))

    def look(self, qpos: np.ndarray, qvel: np.ndarray, torque: np.ndarray) -> None:
        """Note a state: (n,) each, [rad], [rad/s], [N m]."""
        np.minimum(self._lowest, qpos, out=self._lowest)
        np.maximum(self._highest, qpos, out=self._highest)
        np.maximum(self._fastest, np.abs(qvel), out=self._fastest)
        np.maximum(self._strongest, np.abs(torque), out=self._strongest)

    def limit_violation(self, lower: np.ndarray, upper: np.ndarray) -> float:
        """Furthest any joint went beyond its limits (n,) [rad]."""
        beyond = np.maximum(lower - self._lowest, self._highest - upper)
        return max(0.0, float(beyond.max()))

    def velocity_share(self, limits: np.ndarray) -> float:
        """Largest joint velocity as a share of its limit, (n,) [rad/s]."""
        return float((self._fastest / limits).max())

    def torque_share(self, limits: np.ndarray) -> float:
        """Largest joint torque as a share of its limit, (n,) [N m]."""
        return float((self._strongest / limits).max())
