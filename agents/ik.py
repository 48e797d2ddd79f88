"""Inverse kinematics: the fingertip at a point, the gripper straight down, through mink.

Differential inverse kinematics solves, for a joint displacement dq, the quadratic program

    min ½ Σ ‖W (J dq + e)‖²    subject to    G dq ≤ h

with the tasks' errors e (fingertip pose, posture) and the limits G dq ≤ h (joint positions, joint
velocities, distance to the table), see https://kevinzakka.github.io/mink/. Every iterate lies
within the joint limits, so no result ever asks for more.
"""

from __future__ import annotations

from dataclasses import dataclass

import mink
import mujoco
import numpy as np

from ..envs.arm_model import (
    CONTROL_TIMESTEP,
    FINGERTIP_SITE,
    GRIPPER_DOWN,
    HOME_QPOS,
    JOINT_LOWER,
    JOINT_NAMES,
    JOINT_UPPER,
    NUM_JOINTS,
    TABLE_GEOM_NAME,
    VELOCITY_LIMITS,
    WORKING_GEOM_NAMES,
    build_arm_model,
)
from ..envs.entities import check_array
from ..envs.errors import ConfigError, UnreachableTargetError
from ..envs.frames import TABLE_CENTRE_IN_WORLD

_ORIENTATION_COST = 0.3  # [m/rad]: 1 rad of tilt weighs as much as 0.3 m
_DAMPING = 1e-9
_DETECTION = 0.05  # the table's limit acts below this distance [m]
_ROUNDING = 1e-9
_STALL_ITERATIONS = 8


@dataclass(frozen=True, kw_only=True)
class IKConfig:
    """Settings of `IKController`.

    Attributes:
        position_tolerance: largest distance between fingertip and target [m].
        tilt_tolerance: largest angle between the gripper and straight down [rad].
        iterations: quadratic programs an attempt.
        restarts: further attempts from random joint positions.
        velocity_share: share of the joint velocity limits that a control step may use.
        table_clearance: distance that hand, fingers and forearm keep from the table [m].
        seed: seed of the restarts.

    Raises:
        ConfigError: if a value is out of range.
    """

    position_tolerance: float = 1e-3
    tilt_tolerance: float = 0.01
    iterations: int = 60
    restarts: int = 8
    velocity_share: float = 0.85
    table_clearance: float = 0.004
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("position_tolerance", "tilt_tolerance", "iterations", "table_clearance"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"{name} is {getattr(self, name)}, expected more than 0")
        if self.restarts < 0:
            raise ConfigError(f"restarts is {self.restarts}, expected 0 or more")
        if not 0 < self.velocity_share <= 1:
            raise ConfigError(
                f"velocity_share is {self.velocity_share}, expected a share in (0, 1]"
            )


@dataclass(frozen=True, kw_only=True)
class IKResult:
    """What the search for joint positions came to.

    Attributes:
        qpos: (7,) joint positions [rad], within the limits; where it began if not reached.
        position_error: distance between fingertip and target at the best attempt [m].
        reached: whether the tolerances hold at `qpos`.
        iterations: quadratic programs solved.
        restarts: random restarts used.
        reason: "reached", or why not.
    """

    qpos: np.ndarray
    position_error: float
    reached: bool
    iterations: int
    restarts: int
    reason: str


