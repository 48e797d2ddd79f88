"""Joint paths: through their waypoints, within every limit, and followed by the physical arm."""

from __future__ import annotations

import numpy as np
import pytest

from conceptgym.agents import arm_motion
from conceptgym.agents.arm_motion import JointPath, Waypoint, plan_joint_path
from conceptgym.agents.ik import IKController
from conceptgym.agents.ik_model import Obstacle
from conceptgym.envs import Robot, arm_model
from conceptgym.envs.arm_world import ArmWorld
from conceptgym.envs.entities import MAX_ENTITIES, NUM_FEATURES, EntityState
from conceptgym.envs.errors import ConfigError, NonFiniteError
from conceptgym.envs.frames import plane_to_table
from conceptgym.envs.robots import PANDA, UR5E

HOVER = arm_model.HOVER_HEIGHT


def over_the_plane(rng: np.random.Generator, height: float) -> np.ndarray:
    return np.append(plane_to_table(rng.uniform(-1, 1, 2)), height)


def check_limits(path: JointPath, start: np.ndarray) -> None:
    steps = np.diff(np.vstack([start, path.qpos]), axis=0) / arm_model.CONTROL_TIMESTEP
    assert (np.abs(steps) <= 0.85 * arm_model.VELOCITY_LIMITS + 1e-9).all()
    assert (path.qpos >= arm_model.JOINT_LOWER).all()
    assert (path.qpos <= arm_model.JOINT_UPPER).all()


@pytest.mark.parametrize("speed", [0.3, 0.8, 3.0])
def test_paths_keep_every_limit_and_end_at_their_waypoints(
    controller: IKController, speed: float
) -> None:
    rng = np.random.default_rng(0)
    qpos = arm_model.HOME_QPOS
    for _ in range(70):
        target = over_the_plane(rng, rng.uniform(0.03, 0.3))
        path = plan_joint_path(controller, qpos, [Waypoint(position_in_world=target, speed=speed)])
        assert path.reached and path.reason == "reached"
        check_limits(path, qpos)
        qpos = path.qpos[-1]
        error = float(np.linalg.norm(controller.fingertip(qpos) - target))
        assert error < 1e-3
        assert path.position_error == pytest.approx(error, abs=1e-9)
        assert min(controller.table_distance(step) for step in path.qpos) > 0.02


@pytest.mark.parametrize("speed", [0.2, 0.5])
def test_the_fingertip_keeps_to_the_line_and_below_its_speed(
    controller: IKController, speed: float
) -> None:
    rng = np.random.default_rng(1)
    start = over_the_plane(rng, HOVER)
    qpos = controller.require(arm_model.HOME_QPOS, start).qpos
    for _ in range(10):
        start, target = controller.fingertip(qpos), over_the_plane(rng, HOVER)
        path = plan_joint_path(controller, qpos, [Waypoint(position_in_world=target, speed=speed)])
        tip = np.vstack([start, [controller.fingertip(step) for step in path.qpos]])
        direction = (target - start) / np.linalg.norm(target - start)
        along = (tip - start) @ direction
        off = np.linalg.norm(tip - start - np.outer(along, direction), axis=1)
        assert off.max() < 1e-3
        pace = np.linalg.norm(np.diff(tip, axis=0), axis=1) / arm_model.CONTROL_TIMESTEP
        assert pace.max() < 1.02 * speed
        assert pace[0] < 0.3 * speed and pace[-1] < 0.3 * speed  # it starts and ends gently
        qpos = path.qpos[-1]


