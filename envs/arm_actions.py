"""The arm's actions: joint-position targets and the finger opening, mapped onto [-1, 1].

| index | meaning                   | -1                | +1                | unit |
|-------|---------------------------|-------------------|-------------------|------|
| 0..6  | target of joint 1..7      | `JOINT_LOWER[i]`  | `JOINT_UPPER[i]`  | rad  |
| 7     | opening of the fingers    | 0                 | `MAX_OPENING`     | m    |
"""

from __future__ import annotations

import numpy as np

from .arm_model import JOINT_LOWER, JOINT_UPPER, MAX_OPENING, NUM_JOINTS

ACTION_SIZE = NUM_JOINTS + 1
_LOWER = np.append(JOINT_LOWER, 0.0)
_HALF_RANGE = 0.5 * (np.append(JOINT_UPPER, MAX_OPENING) - _LOWER)
_TRAVEL = np.append(np.ones(NUM_JOINTS), 0.5)  # a finger travels half of the opening
_SET_POINT_LOWER, _SET_POINT_HALF_RANGE = _TRAVEL * _LOWER, _TRAVEL * _HALF_RANGE


def action_from_targets(qpos: np.ndarray, opening: np.ndarray | float = 0.0) -> np.ndarray:
    """Actions that ask for joint positions and a finger opening; out of range is clipped.

    Args:
        qpos: (..., 7) joint positions [rad].
        opening: (...) distances between the finger pads [m], or one for all.

    Returns:
        (..., 8) float32 in [-1, 1].
    """
    joints = np.asarray(qpos, dtype=np.float64)
    openings = np.broadcast_to(np.asarray(opening, dtype=np.float64), joints.shape[:-1])
    targets = np.concatenate([joints, openings[..., None]], axis=-1)
    return np.clip((targets - _LOWER) / _HALF_RANGE - 1.0, -1.0, 1.0).astype(np.float32)


def targets_from_action(action: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Joint positions (..., 7) [rad] and finger openings (...) [m] that (..., 8) actions ask for.

    Actions outside [-1, 1] are clipped, so no target lies outside the joint limits.
    """
    targets = _LOWER + _HALF_RANGE * (_clipped(action) + 1.0)
    return targets[..., :NUM_JOINTS], targets[..., NUM_JOINTS]


def set_points_from_action(action: np.ndarray) -> np.ndarray:
    """The same targets as the servos have them (..., 8): joints [rad] and a finger's travel [m]."""
    return _SET_POINT_LOWER + _SET_POINT_HALF_RANGE * (_clipped(action) + 1.0)


def _clipped(action: np.ndarray) -> np.ndarray:
    # np.clip costs three times as much on so few numbers
    return np.minimum(np.maximum(np.asarray(action, dtype=np.float64), -1.0), 1.0)
