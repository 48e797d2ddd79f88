"""Arms by name or from a file, and the files that are refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
import pytest
from doc_tables import read_tables
from place_scenes import full_state, make_scene, stay

from conceptgym.assets import asset_path
from conceptgym.envs import ROBOTS, ArmPlaceEnv, Robot, make_robot
from conceptgym.envs.errors import ConceptGymError, ConfigError, ShapeError
from conceptgym.envs.place_model import FINGERTIP
from conceptgym.envs.place_start import HOME_FINGERTIP, rigid_model
from conceptgym.envs.place_world import PlaceWorld
from conceptgym.envs.robots import (
    MOST_ROBOTS,
    USUAL_TORQUE,
    USUAL_VELOCITY,
    robot_number,
    robot_numbered,
)

UR5E = asset_path("ur5e/ur5e.xml")
LINK = "<body pos='0 0 0.1'><joint name='j{n}' axis='0 {n} 1'/><geom size='0.02'/>"


def chain(joints: int, *, site: bool = True, extra: str = "", options: str = "") -> str:
    """An MJCF of that many hinges."""
    links = "".join(LINK.format(n=n) for n in range(joints))
    mount = "<site name='attachment_site'/>" if site else ""
    bodies = links + mount + "</body>" * joints
    return f"<mujoco><worldbody>{bodies}{extra}</worldbody>{options}</mujoco>"


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "own.xml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("robot", ROBOTS.values(), ids=list(ROBOTS))
def test_home_is_where_it_is_said_to_be(robot: Robot) -> None:
    model = rigid_model(robot)
    data = mujoco.MjData(model)
    data.qpos[:] = robot.home_qpos
    mujoco.mj_forward(model, data)
    tip = data.site_xpos[model.site(FINGERTIP).id]
    assert np.linalg.norm(tip[:2] - HOME_FINGERTIP[:2]) < 0.07
    assert 0.1 < tip[2] < 0.3
    assert data.site_xmat[model.site(FINGERTIP).id].reshape(3, 3)[2, 2] < -0.999
    assert data.ncon == 0


def test_the_ur5es_limits_are_those_of_its_readme() -> None:
    limits = read_tables(asset_path("ur5e/README.md").read_text())[2]
    robot = ROBOTS["ur5e"]
    assert robot.joints == tuple(row["name"] for row in limits)
    assert robot.torque_limits == tuple(float(row["torque [N m]"]) for row in limits)
    assert {row["velocity [rad/s]"] for row in limits} == {"π"}
    assert set(robot.velocity_limits) == {np.pi}


def test_the_file_of_a_known_arm_gives_the_same_arm() -> None:
    own, known = Robot.from_mjcf(UR5E), ROBOTS["ur5e"]
    assert (own.name, own.joints, own.has_hand) == (known.name, known.joints, known.has_hand)
    assert own.velocity_limits == (USUAL_VELOCITY,) * 6 and own.torque_limits == (USUAL_TORQUE,) * 6
    assert own.home_qpos == (0.0,) * 6 and min(own.servo_gains) > 0
    model, other = rigid_model(own), rigid_model(known)
    np.testing.assert_array_equal(model.jnt_range, other.jnt_range)
    np.testing.assert_array_equal(model.body_mass, other.body_mass)
    for wrong in (3, ("a",) * 6):
        with pytest.raises(ShapeError, match="^velocity_limits of .* h(as shape|olds entries)"):
            Robot.from_mjcf(UR5E, velocity_limits=wrong)  # type: ignore[arg-type]
    given = Robot.from_mjcf(str(UR5E), velocity_limits=np.full(6, 1.5))  # type: ignore[arg-type]
    assert given.velocity_limits == (1.5,) * 6 and hash(given) is not None


def test_an_arm_of_ones_own_works_at_the_table() -> None:
    """Its servos follow from its inertia: it comes to rest where it is told to."""
    env = ArmPlaceEnv("left_of", robot=UR5E)
    env.reset(seed=0)
    world = env.world
    start = world.data.qpos[:6].copy()
    for _ in range(40):
        env.step(world.actions.action(start + 0.1, 0.05))
    np.testing.assert_allclose(world.data.qpos[:6], start + 0.1, atol=2e-3)
    assert np.abs(world.data.qvel[:6]).max() < 0.02
    assert world.opening == pytest.approx(0.05, abs=1e-3)


def test_what_the_file_says_is_taken_over(tmp_path: Path) -> None:
    options = (
        "<actuator><motor joint='j1' forcerange='-7 7'/></actuator>"
        "<keyframe><key name='home' qpos='.1 .2 .3 .4 .5'/></keyframe>"
    )
    robot = make_robot(written(tmp_path, chain(5, options=options)))
    assert robot.name == "own" and robot.joints == tuple(f"j{n}" for n in range(5))
    assert robot.home_qpos == pytest.approx((0.1, 0.2, 0.3, 0.4, 0.5))
    assert robot.torque_limits == (USUAL_TORQUE, 7.0, *(USUAL_TORQUE,) * 3)


FREE = "<body name='ball'><freejoint/><geom size='0.1'/></body>"
REFUSED = {
    "no_site": (
        chain(5, site=False),
        "has no site named 'attachment_site'; add one at the flange, its z axis pointing out of it",
    ),
    "too_few": (
        chain(4),
        "has 4 joints between its base and 'attachment_site'; the hand needs at least 5, hinges "
        "all of them, to point down anywhere on the table",
    ),
    "slides": (
        chain(5).replace("name='j2'", "name='j2' type='slide'"),
        "has 5 joints between its base and 'attachment_site'; the hand needs at least 5, hinges "
        "all of them, to point down anywhere on the table",
    ),
    "objects": (
        chain(5, extra=FREE),
        "has 1 joints beside those between its base and 'attachment_site'; leave grippers and "
        "objects out: the table and the hand are added to it",
    ),
    "nameless": (
        chain(5).replace("name='j3' ", ""),
        "has joints without a name; give each a name",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_files_that_are_refused(case: str, tmp_path: Path) -> None:
    text, reason = REFUSED[case]
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as error:
        make_robot(path)
    assert str(error.value) == f"robot={str(path)!r} {reason}"


def test_what_is_no_arm_at_all(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        make_robot("kuka")
    assert str(error.value) == (
        "robot='kuka' is unknown; choose one of panda, ur5e, or give the path of an MJCF file "
        "(.xml)"
    )
    with pytest.raises(ConfigError, match="robot='None' is unknown"):
        make_robot(None)  # type: ignore[arg-type]
    missing = tmp_path / "missing.xml"
    with pytest.raises(ConfigError) as error:
        make_robot(missing)
    assert str(error.value) == (
        f"robot={str(missing)!r} is no file; give the path of an MJCF file, or one of panda, ur5e"
    )
    broken = written(tmp_path, "<mujoco><worldbody>")
    with pytest.raises(ConfigError) as error:
        make_robot(broken)
    assert str(error.value).startswith(f"robot={str(broken)!r} is no MJCF that MuJoCo can read: ")


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("torque_limits", (1.0,) * 5, "has shape (5,), expected (6,); pass an array of that shape"),
        ("base_in_world", (0.1,), "has shape (1,), expected (3,); pass an array of that shape"),
        ("velocity_limits", (2.0, np.nan) * 3, "holds nan at index (1,)"),
        ("servo_gains", (np.inf,) * 6, "holds inf at index (0,)"),
        ("home_qpos", [0.0] * 5 + [np.nan], "holds nan at index (5,)"),
        ("base_in_world", (0.0, np.nan, 0.0), "holds nan at index (1,)"),
        (
            "velocity_limits",
            (1.0,) * 5 + (0.0,),
            "is [1.0, 1.0, 1.0, 1.0, 1.0, 0.0]; every entry must be above 0",
        ),
    ],
)
def test_robots_that_do_not_fit_themselves(field: str, value: Any, text: str) -> None:
    with pytest.raises(ConceptGymError) as error:
        replace(ROBOTS["ur5e"], **{field: value})
    rule = "; every entry must be a finite number" if text.startswith("holds") else ""
    assert str(error.value) == f"{field} of robot 'ur5e' {text}{rule}"


def test_lists_and_arrays_describe_the_same_robot() -> None:
    known = ROBOTS["ur5e"]
    for kind in (list, np.array):
        names = ("home_qpos", "velocity_limits", "torque_limits", "servo_gains", "base_in_world")
        same = replace(
            known, joints=list(known.joints), **{name: kind(getattr(known, name)) for name in names}
        )
        assert same == known and hash(same) == hash(known)


def test_arms_have_numbers() -> None:
    assert [robot_number(robot) for robot in ROBOTS.values()] == list(range(len(ROBOTS)))
    own = Robot.from_mjcf(UR5E, velocity_limits=(1.25,) * 6)
    assert robot_numbered(robot_number(own)) == own
    assert len(ROBOTS) <= robot_number(own) < MOST_ROBOTS
    with pytest.raises(ConfigError, match="observation\\['robot'\\] is 63, this process knows"):
        robot_numbered(63)


def test_two_arms_in_one_process_do_not_disturb_each_other() -> None:
    scene = make_scene([(0.5, 0.1), (0.5, -0.1)])
    states = []
    for between in ([], ["ur5e", "panda"]):
        world = PlaceWorld(ROBOTS["panda"])
        for name in between:
            other = PlaceWorld(ROBOTS[name])
            other.reset(scene, scene.event.before)
            other.step(stay(other))
        world.reset(scene, scene.event.before)
        world.step(stay(world, opening=0.02))
        states.append(full_state(world))
    np.testing.assert_array_equal(*states)