def test_actions_carry_out_the_path(controller: IKController) -> None:
    """The physical fingertip ends where it was planned, within limits and off the table."""
    world = ArmWorld()
    rng = np.random.default_rng(2)
    entities = np.zeros((MAX_ENTITIES, NUM_FEATURES), dtype=np.float32)
    entities[:3, :2] = [[0.0, 0.0], [0.8, 0.8], [-0.8, -0.8]]
    entities[0, 5] = 1.0
    present = np.arange(MAX_ENTITIES) < 3
    world.reset(
        EntityState(
            entities=entities,
            present=present,
            movable=present & (entities[:, 5] > 0),
            paintable=np.zeros_like(present),
        )
    )
    for _ in range(10):
        target = over_the_plane(rng, HOVER)
        waypoint = Waypoint(position_in_world=target, speed=0.8, dwell=10)
        path = plan_joint_path(controller, world.data.qpos[:7], [waypoint])
        assert path.actions.shape == (len(path), 8) and path.actions.dtype == np.float32
        for action in path.actions:
            world.step(action)
        assert np.linalg.norm(world.fingertip_in_world - target) < 1e-3
        assert world.fingertip_speed < 0.01
    assert world.max_velocity_share < 0.9
    assert world.max_joint_limit_violation == 0.0
    assert world.table_contacts == 0
    assert not world.touched.any()


def test_several_waypoints_and_their_ends(controller: IKController) -> None:
    points = [(0.5, 0.1, HOVER), (0.5, 0.1, 0.03), (0.5, 0.1, HOVER), (0.4, -0.1, HOVER)]
    waypoints = [Waypoint(position_in_world=np.array(p), dwell=3) for p in points]
    path = plan_joint_path(controller, arm_model.HOME_QPOS, waypoints, opening=0.02)
    assert path.reached and len(path.ends) == 4 and path.ends[-1] == len(path)
    check_limits(path, arm_model.HOME_QPOS)
    for end, point in zip(path.ends, points, strict=True):
        np.testing.assert_allclose(controller.fingertip(path.qpos[end - 1]), point, atol=1e-3)
        np.testing.assert_array_equal(path.qpos[end - 4 : end - 1], path.qpos[[end - 1] * 3])
    np.testing.assert_array_equal(path.opening, np.full(len(path), 0.02))


def test_a_path_stops_before_a_waypoint_out_of_reach(controller: IKController) -> None:
    near, far = np.array([0.5, 0.1, HOVER]), np.array([1.2, 0.0, 0.1])
    waypoints = [Waypoint(position_in_world=p) for p in (near, far, near)]
    path = plan_joint_path(controller, arm_model.HOME_QPOS, waypoints)
    assert not path.reached and len(path.ends) == 1
    assert path.reason == (
        f"waypoint 1 is out of reach: {path.position_error:.3f} m from the target after 8 restarts"
    )
    assert path.position_error == pytest.approx(0.3, abs=0.05)
    np.testing.assert_allclose(controller.fingertip(path.qpos[-1]), near, atol=1e-3)

    nothing = plan_joint_path(
        controller, arm_model.HOME_QPOS, [Waypoint(position_in_world=np.array([0.5, 0.0, 0.0]))]
    )
    assert nothing.actions.shape == (0, 8)
    assert nothing.reason == (
        "waypoint 0 is too low: 0.000 m above the table, where the fingers keep 0.004 m"
    )


def test_a_waypoint_off_the_straight_line_is_reached_through_joint_space(
    controller: IKController,
) -> None:
    """From front to back the straight line leads through the arm's own base."""
    start = controller.require(arm_model.HOME_QPOS, np.array([0.5, 0.0, 0.2])).qpos
    target = np.array([-0.5, 0.0, 0.2])
    path = plan_joint_path(controller, start, [Waypoint(position_in_world=target)])
    assert path.reached
    check_limits(path, start)
    np.testing.assert_allclose(controller.fingertip(path.qpos[-1]), target, atol=1e-3)
    assert min(controller.table_distance(step) for step in path.qpos) > 0.004


