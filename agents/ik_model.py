"""The model that inverse kinematics sees: an arm with rigid fingers, and boxes to keep clear of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import mujoco
import numpy as np

from ..envs.arm_model import HAND_GEOM_NAME
from ..envs.entities import check_array
from ..envs.errors import ConfigError
from ..envs.place_model import FINGER_GEOMS, PREFIX
from ..envs.place_start import rigid_spec
from ..envs.robots import Robot

HAND = PREFIX + "hand"
HAND_GEOMS = (PREFIX + HAND_GEOM_NAME, *FINGER_GEOMS)
"""What may bump into objects: the palm and the fingers."""
CARRIED = "carried"
"""The geom of the object in the hand."""
_WORKING_JOINTS = 3  # the links after so many of the last joints come near the table
_AWAY = (0.0, 0.0, -5.0)  # [m]: where unused obstacles wait


@dataclass(frozen=True, kw_only=True, eq=False)
class Obstacle:
    """An upright object to keep clear of, or to carry.

    Attributes:
        centre: (3,) in world [m].
        half_extents: (3,) along its own axes [m].
        yaw: of its own x axis in world [rad].
        round: whether it is a cylinder of radius `half_extents[0]`, rather than a box.
    """

    centre: np.ndarray
    half_extents: np.ndarray
    yaw: float = 0.0
    round: bool = False

    def __post_init__(self) -> None:
        for name in ("centre", "half_extents"):
            check_array(getattr(self, name), name, (3,))

    @property
    def size(self) -> np.ndarray:
        """(3,) as MuJoCo's geoms have it [m]."""
        if not self.round:
            return np.asarray(self.half_extents, dtype=np.float64)
        return np.array([self.half_extents[0], self.half_extents[2], 0.0])

    @property
    def bound(self) -> float:
        """Radius of a sphere around it [m]."""
        radius = self.half_extents[0] if self.round else np.hypot(*self.half_extents[:2])
        return float(np.hypot(radius, self.half_extents[2]))


def build_ik_model(robot: Robot, obstacles: int) -> mujoco.MjModel:
    """The arm with closed, rigid fingers on its table, with room for so many obstacles.

    Returns:
        The model: qpos is the n joints; obstacles are mocap bodies ``obstacle_0``, …, which this
        model alone has: nothing of them is ever simulated.
    """
    spec = rigid_spec(robot)
    for index in range(obstacles):
        body = spec.worldbody.add_body(name=f"obstacle_{index}", pos=list(_AWAY), mocap=True)
        _add_box(body, f"obstacle_{index}")
    _add_box(spec.body(HAND), CARRIED)
    return spec.compile()


def _add_box(body: mujoco.MjsBody, name: str) -> None:
    body.add_geom(
        name=name,
        type=mujoco.mjtGeom.mjGEOM_BOX,
        size=[0.001] * 3,
        contype=3,
        conaffinity=3,
        mass=0.0,
    )


def working_geoms(model: mujoco.MjModel, robot: Robot) -> list[int]:
    """Ids of the collision geoms of the last links and the hand; they need no names."""
    first = model.joint(PREFIX + robot.joints[-_WORKING_JOINTS]).id
    root = int(model.jnt_bodyid[first])
    carried = model.geom(CARRIED).id
    geoms = []
    for geom in range(model.ngeom):
        body = int(model.geom_bodyid[geom])
        while body not in (0, root):
            body = int(model.body_parentid[body])
        if body == root and model.geom_contype[geom] and geom != carried:
            geoms.append(geom)
    return geoms


Kept = tuple[Sequence[str | int], Sequence[str | int], float]
"""Geoms by name or id, others, and how far apart they keep [m]."""


class Pairs:
    """Pairs of geoms that keep a distance, wherever the model's data have them."""

    def __init__(self, model: mujoco.MjModel, kept: Sequence[Kept] = ()) -> None:
        """The geoms' shapes are final."""
        self._model = model
        self._pairs = [
            (model.geom(one).id, model.geom(other).id, least)
            for moving, others, least in kept
            for one in moving
            for other in others
        ]
        pairs = np.array(self._pairs).reshape(-1, 3)
        self._first, self._second = pairs[:, :2].T.astype(int)
        self._reach = model.geom_rbound[self._first] + model.geom_rbound[self._second] + pairs[:, 2]

    def margin(self, data: mujoco.MjData, most: float) -> float:
        """How much further apart than they must the nearest pair is [m], `most` at most."""
        apart = data.geom_xpos[self._first] - data.geom_xpos[self._second]
        bounds = np.sqrt((apart * apart).sum(axis=1)) - self._reach
        margin = most
        for number in np.flatnonzero(bounds < most):
            one, other, least = self._pairs[number]
            apart = mujoco.mj_geomDistance(self._model, data, one, other, margin + least, None)
            margin = min(margin, apart - least)
        return margin


def put_obstacles(
    model: mujoco.MjModel, data: mujoco.MjData, obstacles: Sequence[Obstacle]
) -> list[str]:
    """Put the model's obstacles where these are, the others away; names of those in use.

    Raises:
        ConfigError: if the model has fewer.
    """
    if len(obstacles) > model.nmocap:
        raise ConfigError(
            f"obstacles holds {len(obstacles)}, the model has room for {model.nmocap}; build the "
            "controller with more"
        )
    data.mocap_pos[:] = _AWAY
    for index, obstacle in enumerate(obstacles):
        data.mocap_pos[index] = obstacle.centre
        half = 0.5 * obstacle.yaw
        data.mocap_quat[index] = (np.cos(half), 0.0, 0.0, np.sin(half))
        _shape(model, f"obstacle_{index}", obstacle)
    return [f"obstacle_{index}" for index in range(len(obstacles))]


def put_in_hand(model: mujoco.MjModel, data: mujoco.MjData, carried: Obstacle) -> None:
    """Fix an object to the hand, where both are now; the kinematics are up to date."""
    hand, geom = model.body(HAND).id, model.geom(CARRIED).id
    rotation = data.xmat[hand].reshape(3, 3)
    cos, sin = np.cos(carried.yaw), np.sin(carried.yaw)
    own = np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
    model.geom_sameframe[geom] = 0  # or MuJoCo takes the body's frame for the geom's
    model.geom_pos[geom] = rotation.T @ (carried.centre - data.xpos[hand])
    mujoco.mju_mat2Quat(model.geom_quat[geom], (rotation.T @ own).ravel())
    _shape(model, CARRIED, carried)


def open_fingers(model: mujoco.MjModel, opening: float) -> None:
    """Set the rigid fingers apart by `opening` between their pads [m]."""
    for name, side in zip(FINGER_GEOMS, (1.0, -1.0), strict=True):
        body = int(model.geom_bodyid[model.geom(name).id])
        model.body_pos[body, 1] = side * 0.5 * opening


def _shape(model: mujoco.MjModel, name: str, obstacle: Obstacle) -> None:
    geom = model.geom(name).id
    kind = mujoco.mjtGeom.mjGEOM_CYLINDER if obstacle.round else mujoco.mjtGeom.mjGEOM_BOX
    model.geom_type[geom] = int(kind)
    model.geom_size[geom] = obstacle.size
    model.geom_rbound[geom] = obstacle.bound
