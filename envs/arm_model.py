"""The arm's compiled MuJoCo model and the figures that everything else about it needs.

The MJCF is `assets/panda/panda.xml`; its README cites every figure. The world frame is the robot's
base frame, the table top is z = 0 [m].
"""

from __future__ import annotations

import mujoco
import numpy as np

from ..assets import asset_path
from .errors import ConfigError

NUM_JOINTS = 7
MAX_OBJECTS = 8
"""Most objects on the table; the plane may hold more."""
JOINT_NAMES = tuple(f"joint{i + 1}" for i in range(NUM_JOINTS))
FINGER_JOINT_NAMES = ("finger_joint1", "finger_joint2")
FINGER_GEOM_NAMES = ("left_finger_collision", "right_finger_collision")
HAND_GEOM_NAME = "hand_collision"
TABLE_GEOM_NAME = "table"
FINGERTIP_SITE = "fingertip"

JOINT_LOWER = np.array([-2.8973, -1.7628, -2.8973, -3.0718, -2.8973, -0.0175, -2.8973])
"""(7,) lower joint limits [rad]."""
JOINT_UPPER = np.array([2.8973, 1.7628, 2.8973, -0.0698, 2.8973, 3.7525, 2.8973])
"""(7,) upper joint limits [rad]."""
VELOCITY_LIMITS = np.array([2.175, 2.175, 2.175, 2.175, 2.61, 2.61, 2.61])
"""(7,) joint velocity limits [rad/s]."""
TORQUE_LIMITS = np.array([87.0, 87.0, 87.0, 87.0, 12.0, 12.0, 12.0])
"""(7,) joint torque limits [N m]."""
MAX_OPENING = 0.08
"""Largest distance between the finger pads [m]."""
FINGER_VELOCITY_LIMIT = 0.2
"""Velocity limit of one finger [m/s]."""

HOME_QPOS = np.array(
    [0.0, -0.0417587094, 0.0, -2.33427222, 0.0, 2.29251351, 0.25 * np.pi],
)
"""(7,) joint positions [rad]: fingertip 0.25 m above the table's centre, gripper straight down."""
GRIPPER_DOWN = np.diag([1.0, -1.0, -1.0])
"""(3, 3) orientation of the fingertip site in world while working: its z axis points down."""

PHYSICS_TIMESTEP = 0.002
"""Physics time step [s]."""
CONTROL_TIMESTEP = 0.04
"""Time between two actions [s]: 25 Hz."""
SUBSTEPS = round(CONTROL_TIMESTEP / PHYSICS_TIMESTEP)
SERVO_TIME_CONSTANT = 0.1
"""Lag of the joints' position servos behind a moving set-point, kv / kp [s]."""
HOVER_HEIGHT = 0.08
"""Height of the fingertip above the table while it moves between objects [m]."""
OBJECT_HALF_SIZE = 0.015
"""Half of a cube's edge [m]."""
OBJECT_MASS = 0.05
"""Mass of a cube [kg]."""
OBJECT_REST_HEIGHT = 0.0149
"""Height of a resting cube's centre [m]: contacts give way by 0.1 mm."""


def object_name(index: int) -> str:
    """Name of the body and geom of object `index`."""
    return f"object_{index}"


def build_arm_model(n_objects: int = 0, *, finger_joints: bool = True) -> mujoco.MjModel:
    """Compile the arm on its table with `n_objects` free cubes.

    Args:
        n_objects: 0 to `MAX_OBJECTS` cubes, bodies and geoms named `object_name(i)`.
        finger_joints: False leaves the closed fingers rigid, so that qpos holds the 7 joints first
            and inverse kinematics has nothing else to solve for.

    Returns:
        The model: qpos is (7 joints [rad], 2 fingers [m], 7 a cube), act the 8 set-points
        (7 [rad], the fingers' [m]), ctrl the set-points' velocities.

    Raises:
        ConfigError: if `n_objects` is out of range.
    """
    if not 0 <= n_objects <= MAX_OBJECTS:
        raise ConfigError(
            f"n_objects is {n_objects}, expected 0 to {MAX_OBJECTS}; the arm world holds up to "
            f"{MAX_OBJECTS} objects beside the cursor"
        )
    spec = mujoco.MjSpec.from_file(str(asset_path("panda/panda.xml")))
    if not finger_joints:
        _fix_fingers(spec)
    for index in range(n_objects):
        _add_cube(spec, index)
    return spec.compile()


def _fix_fingers(spec: mujoco.MjSpec) -> None:
    for element in (*spec.actuators, *spec.equalities, *spec.tendons):
        spec.delete(element)
    for name in FINGER_JOINT_NAMES:
        spec.delete(spec.joint(name))


def _add_cube(spec: mujoco.MjSpec, index: int) -> None:
    spacing = 4 * OBJECT_HALF_SIZE  # any place will do: a reset moves the cubes
    body = spec.worldbody.add_body(
        name=object_name(index),
        pos=[0.4, spacing * (index - 0.5 * MAX_OBJECTS), OBJECT_REST_HEIGHT],
    )
    body.add_freejoint(name=f"{object_name(index)}_joint")
    body.add_geom(
        name=object_name(index),
        type=mujoco.mjtGeom.mjGEOM_BOX,
        size=[OBJECT_HALF_SIZE] * 3,
        mass=OBJECT_MASS,
        rgba=[0.5, 0.5, 0.5, 1.0],
        friction=[0.8, 0.005, 0.0001],
        contype=2,
        conaffinity=3,
    )
