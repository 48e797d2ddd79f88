"""The UR5e's model against its README's tables and UR's Denavit-Hartenberg chain."""

from __future__ import annotations

import re

import mujoco
import numpy as np
import pytest
from doc_tables import read_tables

from conceptgym.assets import asset_path

README = asset_path("ur5e/README.md").read_text()
_, KINEMATICS, LIMITS, MASSES, INERTIAS = read_tables(README)
JOINT_NAMES = [row["name"] for row in KINEMATICS]
BODY_NAMES = [row["body"] for row in MASSES]
GRIPPER_LENGTH = 0.1
HOME_QPOS = np.array(
    [-0.269863625, -1.535617892, 1.894188258, -1.929366693, -1.570796327, -1.840659952]
)
HOME_ROTATION = np.diag([1.0, -1.0, -1.0])


def angle(text: str) -> float:
    """An angle as the tables write it: "-π/2", "2π", "0"."""
    if "π" not in text:
        return float(text)
    factor, divisor = text.split("π")
    scale = float({"": "1", "-": "-1"}.get(factor, factor))
    return scale * np.pi / float(divisor.strip("/") or 1)


DH = np.array([[float(r["a [m]"]), float(r["d [m]"]), angle(r["alpha [rad]"])] for r in KINEMATICS])


def rotation_x(alpha: float) -> np.ndarray:
    """(3, 3) rotation about x."""
    c, s = np.cos(alpha), np.sin(alpha)
    return np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])


def distal_transform(a: float, d: float, alpha: float, theta: float) -> np.ndarray:
    """(4, 4) pose of frame i in frame i - 1: Rz(theta) Tz(d) Tx(a) Rx(alpha)."""
    ca, sa, ct, st = np.cos(alpha), np.sin(alpha), np.cos(theta), np.sin(theta)
    return np.array(
        [
            [ct, -st * ca, st * sa, a * ct],
            [st, ct * ca, -ct * sa, a * st],
            [0.0, sa, ca, d],
            [0.0, 0.0, 0.0, 1.0],
        ]
    )


def flange_pose(qpos: np.ndarray) -> np.ndarray:
    """(4, 4) pose of the flange in world by the published chain, from a base turned by half."""
    pose = np.diag([-1.0, -1.0, 1.0, 1.0])
    for (a, d, alpha), theta in zip(DH, qpos, strict=True):
        pose = pose @ distal_transform(a, d, alpha, theta)
    return pose


def tool_down(x: float, y: float, z: float, heading: float = 0.0) -> np.ndarray:
    """(6,) joint angles, elbow up, flange at (x, y, z) pointing down, its x axis at `heading`."""
    upper, fore, (d1, d4, d5, d6) = -DH[1, 0], -DH[2, 0], DH[[0, 3, 4, 5], 1]
    reach = np.sqrt(x * x + y * y - d4 * d4)
    pan = np.arctan2(y, x) - np.arctan2(d4, reach)
    out, up = reach - d5, z + d6 - d1  # wrist 1 from the shoulder, in the arm's plane
    elbow = np.arccos((out**2 + up**2 - upper**2 - fore**2) / (2.0 * upper * fore))
    inner = np.arctan2(fore * np.sin(elbow), upper + fore * np.cos(elbow))
    lift = -np.arctan2(up, out) - inner
    roll = pan - 0.5 * np.pi - heading
    roll = np.arctan2(np.sin(roll), np.cos(roll))
    return np.array([pan, lift, elbow, -0.5 * np.pi - lift - elbow, -0.5 * np.pi, roll])


def add_gripper(flange: mujoco.MjsBody) -> None:
    """A capsule from the flange to `GRIPPER_LENGTH` along its z axis."""
    radius = 0.02
    flange.add_geom(
        name="gripper",
        type=mujoco.mjtGeom.mjGEOM_CAPSULE,
        fromto=[0.0, 0.0, radius, 0.0, 0.0, GRIPPER_LENGTH - radius],
        size=[radius, 0.0, 0.0],
        contype=1,
        conaffinity=3,
    )


@pytest.fixture(scope="module")
def model() -> mujoco.MjModel:
    return mujoco.MjModel.from_xml_path(str(asset_path("ur5e/ur5e.xml")))