class IKController:
    """Finds joint positions for fingertip targets; the models and limits are built once."""

    def __init__(self, config: IKConfig | None = None) -> None:
        self.config = config or IKConfig()
        model = build_arm_model(0, finger_joints=False)
        self._configuration = mink.Configuration(model)
        self._fingertip = mink.FrameTask(
            FINGERTIP_SITE, "site", position_cost=1.0, orientation_cost=_ORIENTATION_COST
        )
        posture = mink.PostureTask(model, cost=1e-3)
        posture.set_target(HOME_QPOS)
        self._tasks = (self._fingertip, posture)
        speeds = self.config.velocity_share * VELOCITY_LIMITS
        self._limits = (
            # a gain of 1 would end on the limit itself, where rounding could step over it
            mink.ConfigurationLimit(model, gain=0.95),
            mink.VelocityLimit(model, dict(zip(JOINT_NAMES, speeds, strict=True))),
            mink.CollisionAvoidanceLimit(
                model,
                [(list(WORKING_GEOM_NAMES), [TABLE_GEOM_NAME])],
                minimum_distance_from_collisions=self.config.table_clearance,
                collision_detection_distance=_DETECTION,
            ),
        )
        self._working = [model.geom(name).id for name in WORKING_GEOM_NAMES]
        self._radii = model.geom_rbound[self._working]  # of bounding spheres [m]
        self._table = model.geom(TABLE_GEOM_NAME).id

    def solve(self, qpos: np.ndarray, target_in_world: np.ndarray) -> IKResult:
        """Search for joint positions that put the fingertip at a target.

        The first attempt starts from `qpos` and keeps the gripper's heading; if it stalls, further
        ones start from random joint positions and leave the heading free.

        Args:
            qpos: (7,) joint positions to start from [rad].
            target_in_world: (3,) fingertip target [m].

        Raises:
            ShapeError, NonFiniteError: on arrays of another shape, NaN or infinity.
        """
        start, target = _checked(qpos, target_in_world)
        clearance = self.config.table_clearance
        if target[2] < clearance:
            error = float(np.linalg.norm(self.fingertip(start) - target))
            reason = (
                f"too low: {target[2]:.3f} m above the table, where the fingers keep "
                f"{clearance:.3f} m"
            )
            return IKResult(
                qpos=start,
                position_error=error,
                reached=False,
                iterations=0,
                restarts=0,
                reason=reason,
            )
        rng = np.random.default_rng(self.config.seed)
        best, spent = np.inf, 0
        for restart in range(self.config.restarts + 1):
            guess = start if restart == 0 else self._random_qpos(rng)
            error, reached, iterations = self._attempt(guess, target, keep_heading=restart == 0)
            best, spent = min(best, error), spent + iterations
            if reached:
                return IKResult(
                    qpos=self._configuration.q.copy(),
                    position_error=error,
                    reached=True,
                    iterations=spent,
                    restarts=restart,
                    reason="reached",
                )
        restarts = self.config.restarts
        return IKResult(
            qpos=start,
            position_error=best,
            reached=False,
            iterations=spent,
            restarts=restarts,
            reason=f"out of reach: {best:.3f} m from the target after {restarts} restarts",
        )

    def require(self, qpos: np.ndarray, target_in_world: np.ndarray) -> IKResult:
        """`solve`, for callers that cannot go on without the target.

        Raises:
            UnreachableTargetError: if the target was not reached; the text says why.
            ShapeError, NonFiniteError: as `solve`.
        """
        result = self.solve(qpos, target_in_world)
        if result.reached:
            return result
        raise UnreachableTargetError(unreachable_text(target_in_world, result.reason))

    def step(self, qpos: np.ndarray, target_in_world: np.ndarray) -> np.ndarray:
        """Joint positions one control step closer to a target, within velocity limits.

        Args:
            qpos: (7,) joint positions [rad].
            target_in_world: (3,) fingertip target [m]; near by, or the way there is not straight,
                and aimed at no lower than the table's clearance.

        Returns:
            (7,) joint positions [rad], `qpos` itself where no step is allowed.
        """
        start, target = _checked(qpos, target_in_world)
        target = np.append(target[:2], max(target[2], self.config.table_clearance))
        self._aim(start, target, keep_heading=True)
        self._iterate(CONTROL_TIMESTEP)
        return self._configuration.q.copy()

    def fingertip(self, qpos: np.ndarray) -> np.ndarray:
        """(3,) fingertip in world [m] at joint positions (7,) [rad]."""
        self._configuration.update(qpos)
        return self._position().copy()

    def tilt(self, qpos: np.ndarray) -> float:
        """Angle between the gripper and straight down [rad] at joint positions (7,) [rad]."""
        self._configuration.update(qpos)
        return self._tilt()

    def table_distance(self, qpos: np.ndarray) -> float:
        """Distance from hand, fingers and forearm to the table [m], `_DETECTION` at most."""
        self._configuration.update(qpos)
        return self._table_distance()

    def _attempt(
        self, guess: np.ndarray, target: np.ndarray, *, keep_heading: bool
    ) -> tuple[float, bool, int]:
        """Iterate from a guess; (best position error [m], reached, iterations)."""
        self._aim(guess, target, keep_heading=keep_heading)
        best, since_best = np.inf, 0
        for iteration in range(1, self.config.iterations + 1):
            if not self._iterate(5 * CONTROL_TIMESTEP):
                return best, False, iteration
            error = float(np.linalg.norm(self._position() - target))
            # half of the tolerance, so that what follows has some to spare
            if error < 0.5 * self.config.position_tolerance:
                best = error
                if self._tilt() < self.config.tilt_tolerance:
                    return error, True, iteration
            since_best = 0 if error < 0.98 * best else since_best + 1
            best = min(best, error)
            if since_best >= _STALL_ITERATIONS:
                break
        return best, False, iteration

    def _aim(self, qpos: np.ndarray, target: np.ndarray, *, keep_heading: bool) -> None:
        self._configuration.update(qpos)
        heading_cost = _ORIENTATION_COST if keep_heading else 0.0
        self._fingertip.set_orientation_cost([_ORIENTATION_COST, _ORIENTATION_COST, heading_cost])
        rotation = mink.SO3.from_matrix(GRIPPER_DOWN)
        self._fingertip.set_target(mink.SE3.from_rotation_and_translation(rotation, target))

    def _iterate(self, dt: float) -> bool:
        """One quadratic program of duration `dt` [s]; False where it has no solution.

        The program sees the table through a linear model; where the real step would come closer
        than the clearance, it is shortened.
        """
        configuration = self._configuration
        try:
            velocity = mink.solve_ik(
                configuration, self._tasks, dt, "daqp", damping=_DAMPING, limits=self._limits
            )
        except mink.NoSolutionFound:
            return False
        start = configuration.q.copy()
        allowed = min(self.config.table_clearance, self._table_distance()) - _ROUNDING
        for share in (1.0, 0.5, 0.25, 0.0):
            qpos = start + share * dt * velocity  # every joint is a hinge
            configuration.update(np.clip(qpos, JOINT_LOWER, JOINT_UPPER))
            if self._table_distance() >= allowed:
                break
        return True

    def _table_distance(self) -> float:
        model, data = self._configuration.model, self._configuration.data
        heights = data.geom_xpos[self._working, 2] - self._radii
        if heights.min() > _DETECTION:
            return _DETECTION
        return min(
            mujoco.mj_geomDistance(model, data, geom, self._table, _DETECTION, None)
            for geom, height in zip(self._working, heights, strict=True)
            if height < _DETECTION
        )

    def _position(self) -> np.ndarray:
        return self._configuration.data.site(FINGERTIP_SITE).xpos

    def _tilt(self) -> float:
        axis = self._configuration.data.site(FINGERTIP_SITE).xmat[[2, 5, 8]]
        return float(np.arctan2(np.hypot(axis[0], axis[1]), -axis[2]))

    def _random_qpos(self, rng: np.random.Generator) -> np.ndarray:
        """Joint positions inside the limits that keep clear of the table."""
        for _ in range(50):
            qpos = rng.uniform(0.9 * JOINT_LOWER, 0.9 * JOINT_UPPER)
            qpos = np.clip(qpos, JOINT_LOWER + 0.05, JOINT_UPPER - 0.05)
            if self.table_distance(qpos) > self.config.table_clearance:
                return qpos
        return HOME_QPOS.copy()


def unreachable_text(target_in_world: np.ndarray, reason: str) -> str:
    """Text of an `UnreachableTargetError`: the target, why, and what to do."""
    point = ", ".join(f"{value:.3f}" for value in np.asarray(target_in_world))
    x, y = TABLE_CENTRE_IN_WORLD
    return (
        f"target_in_world is ({point}) [m], {reason}; move it towards the table's centre, "
        f"({x:.1f}, {y:.1f}) and at least a few centimetres up"
    )


def _checked(qpos: np.ndarray, target_in_world: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    start = np.asarray(qpos, dtype=np.float64)
    target = np.asarray(target_in_world, dtype=np.float64)
    check_array(start, "qpos", (NUM_JOINTS,))
    check_array(target, "target_in_world", (3,))
    return np.clip(start, JOINT_LOWER, JOINT_UPPER), target
