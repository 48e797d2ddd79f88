"""Inverse kinematics: accurate where it can reach, honest where it cannot, never over a limit."""

from __future__ import annotations

from typing import Any

import mink
import mujoco
import numpy as np
import pytest
from scipy.spatial.distance import pdist

from conceptgym.agents.arm_motion import Waypoint, plan_joint_path
from conceptgym.agents.ik import IKConfig, IKController, wrapped
from conceptgym.agents.ik_model import HAND_GEOMS, Obstacle
from conceptgym.envs import arm_model
from conceptgym.envs.errors import ConfigError, NonFiniteError, ShapeError, UnreachableTargetError
from conceptgym.envs.frames import TABLE_CENTRE_IN_WORLD, plane_to_table
from conceptgym.envs.place_model import FINGERTIP, TABLE, build_place_model
from conceptgym.envs.place_objects import ObjectShape
from conceptgym.envs.robots import PANDA, UR5E

UNREACHABLE = [
    (1.2, 0.0, 0.1),
    (0.5, 0.0, 1.2),
    (0.05, 0.0, 0.1),
    (0.5, 0.9, 0.05),
    (0.5, 0.0, -0.2),
]


def table_top_targets(n: int, seed: int) -> np.ndarray:
    """(n, 3) fingertip targets over the plane, 0.03 m to 0.3 m above the table."""
    rng = np.random.default_rng(seed)
    height = rng.uniform(0.03, 0.3, (n, 1))
    return np.hstack([plane_to_table(rng.uniform(-1, 1, (n, 2))), height])


def within_limits(qpos: np.ndarray) -> bool:
    return bool(((qpos >= arm_model.JOINT_LOWER) & (qpos <= arm_model.JOINT_UPPER)).all())


@pytest.fixture(scope="module")
def controller() -> IKController:
    return IKController()


@pytest.mark.parametrize("start", ["home", "previous"])
def test_reaches_table_top_targets(controller: IKController, start: str) -> None:
    """At least 99% of 200 within 1 mm, checked on a model of its own with moving fingers."""
    model = arm_model.build_arm_model(0)
    data = mujoco.MjData(model)
    qpos, hits = arm_model.HOME_QPOS, 0
    for target in table_top_targets(200, seed=1):
        result = controller.solve(arm_model.HOME_QPOS if start == "home" else qpos, target)
        assert within_limits(result.qpos)
        qpos = result.qpos
        data.qpos[:7] = qpos
        mujoco.mj_forward(model, data)
        site = data.site(arm_model.FINGERTIP_SITE)
        distance = float(np.linalg.norm(site.xpos - target))
        tilt = np.arccos(np.clip(-site.xmat[8], -1, 1))
        hit = distance < 1e-3 and tilt < 0.01 and data.ncon == 0
        assert hit == result.reached
        if hit:
            assert result.position_error == pytest.approx(distance, abs=1e-9)
            assert result.reason == "reached"
        hits += hit
    assert hits >= 198


@pytest.mark.parametrize("target", UNREACHABLE)
def test_unreachable_targets_are_reported_not_chased(
    controller: IKController, target: tuple[float, ...]
) -> None:
    start = arm_model.HOME_QPOS
    result = controller.solve(start, np.array(target))
    assert not result.reached
    np.testing.assert_array_equal(result.qpos, start)
    assert result.position_error > controller.config.position_tolerance
    if target[2] > 0:
        assert result.reason == (
            f"out of reach: {result.position_error:.3f} m from the target after 8 restarts"
        )
        assert result.restarts == 8
    else:
        assert result.reason == (
            "too low: -0.200 m above the table, where the fingers keep 0.004 m"
        )


def test_distance_of_an_unreachable_target_is_no_less_than_the_arm_is_long(
    controller: IKController,
) -> None:
    upper_arm_and_forearm = np.hypot(0.316, 0.0825) + np.hypot(0.384, 0.0825)
    tool = np.hypot(0.088, 0.107 + 0.1034)
    for target in ((1.2, 0.0, 0.1), (0.0, -1.3, 0.5), (0.3, 0.0, 1.6)):
        result = controller.solve(arm_model.HOME_QPOS, np.array(target))
        from_shoulder = np.linalg.norm(np.array(target) - [0.0, 0.0, 0.333])
        assert result.position_error >= from_shoulder - upper_arm_and_forearm - tool


