"""Where the arm starts an episode: the fingertip at a given point, the gripper straight down."""

from __future__ import annotations

from functools import cache

import mujoco
import numpy as np

from .arm_model import (
    FINGERTIP_SITE,
    GRIPPER_DOWN,
    HOME_QPOS,
    JOINT_LOWER,
    JOINT_UPPER,
    build_arm_model,
)
from .entities import check_array
from .errors import UnreachableTargetError

ITERATIONS = 12
"""Newton-like steps from home; 5 reach 1e-7 m over the whole plane."""
TOLERANCE = 1e-4
"""Largest distance between the fingertip and its target [m]."""
_DAMPING = 1e-4


def qpos_at_fingertip(position_in_world: np.ndarray) -> np.ndarray:
    """Joint positions that put the fingertip at a point, the gripper pointing straight down.

    Damped least squares, dq = Jᵀ (J Jᵀ + λ I)⁻¹ e, a fixed number of steps from home turned
    towards the target: the same point always gives the same bits, whatever came before.

    Args:
        position_in_world: (3,) fingertip target [m].

    Returns:
        (7,) joint positions [rad], within the joint limits.

    Raises:
        ShapeError, NonFiniteError: on anything but three finite numbers.
        UnreachableTargetError: if the fingertip ends more than `TOLERANCE` away.
    """
    target = np.asarray(position_in_world, dtype=np.float64)
    check_array(target, "position_in_world", (3,))
    model = _model()
    data = mujoco.MjData(model)
    site = model.site(FINGERTIP_SITE).id
    jacobian = np.empty((6, model.nv))
    qpos = HOME_QPOS.copy()
    qpos[0] = np.arctan2(target[1], target[0])
    for _ in range(ITERATIONS):
        error = pose_error(model, data, site, qpos, target)  # (6,)
        mujoco.mj_comPos(model, data)
        mujoco.mj_jacSite(model, data, jacobian[:3], jacobian[3:], site)
        damped = jacobian @ jacobian.T + _DAMPING * np.eye(6)
        qpos += jacobian.T @ np.linalg.solve(damped, error)
        np.clip(qpos, JOINT_LOWER, JOINT_UPPER, out=qpos)
    distance = float(np.linalg.norm(pose_error(model, data, site, qpos, target)[:3]))
    if distance > TOLERANCE:
        raise UnreachableTargetError(
            f"position_in_world is {_text(target)} [m], but with the gripper pointing down the "
            f"fingertip stops {distance:.3f} m away; choose a point above the table's plane"
        )
    return qpos


@cache
def _model() -> mujoco.MjModel:
    """The arm alone, with rigid fingers; nothing writes to it."""
    return build_arm_model(0, finger_joints=False)


def pose_error(
    model: mujoco.MjModel, data: mujoco.MjData, site: int, qpos: np.ndarray, target: np.ndarray
) -> np.ndarray:
    """(6,) from the fingertip to its target: position [m] and small rotation [rad], in world."""
    data.qpos[:] = qpos
    mujoco.mj_kinematics(model, data)
    axes = data.site_xmat[site].reshape(3, 3)
    rotation = 0.5 * np.cross(axes.T, GRIPPER_DOWN.T).sum(axis=0)
    return np.concatenate([target - data.site_xpos[site], rotation])


def _text(point: np.ndarray) -> str:
    return "(" + ", ".join(f"{value:.3f}" for value in point) + ")"
