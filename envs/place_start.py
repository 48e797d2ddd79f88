"""Where an arm starts an episode of the place world: hand up, out of the way, pointing down."""

from __future__ import annotations

from functools import cache

import mujoco
import numpy as np

from .arm_model import FINGER_JOINT_NAMES
from .arm_start import pose_error
from .errors import UnreachableTargetError
from .place_model import FINGERTIP, PREFIX, scene_spec
from .robots import Robot

HOME_FINGERTIP = (0.45, 0.0, 0.25)
"""Fingertip in world at the start of an episode whose cursor is not the fingertip [m]."""
_ITERATIONS, _RESTARTS = 100, 50
_TOLERANCE = 1e-4  # [m]
_DAMPING = 1e-4
_LONGEST_STEP = 0.3  # [rad]


@cache
def rigid_model(robot: Robot) -> mujoco.MjModel:
    """The arm on its table with rigid, closed fingers; nothing writes to it."""
    return rigid_spec(robot).compile()


def rigid_spec(robot: Robot) -> mujoco.MjSpec:
    """The same to add to and compile: qpos is the n joints."""
    spec = scene_spec(robot)
    for element in (*spec.actuators, *spec.equalities, *spec.tendons):
        spec.delete(element)
    for name in FINGER_JOINT_NAMES:
        spec.delete(spec.joint(PREFIX + name))
    return spec


def joint_ranges(model: mujoco.MjModel, num_joints: int) -> tuple[np.ndarray, np.ndarray]:
    """(n,) lower and upper joint limits [rad]; a joint without limits may turn once either way."""
    limited = model.jnt_limited[:num_joints].astype(bool)
    ranges = np.where(limited[:, None], model.jnt_range[:num_joints], [-2 * np.pi, 2 * np.pi])
    return ranges[:, 0].copy(), ranges[:, 1].copy()


@cache
def start_qpos(robot: Robot, fingertip_in_world: tuple[float, float, float]) -> np.ndarray:
    """Joint positions (n,) [rad] that put the fingertip at a point, the hand pointing down.

    Damped least squares from the arm's home, then from random positions near it; the same point
    always gives the same bits.

    Raises:
        UnreachableTargetError: if none ends within 0.1 mm.
    """
    model = rigid_model(robot)
    lower, upper = joint_ranges(model, robot.num_joints)
    rng = np.random.default_rng(0)
    home, best = np.array(robot.home_qpos), np.inf
    for restart in range(_RESTARTS + 1):
        guess = home + rng.normal(0.0, 0.5 if restart else 0.0, size=len(home))
        qpos, error = _descend(model, np.clip(guess, lower, upper), fingertip_in_world, robot)
        inside = np.all((qpos > lower + 0.05) & (qpos < upper - 0.05))
        if error < _TOLERANCE and inside:
            return qpos
        best = min(best, error)
    x, y, z = fingertip_in_world
    raise UnreachableTargetError(
        f"robot '{robot.name}' cannot bring its fingertip to ({x:.3f}, {y:.3f}, {z:.3f}) [m] with "
        f"the hand pointing down: it stops {best:.3f} m away; use an arm that reaches 0.75 m, or "
        "give its Robot another base_in_world"
    )


def _descend(
    model: mujoco.MjModel, qpos: np.ndarray, target: tuple[float, ...], robot: Robot
) -> tuple[np.ndarray, float]:
    data = mujoco.MjData(model)
    site = model.site(FINGERTIP).id
    jacobian = np.empty((6, model.nv))
    lower, upper = joint_ranges(model, robot.num_joints)
    error = np.full(6, np.inf)
    for _ in range(_ITERATIONS):
        error = pose_error(model, data, site, qpos, np.array(target))
        mujoco.mj_comPos(model, data)
        if np.abs(error).max() < 1e-9:
            break
        mujoco.mj_jacSite(model, data, jacobian[:3], jacobian[3:], site)
        damped = jacobian @ jacobian.T + _DAMPING * np.eye(6)
        step = jacobian.T @ np.linalg.solve(damped, error)
        qpos = np.clip(qpos + np.clip(step, -_LONGEST_STEP, _LONGEST_STEP), lower, upper)
    # half a turn about any axis is no small rotation either
    upright = np.abs(error[3:]).max() < 1e-3 and data.site_xmat[site, 8] < -0.99
    return qpos, float(np.linalg.norm(error[:3])) if upright else np.inf
