"""The compiled model of the table with an arm, its hand, and free objects.

World frame: the table top is z = 0 [m]; known arms stand at its origin. What belongs to the arm is
named with `PREFIX` in front. The hand is the Franka hand of `assets/panda`, whichever arm carries
it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import mujoco
import numpy as np

from ..assets import asset_path
from .arm_model import (
    FINGER_GEOM_NAMES,
    FINGER_JOINT_NAMES,
    FINGERTIP_SITE,
    PHYSICS_TIMESTEP,
    object_name,
)
from .entities import ZONE_RADIUS
from .errors import ConfigError
from .frames import METRES_PER_PLANE_UNIT
from .place_objects import ObjectShape
from .robots import MOUNT, Robot

PREFIX = "arm/"
"""In front of the names of everything that belongs to arm and hand."""
FINGERTIP = PREFIX + FINGERTIP_SITE
FINGER_JOINTS = tuple(PREFIX + name for name in FINGER_JOINT_NAMES)
FINGER_GEOMS = tuple(PREFIX + name for name in FINGER_GEOM_NAMES)
TABLE = "table"
TABLE_CENTRE = (0.31, 0.0)
"""Centre of the table top, x and y [m]."""
TABLE_HALF_EXTENTS = (0.55, 0.52)
"""Half of the table top's length and width [m]."""
MOST_OBJECTS = 8
TRAY_RADIUS = METRES_PER_PLANE_UNIT * ZONE_RADIUS
"""Radius of a tray, which marks a zone [m]."""
OBJECT_FRICTION = (0.9, 0.01, 0.0005)
"""Sliding [1], torsional [m] and rolling [m] friction of objects: a ball comes to rest."""
_FRANKA_HAND = "hand"
# Contacts of what is held or stood on, solref and solimp: fingers that squeeze a ball of 3 g as
# hard as they can sink less than 1 mm into it, and what rests sinks less than 0.02 mm. MuJoCo's
# usual ones scale with the mass, and let fingers close through a ball.
_CONTACT_TIME, _CONTACT_IMPEDANCE = (0.005, 1.0), (0.98, 0.995, 0.001, 0.5, 2.0)
_ITERATIONS = 50  # most steps need one; with 20, grasps of cubes at times blow up


def build_place_model(
    robot: Robot, shapes: Sequence[ObjectShape] = (), *, trays: Sequence[np.ndarray] = ()
) -> mujoco.MjModel:
    """Compile the table, the arm with its hand and the free objects.

    Objects lie anywhere at first; bodies and geoms are named ``object_0``, ``object_1``, …

    Args:
        robot: the arm.
        shapes: 0 to `MOST_OBJECTS` objects.
        trays: (2,) world positions of the zones' marks [m].

    Returns:
        The model: qpos is (n joints [rad], 2 fingers [m], 7 an object), act the n + 1 set-points
        (n [rad], the fingers' [m]), ctrl the set-points' velocities.

    Raises:
        ConfigError: on too many objects.
    """
    if len(shapes) > MOST_OBJECTS:
        raise ConfigError(
            f"shapes holds {len(shapes)} objects; the table holds at most {MOST_OBJECTS}"
        )
    spec = scene_spec(robot)
    for index, shape in enumerate(shapes):
        _add_object(spec, index, shape)
    for index, place in enumerate(trays):
        _add_tray(spec, index, place)
    return spec.compile()


def scene_spec(robot: Robot) -> mujoco.MjSpec:
    """A copy of the table with the arm, to add to and compile."""
    return _scene_with(robot).copy()


