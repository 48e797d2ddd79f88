"""The physics half of the arm's environment: objects, arm, actions and contacts, no concepts."""

from __future__ import annotations

import math
from dataclasses import dataclass

import mujoco
import numpy as np

from .arm_actions import ACTION_SIZE, set_points_from_action
from .arm_model import (
    FINGER_GEOM_NAMES,
    FINGERTIP_SITE,
    HOVER_HEIGHT,
    JOINT_LOWER,
    JOINT_UPPER,
    MAX_OBJECTS,
    NUM_JOINTS,
    OBJECT_REST_HEIGHT,
    SUBSTEPS,
    TABLE_GEOM_NAME,
    VELOCITY_LIMITS,
    build_arm_model,
    object_name,
)
from .arm_start import qpos_at_fingertip
from .entities import MAX_ENTITIES, EntityState, check_array
from .errors import ConfigError
from .frames import plane_to_table, table_to_plane
from .joint_watch import JointWatch
from .set_points import SetPoints

_FINGERS = slice(NUM_JOINTS, NUM_JOINTS + 2)
_OTHER, _TABLE, _OBJECT, _ARM, _FINGER = 0, 1, 2, 4, 8  # bits: those of the arm are the largest


@dataclass(frozen=True, kw_only=True)
class _Layout:
    """One compiled model and where its parts lie in MuJoCo's arrays."""

    model: mujoco.MjModel
    data: mujoco.MjData
    site: int
    kinds: np.ndarray  # (ngeom,) one of _OTHER, _TABLE, _OBJECT, _ARM, _FINGER
    indices: np.ndarray  # (ngeom,) which object a geom belongs to
    geoms: np.ndarray  # (n_objects,) geom ids
    poses: np.ndarray  # (n_objects, 7) addresses in qpos
    places: np.ndarray  # (n_objects, 2) those of x and y


class ArmWorld:
    """The arm over the table with the objects of one entity state.

    A model per number of objects is compiled on first use and kept.

    `max_joint_limit_violation`, `max_velocity_share` and `table_contacts` are counted from the
    last reset, as seen at the end of each control step. What runs in every step is written with
    few NumPy calls, as each costs about as much as a physics sub-step's tenth.

    Attributes:
        table_contacts: control steps that ended with the arm touching the table.
    """

    def __init__(self) -> None:
        self._layouts: dict[int, _Layout] = {}
        self._layout: _Layout | None = None
        self._jacobian = np.empty((3, 0))
        self._touched = np.zeros(MAX_ENTITIES, dtype=bool)
        self._set_points = SetPoints(VELOCITY_LIMITS)
        self._watch = JointWatch(np.zeros(NUM_JOINTS))
        self.table_contacts = 0

    @property
    def max_joint_limit_violation(self) -> float:
        """Furthest any joint went beyond its limits [rad]."""
        return self._watch.limit_violation(JOINT_LOWER, JOINT_UPPER)

    @property
    def max_velocity_share(self) -> float:
        """Largest joint velocity as a share of its limit."""
        return self._watch.velocity_share(VELOCITY_LIMITS)

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
        return math.hypot(*(self._jacobian @ self.data.qvel))

    def reset(self, entity_state: EntityState) -> None:
        """Place the objects and the arm, at rest, whatever happened before.

        Objects lie at their plane positions with their colours; the fingertip hovers
        `HOVER_HEIGHT` above the cursor's position with the gripper closed and pointing down.

        Raises:
            ConfigError: unless there are one cursor, 1 to `MAX_OBJECTS` objects and no zones.
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
        self._written = np.append(rows, entity_state.cursor)
        self._jacobian = np.zeros((3, model.nv))
        self._touched = np.zeros(MAX_ENTITIES, dtype=bool)
        self._watch = JointWatch(qpos)
        self.table_contacts = 0
        self._update()

    def step(self, action: np.ndarray) -> None:
        """Move the set-points towards an action's targets for one control step, see `SetPoints`.

        Args:
            action: (8,), see `arm_actions`; values outside [-1, 1] are clipped.

        Raises:
            ShapeError, NonFiniteError: on anything but eight finite numbers.
        """
        check_array(action, "action", (ACTION_SIZE,))
        self._set_points.command(self.data, set_points_from_action(action))
        self._advance()
        self._update()
        self._count()

    def entity_state(self) -> EntityState:
        """What the physics say now, rows in the order that the reset was given."""
        layout, data = self._current, self.data
        positions = np.empty((len(self._written), 2))
        positions[:-1] = data.qpos[layout.places]
        positions[-1] = data.site_xpos[layout.site, :2]
        return self._template.moved(self._written, table_to_plane(positions))

    def arm_observation(self) -> dict[str, np.ndarray]:
        """The arm's own observation: qpos, qvel (7,), gripper (1,), fingertip (3,), touched."""
        data = self.data
        return {
            "qpos": data.qpos[:NUM_JOINTS].astype(np.float32),
            "qvel": data.qvel[:NUM_JOINTS].astype(np.float32),
            "gripper": data.qpos[_FINGERS].sum(keepdims=True).astype(np.float32),
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
        joints = slice(NUM_JOINTS)
        self._watch.look(data.qpos[joints], data.qvel[joints], data.actuator_force[joints])

        pairs = data.contact.geom  # (ncon, 2)
        kinds = layout.kinds[pairs]
        if np.bitwise_or.reduce(kinds, axis=None) < _ARM:
            return  # most steps: objects rest on the table, and nothing touches the arm
        working = (kinds >= _ARM).any(axis=1)
        pairs, kinds = pairs[working], kinds[working]
        self.table_contacts += int((kinds == _TABLE).any())
        by_finger = (kinds == _FINGER).any(axis=1)
        objects = pairs[by_finger][kinds[by_finger] == _OBJECT]
        self._touched[self._rows[layout.indices[objects]]] = True


def _object_rows(entity_state: EntityState) -> np.ndarray:
    rows = np.flatnonzero(entity_state.objects)
    n_zones = int(entity_state.zones.sum())
    if n_zones:
        raise ConfigError(
            f"entity_state holds {n_zones} zones; the arm's table has none: leave them out, or use "
            "conceptgym/Particle-v0"
        )
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
        places=starts[:, None] + np.arange(2),
    )