def test_require_raises_with_the_target_the_error_and_the_fix(controller: IKController) -> None:
    target = np.array([1.2, 0.0, 0.1])
    distance = controller.solve(arm_model.HOME_QPOS, target).position_error
    with pytest.raises(UnreachableTargetError) as error:
        controller.require(arm_model.HOME_QPOS, target)
    assert str(error.value) == (
        f"target_in_world is (1.200, 0.000, 0.100) [m], out of reach: {distance:.3f} m from the "
        "target after 8 restarts; move it towards the table's centre, (0.5, 0.0) and at least a "
        "few centimetres up"
    )
    with pytest.raises(UnreachableTargetError) as too_low:
        controller.require(arm_model.HOME_QPOS, np.array([0.5, 0.0, 0.001]))
    assert str(too_low.value) == (
        "target_in_world is (0.500, 0.000, 0.001) [m], too low: 0.001 m above the table, where "
        "the fingers keep 0.004 m; move it towards the table's centre, (0.5, 0.0) and at least a "
        "few centimetres up"
    )
    reached = controller.require(arm_model.HOME_QPOS, np.array([0.5, 0.1, 0.1]))
    assert reached.reached


def test_the_answer_depends_on_nothing_but_the_question() -> None:
    targets = np.vstack([table_top_targets(5, seed=2), UNREACHABLE[:2]])
    used = IKController()
    for target in targets:
        used.solve(arm_model.HOME_QPOS, target)
    for target in targets:
        fresh = IKController().solve(arm_model.HOME_QPOS, target)
        again = used.solve(arm_model.HOME_QPOS, target)
        np.testing.assert_array_equal(again.qpos, fresh.qpos)
        assert again.position_error == fresh.position_error
        assert (again.iterations, again.restarts) == (fresh.iterations, fresh.restarts)


def test_restarts_find_targets_that_one_attempt_misses() -> None:
    """Targets all around the base from awkward joint positions."""
    rng = np.random.default_rng(3)
    angle, radius = rng.uniform(-np.pi, np.pi, 60), rng.uniform(0.3, 0.65, 60)
    height = rng.uniform(0.05, 0.4, 60)
    targets = np.stack([radius * np.cos(angle), radius * np.sin(angle), height], axis=1)
    starts = rng.uniform(arm_model.JOINT_LOWER, arm_model.JOINT_UPPER, (60, 7))
    one, several = IKController(IKConfig(restarts=0)), IKController()
    alone, reached = 0, 0
    for start, target in zip(starts, targets, strict=True):
        alone += one.solve(start, target).reached
        result = several.solve(start, target)
        reached += result.reached
        assert within_limits(result.qpos)
        if result.reached:
            assert np.linalg.norm(several.fingertip(result.qpos) - target) < 1e-3
            assert several.tilt(result.qpos) < 0.01
            assert several.table_distance(result.qpos) > 0.0
    assert reached >= 57 > alone + 10


def test_a_target_at_the_joint_limits_stays_within_them(controller: IKController) -> None:
    for sign in (-1, 1):
        start = arm_model.HOME_QPOS.copy()
        start[0] = sign * 3.0  # beyond joint 1's limit, as a tired simulator may report
        result = controller.solve(start, np.array([-0.5, 0.0, 0.2]))
        assert within_limits(result.qpos)
        qpos = start
        for _ in range(40):
            qpos = controller.step(qpos, np.array([-0.5, -sign * 0.1, 0.2]))
            assert within_limits(qpos)


def test_a_step_keeps_clear_of_the_table(controller: IKController) -> None:
    qpos = controller.require(arm_model.HOME_QPOS, np.array([0.5, 0.0, 0.05])).qpos
    for _ in range(60):
        before, qpos = qpos, controller.step(qpos, np.array([0.5, 0.0, -0.1]))
        assert controller.table_distance(qpos) > 0.0039
        speed = np.abs(qpos - before) / arm_model.CONTROL_TIMESTEP
        assert (speed <= 0.85 * arm_model.VELOCITY_LIMITS + 1e-9).all()
    assert controller.fingertip(qpos)[2] < 0.006  # it did go down as far as it may


@pytest.fixture(scope="module", params=[PANDA, UR5E], ids=lambda robot: robot.name)
def among_objects(request: pytest.FixtureRequest) -> IKController:
    return IKController(robot=request.param, obstacles=4)