@pytest.mark.parametrize("turn", [0.0, 0.9, -1.4])
def test_place_and_heading_follow_the_minimum_jerk_profile(
    controller: IKController, turn: float
) -> None:
    """In step with one another, where no limit binds; the last steps settle on the end."""
    start, target = np.array([0.45, -0.1, HOVER]), np.array([0.55, 0.12, 0.06])
    qpos = controller.solve(arm_model.HOME_QPOS, start, heading=0.2).qpos
    waypoint = Waypoint(position_in_world=target, speed=0.3, heading=0.2 + turn)
    path = plan_joint_path(controller, qpos, [waypoint])
    assert path.reached
    begins, turned = controller.fingertip(qpos), controller.heading(qpos)
    tips = np.array([controller.fingertip(step) for step in path.qpos])
    headings = np.array([controller.heading(step) for step in path.qpos])
    settled = 3  # steps at the end, at most, beyond the profile's own
    for steps in range(len(path) - settled, len(path) + 1):
        share = np.minimum(np.arange(1, len(path) + 1) / steps, 1.0)
        travelled = 10 * share**3 - 15 * share**4 + 6 * share**5
        off = tips - (begins + travelled[:, None] * (target - begins))
        if np.linalg.norm(off, axis=1).max() < 1.5e-3:
            break
    else:
        raise AssertionError("no duration fits")
    np.testing.assert_allclose(headings, turned + travelled * (0.2 + turn - turned), atol=0.015)
    assert abs(headings[-1] - 0.2 - turn) < 0.01


def test_a_turn_takes_the_shorter_way(controller: IKController) -> None:
    point = np.array([0.5, 0.0, HOVER])
    qpos = controller.solve(arm_model.HOME_QPOS, point, heading=1.4).qpos
    for heading, turned in ((-1.4 + 2 * np.pi, 2 * np.pi - 2.8), (1.4 - 2 * np.pi, 0.0)):
        path = plan_joint_path(
            controller, qpos, [Waypoint(position_in_world=point, heading=heading)]
        )
        if path.reached:
            headings = np.unwrap([controller.heading(step) for step in path.qpos])
            assert abs(headings[-1] - headings[0]) < abs(turned) + 0.05
        else:
            assert "out of reach" in path.reason
    on_the_spot = plan_joint_path(controller, qpos, [Waypoint(position_in_world=point, heading=0)])
    assert on_the_spot.reached and len(on_the_spot) > 20  # 1.4 rad at 2 rad/s at most
    tips = np.array([controller.fingertip(step) for step in on_the_spot.qpos])
    assert np.linalg.norm(tips - point, axis=1).max() < 2e-3


@pytest.mark.parametrize("robot", [PANDA, UR5E])
@pytest.mark.parametrize(("speed", "acceleration"), [(0.5, 2.5), (0.25, 1.5), (0.5, 4.0)])
def test_set_points_are_smooth_across_waypoints(
    robot: Robot, speed: float, acceleration: float
) -> None:
    """The fingertip's acceleration is bounded, and changes by no more than its jerk allows."""
    arm = IKController(robot=robot)
    points = [(0.5, 0.12, 0.125), (0.5, 0.12, 0.03), (0.5, 0.12, 0.125), (0.45, -0.12, 0.125)]
    headings = (0.0, 0.0, 0.0, 1.0)
    start = arm.solve(np.array(robot.home_qpos), np.array([0.42, -0.05, 0.125]), heading=0.5)
    waypoints = [
        Waypoint(
            position_in_world=np.array(point),
            speed=speed,
            acceleration=acceleration,
            heading=heading,
            dwell=2,
        )
        for point, heading in zip(points, headings, strict=True)
    ]
    path = plan_joint_path(arm, start.qpos, waypoints)
    assert path.reached
    step = arm_model.CONTROL_TIMESTEP
    still = np.repeat(start.qpos[None], 3, axis=0)  # it comes from rest
    tips = np.array([arm.fingertip(qpos) for qpos in np.vstack([still, path.qpos])])
    pace = np.diff(tips, axis=0) / step
    pull = np.diff(pace, axis=0) / step
    assert np.linalg.norm(pace, axis=1).max() < 1.05 * speed
    assert np.linalg.norm(pull, axis=1).max() < 1.2 * acceleration
    jerk = np.linalg.norm(np.diff(pull, axis=0), axis=1) / step
    # 60 L / T³ at the ends, with T from the acceleration's or the speed's limit.
    lengths = np.linalg.norm(np.diff(np.vstack([tips[0], points]), axis=0), axis=1)
    times = np.maximum(1.875 * lengths / speed, np.sqrt(10 / np.sqrt(3) * lengths / acceleration))
    assert jerk.max() < 1.3 * (60 * lengths / times**3).max() + 10.0
    for end in path.ends:
        assert np.linalg.norm(pace[end + 1]) < 0.01  # at rest at each


