"""The physics half of the arm's environment: objects, arm, actions and contacts, no concepts."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from .arm_actions import ACTION_SIZE, targets_from_action
from .arm_model import (
    CONTROL_TIMESTEP,
    FINGER_GEOM_NAMES,
    FINGER_VELOCITY_LIMIT,
    FINGERTIP_SITE,
    HOVER_HEIGHT,
    JOINT_LOWER,
    JOINT_UPPER,
    MAX_OBJECTS,
    NUM_JOINTS,
    OBJECT_REST_HEIGHT,
    SERVO_TIME_CONSTANT,
    SUBSTEPS,
    TABLE_GEOM_NAME,
    VELOCITY_LIMITS,
    build_arm_model,
    object_name,
)
from .arm_start import qpos_at_fingertip
from .entities import MAX_ENTITIES, POSITION, EntityState, check_array
from .errors import ConfigError
from .frames import plane_to_table, table_to_plane

SETPOINT_SPEED_SHARE = 0.92
"""Share of the velocity limits at which set-points move: coupled joints overshoot by a few %."""
_SETPOINT_SPEED = SETPOINT_SPEED_SHARE * np.append(VELOCITY_LIMITS, FINGER_VELOCITY_LIMIT)
# (8,) how far a set-point may lead its joint [rad]; the fingers' may press as it likes.
_LARGEST_LEAD = np.append(0.96 * SERVO_TIME_CONSTANT * VELOCITY_LIMITS, np.inf)
_FINGERS = slice(NUM_JOINTS, NUM_JOINTS + 2)
_OTHER, _TABLE, _ARM, _FINGER, _OBJECT = range(5)


@dataclass(frozen=True, kw_only=True)
class _Layout:
    """One compiled model and where its parts lie in MuJoCo's arrays."""

    model: mujoco.MjModel
    data: mujoco.MjData
    site: int
    kinds: np.ndarray  # (ngeom,) one of _OTHER, _TABLE, _ARM, _FINGER, _OBJECT
    indices: np.ndarray  # (ngeom,) which object a geom belongs to
    geoms: np.ndarray  # (n_objects,) geom ids
    poses: np.ndarray  # (n_objects, 7) addresses in qpos