def test_any_arm_reaches_the_table_top_at_any_heading(among_objects: IKController) -> None:
    """Checked on the world's own model; from where the last search ended."""
    controller, robot = among_objects, among_objects.robot
    controller.keep_clear_of([])
    model = build_place_model(robot)
    data = mujoco.MjData(model)
    site = data.site(FINGERTIP)
    rng = np.random.default_rng(3)
    qpos = np.array(robot.home_qpos)
    for target in table_top_targets(60, seed=4):
        heading = rng.uniform(-np.pi / 2, np.pi / 2)
        result = controller.solve(qpos, target, heading=heading)
        assert result.reached and result.reason == "reached"
        qpos = result.qpos
        assert (qpos >= controller.lower).all() and (qpos <= controller.upper).all()
        data.qpos[: robot.num_joints] = qpos
        mujoco.mj_forward(model, data)
        assert np.linalg.norm(site.xpos - target) < 1e-3
        assert np.arccos(np.clip(-site.xmat[8], -1, 1)) < 0.01
        turned = np.arctan2(site.xmat[3], site.xmat[0])
        assert abs(wrapped(turned - heading)) < 0.011
        assert controller.heading(qpos) == pytest.approx(turned, abs=1e-9)


def test_a_heading_is_kept_on_the_spot(among_objects: IKController) -> None:
    """The fingertip is there already: what is left to do is to turn."""
    controller = among_objects
    controller.keep_clear_of([])
    target = np.array([0.5, 0.05, 0.1])
    qpos = controller.solve(np.array(controller.robot.home_qpos), target, heading=0.0).qpos
    for heading in (1.5, -1.5, 0.7):
        result = controller.solve(qpos, target, heading=heading)
        assert result.reached and result.restarts == 0
        assert abs(wrapped(controller.heading(result.qpos) - heading)) < 0.01


def test_without_a_heading_a_restart_takes_whichever_comes(controller: IKController) -> None:
    behind = np.array([-0.5, 0.05, 0.3])
    start = controller.require(arm_model.HOME_QPOS, np.array([0.5, 0.0, 0.2])).qpos
    free = controller.solve(start, behind)
    assert free.reached and free.restarts > 0
    assert abs(controller.heading(free.qpos)) > 0.1
    kept = controller.solve(start, behind, heading=0.0)
    assert kept.reached and abs(controller.heading(kept.qpos)) < 0.01


def test_headings_change_as_the_joints_say(among_objects: IKController) -> None:
    """The Jacobian that mink takes for the fingertip, against differences."""
    controller, rng = among_objects, np.random.default_rng(5)
    model = build_place_model(controller.robot)
    data = mujoco.MjData(model)
    n, site = controller.robot.num_joints, model.site(FINGERTIP).id
    jacobian = np.zeros((6, model.nv))
    for target in table_top_targets(5, seed=6):
        qpos = controller.solve(np.array(controller.robot.home_qpos), target).qpos
        data.qpos[:n] = qpos
        mujoco.mj_forward(model, data)
        mujoco.mj_jacSite(model, data, jacobian[:3], jacobian[3:], site)
        way = rng.normal(size=n)
        ends = [qpos + sign * 1e-5 * way for sign in (1, -1)]
        tips = [controller.fingertip(end) for end in ends]
        turns = [controller.heading(end) for end in ends]
        moved = np.append((tips[0] - tips[1]) / 2e-5, (turns[0] - turns[1]) / 2e-5)
        # Near straight down, the heading turns with the vertical part of the angular velocity.
        np.testing.assert_allclose(moved, jacobian[[0, 1, 2, 5], :n] @ way, atol=0.02)


def clutter(rng: np.random.Generator) -> tuple[np.ndarray, list[ObjectShape]]:
    """(5, 2) places at least 6 cm apart [m], and shapes."""
    places = np.zeros((5, 2))
    while pdist(places).min() < 0.06:
        places = TABLE_CENTRE_IN_WORLD + rng.uniform(-0.15, 0.15, (5, 2))
    kinds = ("cube", "cylinder", "cube", "cylinder", "cube")
    return places, [
        ObjectShape(
            kind=kind, half_width=0.014, half_height=0.016, mass=0.01, yaw=rng.uniform(-3, 3)
        )
        for kind in kinds
    ]


def as_obstacle(place: np.ndarray, shape: ObjectShape, height: float) -> Obstacle:
    return Obstacle(
        centre=np.append(place, height),
        half_extents=shape.half_extents,
        yaw=shape.yaw,
        round=shape.round,
    )