@pytest.fixture(scope="module")
def scene() -> mujoco.MjModel:
    """The arm with a gripper, attached to a spec that holds the plane z = 0."""
    parent = mujoco.MjSpec()
    plane = mujoco.mjtGeom.mjGEOM_PLANE
    parent.worldbody.add_geom(name="table", type=plane, size=[1, 1, 0.1], contype=2, conaffinity=3)
    child = mujoco.MjSpec.from_file(str(asset_path("ur5e/ur5e.xml")))
    add_gripper(child.body("wrist_3_link"))
    with pytest.warns(UserWarning, match="empty prefix"):
        parent.worldbody.add_frame().attach_body(child.body("base"), "", "")
        return parent.compile()


def contacts(model: mujoco.MjModel, qpos: np.ndarray) -> list[tuple[str, ...]]:
    """Names of the geoms in contact, pair by pair."""
    data = mujoco.MjData(model)
    data.qpos[:] = qpos
    mujoco.mj_forward(model, data)
    return [tuple(model.geom(int(geom)).name for geom in pair) for pair in data.contact.geom]


def assert_flange_follows_the_chain(model: mujoco.MjModel, qpos: np.ndarray) -> None:
    data = mujoco.MjData(model)
    data.qpos[:] = qpos
    mujoco.mj_kinematics(model, data)
    site, pose = data.site("attachment_site"), flange_pose(qpos)
    np.testing.assert_allclose(site.xpos, pose[:3, 3], atol=1e-9)
    np.testing.assert_allclose(site.xmat.reshape(3, 3), pose[:3, :3], atol=1e-9)


@pytest.mark.parametrize("seed", range(20))
def test_forward_kinematics_match_the_published_chain(model: mujoco.MjModel, seed: int) -> None:
    qpos = np.random.default_rng(seed).uniform(*model.jnt_range.T)
    assert_flange_follows_the_chain(model, qpos)


def test_the_arm_reaches_over_positive_x() -> None:
    turn = 0.5 * np.pi
    pose = flange_pose(np.array([0.0, -turn, turn, -turn, -turn, 0.0]))
    np.testing.assert_allclose(pose[:3, 3], [0.4919, 0.1333, 0.4879], atol=1e-12)
    np.testing.assert_allclose(pose[:3, 2], [0.0, 0.0, -1.0], atol=1e-12)
    assert "(0.4919, 0.1333, 0.4879)" in README


def test_limits_match_the_table(model: mujoco.MjModel) -> None:
    assert [model.joint(i).name for i in range(model.njnt)] == JOINT_NAMES
    assert [row["name"] for row in LIMITS] == JOINT_NAMES
    ranges = [(angle(row["lower [rad]"]), angle(row["upper [rad]"])) for row in LIMITS]
    np.testing.assert_allclose(model.jnt_range, ranges, rtol=1e-15)
    assert model.jnt_limited.all()
    assert {row["velocity [rad/s]"] for row in LIMITS} == {"π"}
    assert [float(row["torque [N m]"]) for row in LIMITS] == [150, 150, 150, 28, 28, 28]


@pytest.mark.parametrize("index", range(6))
def test_masses_match_the_table(model: mujoco.MjModel, index: int) -> None:
    row, (a, _, alpha) = MASSES[index], DH[index]
    body = model.body(row["body"])
    centre = np.array([float(row[f"{axis} [m]"]) for axis in "xyz"])
    assert body.mass[0] == float(row["mass [kg]"])
    np.testing.assert_allclose(body.ipos, rotation_x(alpha) @ centre + [a, 0.0, 0.0], atol=1e-12)


@pytest.mark.parametrize("index", range(6))
def test_inertias_match_the_table(model: mujoco.MjModel, index: int) -> None:
    row, rotation = INERTIAS[index], rotation_x(DH[index, 2])
    xx, yy, zz, xy, xz, yz = (float(row[name]) for name in ("xx", "yy", "zz", "xy", "xz", "yz"))
    tensor = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
    body = model.body(row["body"])
    axes = np.empty(9)
    mujoco.mju_quat2Mat(axes, body.iquat)
    axes = axes.reshape(3, 3)
    found = axes @ np.diag(body.inertia) @ axes.T
    np.testing.assert_allclose(found, rotation @ tensor @ rotation.T, atol=1e-12)


