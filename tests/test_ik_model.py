"""The model of inverse kinematics: the same arm, boxes where objects are, one in the hand."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from conceptgym.agents.ik_model import (
    CARRIED,
    HAND,
    HAND_GEOMS,
    Obstacle,
    Pairs,
    build_ik_model,
    open_fingers,
    put_in_hand,
    put_obstacles,
    working_geoms,
)
from conceptgym.envs import Robot
from conceptgym.envs.errors import ConfigError, NonFiniteError, ShapeError
from conceptgym.envs.place_model import FINGERTIP, build_place_model
from conceptgym.envs.place_objects import ObjectShape
from conceptgym.envs.robots import PANDA, UR5E

CUBE = Obstacle(
    centre=np.array([0.5, 0.1, 0.02]), half_extents=np.array([0.01, 0.012, 0.015]), yaw=0.6
)
CYLINDER = Obstacle(
    centre=np.array([0.4, 0.0, 0.014]), half_extents=np.array([0.013, 0.013, 0.014]), round=True
)


def made(robot: Robot = PANDA, obstacles: int = 2) -> tuple[mujoco.MjModel, mujoco.MjData]:
    model = build_ik_model(robot, obstacles)
    data = mujoco.MjData(model)
    data.qpos[:] = robot.home_qpos
    mujoco.mj_kinematics(model, data)
    return model, data


@pytest.mark.parametrize("robot", [PANDA, UR5E])
@pytest.mark.parametrize("obstacles", [0, 3])
def test_it_moves_as_the_world_does(robot: Robot, obstacles: int) -> None:
    model, data = made(robot, obstacles)
    assert model.nq == model.nv == robot.num_joints and model.nmocap == obstacles
    real = build_place_model(robot)
    truth = mujoco.MjData(real)
    rng = np.random.default_rng(0)
    for _ in range(20):
        qpos = rng.uniform(-1.5, 1.5, robot.num_joints)
        data.qpos[:], truth.qpos[: robot.num_joints] = qpos, qpos
        mujoco.mj_kinematics(model, data)
        mujoco.mj_kinematics(real, truth)
        here, there = data.site(FINGERTIP), truth.site(FINGERTIP)
        np.testing.assert_allclose(here.xpos, there.xpos, atol=1e-9)
        np.testing.assert_allclose(here.xmat, there.xmat, atol=1e-9)


@pytest.mark.parametrize("robot", [PANDA, UR5E])
def test_working_geoms_are_those_of_the_hand_and_the_last_links(robot: Robot) -> None:
    model, _ = made(robot)
    geoms = working_geoms(model, robot)
    names = [model.geom(geom).name for geom in geoms]
    assert set(HAND_GEOMS) <= set(names) and CARRIED not in names
    assert len(names) == len(set(names)) < model.ngeom / 2


def test_obstacles_are_where_the_objects_are() -> None:
    """As far from the fingertip's surroundings as the same objects in the world's own model."""
    model, data = made(obstacles=3)
    assert put_obstacles(model, data, [CUBE, CYLINDER]) == ["obstacle_0", "obstacle_1"]
    mujoco.mj_kinematics(model, data)
    shapes = [
        ObjectShape(kind="cube", half_width=0.01, half_height=0.015, mass=0.1),
        ObjectShape(kind="cylinder", half_width=0.013, half_height=0.014, mass=0.1),
    ]
    real = build_place_model(PANDA, shapes)
    real.geom("object_0").size[1] = 0.012
    truth = mujoco.MjData(real)
    truth.qpos[:7] = PANDA.home_qpos
    truth.qpos[9:] = [*CUBE.centre, np.cos(0.3), 0, 0, np.sin(0.3), *CYLINDER.centre, 1, 0, 0, 0]
    mujoco.mj_kinematics(real, truth)
    for index in range(2):
        for link in HAND_GEOMS:
            mine = mujoco.mj_geomDistance(
                model, data, model.geom(link).id, model.geom(f"obstacle_{index}").id, 2.0, None
            )
            its = mujoco.mj_geomDistance(
                real, truth, real.geom(link).id, real.geom(f"object_{index}").id, 2.0, None
            )
            opened = 0.001  # the real fingers' home is not exactly closed
            assert mine == pytest.approx(its, abs=opened)
    assert data.geom("obstacle_2").xpos[2] < -1.0


def test_what_is_put_elsewhere_leaves_its_place() -> None:
    model, data = made()
    put_obstacles(model, data, [CUBE, CYLINDER])
    put_obstacles(model, data, [CYLINDER])
    mujoco.mj_kinematics(model, data)
    np.testing.assert_allclose(data.geom("obstacle_0").xpos, CYLINDER.centre)
    assert data.geom("obstacle_1").xpos[2] < -1.0
    assert int(model.geom("obstacle_0").type[0]) == int(mujoco.mjtGeom.mjGEOM_CYLINDER)


@pytest.mark.parametrize("carried", [CUBE, CYLINDER])
@pytest.mark.parametrize("robot", [PANDA, UR5E])
def test_what_is_carried_moves_with_the_hand(robot: Robot, carried: Obstacle) -> None:
    model, data = made(robot)
    put_in_hand(model, data, carried)
    mujoco.mj_kinematics(model, data)
    np.testing.assert_allclose(data.geom(CARRIED).xpos, carried.centre, atol=1e-9)
    axes = data.geom(CARRIED).xmat.reshape(3, 3)
    np.testing.assert_allclose(
        axes[:, 0], [np.cos(carried.yaw), np.sin(carried.yaw), 0.0], atol=1e-9
    )
    hand = data.body(HAND)
    before = hand.xmat.reshape(3, 3).T @ (carried.centre - hand.xpos)
    data.qpos[:] += np.linspace(0.1, 0.5, robot.num_joints)
    mujoco.mj_kinematics(model, data)
    after = hand.xmat.reshape(3, 3).T @ (data.geom(CARRIED).xpos - hand.xpos)
    np.testing.assert_allclose(after, before, atol=1e-9)
    assert np.linalg.norm(data.geom(CARRIED).xpos - carried.centre) > 0.05


@pytest.mark.parametrize("robot", [PANDA, UR5E])
def test_fingers_stand_as_far_apart_as_asked(robot: Robot) -> None:
    model, data = made(robot)
    left, right = (model.geom(name).id for name in HAND_GEOMS[1:])
    apart = []
    for opening in (0.0, 0.03, 0.08):
        open_fingers(model, opening)
        mujoco.mj_kinematics(model, data)
        apart.append(float(np.linalg.norm(data.geom_xpos[left] - data.geom_xpos[right])))
    np.testing.assert_allclose(np.diff(apart), [0.03, 0.05], atol=1e-9)


def test_margins_are_distances_beyond_the_least() -> None:
    """The margin skips far pairs by their bounds; all pairs, asked one by one, say the same."""
    model, data = made()
    rng = np.random.default_rng(1)
    kept = [(list(HAND_GEOMS), ["obstacle_0", "obstacle_1"], 0.01)]
    for _ in range(50):
        centre = data.site(FINGERTIP).xpos + rng.uniform(-0.1, 0.1, 3)
        other = Obstacle(centre=centre, half_extents=np.full(3, 0.012), yaw=rng.uniform(-3, 3))
        put_obstacles(model, data, [other, CYLINDER])
        mujoco.mj_kinematics(model, data)
        found = [
            mujoco.mj_geomDistance(
                model, data, model.geom(name).id, model.geom(f"obstacle_{index}").id, 1.0, None
            )
            for name in HAND_GEOMS
            for index in range(2)
        ]
        expected = min(0.05, min(found) - 0.01)
        assert Pairs(model, kept).margin(data, 0.05) == pytest.approx(expected, abs=1e-6)
    assert Pairs(model).margin(data, 0.05) == 0.05


def test_too_many_obstacles_are_refused() -> None:
    model, data = made(obstacles=1)
    with pytest.raises(ConfigError) as caught:
        put_obstacles(model, data, [CUBE, CYLINDER])
    assert str(caught.value) == (
        "obstacles holds 2, the model has room for 1; build the controller with more"
    )


def test_bad_obstacles() -> None:
    with pytest.raises(NonFiniteError) as value:
        Obstacle(centre=np.array([0.0, np.nan, 0.0]), half_extents=np.ones(3))
    assert str(value.value) == (
        "centre holds nan at index (1,); every entry must be a finite number"
    )
    with pytest.raises(ShapeError) as shape:
        Obstacle(centre=np.zeros(3), half_extents=np.ones(2))
    assert str(shape.value) == (
        "half_extents has shape (2,), expected (3,); pass an array of that shape"
    )
