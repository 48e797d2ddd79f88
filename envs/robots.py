"""The arms that can work at the table, by name or from an MJCF of your own.

An arm's MJCF holds the arm alone: hinge joints from its base to a site `MOUNT`, whose z axis points
out of the flange. The table, the Franka hand and the joints' servos are added to it, see
`place_model.py`; what else the file holds (floor, lights, actuators, keyframes) is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import mujoco
import numpy as np

from ..assets import asset_path
from .arm_model import HOME_QPOS, JOINT_NAMES, SERVO_TIME_CONSTANT, TORQUE_LIMITS, VELOCITY_LIMITS
from .entities import check_array
from .errors import ConfigError

MOUNT = "attachment_site"
"""Site of the flange that the hand is attached to; MuJoCo Menagerie's arms have it too."""
USUAL_VELOCITY = 2.0
"""Joint velocity limit where none is known [rad/s]: MJCF has no place for it."""
USUAL_TORQUE = 100.0
"""Joint torque limit where the file has none [N m]."""
_STIFFNESS = 4000.0  # servo gain over inertia [1/s²]: with its lag of 0.1 s, far beyond 25 Hz


@dataclass(frozen=True, kw_only=True)
class Robot:
    """An arm, and what its MJCF does not say.

    Attributes:
        name: for messages and pictures.
        path: the MJCF.
        joints: (n,) the hinge joints from base to flange.
        home_qpos: (n,) joint positions with the hand above the table, pointing down [rad]: where
            inverse kinematics begins.
        velocity_limits: (n,) [rad/s].
        torque_limits: (n,) [N m].
        servo_gains: (n,) torque over position error [N m/rad].
        base_in_world: (3,) where the file's world frame stands [m]; axes are parallel.
        has_hand: whether the file holds the hand already.

    Raises:
        ShapeError, NonFiniteError: unless all have one finite entry a joint, and the base three.
        ConfigError: on a limit or gain that is not above 0.
    """

    name: str
    path: Path
    joints: tuple[str, ...]
    home_qpos: tuple[float, ...]
    velocity_limits: tuple[float, ...]
    torque_limits: tuple[float, ...]
    servo_gains: tuple[float, ...]
    base_in_world: tuple[float, ...] = (0.0, 0.0, 0.0)
    has_hand: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "joints", tuple(self.joints))
        positive = ("velocity_limits", "torque_limits", "servo_gains")
        for name in ("home_qpos", "base_in_world", *positive):
            length = 3 if name == "base_in_world" else self.num_joints
            text = f"{name} of robot '{self.name}'"
            check_array(getattr(self, name), text, (length,))
            values = tuple(float(value) for value in getattr(self, name))
            if name in positive and min(values) <= 0:
                raise ConfigError(f"{text} is {list(values)}; every entry must be above 0")
            object.__setattr__(self, name, values)  # a tuple, as robots are told apart by hash

    @property
    def num_joints(self) -> int:
        """Number of joints n, the fingers' not counted."""
        return len(self.joints)

    @property
    def servo_damping(self) -> np.ndarray:
        """(n,) torque over velocity [N m s/rad]: the servo lags by `SERVO_TIME_CONSTANT`."""
        return SERVO_TIME_CONSTANT * np.array(self.servo_gains)

    @classmethod
    def from_mjcf(
        cls,
        path: Path | str,
        *,
        velocity_limits: tuple[float, ...] | None = None,
        base_in_world: tuple[float, ...] = (0.0, 0.0, 0.0),
    ) -> Robot:
        """An arm from an MJCF file with a site `MOUNT`, such as those of MuJoCo Menagerie.

        Home is the keyframe "home", or zeros; torque limits are the joints' or actuators' own;
        servo gains follow from the inertia at home.

        Args:
            path: the file.
            velocity_limits: (n,) [rad/s]; by default `USUAL_VELOCITY` each.
            base_in_world: (3,) where it stands [m]: on the table, whose top is z = 0.

        Raises:
            ConfigError: if there is no such file, it is no MJCF, or lacks the site or the joints.
            ShapeError, NonFiniteError: on velocity limits or a base of other than finite numbers.
        """
        path = Path(path)
        model = _load(path)
        joints = _joints_to_mount(model, path)
        home = _home(model, joints)
        inertia = _inertia(model, home, joints)
        return cls(
            name=path.stem,
            path=path,
            joints=tuple(model.joint(joint).name for joint in joints),
            home_qpos=tuple(home[model.jnt_qposadr[joints]].tolist()),
            velocity_limits=(USUAL_VELOCITY,) * len(joints)
            if velocity_limits is None
            else velocity_limits,
            torque_limits=tuple(_torque_limit(model, joint) for joint in joints),
            servo_gains=tuple((_STIFFNESS * inertia).tolist()),
            base_in_world=base_in_world,
        )


PANDA = Robot(
    name="panda",
    path=asset_path("panda/panda.xml"),
    joints=JOINT_NAMES,
    home_qpos=tuple(HOME_QPOS.tolist()),
    velocity_limits=tuple(VELOCITY_LIMITS.tolist()),
    torque_limits=tuple(TORQUE_LIMITS.tolist()),
    servo_gains=(6000.0, 6000.0, 5000.0, 5000.0, 1500.0, 1500.0, 1500.0),
    has_hand=True,
)
"""Franka Emika Panda: `assets/panda/README.md`."""
UR5E = Robot(
    name="ur5e",
    path=asset_path("ur5e/ur5e.xml"),
    joints=(
        *("shoulder_pan_joint", "shoulder_lift_joint", "elbow_joint"),
        *("wrist_1_joint", "wrist_2_joint", "wrist_3_joint"),
    ),
    home_qpos=(-0.2698636, -1.5356179, 1.8941883, -1.9293667, -1.5707963, -1.8406600),
    velocity_limits=(np.pi,) * 6,
    torque_limits=(150.0, 150.0, 150.0, 28.0, 28.0, 28.0),
    servo_gains=(6000.0, 6000.0, 5000.0, 1500.0, 1500.0, 1500.0),
)
"""Universal Robots UR5e: `assets/ur5e/README.md`."""
ROBOTS = {robot.name: robot for robot in (PANDA, UR5E)}
"""The arms that ship with conceptgym."""