class Judge:
    """The world's own model: how near the hand, and what it holds, come to objects."""

    def __init__(
        self, controller: IKController, places: np.ndarray, shapes: list[ObjectShape]
    ) -> None:
        self.n = controller.robot.num_joints
        self.model = build_place_model(controller.robot, shapes)
        self.data = mujoco.MjData(self.model)
        poses = np.zeros((len(shapes), 7))
        poses[:, :2], poses[:, 2] = places, 0.016
        poses[:, 3] = [np.cos(0.5 * shape.yaw) for shape in shapes]
        poses[:, 6] = [np.sin(0.5 * shape.yaw) for shape in shapes]
        self.data.qpos[self.n + 2 :] = poses.ravel()

    def grip(self, qpos: np.ndarray, held: Obstacle, opening: float) -> None:
        """The hand holds object 0 here."""
        self.data.qpos[: self.n], self.data.qpos[self.n : self.n + 2] = qpos, 0.5 * opening
        mujoco.mj_kinematics(self.model, self.data)
        hand, place = self._hand(), self.data.site(FINGERTIP).xpos
        self.offset = hand.T @ (held.centre - place)
        self.turn = hand.T @ self.data.body("object_0").xmat.reshape(3, 3)

    def nearest(self, qpos: np.ndarray) -> tuple[float, float, float]:
        """Least distance of hand to objects, of what is held to objects, and to the table [m]."""
        self.data.qpos[: self.n] = qpos
        mujoco.mj_kinematics(self.model, self.data)
        hand, place, quat = self._hand(), self.data.site(FINGERTIP).xpos, np.zeros(4)
        mujoco.mju_mat2Quat(quat, (hand @ self.turn).ravel())
        self.data.qpos[self.n + 2 : self.n + 9] = [*(place + hand @ self.offset), *quat]
        mujoco.mj_kinematics(self.model, self.data)
        others = [f"object_{index}" for index in range(1, 5)]
        return (
            min(self._apart(link, other) for link in HAND_GEOMS for other in others),
            min(self._apart("object_0", other) for other in others),
            self._apart("object_0", TABLE),
        )

    def _hand(self) -> np.ndarray:
        return self.data.site(FINGERTIP).xmat.reshape(3, 3).copy()

    def _apart(self, one: str, other: str) -> float:
        geoms = self.model.geom(one).id, self.model.geom(other).id
        return mujoco.mj_geomDistance(self.model, self.data, *geoms, 0.1, None)


@pytest.mark.parametrize("holds", [False, True])
@pytest.mark.parametrize("seeds", [range(6), range(20, 24)], ids=str)
def test_whole_paths_keep_clear_of_objects(
    among_objects: IKController, seeds: range, holds: bool
) -> None:
    """Low across the clutter, where the straight way often leads through something."""
    controller, reached = among_objects, 0
    for seed in seeds:
        rng = np.random.default_rng(seed)
        places, shapes = clutter(rng)
        judge = Judge(controller, places, shapes)
        controller.keep_clear_of([])
        start = controller.solve(
            np.array(controller.robot.home_qpos),
            np.append(places[0], 0.06),
            heading=rng.uniform(-1.5, 1.5),
        ).qpos
        held = as_obstacle(places[0], shapes[0], controller.fingertip(start)[2] + 0.011)
        judge.grip(start, held, opening=0.03)
        others = [as_obstacle(p, s, 0.016) for p, s in zip(places[1:], shapes[1:], strict=True)]
        controller.keep_clear_of(others, qpos=start, carried=held if holds else None, opening=0.03)
        goal = np.append(TABLE_CENTRE_IN_WORLD + rng.uniform(-0.15, 0.15, 2), 0.04)
        point = Waypoint(position_in_world=goal, heading=rng.uniform(-1.5, 1.5))
        path = plan_joint_path(controller, start, [point])
        reached += path.reached
        for qpos in path.qpos:
            of_hand, of_held, of_table = judge.nearest(qpos)
            assert of_hand > controller.config.object_clearance - 2e-5
            if holds:
                least = controller.config.carried_clearance - 2e-5
                assert of_held > least and of_table > least
            margin = min(of_hand - controller.config.object_clearance, 0.05)
            if not holds:
                assert controller.object_margin(qpos) == pytest.approx(margin, abs=1e-5)
    assert reached >= len(seeds) - 2


