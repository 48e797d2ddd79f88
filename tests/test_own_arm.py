"""An arm from a file, as arms are published: geoms without names, no gravity compensation."""

from __future__ import annotations

from pathlib import Path

import gymnasium as gym
import mujoco
import numpy as np
import pytest

from conceptgym.agents import ConceptAgent
from conceptgym.agents.manipulation.policy import PlacePolicy
from conceptgym.assets import asset_path
from conceptgym.envs import ArmPlaceEnv, Robot, record_demonstrations
from conceptgym.envs.place_model import FINGERTIP, PREFIX, build_place_model
from conceptgym.envs.place_start import rigid_model, start_qpos

HIGH = 0.10  # [m]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The UR5e with what published files leave out taken out, on a plinth."""
    spec = mujoco.MjSpec.from_file(str(asset_path("ur5e/ur5e.xml")))
    for body in spec.bodies:
        body.gravcomp = 0.0
    for geom in spec.geoms:
        geom.name = ""
    path = tmp_path_factory.mktemp("arm") / "published.xml"
    path.write_text(spec.to_xml())
    return path


def test_it_holds_itself_up_with_forces_within_its_limits(published: Path) -> None:
    robot = Robot.from_mjcf(published)
    model = build_place_model(robot)
    data, n = mujoco.MjData(model), robot.num_joints
    qpos = start_qpos(robot, (0.7, 0.1, 0.1))
    data.qpos[:n] = data.act[:n] = qpos
    for _ in range(500):
        mujoco.mj_step(model, data)
    np.testing.assert_allclose(data.qpos[:n], qpos, atol=1e-4)
    # it is the motors that hold it
    weight = data.qfrc_bias[:n] - data.qfrc_passive[:n]
    assert np.abs(weight).max() > 10.0
    np.testing.assert_allclose(data.qfrc_actuator[:n], weight, atol=0.05)
    np.testing.assert_allclose(model.jnt_actfrcrange[:n, 1], robot.torque_limits)


def test_it_stands_where_it_is_put(published: Path) -> None:
    base = (-0.1, 0.05, HIGH)
    here, there = (Robot.from_mjcf(published, base_in_world=at) for at in ((0.0, 0.0, 0.0), base))
    tips = []
    for robot in (here, there):
        model = rigid_model(robot)
        data = mujoco.MjData(model)
        data.qpos[:] = 0.3
        mujoco.mj_kinematics(model, data)
        tips.append(data.site(FINGERTIP).xpos.copy())
    np.testing.assert_allclose(tips[1] - tips[0], base, atol=1e-9)


@pytest.mark.parametrize("base", [(0.0, 0.0, 0.0), (-0.08, 0.0, HIGH)], ids=["origin", "plinth"])
def test_the_agent_works_with_it_at_once(published: Path, base: tuple[float, ...]) -> None:
    robot = Robot.from_mjcf(published, base_in_world=base)
    env = gym.make("conceptgym/ArmPlace-v0", concept="left_of", robot=robot)
    agent = ConceptAgent.from_pretrained()
    agent.observe(record_demonstrations(concept="left_of", episodes=5, seed=0))
    observation, _ = env.reset(seed=0)
    ended, info = False, {}
    while not ended:
        action, _ = agent.predict(observation)
        observation, _, terminated, truncated, info = env.step(action)
        ended = terminated or truncated
    assert info["is_success"], info
    policy, world = agent.policy(), env.unwrapped
    assert isinstance(policy, PlacePolicy) and isinstance(world, ArmPlaceEnv)
    assert max(policy.placement_errors()) < 2e-3
    assert world.world.max_torque_share < 1.0
    names = [world.world.model.geom(number).name for number in range(world.world.model.ngeom)]
    assert PREFIX + "hand_collision" in names and "" in names
    env.close()
