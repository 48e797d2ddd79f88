"""One step of inverse kinematics: joints a little closer to where the fingertip should be.

Differential inverse kinematics solves, for a joint displacement dq, the quadratic program

    min ½ Σ ‖W (J dq + e)‖²    subject to    G dq ≤ h

with the tasks' errors e (fingertip pose, posture) and the limits G dq ≤ h (joint positions, joint
velocities, distances to the table and to objects), see https://kevinzakka.github.io/mink/. Every
iterate lies within the joint limits, so no result ever asks for more.

The hand's heading [rad] is its turn about the vertical from `GRIPPER_DOWN`: at heading 0 the
fingers close along world y.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import mink
import mujoco
import numpy as np

from ..envs.arm_actions import ActionMap
from ..envs.arm_model import CONTROL_TIMESTEP, GRIPPER_DOWN
from ..envs.entities import check_array
from ..envs.errors import ConfigError
from ..envs.number_checks import check_finite, check_whole
from ..envs.place_model import FINGERTIP, PREFIX, TABLE
from ..envs.place_start import joint_ranges
from ..envs.robots import PANDA, Robot, make_robot
from .ik_model import (
    CARRIED,
    HAND_GEOMS,
    Kept,
    Obstacle,
    Pairs,
    build_ik_model,
    open_fingers,
    put_in_hand,
    put_obstacles,
    working_geoms,
)
from .ik_settings import IKConfig

_ORIENTATION_COST = 0.3  # [m/rad]: 1 rad of tilt weighs as much as 0.3 m
_DAMPING = 1e-9
_DETECTION = 0.05  # the table's limit acts below this distance [m]
_ROUNDING = 1e-9


class IKStepper:
    """An arm's kinematics, what it keeps clear of, and single steps; built once."""

    def __init__(
        self,
        config: IKConfig | None = None,
        *,
        robot: str | Path | Robot = PANDA,
        obstacles: int = 0,
    ) -> None:
        """Make it for an arm, with room for so many objects to keep clear of.

        Raises:
            ConfigError: on another kind of config, an unknown robot, or no number of objects.
        """
        if not isinstance(config, IKConfig | None):
            raise ConfigError(
                f"config is a {type(config).__name__}, expected an IKConfig; pass "
                "IKConfig(restarts=4) or the like"
            )
        check_whole("obstacles", obstacles, least=0, cure="0 is for a free table")
        self.config = config or IKConfig()
        self.robot = robot = make_robot(robot)
        model = build_ik_model(robot, obstacles)
        self.lower, self.upper = joint_ranges(model, robot.num_joints)
        self.actions = ActionMap(self.lower, self.upper)
        self._home = np.clip(robot.home_qpos, self.lower, self.upper)
        self._configuration = mink.Configuration(model)
        self._fingertip = mink.FrameTask(
            FINGERTIP, "site", position_cost=1.0, orientation_cost=_ORIENTATION_COST
        )
        posture = mink.PostureTask(model, cost=1e-3)
        posture.set_target(self._home)
        self._tasks = (self._fingertip, posture)
        self._working = working_geoms(model, robot)
        self._radii = model.geom_rbound[self._working]  # of bounding spheres [m]
        self._table = model.geom(TABLE).id
        speeds = self.config.velocity_share * np.array(robot.velocity_limits)
        joints = (PREFIX + name for name in robot.joints)
        self._arm_limits = (
            # a gain of 1 would end on the limit itself, where rounding could step over it
            mink.ConfigurationLimit(model, gain=0.95),
            mink.VelocityLimit(model, dict(zip(joints, speeds, strict=True))),
            self._keep_apart((self._working, [TABLE], self.config.table_clearance)),
        )
        self._limits = self._arm_limits
        self._pairs = Pairs(model)

    def keep_clear_of(
        self,
        obstacles: Sequence[Obstacle],
        *,
        qpos: np.ndarray | None = None,
        carried: Obstacle | None = None,
        opening: float = 0.0,
    ) -> None:
        """Keep clear of these objects from now on, and of no others.

        Args:
            obstacles: at most as many as the controller has room for.
            qpos: (n,) joint positions at which the hand holds `carried` [rad].
            carried: the object in the hand, which keeps clear of the others and the table too.
            opening: distance between the finger pads meanwhile [m].

        Raises:
            ConfigError: on too many obstacles.
            ShapeError, NonFiniteError: on joint positions or an opening that are not finite.
        """
        check_finite("opening", opening, "length [m]")
        model, data = self._configuration.model, self._configuration.data
        names = put_obstacles(model, data, obstacles)
        open_fingers(model, opening)
        near = (list(HAND_GEOMS), names, self.config.object_clearance)
        kept: list[Kept] = [near] if names else []
        if carried is not None:
            self._configuration.update(None if qpos is None else self._joints(qpos))
            put_in_hand(model, data, carried)
            kept.append(([CARRIED], [TABLE, *names], self.config.carried_clearance))
        self._pairs = Pairs(model, kept)
        self._limits = (*self._arm_limits, *map(self._keep_apart, kept))

    def _keep_apart(self, kept: Kept) -> mink.CollisionAvoidanceLimit:
        moving, others, distance = kept
        return mink.CollisionAvoidanceLimit(
            self._configuration.model,
            [(moving, others)],
            minimum_distance_from_collisions=distance,
            collision_detection_distance=_DETECTION,
        )

    def step(
        self, qpos: np.ndarray, target_in_world: np.ndarray, *, heading: float = 0.0
    ) -> np.ndarray:
        """Joint positions one control step closer to a target, within velocity limits.

        Args:
            qpos: (n,) joint positions [rad].
            target_in_world: (3,) fingertip target [m]; near by, or the way there is not straight,
                and aimed at no lower than the table's clearance.
            heading: of the hand [rad].

        Returns:
            (n,) joint positions [rad], `qpos` itself where no step is allowed.
        """
        start, target = self._checked(qpos, target_in_world, heading)
        target = np.append(target[:2], max(target[2], self.config.table_clearance))
        self._aim(start, target, heading, keep_heading=True)
        self._iterate(CONTROL_TIMESTEP)
        return self._configuration.q.copy()

    def fingertip(self, qpos: np.ndarray) -> np.ndarray:
        """(3,) fingertip in world [m] at joint positions (n,) [rad]."""
        self._configuration.update(self._joints(qpos))
        return self._position().copy()

    def tilt(self, qpos: np.ndarray) -> float:
        """Angle between the gripper and straight down [rad] at joint positions (n,) [rad]."""
        self._configuration.update(self._joints(qpos))
        return self._tilt()

    def table_distance(self, qpos: np.ndarray) -> float:
        """Distance from hand, fingers and forearm to the table [m], `_DETECTION` at most."""
        self._configuration.update(self._joints(qpos))
        return self._table_distance()

    def object_margin(self, qpos: np.ndarray) -> float:
        """How much further than it must the hand is from objects [m], `_DETECTION` at most.

        Counts what the hand carries, and its distance to the table, too.
        """
        self._configuration.update(self._joints(qpos))
        return self._pairs.margin(self._configuration.data, _DETECTION)

    def heading(self, qpos: np.ndarray) -> float:
        """The hand's heading [rad] at joint positions (n,) [rad]."""
        self._configuration.update(self._joints(qpos))
        return self._heading()

    def _aim(
        self, qpos: np.ndarray, target: np.ndarray, heading: float, *, keep_heading: bool
    ) -> None:
        self._configuration.update(qpos)
        heading_cost = _ORIENTATION_COST if keep_heading else 0.0
        self._fingertip.set_orientation_cost([_ORIENTATION_COST, _ORIENTATION_COST, heading_cost])
        turn = mink.SO3.from_z_radians(heading) @ mink.SO3.from_matrix(GRIPPER_DOWN)
        self._fingertip.set_target(mink.SE3.from_rotation_and_translation(turn, target))

    def _iterate(self, dt: float) -> bool:
        """One quadratic program of duration `dt` [s]; False where it has no solution.

        The program sees table and objects through a linear model; where the real step would come
        closer than the clearances, it is shortened.
        """
        configuration = self._configuration
        try:
            velocity = mink.solve_ik(
                configuration, self._tasks, dt, "daqp", damping=_DAMPING, limits=self._limits
            )
        except mink.NoSolutionFound:
            return False
        start = configuration.q.copy()
        before = self._margin()
        for share in (1.0, 0.5, 0.25, 0.0):
            qpos = start + share * dt * velocity  # every joint is a hinge
            configuration.update(np.clip(qpos, self.lower, self.upper))
            if self._margin() >= min(0.0, before) - _ROUNDING:
                break
        return True

    def _margin(self) -> float:
        """How much further than it must all is from table and objects [m]."""
        above_table = self._table_distance() - self.config.table_clearance
        return min(above_table, self._pairs.margin(self._configuration.data, _DETECTION))

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

    def _checked(
        self, qpos: np.ndarray, target_in_world: np.ndarray, heading: float
    ) -> tuple[np.ndarray, np.ndarray]:
        start = self._joints(qpos)
        check_array(target_in_world, "target_in_world", (3,))
        check_finite("heading", heading, "angle [rad]")
        target = np.asarray(target_in_world, dtype=np.float64)
        return np.clip(start, self.lower, self.upper), target

    def _joints(self, qpos: np.ndarray) -> np.ndarray:
        check_array(qpos, "qpos", (self.robot.num_joints,))
        return np.asarray(qpos, dtype=np.float64)

    def _position(self) -> np.ndarray:
        return self._configuration.data.site(FINGERTIP).xpos

    def _tilt(self) -> float:
        axis = self._configuration.data.site(FINGERTIP).xmat[[2, 5, 8]]
        return float(np.arctan2(np.hypot(axis[0], axis[1]), -axis[2]))

    def _heading(self) -> float:
        x, y = self._configuration.data.site(FINGERTIP).xmat[[0, 3]]
        return float(np.arctan2(y, x))
