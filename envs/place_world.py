"""The physics half of the place world: solid objects, an arm with a hand, contacts, no concepts."""

from __future__ import annotations

import math
from typing import Any

import mujoco
import numpy as np

from .arm_actions import ActionMap
from .arm_model import SUBSTEPS
from .entities import MAX_ENTITIES, EntityState, check_array
from .errors import ConfigError
from .frames import plane_to_table, table_to_plane
from .joint_watch import JointWatch
from .place_contacts import ContactWatch
from .place_model import FINGERTIP, build_place_model
from .place_scene import PlaceScene
from .place_start import HOME_FINGERTIP, joint_ranges, rigid_model, start_qpos
from .robots import PANDA, Robot
from .set_points import SetPoints

HOVER = HOME_FINGERTIP[2]
"""Height of the fingertip at the start of an episode [m]."""
OPEN = 0.06
"""Opening of the fingers at the start of an episode that asks to move something [m]."""
SETTLE_STEPS = 10
"""Control steps that objects are given to come to rest before an episode begins."""
_AWAKE = ("nbody_awake", "nparent_awake", "ntree_awake", "nv_awake")
"""How much of `MjData` is awake: what a pickle of it leaves out (MuJoCo 4.0)."""


class PlaceWorld:
    """The arm at its table with the solid entities of one scene.

    Attributes:
        robot: the arm.
        contacts: what touched what since the reset.
    """

    def __init__(self, robot: Robot = PANDA) -> None:
        self.robot = robot
        n = robot.num_joints
        self._lower, self._upper = joint_ranges(rigid_model(robot), n)
        self.actions = ActionMap(self._lower, self._upper)
        self._set_points = SetPoints(np.array(robot.velocity_limits))
        self._joints, self._fingers = slice(0, n), slice(n, n + 2)
        self._model: mujoco.MjModel | None = None
        self._data: mujoco.MjData | None = None
        self._site = 0
        self._watch = JointWatch(np.zeros(n))
        self.contacts = ContactWatch()

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {name: getattr(self._data, name, None) for name in _AWAKE}

    def __setstate__(self, state: dict[str, Any]) -> None:
        awake = {name: state.pop(name) for name in _AWAKE}
        self.__dict__.update(state)
        if self._data is not None:
            for name, number in awake.items():
                setattr(self._data, name, number)

    @property
    def model(self) -> mujoco.MjModel:
        """The model of the current scene."""
        if self._model is None:
            raise ConfigError("the place world holds no scene; call reset(scene, state) first")
        return self._model

    @property
    def data(self) -> mujoco.MjData:
        """The state of the current scene; its kinematics are up to date after a step."""
        if self._data is None:
            raise ConfigError("the place world holds no scene; call reset(scene, state) first")
        return self._data

    @property
    def fingertip_in_world(self) -> np.ndarray:
        """(3,) the point between the fingers' tips [m]."""
        return self.data.site_xpos[self._site].copy()

    @property
    def fingertip_speed(self) -> float:
        """Its speed in world [m/s]."""
        qvel = self.data.qvel
        return math.hypot(*(self._jacobian @ qvel))

    @property
    def opening(self) -> float:
        """Distance between the finger pads [m]."""
        return float(self.data.qpos[self._fingers].sum())

    @property
    def poses(self) -> np.ndarray:
        """(n, 7) places [m] and turns (quaternions) of the solid entities, in the scene's order."""
        return self.data.qpos[self._poses].copy()

    @property
    def velocity_addresses(self) -> np.ndarray:
        """(n, 3) where the solid entities' velocities lie in MuJoCo's qvel."""
        _ = self.data
        return self._velocities

    @property
    def object_speeds(self) -> np.ndarray:
        """(n,) speeds of the solid entities' centres [m/s]."""
        return np.linalg.norm(self.data.qvel[self._velocities], axis=1)

    @property
    def max_joint_limit_violation(self) -> float:
        """Furthest any joint went beyond its limits since the reset [rad]."""
        return self._watch.limit_violation(self._lower, self._upper)

    @property
    def max_velocity_share(self) -> float:
        """Largest joint velocity since the reset as a share of its limit."""
        return self._watch.velocity_share(np.array(self.robot.velocity_limits))

    @property
    def max_torque_share(self) -> float:
        """Largest motor torque since the reset, weight included, as a share of its limit."""
        return self._watch.torque_share(np.array(self.robot.torque_limits))

    def reset(self, scene: PlaceScene, state: EntityState, *, opening: float = OPEN) -> None:
        """Place objects and arm, at rest, whatever happened before; then let them settle.

        The hand points down above the cursor where that is the fingertip, else above the table's
        near half.

        Raises:
            UnreachableTargetError: if the arm cannot bring its hand there.
        """
        trays = plane_to_table(state.positions[state.zones])
        model = build_place_model(self.robot, scene.shapes, trays=list(trays))
        for index, row in enumerate(scene.rows):
            model.geom(f"object_{index}").rgba[:3] = state.colours[row]
        self._model, self._data = model, mujoco.MjData(model)
        self._site = model.site(FINGERTIP).id
        first = self.robot.num_joints + 2
        self._poses = first + np.arange(7 * len(scene.rows)).reshape(-1, 7)
        self._velocities = first + np.arange(6 * len(scene.rows)).reshape(-1, 6)[:, :3]
        self._template, self._rows = state, scene.rows
        self._solid_cursor = scene.piece is not None
        fingertip = () if self._solid_cursor else (state.cursor,)
        self._written = np.append(scene.rows, fingertip).astype(int)
        self._jacobian = np.zeros((3, model.nv))
        self._place(scene.poses(state), self._start(state), opening)
        self.contacts = ContactWatch(model, len(scene.rows))
        self._watch = JointWatch(self.data.qpos[self._joints])

    def step(self, action: np.ndarray) -> None:
        """Move the set-points towards an action's targets for one control step (0.04 s).

        Args:
            action: (n + 1,), see `arm_actions`; values outside [-1, 1] are clipped.

        Raises:
            ShapeError, NonFiniteError: on anything but n + 1 finite numbers.
        """
        check_array(action, "action", (self.robot.num_joints + 1,))
        data = self.data
        self._set_points.command(data, self.actions.set_points(action))
        mujoco.mj_step(self.model, data, SUBSTEPS)
        self._update()
        joints = self._joints
        self._watch.look(data.qpos[joints], data.qvel[joints], data.qfrc_actuator[joints])
        self.contacts.look(data)

    def entity_state(self) -> EntityState:
        """What the physics say now, rows in the order that the reset was given."""
        places = np.empty((len(self._written), 2))
        places[-1] = self.data.site_xpos[self._site, :2]  # unless the cursor is solid
        places[: len(self._rows)] = self.data.qpos[self._poses[:, :2]]
        return self._template.moved(self._written, table_to_plane(places))

    def arm_observation(self) -> dict[str, np.ndarray]:
        """The arm's own observation: qpos, qvel (n,), gripper (1,), fingertip (3,)."""
        data, n = self.data, self.robot.num_joints
        return {
            "qpos": data.qpos[:n].astype(np.float32),
            "qvel": data.qvel[:n].astype(np.float32),
            "gripper": data.qpos[self._fingers].sum(keepdims=True).astype(np.float32),
            "fingertip": data.site_xpos[self._site].astype(np.float32),
        }

    @property
    def touched(self) -> np.ndarray:
        """(MAX_ENTITIES,) bool, the entities that a finger has touched since the reset."""
        _ = self.data
        mask = np.zeros(MAX_ENTITIES, dtype=bool)
        mask[self._rows] = self.contacts.touched
        return mask

    def _start(self, state: EntityState) -> tuple[float, float, float]:
        if self._solid_cursor:
            return HOME_FINGERTIP
        x, y = plane_to_table(state.positions[state.cursor])
        return float(x), float(y), HOVER

    def _place(
        self, poses: np.ndarray, fingertip: tuple[float, float, float], opening: float
    ) -> None:
        model, data, n = self.model, self.data, self.robot.num_joints
        qpos = start_qpos(self.robot, fingertip)
        data.qpos[:n], data.act[:n] = qpos, qpos
        data.qpos[self._fingers], data.act[n] = 0.5 * opening, 0.5 * opening
        data.qpos[self._poses] = poses
        mujoco.mj_step(model, data, SETTLE_STEPS * SUBSTEPS)
        data.time = 0.0
        self._update()

    def _update(self) -> None:
        """Bring kinematics, which mj_step leaves one sub-step behind, up to the state."""
        model, data = self.model, self.data
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        mujoco.mj_jacSite(model, data, self._jacobian, None, self._site)
