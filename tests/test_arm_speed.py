"""The comparison with raw MuJoCo is fair: the same physics on both sides, bit by bit."""

from __future__ import annotations

import re

import gymnasium as gym
import numpy as np
import pytest

from conceptgym.agents import ConceptAgent
from conceptgym.agents.arm_speed import BLOCK, Trajectory, record_trajectory, time_trajectory
from conceptgym.envs import record_demonstrations
from conceptgym.envs.errors import ConfigError


@pytest.fixture(scope="module")
def agent() -> ConceptAgent:
    agent = ConceptAgent.from_pretrained()
    agent.observe(record_demonstrations(concept="near", episodes=2, seed=0))
    return agent


@pytest.fixture(scope="module")
def trajectory(agent: ConceptAgent) -> Trajectory:
    env = gym.make("conceptgym/ArmReach-v0", concept="near", n_objects=3)
    return record_trajectory(agent, env, seed=1)


def test_the_trajectory_is_an_episode_in_whole_blocks(trajectory: Trajectory) -> None:
    assert len(trajectory.actions) == len(trajectory.controls) > 0
    assert len(trajectory.actions) % BLOCK == 0
    assert np.ptp(trajectory.controls, axis=0)[:7].max() > 0.1, "the arm moves [rad/s]"


@pytest.mark.parametrize("raw_first", [False, True])
def test_both_sides_are_timed_and_end_alike(trajectory: Trajectory, raw_first: bool) -> None:
    seconds = time_trajectory(trajectory, raw_first=raw_first)
    assert seconds.shape == (len(trajectory.actions) // BLOCK, 2)
    assert (seconds > 0).all()


def test_other_physics_are_found_out(trajectory: Trajectory) -> None:
    controls = [control.copy() for control in trajectory.controls]
    controls[0][0] += 0.01
    other = Trajectory(
        env=trajectory.env,
        seed=trajectory.seed,
        start=trajectory.start,
        actions=trajectory.actions,
        controls=controls,
    )
    with pytest.raises(RuntimeError, match="raw MuJoCo took another way than the environment"):
        time_trajectory(other, raw_first=False)


def test_other_worlds_are_refused(agent: ConceptAgent) -> None:
    text = "env is a ParticleEnv; pass one of conceptgym/ArmReach-v0"
    with pytest.raises(ConfigError, match=re.escape(text)):
        record_trajectory(agent, gym.make("conceptgym/Particle-v0", concept="near"), seed=0)
