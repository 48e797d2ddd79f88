"""The place world's model: what belongs to it, and that nothing but contact holds an object."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
from place_scenes import shape

from conceptgym.assets import asset_path
from conceptgym.envs import ROBOTS, Robot
from conceptgym.envs.arm_model import FINGER_VELOCITY_LIMIT, PHYSICS_TIMESTEP
from conceptgym.envs.errors import ConfigError
from conceptgym.envs.place_model import (
    FINGER_GEOMS,
    FINGER_JOINTS,
    MOST_OBJECTS,
    PREFIX,
    TABLE,
    TABLE_CENTRE,
    TABLE_HALF_EXTENTS,
    TRAY_RADIUS,
    build_place_model,
    rest_height,
)

KINDS = ("cube", "cylinder", "ball")
SHAPES = [shape(kind, half=0.011, height=0.014) for kind in KINDS]
EVERY = pytest.mark.parametrize("robot", ROBOTS.values(), ids=list(ROBOTS))


def names(model: mujoco.MjModel, kind: str) -> list[str]:
    count = getattr(model, {"joint": "njnt", "actuator": "nu", "geom": "ngeom"}[kind])
    return [getattr(model, kind)(number).name for number in range(count)]


@EVERY
def test_the_state_is_laid_out_as_documented(robot: Robot) -> None:
    model = build_place_model(robot, SHAPES)
    n = robot.num_joints
    assert (model.nq, model.nv, model.na, model.nu) == (n + 2 + 21, n + 2 + 18, n + 1, n + 1)
    free = [f"object_{index}_joint" for index in range(3)]
    assert names(model, "joint") == [PREFIX + name for name in robot.joints] + [
        *FINGER_JOINTS,
        *free,
    ]
    assert names(model, "actuator")[-1] == PREFIX + "servo_fingers"
    assert model.opt.timestep == PHYSICS_TIMESTEP
    assert model.opt.enableflags & int(mujoco.mjtEnableBit.mjENBL_SLEEP)


@EVERY
def test_only_contact_holds_an_object(robot: Robot) -> None:
    """No weld, no tendon, no mocap body, no actuator and no exclude has to do with an object."""
    model = build_place_model(robot, SHAPES)
    assert model.neq == 1 and model.nmocap == 0 and model.ntendon == 1 and model.nkey == 0
    coupling = model.equality(0)
    assert coupling.type == int(mujoco.mjtEq.mjEQ_JOINT)
    ends = {model.joint(int(end)).name for end in (coupling.obj1id[0], coupling.obj2id[0])}
    assert ends == set(FINGER_JOINTS)
    objects = {model.body(f"object_{index}").id for index in range(3)}
    for signature in model.exclude_signature:
        assert not {int(signature) >> 16, int(signature) & 0xFFFF} & objects
    for index in range(robot.num_joints):
        assert model.joint(int(model.actuator_trnid[index, 0])).name == (
            PREFIX + robot.joints[index]
        )
    assert model.actuator_trntype[-1] == int(mujoco.mjtTrn.mjTRN_TENDON)
    assert not model.body_gravcomp[list(objects)].any()


def test_the_pandas_servos_are_those_of_its_own_file() -> None:
    own = mujoco.MjModel.from_xml_path(str(asset_path("panda/panda.xml")))
    model = build_place_model(ROBOTS["panda"])
    fields = ("gainprm", "biasprm", "ctrlrange", "actrange", "forcerange")
    for field in (f"actuator_{name}" for name in fields):
        np.testing.assert_allclose(getattr(model, field), getattr(own, field), err_msg=field)
    for field in ("jnt_range", "dof_armature", "dof_damping"):
        np.testing.assert_allclose(getattr(model, field), getattr(own, field), err_msg=field)
    for name in ("hand", "link4", "left_finger"):
        np.testing.assert_allclose(model.body(PREFIX + name).mass, own.body(name).mass)
        np.testing.assert_allclose(model.body(PREFIX + name).inertia, own.body(name).inertia)


@EVERY
def test_servos_keep_to_the_robots_limits(robot: Robot) -> None:
    model, n = build_place_model(robot), robot.num_joints
    speeds = [*robot.velocity_limits, FINGER_VELOCITY_LIMIT]
    np.testing.assert_allclose(model.actuator_ctrlrange, np.outer(speeds, [-1.0, 1.0]))
    torques = np.outer(robot.torque_limits, [-1.0, 1.0])
    np.testing.assert_allclose(model.actuator_forcerange[:n], torques)
    np.testing.assert_allclose(model.actuator_actrange[:n], model.jnt_range[:n])
    np.testing.assert_allclose(model.actuator_gainprm[:n, 0], robot.servo_gains)
    np.testing.assert_allclose(model.actuator_biasprm[:n, 2], -robot.servo_damping)


@EVERY
def test_the_hand_is_the_pandas_on_every_arm(robot: Robot) -> None:
    panda = build_place_model(ROBOTS["panda"])
    model = build_place_model(robot)
    for name in FINGER_GEOMS:
        for field in ("size", "pos", "friction", "solref", "solimp"):
            np.testing.assert_allclose(
                getattr(model.geom(name), field), getattr(panda.geom(name), field)
            )
    own = model.actuator(PREFIX + "servo_fingers")
    np.testing.assert_allclose(own.gainprm, panda.actuator(PREFIX + "servo_fingers").gainprm)
    np.testing.assert_allclose(model.tendon_num, panda.tendon_num)


def test_objects_are_as_they_were_asked_for() -> None:
    model = build_place_model(ROBOTS["panda"], SHAPES)
    types = [
        mujoco.mjtGeom.mjGEOM_BOX,
        mujoco.mjtGeom.mjGEOM_CYLINDER,
        mujoco.mjtGeom.mjGEOM_SPHERE,
    ]
    for index, (asked, kind) in enumerate(zip(SHAPES, types, strict=True)):
        geom, body = model.geom(f"object_{index}"), model.body(f"object_{index}")
        assert geom.type == int(kind)
        assert body.mass[0] == pytest.approx(asked.mass)
        extents = model.geom_aabb[geom.id, 3:]
        np.testing.assert_allclose(extents, asked.half_extents, rtol=1e-6)
        assert rest_height(asked) == asked.half_height
        for other in (TABLE, *FINGER_GEOMS):  # so that their mixture is the same
            np.testing.assert_array_equal(geom.solref, model.geom(other).solref)
            np.testing.assert_array_equal(geom.solimp, model.geom(other).solimp)


def test_the_table_ends_where_it_is_said_to() -> None:
    model = build_place_model(ROBOTS["panda"])
    table = model.geom(TABLE)
    np.testing.assert_allclose(table.pos[:2], TABLE_CENTRE)
    np.testing.assert_allclose(table.size[:2], TABLE_HALF_EXTENTS)
    assert table.pos[2] + table.size[2] == pytest.approx(0.0)


def test_trays_are_marks_that_nothing_bumps_into() -> None:
    places = [np.array([0.4, 0.1]), np.array([0.6, -0.1])]
    model = build_place_model(ROBOTS["panda"], SHAPES, trays=places)
    for index, place in enumerate(places):
        tray = model.geom(f"tray_{index}")
        np.testing.assert_allclose(tray.pos[:2], place)
        assert tray.size[0] == TRAY_RADIUS == pytest.approx(0.07)
        assert not tray.contype[0] and not tray.conaffinity[0]


def test_too_many_objects() -> None:
    with pytest.raises(ConfigError) as error:
        build_place_model(ROBOTS["panda"], SHAPES * 3)
    assert str(error.value) == f"shapes holds 9 objects; the table holds at most {MOST_OBJECTS}"
