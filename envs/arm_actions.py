"""The arm's actions: joint-position targets and the finger opening, mapped onto [-1, 1].

| index | meaning                   | -1                | +1                | unit |
|-------|---------------------------|-------------------|-------------------|------|
| 0..6  | target of joint 1..7      | `JOINT_LOWER[i]`  | `JOINT_UPPER[i]`  | rad  |
| 7     | opening of the fingers    | 0                 | `MAX_OPENING`     | m    |

Of another arm than the Panda, `ActionMap` does the same with its joints, the fingers last.
"""

from __future__ import annotations

import numpy as np

from .arm_model import JOINT_LOWER, JOINT_UPPER, MAX_OPENING, NUM_JOINTS

ACTION_SIZE = NUM_JOINTS + 1


class ActionMap:
    """Actions (..., n + 1) of an arm with n joints, and what they ask for."""

    def __init__(self, joint_lower: np.ndarray, joint_upper: np.ndarray) -> None:
        """Make it for joint limits (n,) [rad]."""
        self._lower = np.append(joint_lower, 0.0)
        self._half_range = 0.5 * (np.append(joint_upper, MAX_OPENING) - self._lower)
        travel = np.append(np.ones(len(joint_lower)), 0.5)  # a finger travels half of the opening
        self._set_point_lower = travel * self._lower
        self._set_point_half_range = travel * self._half_range

    def action(self, qpos: np.ndarray, opening: np.ndarray | float = 0.0) -> np.ndarray:
        """Actions that ask for joint positions and a finger opening; out of range is clipped.

        Args:
            qpos: (..., n) joint positions [rad].
            opening: (...) distances between the finger pads [m], or one for all.

        Returns:
            (..., n + 1) float32 in [-1, 1].
        """
        joints = np.asarray(qpos, dtype=np.float64)
        openings = np.broadcast_to(np.asarray(opening, dtype=np.float64), joints.shape[:-1])
        targets = np.concatenate([joints, openings[..., None]], axis=-1)
        return np.clip((targets - self._lower) / self._half_range - 1.0, -1.0, 1.0).astype(
            np.float32
        )

    def targets(self, action: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Joint positions (..., n) [rad] and finger openings (...) [m] that actions ask for.

        Actions outside [-1, 1] are clipped, so no target lies outside the joint limits.
        """
        targets = self._lower + self._half_range * (_clipped(action) + 1.0)
        return targets[..., :-1], targets[..., -1]

    def set_points(self, action: np.ndarray) -> np.ndarray:
        """The same as the servos have them (..., n + 1): joints [rad], a finger's travel [m]."""
        return self._set_point_lower + self._set_point_half_range * (_clipped(action) + 1.0)


_PANDA = ActionMap(JOINT_LOWER, JOINT_UPPER)
action_from_targets = _PANDA.action
targets_from_action = _PANDA.targets
set_points_from_action = _PANDA.set_points


def _clipped(action: np.ndarray) -> np.ndarray:
    # np.clip costs three times as much on so few numbers
    return np.minimum(np.maximum(np.asarray(action, dtype=np.float64), -1.0), 1.0)