def test_the_file_holds_the_arm_alone(model: mujoco.MjModel) -> None:
    assert (model.nq, model.nu, model.nkey, model.nlight, model.ncam) == (6, 0, 0, 0, 0)
    assert [model.body(i).name for i in range(1, model.nbody)] == ["base", *BODY_NAMES]
    assert not (model.geom_bodyid == 0).any()
    np.testing.assert_array_equal(model.body_gravcomp[2:], 1.0)
    np.testing.assert_array_equal(model.dof_armature, 0.1)


def test_what_is_seen_does_not_collide(model: mujoco.MjModel) -> None:
    seen = model.geom_group == 2
    assert set(model.geom_group) == {2, 3}
    assert not (model.geom_contype[seen] | model.geom_conaffinity[seen]).any()
    np.testing.assert_array_equal(model.geom_contype[~seen], 1)
    np.testing.assert_array_equal(model.geom_conaffinity[~seen], 3)
    for index in np.flatnonzero(~seen):
        body = model.body(int(model.geom_bodyid[index])).name
        assert re.fullmatch(rf"{body}_collision(_\d)?", model.geom(index).name)


def test_attaching_brings_everything_along(model: mujoco.MjModel, scene: mujoco.MjModel) -> None:
    assert [scene.joint(i).name for i in range(scene.njnt)] == JOINT_NAMES
    assert scene.ngeom == model.ngeom + 2  # the table and the gripper
    assert scene.nexclude == model.nexclude == 1
    materials = [scene.material(i).name for i in range(scene.nmat)]
    assert materials == [model.material(i).name for i in range(model.nmat)]
    assert all(name.startswith("ur5e_") for name in materials)
    seen = np.flatnonzero(scene.geom_group == 2)
    assert (scene.geom_matid[seen] >= 0).all()
    np.testing.assert_array_equal(scene.jnt_range, model.jnt_range)
    assert_flange_follows_the_chain(scene, HOME_QPOS)


def test_home_points_down_above_the_tables_centre(scene: mujoco.MjModel) -> None:
    pose = flange_pose(HOME_QPOS)
    np.testing.assert_allclose(HOME_QPOS, tool_down(0.5, 0.0, 0.35), atol=1e-8)
    np.testing.assert_allclose(pose[:3, 3], [0.5, 0.0, 0.35], atol=1e-8)
    np.testing.assert_allclose(pose[:3, :3], HOME_ROTATION, atol=1e-8)
    assert not contacts(scene, HOME_QPOS)


@pytest.mark.parametrize("seed", range(50))
def test_the_gripper_works_above_the_table_without_a_contact(
    scene: mujoco.MjModel, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    x, y, heading = rng.uniform([0.3, -0.2, -np.pi], [0.7, 0.2, np.pi])
    z = GRIPPER_LENGTH + 0.02
    qpos = tool_down(x, y, z, heading)
    pose = flange_pose(qpos)
    np.testing.assert_allclose(pose[:3, 3], [x, y, z], atol=1e-12)
    np.testing.assert_allclose(pose[:3, 0], [np.cos(heading), np.sin(heading), 0.0], atol=1e-12)
    assert (np.abs(qpos) < np.pi).all()
    assert not contacts(scene, qpos)


def test_the_table_and_the_arm_itself_are_felt(scene: mujoco.MjModel) -> None:
    pressed = tool_down(0.5, 0.0, GRIPPER_LENGTH - 0.01)
    assert contacts(scene, pressed) == [("table", "gripper")]
    folded = HOME_QPOS.copy()
    folded[2] = 0.95 * np.pi  # the forearm's end against the shoulder
    pairs = {name for pair in contacts(scene, folded) for name in pair}
    assert {"forearm_link_collision_1", "shoulder_link_collision_1"} <= pairs


def test_gravity_is_compensated(scene: mujoco.MjModel) -> None:
    data = mujoco.MjData(scene)
    data.qpos[:] = HOME_QPOS
    mujoco.mj_forward(scene, data)
    assert np.abs(data.qfrc_bias).max() > 10.0
    np.testing.assert_allclose(data.qfrc_gravcomp, data.qfrc_bias, atol=1e-9)


def test_readme_lists_the_deviations() -> None:
    deviations = README.split("## Deviations", 1)[1].lower()
    words = ("geoms", "exclude", "elbow", "calibration", "armature", "friction", "gravity", "base")
    for word in words:
        assert word in deviations, word
