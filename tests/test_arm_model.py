"""The arm's model against the published figures, written here independently of the MJCF."""

from __future__ import annotations

import re

import mujoco
import numpy as np
import pytest

from conceptgym.assets import asset_path
from conceptgym.envs import arm_model
from conceptgym.envs.errors import ConfigError

# Franka Control Interface documentation, "Denavit-Hartenberg parameters" (Craig's convention):
# a [m], d [m], alpha [rad] of joints 1 to 7 and the flange.
DH = np.array(
    [
        [0.0, 0.333, 0.0],
        [0.0, 0.0, -np.pi / 2],
        [0.0, 0.316, np.pi / 2],
        [0.0825, 0.0, np.pi / 2],
        [-0.0825, 0.384, -np.pi / 2],
        [0.0, 0.0, np.pi / 2],
        [0.088, 0.0, np.pi / 2],
        [0.0, 0.107, 0.0],
    ]
)
# Same document, "Limits for Panda": q_min, q_max [rad], velocity [rad/s], torque [N m].
LIMITS = np.array(
    [
        [-2.8973, 2.8973, 2.175, 87],
        [-1.7628, 1.7628, 2.175, 87],
        [-2.8973, 2.8973, 2.175, 87],
        [-3.0718, -0.0698, 2.175, 87],
        [-2.8973, 2.8973, 2.61, 12],
        [-0.0175, 3.7525, 2.61, 12],
        [-2.8973, 2.8973, 2.61, 12],
    ]
)
# franka_description, robots/fer/inertials.yaml (Gaz et al. 2019): mass [kg], centre of mass [m].
INERTIALS = {
    "link0": (0.629769, (-0.041018, -0.00014, 0.049974)),
    "link1": (4.970684, (0.003875, 0.002081, -0.04762)),
    "link2": (0.646926, (-0.003141, -0.02872, 0.003495)),
    "link3": (3.228604, (0.027518, 0.039252, -0.066502)),
    "link4": (3.587895, (-0.05317, 0.104419, 0.027454)),
    "link5": (1.225946, (-0.011953, 0.041065, -0.038437)),
    "link6": (1.666555, (0.060149, -0.014117, -0.010517)),
    "link7": (0.735522, (0.010517, -0.004252, 0.061597)),
    "hand": (0.73, (-0.01, 0.0, 0.03)),
    "left_finger": (0.015, (0.0, 0.0, 0.0)),
    "right_finger": (0.015, (0.0, 0.0, 0.0)),
}
# The same file: xx, yy, zz, xy, xz, yz [kg m^2] about the centre of mass.
INERTIAS = {
    "link1": (0.70337, 0.70661, 0.009117, -0.000139, 0.006772, 0.019169),
    "link2": (0.007962, 0.02811, 0.025995, -0.003925, 0.010254, 0.000704),
    "link3": (0.037242, 0.036155, 0.01083, -0.004761, -0.011396, -0.012805),
    "link4": (0.025853, 0.019552, 0.028323, 0.007796, -0.001332, 0.008641),
    "link5": (0.035549, 0.029474, 0.008627, -0.002117, -0.004037, 0.000229),
    "link6": (0.001964, 0.004354, 0.005433, 0.000109, -0.001158, 0.000341),
    "link7": (0.012516, 0.010027, 0.004815, -0.000428, -0.001196, -0.000741),
    "hand": (0.001, 0.0025, 0.0017, 0.0, 0.0, 0.0),
}


def craig_transform(a: float, d: float, alpha: float, theta: float) -> np.ndarray:
    """(4, 4) pose of frame i in frame i - 1: Rx(alpha) Tx(a) Rz(theta) Tz(d)."""
    ca, sa, ct, st = np.cos(alpha), np.sin(alpha), np.cos(theta), np.sin(theta)
    return np.array(
        [
            [ct, -st, 0.0, a],
            [st * ca, ct * ca, -sa, -d * sa],
            [st * sa, ct * sa, ca, d * ca],
            [0.0, 0.0, 0.0, 1.0],
        ]
    )


def fingertip_pose(qpos: np.ndarray) -> np.ndarray:
    """(4, 4) pose of the tool centre point in world by the published chain."""
    pose = np.eye(4)
    for (a, d, alpha), theta in zip(DH, [*qpos, 0.0], strict=True):
        pose = pose @ craig_transform(a, d, alpha, theta)
    return pose @ craig_transform(0.0, 0.1034, 0.0, -np.pi / 4)


@pytest.fixture(scope="module")
def model() -> mujoco.MjModel:
    return arm_model.build_arm_model(8)


@pytest.mark.parametrize("seed", range(20))
def test_forward_kinematics_match_the_published_chain(model: mujoco.MjModel, seed: int) -> None:
    data = mujoco.MjData(model)
    qpos = np.random.default_rng(seed).uniform(arm_model.JOINT_LOWER, arm_model.JOINT_UPPER)
    data.qpos[:7] = qpos
    mujoco.mj_kinematics(model, data)
    pose = fingertip_pose(qpos)
    site = data.site(arm_model.FINGERTIP_SITE)
    np.testing.assert_allclose(site.xpos, pose[:3, 3], atol=1e-12)
    np.testing.assert_allclose(site.xmat.reshape(3, 3), pose[:3, :3], atol=1e-12)