@cache
def _scene_with(robot: Robot) -> mujoco.MjSpec:
    scene = _load("panda/panda.xml")
    _strip(scene)
    scene.delete(scene.body("link0"))
    _add_table(scene)
    arm = mujoco.MjSpec.from_file(str(robot.path))
    _agree(arm, scene)
    if robot.has_hand:
        _stand(scene, robot).attach_body(arm.body("link0"), PREFIX, "")
        _drop_arm_servos(scene)
    else:
        _strip(arm)
        for body in list(arm.worldbody.bodies):
            _stand(scene, robot).attach_body(body, PREFIX, "")
        _attach_hand(scene)
    _compensate_gravity(scene)
    _add_servos(scene, robot)
    for name in (TABLE, *FINGER_GEOMS):
        _stiffen(scene.geom(name))
    scene.option.enableflags |= int(mujoco.mjtEnableBit.mjENBL_SLEEP)  # rest costs nothing
    scene.option.timestep = PHYSICS_TIMESTEP
    scene.option.iterations = scene.option.ls_iterations = _ITERATIONS
    scene.option.impratio = 20.0  # firm friction: what is held does not creep out of the hand
    return scene


def _stand(scene: mujoco.MjSpec, robot: Robot) -> mujoco.MjsFrame:
    return scene.worldbody.add_frame(pos=list(robot.base_in_world))


def _stiffen(geom: mujoco.MjsGeom) -> None:
    geom.solref, geom.solimp = list(_CONTACT_TIME), list(_CONTACT_IMPEDANCE)


def _load(name: str) -> mujoco.MjSpec:
    return mujoco.MjSpec.from_file(str(asset_path(name)))


def _strip(spec: mujoco.MjSpec) -> None:
    """Leave bodies alone: no actuators, couplings or keyframes."""
    for elements in (spec.actuators, spec.equalities, spec.tendons, spec.keys, spec.sensors):
        for element in list(elements):
            spec.delete(element)
    if spec.body("link0") is not None and spec.body(_FRANKA_HAND) is not None:
        for element in list(spec.excludes):
            spec.delete(element)


def _agree(child: mujoco.MjSpec, parent: mujoco.MjSpec) -> None:
    """Give a model the settings of the one that it is attached to, so that they do not conflict."""
    for field in ("timestep", "integrator", "cone", "iterations", "ls_iterations", "impratio"):
        setattr(child.option, field, getattr(parent.option, field))
    for part in ("map", "quality", "global_", "headlight", "rgba", "scale"):
        mine, other = getattr(child.visual, part), getattr(parent.visual, part)
        for field in (name for name in dir(other) if not name.startswith("_")):
            value = getattr(other, field)
            if not callable(value):
                setattr(mine, field, value)


def _add_table(scene: mujoco.MjSpec) -> None:
    """A table that ends: what rolls over its edge falls."""
    scene.delete(scene.geom(TABLE))
    depth = 0.02
    scene.worldbody.add_geom(
        name=TABLE,
        type=mujoco.mjtGeom.mjGEOM_BOX,
        pos=[*TABLE_CENTRE, -depth],
        size=[*TABLE_HALF_EXTENTS, depth],
        group=3,
        contype=2,
        conaffinity=3,
        friction=list(OBJECT_FRICTION),
        rgba=[0.5, 0.5, 0.5, 0.1],
    )
    floor = scene.geom("floor")
    floor.contype, floor.conaffinity = 2, 2


def _attach_hand(scene: mujoco.MjSpec) -> None:
    mount = scene.site(PREFIX + MOUNT)
    frame = mount.parent.add_frame(pos=mount.pos, quat=mount.quat)
    hand = _load("panda/panda.xml")
    for element in list(hand.actuators):
        if element.name != "actuator_fingers":
            hand.delete(element)
    palm = hand.body(_FRANKA_HAND)
    palm.pos, palm.quat = [0.0] * 3, [1.0, 0.0, 0.0, 0.0]  # as it is mounted on the Panda, not here
    frame.attach_body(palm, PREFIX, "")


def _compensate_gravity(scene: mujoco.MjSpec) -> None:
    """Hold arm and hand up, as an arm's own controller does: servos alone would give way."""
    for body in scene.bodies:
        if body.name.startswith(PREFIX):
            body.gravcomp = 1.0