def test_joints_are_smooth_where_a_limit_binds(controller: IKController) -> None:
    """A fast long way and a large turn: speeds stay below the limits, steps do not jump."""
    qpos = controller.solve(arm_model.HOME_QPOS, np.array([0.35, -0.18, 0.125]), heading=1.5).qpos
    waypoint = Waypoint(
        position_in_world=np.array([0.65, 0.18, 0.125]), speed=2.0, acceleration=20.0, heading=-1.5
    )
    path = plan_joint_path(controller, qpos, [waypoint])
    assert path.reached
    check_limits(path, qpos)
    pace = np.diff(np.vstack([qpos, qpos, path.qpos]), axis=0) / arm_model.CONTROL_TIMESTEP
    assert np.abs(np.diff(pace, axis=0)).max() < 1.0  # [rad/s] in a step


def test_no_way_through_joint_space_leads_through_an_object(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arm = IKController(obstacles=1)
    start = arm.solve(arm_model.HOME_QPOS, np.array([0.45, -0.1, 0.03]), heading=0.0).qpos
    across = Waypoint(position_in_world=np.array([0.45, 0.1, 0.03]), heading=0.0)
    nothing = np.empty((0, 7))
    monkeypatch.setattr(arm_motion, "_follow_line", lambda *_: (nothing, np.inf))
    assert plan_joint_path(arm, start, [across]).reached
    between = np.array([0.45, 0.0, 0.02])
    arm.keep_clear_of([Obstacle(centre=between, half_extents=np.full(3, 0.02))])
    path = plan_joint_path(arm, start, [across])
    assert not path.reached and len(path) == 0
    assert path.reason.startswith("waypoint 0 is behind an object: the way there is 0.0")
    assert path.reason.endswith(" m too near it")


def test_bad_waypoints(controller: IKController) -> None:
    with pytest.raises(ConfigError) as empty:
        plan_joint_path(controller, arm_model.HOME_QPOS, [])
    assert str(empty.value) == "waypoints is empty, expected at least one Waypoint"
    point = np.array([0.5, 0.0, 0.1])
    with pytest.raises(ConfigError) as speed:
        Waypoint(position_in_world=point, speed=0.0)
    assert str(speed.value) == "speed is 0.0, expected more than 0"
    for value in (-1, 2.5, np.nan):
        with pytest.raises(ConfigError) as dwell:
            Waypoint(position_in_world=point, dwell=value)  # type: ignore[arg-type]
        assert str(dwell.value) == (
            f"dwell={value} must be a whole number of at least 0; give control steps"
        )
    with pytest.raises(NonFiniteError) as opening:
        good = Waypoint(position_in_world=point)
        plan_joint_path(controller, arm_model.HOME_QPOS, [good], opening=np.nan)
    assert str(opening.value) == "opening is nan; it must be a finite length [m]"
    with pytest.raises(NonFiniteError) as value:
        Waypoint(position_in_world=np.array([0.5, np.nan, 0.1]))
    assert str(value.value) == (
        "position_in_world holds nan at index (1,); every entry must be a finite number"
    )
    with pytest.raises(NonFiniteError) as heading:
        Waypoint(position_in_world=point, heading=np.inf)
    assert str(heading.value) == "heading is inf; it must be a finite angle [rad]"
