"""Where arms start: the fingertip at the point, the hand down, clear of everything."""

from __future__ import annotations

from pathlib import Path

import mujoco
import numpy as np
import pytest

from conceptgym.assets import asset_path
from conceptgym.envs import ROBOTS, Robot
from conceptgym.envs.errors import UnreachableTargetError
from conceptgym.envs.place_model import FINGERTIP
from conceptgym.envs.place_start import HOME_FINGERTIP, joint_ranges, rigid_model, start_qpos

OWN = Robot.from_mjcf(asset_path("ur5e/ur5e.xml"))  # its home are zeros
POINTS = [
    HOME_FINGERTIP,
    *((x, y, 0.25) for x in (0.31, 0.5, 0.69) for y in (-0.19, 0.03, 0.19)),
]


@pytest.mark.parametrize("robot", [*ROBOTS.values(), OWN], ids=[*ROBOTS, "own"])
def test_the_hand_points_down_at_the_point_and_touches_nothing(robot: Robot) -> None:
    model = rigid_model(robot)
    data = mujoco.MjData(model)
    lower, upper = joint_ranges(model, robot.num_joints)
    assert model.nq == robot.num_joints and model.nu == model.neq == 0
    for point in POINTS:
        qpos = start_qpos(robot, point)
        assert np.all((qpos > lower) & (qpos < upper))
        data.qpos[:] = qpos
        mujoco.mj_forward(model, data)
        site = model.site(FINGERTIP).id
        assert np.linalg.norm(data.site_xpos[site] - point) < 1e-4
        down = np.diag([1.0, -1.0, -1.0])
        np.testing.assert_allclose(data.site_xmat[site].reshape(3, 3), down, atol=2e-3)
        assert data.ncon == 0


@pytest.mark.parametrize("robot", ROBOTS.values(), ids=list(ROBOTS))
def test_the_same_point_has_the_same_bits(robot: Robot) -> None:
    first = start_qpos(robot, POINTS[3]).copy()
    start_qpos.cache_clear()
    np.testing.assert_array_equal(start_qpos(robot, POINTS[3]), first)


def test_half_a_turn_is_not_taken_for_none(tmp_path: Path) -> None:
    """Far out, a search with this arm that sees small turns alone ends with the hand tilted."""
    axes = ("0 0 1", "0 1 0", "0 0 1", "0 -1 0", "0 0 1", "0 1 0", "0 0 1")
    heights = (0.16, 0.20, 0.20, 0.22, 0.18, 0.22, 0.08)
    links = "".join(
        f"<body pos='0 0 {height}'><joint name='j{n}' axis='{axis}' range='-120 120'/>"
        "<geom size='0.02' contype='0' conaffinity='0'/>"
        for n, (axis, height) in enumerate(zip(axes, heights, strict=True))
    )
    site = "<site name='attachment_site' pos='0 0 0.045'/>"
    key = "<keyframe><key name='home' qpos='0 0.785 0 -1.57 0 0 0'/></keyframe>"
    path = tmp_path / "tall.xml"
    path.write_text(f"<mujoco><worldbody>{links}{site}{'</body>' * 7}</worldbody>{key}</mujoco>")
    robot = Robot.from_mjcf(path)
    model = rigid_model(robot)
    data = mujoco.MjData(model)
    reached = 0
    for x in (0.5, 0.6, 0.7, 0.82, 0.88):
        try:
            data.qpos[:] = start_qpos(robot, (x, 0.0, 0.1))
        except UnreachableTargetError:
            continue
        mujoco.mj_kinematics(model, data)
        assert data.site(FINGERTIP).xmat[8] < -0.999
        reached += 1
    assert reached >= 2


def test_a_point_out_of_reach() -> None:
    with pytest.raises(UnreachableTargetError) as error:
        start_qpos(ROBOTS["ur5e"], (1.5, 0.0, 0.25))
    assert str(error.value).startswith(
        "robot 'ur5e' cannot bring its fingertip to (1.500, 0.000, 0.250) [m] with the hand "
        "pointing down: it stops "
    )
    assert str(error.value).endswith(
        " m away; use an arm that reaches 0.75 m, or give its Robot another base_in_world"
    )


def test_a_joint_without_limits_may_turn_once_either_way() -> None:
    model = mujoco.MjModel.from_xml_string(
        "<mujoco><worldbody><body><joint/><geom size='0.1'/><body><joint range='-10 20'/>"
        "<geom size='0.1'/></body></body></worldbody></mujoco>"
    )
    lower, upper = joint_ranges(model, 2)
    np.testing.assert_allclose(lower, [-2 * np.pi, np.radians(-10)])
    np.testing.assert_allclose(upper, [2 * np.pi, np.radians(20)])