def _drop_arm_servos(scene: mujoco.MjSpec) -> None:
    for actuator in list(scene.actuators):
        if actuator.name != PREFIX + "actuator_fingers":
            scene.delete(actuator)


def _add_servos(scene: mujoco.MjSpec, robot: Robot) -> None:
    """Servos whose set-points move at a commanded velocity; the joints' come first."""
    fingers = scene.actuator(PREFIX + "actuator_fingers")
    values = fingers.gainprm[0], -fingers.biasprm[2], fingers.ctrlrange, fingers.actrange
    forces, target = fingers.forcerange.copy(), fingers.target
    kp, kv, speeds, travel = values[0], values[1], values[2].copy(), values[3].copy()
    scene.delete(fingers)
    rows = zip(
        *(robot.joints, robot.servo_gains, robot.servo_damping),
        *(robot.velocity_limits, robot.torque_limits),
        strict=True,
    )
    for joint, gain, damping, speed, torque in rows:
        hinge = scene.joint(PREFIX + joint)
        servo = scene.add_actuator(
            name=f"{PREFIX}servo_{joint}",
            target=PREFIX + joint,
            trntype=mujoco.mjtTrn.mjTRN_JOINT,
            ctrlrange=[-speed, speed],
            actrange=_range_of(hinge),
            forcerange=[-torque, torque],
        )
        servo.set_to_intvelocity(gain, damping)
        # what the motor gives, against gravity too, is within its limit
        hinge.actgravcomp = hinge.actfrclimited = True
        hinge.actfrcrange = [-torque, torque]
    servo = scene.add_actuator(
        name=PREFIX + "servo_fingers",
        target=target,
        trntype=mujoco.mjtTrn.mjTRN_TENDON,
        ctrlrange=speeds,
        actrange=travel,
        forcerange=forces,
    )
    servo.set_to_intvelocity(kp, kv)


def _range_of(joint: mujoco.MjsJoint) -> list[float]:
    low, high = joint.range
    return [float(low), float(high)] if low < high else [-2.0 * math.pi, 2.0 * math.pi]


def _add_object(spec: mujoco.MjSpec, index: int, shape: ObjectShape) -> None:
    types = {
        "cube": mujoco.mjtGeom.mjGEOM_BOX,
        "cylinder": mujoco.mjtGeom.mjGEOM_CYLINDER,
        "ball": mujoco.mjtGeom.mjGEOM_SPHERE,
    }
    sizes = {
        "cube": shape.half_extents.tolist(),
        "cylinder": [shape.half_width, shape.half_height, 0.0],
        "ball": [shape.half_width, 0.0, 0.0],
    }
    spacing = 0.06  # any place will do: a reset moves the objects
    place = [0.4, spacing * (index - 0.5 * MOST_OBJECTS), rest_height(shape)]
    body = spec.worldbody.add_body(name=object_name(index), pos=place)
    body.add_freejoint(name=f"{object_name(index)}_joint")
    geom = body.add_geom(
        name=object_name(index),
        type=types[shape.kind],
        size=sizes[shape.kind],
        mass=shape.mass,
        rgba=[0.5, 0.5, 0.5, 1.0],
        friction=list(OBJECT_FRICTION),
        condim=4 if shape.kind == "cube" else 6,  # what is round can roll
        contype=2,
        conaffinity=3,
    )
    _stiffen(geom)


def rest_height(shape: ObjectShape) -> float:
    """Height of a resting object's centre above what it stands on [m], within 0.02 mm."""
    return shape.half_height


def _add_tray(spec: mujoco.MjSpec, index: int, place: np.ndarray) -> None:
    height = 0.0006
    spec.worldbody.add_geom(
        name=f"tray_{index}",
        type=mujoco.mjtGeom.mjGEOM_CYLINDER,
        pos=[*np.asarray(place, dtype=float), 0.5 * height],
        size=[TRAY_RADIUS, 0.5 * height, 0.0],
        contype=0,
        conaffinity=0,
        rgba=[0.60, 0.64, 0.70, 1.0],
    )