class ArmWorld:
    """The arm over the table with the objects of one entity state.

    A model per number of objects is compiled on first use and kept.

    Attributes (counted from the last reset, seen at the end of each control step):
        max_joint_limit_violation: furthest any joint went beyond its limits [rad].
        table_contacts: control steps that ended with the arm touching the table.
        max_velocity_share: largest joint velocity as a share of its limit.
    """

    def __init__(self) -> None:
        self._layouts: dict[int, _Layout] = {}
        self._layout: _Layout | None = None
        self._jacobian = np.empty((3, 0))
        self._touched = np.zeros(MAX_ENTITIES, dtype=bool)
        self.max_joint_limit_violation = 0.0
        self.table_contacts = 0
        self.max_velocity_share = 0.0

    @property
    def model(self) -> mujoco.MjModel:
        """The model of the current scene."""
        return self._current.model

    @property
    def data(self) -> mujoco.MjData:
        """The state of the current scene; its kinematics are up to date after a step."""
        return self._current.data

    @property
    def touched(self) -> np.ndarray:
        """(MAX_ENTITIES,) bool, the entities that a finger has touched since the reset."""
        return self._touched.copy()

    @property
    def fingertip_in_world(self) -> np.ndarray:
        """(3,) fingertip [m]."""
        return self.data.site_xpos[self._current.site].copy()

    @property
    def fingertip_speed(self) -> float:
        """Speed of the fingertip in world [m/s]."""
        return float(np.linalg.norm(self._jacobian @ self.data.qvel))

    def reset(self, entity_state: EntityState) -> None:
        """Place the objects and the arm, at rest, whatever happened before.

        Objects lie at their plane positions with their colours; the fingertip hovers
        `HOVER_HEIGHT` above the cursor's position with the gripper closed and pointing down.

        Raises:
            ConfigError: unless there is one cursor and 1 to `MAX_OBJECTS` objects.
            UnreachableTargetError: if the cursor lies out of the arm's reach.
        """
        rows = _object_rows(entity_state)
        layout = self._layout_of(len(rows))
        start = np.append(plane_to_table(entity_state.positions[entity_state.cursor]), HOVER_HEIGHT)
        qpos = qpos_at_fingertip(start)
        model, data = layout.model, layout.data
        mujoco.mj_resetData(model, data)
        data.qpos[:NUM_JOINTS] = qpos
        data.act[:NUM_JOINTS] = qpos
        poses = np.zeros((len(rows), 7))
        poses[:, :2] = plane_to_table(entity_state.positions[rows])
        poses[:, 2] = OBJECT_REST_HEIGHT
        poses[:, 3] = 1.0
        data.qpos[layout.poses] = poses
        model.geom_rgba[layout.geoms, :3] = entity_state.colours[rows]
        mujoco.mj_forward(model, data)

        self._layout, self._template, self._rows = layout, entity_state, rows
        self._cursor = entity_state.cursor
        self._jacobian = np.zeros((3, model.nv))
        self._touched = np.zeros(MAX_ENTITIES, dtype=bool)
        self.max_joint_limit_violation = 0.0
        self.table_contacts = 0
        self.max_velocity_share = 0.0
        self._update()

    def step(self, action: np.ndarray) -> None:
        """Move the set-points towards an action's targets for one control step.

        Set-points move at no more than `SETPOINT_SPEED_SHARE` of the velocity limits, as a real
        arm's interface demands, so that joints keep to their limits whatever the policy asks for.

        Args:
            action: (8,), see `arm_actions`; values outside [-1, 1] are clipped.

        Raises:
            ShapeError, NonFiniteError: on anything but eight finite numbers.
        """
        check_array(action, "action", (ACTION_SIZE,))
        qpos, opening = targets_from_action(action)
        data = self.data
        target = np.append(qpos, 0.5 * opening)  # a finger travels half of the opening
        target = np.clip(target, *self._set_point_range())
        velocity = (target - data.act) / CONTROL_TIMESTEP
        np.clip(velocity, -_SETPOINT_SPEED, _SETPOINT_SPEED, out=data.ctrl)
        self._advance()
        self._update()
        self._count()

    def entity_state(self) -> EntityState:
        """What the physics say now, rows in the order that the reset was given."""
        layout, data = self._current, self.data
        entities = self._template.entities.copy()
        positions = np.empty((len(self._rows) + 1, 2))
        positions[:-1] = data.qpos[layout.poses[:, :2]]
        positions[-1] = data.site_xpos[layout.site, :2]
        in_plane = table_to_plane(positions)
        entities[self._rows, POSITION] = in_plane[:-1]
        entities[self._cursor, POSITION] = in_plane[-1]
        return self._template.with_entities(entities)

    def arm_observation(self) -> dict[str, np.ndarray]:
        """The arm's own observation: qpos, qvel (7,), gripper (1,), fingertip (3,), touched."""
        data = self.data
        return {
            "qpos": data.qpos[:NUM_JOINTS].astype(np.float32),
            "qvel": data.qvel[:NUM_JOINTS].astype(np.float32),
            "gripper": np.array([data.qpos[_FINGERS].sum()], dtype=np.float32),
            "fingertip": data.site_xpos[self._current.site].astype(np.float32),
            "touched": self._touched.astype(np.int8),
        }

    @property
    def _current(self) -> _Layout:
        if self._layout is None:
            raise ConfigError("the arm world holds no scene; call reset(entity_state) first")
        return self._layout

    def _layout_of(self, n_objects: int) -> _Layout:
        if n_objects not in self._layouts:
            self._layouts[n_objects] = _build_layout(n_objects)
        return self._layouts[n_objects]

    def _set_point_range(self) -> tuple[np.ndarray, np.ndarray]:
        """(8,) bounds on the set-points at the end of this step.

        A servo runs at (set-point - position) / time constant, so the lead over the position
        bounds its velocity also where the torque limit has made it fall behind.
        """
        data = self.data
        expected = np.append(
            data.qpos[:NUM_JOINTS] + CONTROL_TIMESTEP * data.qvel[:NUM_JOINTS], 0.0
        )
        return expected - _LARGEST_LEAD, expected + _LARGEST_LEAD

    def _advance(self) -> None:
        mujoco.mj_step(self.model, self.data, SUBSTEPS)

    def _update(self) -> None:
        """Bring kinematics, which mj_step leaves one sub-step behind, up to the state."""
        layout, data = self._current, self.data
        mujoco.mj_kinematics(layout.model, data)
        mujoco.mj_comPos(layout.model, data)
        mujoco.mj_jacSite(layout.model, data, self._jacobian, None, layout.site)

    def _count(self) -> None:
        layout, data = self._current, self.data
        qpos = data.qpos[:NUM_JOINTS]
        beyond = max((JOINT_LOWER - qpos).max(), (qpos - JOINT_UPPER).max())
        self.max_joint_limit_violation = max(self.max_joint_limit_violation, float(beyond))
        share = np.abs(data.qvel[:NUM_JOINTS] / VELOCITY_LIMITS).max()
        self.max_velocity_share = max(self.max_velocity_share, float(share))

        pairs = data.contact.geom  # (ncon, 2)
        kinds = layout.kinds[pairs]
        arm = (kinds == _ARM) | (kinds == _FINGER)
        working = arm.any(axis=1)  # resting objects make up most contacts
        if not working.any():
            return
        pairs, kinds = pairs[working], kinds[working]
        self.table_contacts += int((kinds == _TABLE).any())
        by_finger = (kinds == _FINGER).any(axis=1)
        objects = pairs[by_finger][kinds[by_finger] == _OBJECT]
        self._touched[self._rows[layout.indices[objects]]] = True


def _object_rows(entity_state: EntityState) -> np.ndarray:
    rows = np.flatnonzero(entity_state.objects)
    n_cursors = int(entity_state.present.sum()) - len(rows)
    if n_cursors != 1 or not 1 <= len(rows) <= MAX_OBJECTS:
        raise ConfigError(
            f"entity_state holds {n_cursors} cursors and {len(rows)} objects; the arm world needs "
            f"1 cursor and 1 to {MAX_OBJECTS} objects"
        )
    return rows


def _build_layout(n_objects: int) -> _Layout:
    model = build_arm_model(n_objects)
    names = [object_name(index) for index in range(n_objects)]
    geoms = np.array([model.geom(name).id for name in names])
    kinds = np.full(model.ngeom, _OTHER)
    kinds[[geom for geom in range(model.ngeom) if model.geom(geom).contype == 1]] = _ARM
    kinds[[model.geom(name).id for name in FINGER_GEOM_NAMES]] = _FINGER
    kinds[model.geom(TABLE_GEOM_NAME).id] = _TABLE
    kinds[geoms] = _OBJECT
    indices = np.zeros(model.ngeom, dtype=int)
    indices[geoms] = np.arange(n_objects)
    starts = np.array([model.joint(f"{name}_joint").qposadr[0] for name in names])
    return _Layout(
        model=model,
        data=mujoco.MjData(model),
        site=model.site(FINGERTIP_SITE).id,
        kinds=kinds,
        indices=indices,
        geoms=geoms,
        poses=starts[:, None] + np.arange(7),
    )