def test_limits_match_the_published_table(model: mujoco.MjModel) -> None:
    ranges = np.array([model.joint(name).range for name in arm_model.JOINT_NAMES])
    np.testing.assert_array_equal(ranges, LIMITS[:, :2])
    np.testing.assert_array_equal(arm_model.JOINT_LOWER, LIMITS[:, 0])
    np.testing.assert_array_equal(arm_model.JOINT_UPPER, LIMITS[:, 1])
    np.testing.assert_array_equal(arm_model.VELOCITY_LIMITS, LIMITS[:, 2])
    np.testing.assert_array_equal(arm_model.TORQUE_LIMITS, LIMITS[:, 3])
    np.testing.assert_array_equal(model.actuator_actrange[:7], LIMITS[:, :2])
    np.testing.assert_array_equal(model.actuator_ctrlrange[:7, 1], LIMITS[:, 2])
    np.testing.assert_array_equal(model.actuator_forcerange[:7, 1], LIMITS[:, 3])
    np.testing.assert_array_equal(model.actuator_forcerange[:7, 0], -LIMITS[:, 3])
    kp, kv = -model.actuator_biasprm[:7, 1], -model.actuator_biasprm[:7, 2]
    np.testing.assert_allclose(kv / kp, arm_model.SERVO_TIME_CONSTANT)
    for name in arm_model.FINGER_JOINT_NAMES:
        np.testing.assert_array_equal(model.joint(name).range, (0.0, 0.5 * arm_model.MAX_OPENING))


@pytest.mark.parametrize("body", INERTIALS)
def test_masses_match_the_published_table(model: mujoco.MjModel, body: str) -> None:
    mass, centre = INERTIALS[body]
    assert model.body(body).mass[0] == pytest.approx(mass)
    np.testing.assert_allclose(model.body(body).ipos, centre, atol=1e-12)


@pytest.mark.parametrize("body", INERTIAS)
def test_inertias_match_the_published_table(model: mujoco.MjModel, body: str) -> None:
    xx, yy, zz, xy, xz, yz = INERTIAS[body]
    rotation = np.empty(9)
    mujoco.mju_quat2Mat(rotation, model.body(body).iquat)
    axes = rotation.reshape(3, 3)
    found = axes @ np.diag(model.body(body).inertia) @ axes.T
    np.testing.assert_allclose(found, [[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]], atol=1e-9)


def test_home_points_down_above_the_tables_centre() -> None:
    pose = fingertip_pose(arm_model.HOME_QPOS)
    np.testing.assert_allclose(pose[:3, 3], [0.5, 0.0, 0.25], atol=1e-8)
    np.testing.assert_allclose(pose[:3, :3], arm_model.GRIPPER_DOWN, atol=1e-8)


def test_finger_geoms_end_at_the_fingertip(model: mujoco.MjModel) -> None:
    data = mujoco.MjData(model)
    data.qpos[:7] = arm_model.HOME_QPOS
    mujoco.mj_kinematics(model, data)
    fingertip = data.site(arm_model.FINGERTIP_SITE).xpos
    for name in arm_model.FINGER_GEOM_NAMES:
        geom = model.geom(name)
        assert data.geom(name).xpos[2] - geom.size[2] == pytest.approx(fingertip[2], abs=1e-8)


@pytest.mark.parametrize("n_objects", [0, 3, 8])
def test_names_and_sizes(n_objects: int) -> None:
    model = arm_model.build_arm_model(n_objects)
    assert model.nq == 9 + 7 * n_objects
    assert [model.joint(i).name for i in range(9)] == [
        *arm_model.JOINT_NAMES,
        *arm_model.FINGER_JOINT_NAMES,
    ]
    assert model.opt.timestep == arm_model.PHYSICS_TIMESTEP
    for index in range(n_objects):
        assert model.body(arm_model.object_name(index)).mass[0] == arm_model.OBJECT_MASS


def test_rigid_fingers_leave_seven_joints() -> None:
    model = arm_model.build_arm_model(0, finger_joints=False)
    assert (model.nq, model.nv, model.nu) == (7, 7, 0)


def test_objects_rest_where_a_reset_puts_them(model: mujoco.MjModel) -> None:
    data = mujoco.MjData(model)
    data.qpos[:7] = data.act[:7] = arm_model.HOME_QPOS
    before = data.qpos.copy()
    mujoco.mj_step(model, data, 500)
    np.testing.assert_allclose(data.qpos, before, atol=2e-5)


def test_home_touches_nothing_and_the_pressed_table_is_felt(model: mujoco.MjModel) -> None:
    bare = arm_model.build_arm_model(0)
    data = mujoco.MjData(bare)
    data.qpos[:7] = arm_model.HOME_QPOS
    mujoco.mj_forward(bare, data)
    assert data.ncon == 0
    data.qpos[1] += 0.6  # leans forward into the table
    mujoco.mj_forward(bare, data)
    names = {bare.geom(int(geom)).name for geom in data.contact.geom.ravel()}
    assert arm_model.TABLE_GEOM_NAME in names


def test_too_many_objects() -> None:
    with pytest.raises(ConfigError) as error:
        arm_model.build_arm_model(9)
    assert str(error.value) == (
        "n_objects is 9, expected 0 to 8; the arm world holds up to 8 objects beside the cursor"
    )


def test_readme_lists_the_models_own_figures_and_deviations(model: mujoco.MjModel) -> None:
    text = asset_path("panda/README.md").read_text()
    for body, (mass, _) in INERTIALS.items():
        if body.startswith("link"):
            assert f"{mass}" in text, body
    for limit in np.unique(LIMITS):
        assert f"{abs(limit):g}" in text, limit
    deviations = text.split("## Deviations", 1)[1].lower()
    for word in ("geoms", "table", "gravity", "armature", "fingers", "set-point", "jerk"):
        assert re.search(word, deviations), word
    gains = {tuple(row) for row in -model.actuator_biasprm[:7, 1:3]}
    for kp, kv in gains:
        assert f"{kp:g} / {kv:g}" in deviations, (kp, kv)
