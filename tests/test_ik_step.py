"""Steps of inverse kinematics: within speeds, clear of the table, objects and what is held."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
from ik_scenes import table_top_targets
from scipy.spatial.distance import pdist

from conceptgym.agents.arm_motion import Waypoint, plan_joint_path
from conceptgym.agents.ik import IKController
from conceptgym.agents.ik_model import HAND_GEOMS, Obstacle
from conceptgym.envs import arm_model
from conceptgym.envs.errors import ConfigError
from conceptgym.envs.frames import TABLE_CENTRE_IN_WORLD
from conceptgym.envs.place_model import FINGERTIP, TABLE, build_place_model
from conceptgym.envs.place_objects import ObjectShape
from conceptgym.envs.robots import UR5E


def test_a_step_keeps_clear_of_the_table(controller: IKController) -> None:
    qpos = controller.require(arm_model.HOME_QPOS, np.array([0.5, 0.0, 0.05])).qpos
    for _ in range(60):
        before, qpos = qpos, controller.step(qpos, np.array([0.5, 0.0, -0.1]))
        assert controller.table_distance(qpos) > 0.0039
        speed = np.abs(qpos - before) / arm_model.CONTROL_TIMESTEP
        assert (speed <= 0.85 * arm_model.VELOCITY_LIMITS + 1e-9).all()
    assert controller.fingertip(qpos)[2] < 0.006  # it did go down as far as it may


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