def test_a_step_may_leave_what_is_too_near_but_not_approach_it(
    among_objects: IKController,
) -> None:
    controller = among_objects
    controller.keep_clear_of([])
    target = np.array([0.5, 0.0, 0.02])
    qpos = controller.solve(np.array(controller.robot.home_qpos), target, heading=0.0).qpos
    side = Obstacle(centre=np.array([0.5, 0.045, 0.02]), half_extents=np.array([0.02] * 3))
    controller.keep_clear_of([side])
    below = controller.object_margin(qpos)
    controller.keep_clear_of([side], opening=0.06)
    assert controller.object_margin(qpos) < min(0.0, below)
    before = controller.object_margin(qpos)
    for way in ((0.5, 0.04, 0.02), (0.5, -0.1, 0.02)):
        here = qpos
        for _ in range(25):
            here = controller.step(here, np.array(way))
            assert controller.object_margin(here) >= before - 1e-6
    assert controller.object_margin(here) > 0.0
    controller.keep_clear_of([])
    assert controller.object_margin(qpos) == 0.05


def test_too_many_objects_are_refused(controller: IKController) -> None:
    with pytest.raises(ConfigError) as error:
        controller.keep_clear_of(
            [
                as_obstacle(
                    np.zeros(2), ObjectShape(kind="cube", half_width=1, half_height=1, mass=1), 0.0
                )
            ]
        )
    assert str(error.value) == (
        "obstacles holds 1, the model has room for 0; build the controller with more"
    )


def test_an_unsolvable_program_counts_as_a_failed_attempt(
    controller: IKController, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_solution(*args: object, **kwargs: object) -> np.ndarray:
        raise mink.NoSolutionFound("daqp")

    monkeypatch.setattr(mink, "solve_ik", no_solution)
    result = controller.solve(arm_model.HOME_QPOS, np.array([0.5, 0.1, 0.1]))
    assert not result.reached
    np.testing.assert_array_equal(result.qpos, arm_model.HOME_QPOS)
    step = controller.step(arm_model.HOME_QPOS, np.array([0.5, 0.1, 0.1]))
    np.testing.assert_array_equal(step, arm_model.HOME_QPOS)


def test_bad_arrays(controller: IKController) -> None:
    with pytest.raises(NonFiniteError) as value_error:
        controller.solve(arm_model.HOME_QPOS, np.array([0.5, np.inf, 0.1]))
    assert str(value_error.value) == (
        "target_in_world holds inf at index (1,); every entry must be a finite number"
    )
    with pytest.raises(ShapeError) as shape_error:
        controller.solve(np.zeros(9), np.zeros(3))
    assert str(shape_error.value) == (
        "qpos has shape (9,), expected (7,); pass an array of that shape"
    )
    for read in (controller.fingertip, controller.tilt, controller.heading):
        with pytest.raises(NonFiniteError) as joints:
            read(np.full(7, np.nan))
        assert str(joints.value) == (
            "qpos holds nan at index (0,); every entry must be a finite number"
        )


@pytest.mark.parametrize("value", [np.nan, -np.inf, "left"])
def test_bad_headings_and_openings(controller: IKController, value: Any) -> None:
    target = np.array([0.5, 0.0, 0.1])
    for ask in (controller.solve, controller.step):
        with pytest.raises(NonFiniteError) as heading:
            ask(arm_model.HOME_QPOS, target, heading=value)
        assert str(heading.value) == f"heading is {value}; it must be a finite angle [rad]"
    with pytest.raises(NonFiniteError) as opening:
        controller.keep_clear_of([], opening=value)
    assert str(opening.value) == f"opening is {value}; it must be a finite length [m]"
    assert controller.solve(arm_model.HOME_QPOS, target).reached


def test_a_controller_of_what_is_none() -> None:
    for config in ({"restarts": 2}, {}):
        with pytest.raises(ConfigError) as kind:
            IKController(config)  # type: ignore[arg-type]
        assert str(kind.value) == (
            "config is a dict, expected an IKConfig; pass IKConfig(restarts=4) or the like"
        )
    with pytest.raises(ConfigError) as number:
        IKController(obstacles=1.5)  # type: ignore[arg-type]
    assert str(number.value) == (
        "obstacles=1.5 must be a whole number of at least 0; 0 is for a free table"
    )
    with pytest.raises(ConfigError, match="^robot='kuka' is unknown; choose one of panda, ur5e"):
        IKController(robot="kuka")
    assert IKController(robot="ur5e").robot is UR5E