_known: list[Robot] = list(ROBOTS.values())
MOST_ROBOTS = 64
"""Most arms that one process can tell apart."""


def robot_number(robot: Robot) -> int:
    """The number by which observations tell an arm; a new arm gets the next one.

    Raises:
        ConfigError: if this process knows too many.
    """
    if robot not in _known:
        if len(_known) == MOST_ROBOTS:
            raise ConfigError(
                f"robot '{robot.name}' would be number {MOST_ROBOTS}, the largest is "
                f"{MOST_ROBOTS - 1}; make each Robot once and use it again"
            )
        _known.append(robot)
    return _known.index(robot)


def robot_numbered(number: int) -> Robot:
    """The arm of a number.

    Raises:
        ConfigError: if this process knows no such arm.
    """
    if not 0 <= number < len(_known):
        raise ConfigError(
            f"observation['robot'] is {number}, this process knows {len(_known)} arms; an "
            "environment in another process made one: call make_robot and robot_number on its "
            "MJCF here too, in the same order"
        )
    return _known[number]


def make_robot(robot: str | Path | Robot) -> Robot:
    """An arm from its name or its MJCF; a `Robot` is passed through.

    Raises:
        ConfigError: on an unknown name, or a file that holds no such arm.
    """
    if isinstance(robot, Robot):
        return robot
    if str(robot) in ROBOTS:
        return ROBOTS[str(robot)]
    if not isinstance(robot, str | Path) or Path(robot).suffix != ".xml":
        raise ConfigError(
            f"robot={str(robot)!r} is unknown; choose one of {', '.join(ROBOTS)}, or give the path "
            "of an MJCF file (.xml)"
        )
    return Robot.from_mjcf(robot)


def _load(path: Path) -> mujoco.MjModel:
    if not path.is_file():
        raise ConfigError(
            f"robot={str(path)!r} is no file; give the path of an MJCF file, or one of "
            f"{', '.join(ROBOTS)}"
        )
    try:
        return mujoco.MjSpec.from_file(str(path)).compile()
    except ValueError as error:
        raise ConfigError(
            f"robot={str(path)!r} is no MJCF that MuJoCo can read: {error}"
        ) from error


def _joints_to_mount(model: mujoco.MjModel, path: Path) -> np.ndarray:
    """(n,) ids of the joints from the base to the mount."""
    site = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_SITE, MOUNT)
    if site < 0:
        raise ConfigError(
            f"robot={str(path)!r} has no site named {MOUNT!r}; add one at the flange, its z axis "
            "pointing out of it"
        )
    joints: list[int] = []
    body = int(model.site_bodyid[site])
    while body:
        first = model.body_jntadr[body]
        joints = [*range(first, first + model.body_jntnum[body]), *joints]
        body = int(model.body_parentid[body])
    hinge = int(mujoco.mjtJoint.mjJNT_HINGE)
    if len(joints) < 5 or any(int(model.jnt_type[joint]) != hinge for joint in joints):
        raise ConfigError(
            f"robot={str(path)!r} has {len(joints)} joints between its base and {MOUNT!r}; the "
            "hand needs at least 5, hinges all of them, to point down anywhere on the table"
        )
    others = [joint for joint in range(model.njnt) if joint not in joints]
    if others:
        raise ConfigError(
            f"robot={str(path)!r} has {len(others)} joints beside those between its base and "
            f"{MOUNT!r}; leave grippers and objects out: the table and the hand are added to it"
        )
    if not all(model.joint(joint).name for joint in joints):
        raise ConfigError(f"robot={str(path)!r} has joints without a name; give each a name")
    return np.array(joints)


def _home(model: mujoco.MjModel, joints: np.ndarray) -> np.ndarray:
    """(nq,) the keyframe "home", or zeros brought within the joints' ranges."""
    key = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_KEY, "home")
    if key >= 0:
        return model.key_qpos[key].copy()
    qpos = np.zeros(model.nq)
    limited = joints[model.jnt_limited[joints].astype(bool)]
    qpos[model.jnt_qposadr[limited]] = np.clip(0.0, *model.jnt_range[limited].T)
    return qpos


def _inertia(model: mujoco.MjModel, qpos: np.ndarray, joints: np.ndarray) -> np.ndarray:
    """(n,) the joints' own inertia [kg m²] at joint positions (nq,)."""
    data = mujoco.MjData(model)
    data.qpos[:] = qpos
    mujoco.mj_forward(model, data)
    full = np.zeros((model.nv, model.nv))
    mujoco.mj_fullM(model, data, full)
    return np.diag(full)[model.jnt_dofadr[joints]]


def _torque_limit(model: mujoco.MjModel, joint: int) -> float:
    """The joint's actuator force range, or its actuator's [N m]."""
    if model.jnt_actfrclimited[joint]:
        return float(model.jnt_actfrcrange[joint].max())
    for actuator in range(model.nu):
        on_a_joint = int(model.actuator_trntype[actuator]) == int(mujoco.mjtTrn.mjTRN_JOINT)
        drives = on_a_joint and model.actuator_trnid[actuator, 0] == joint
        if drives and model.actuator_forcelimited[actuator]:
            return float(model.actuator_forcerange[actuator].max())
    return USUAL_TORQUE
