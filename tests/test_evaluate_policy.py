"""Stable-Baselines3's `evaluate_policy` runs the agent on both worlds and both tasks."""

import warnings
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from agent_scenes import Oracle
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.vec_env import DummyVecEnv

import conceptgym.envs  # noqa: F401

PARTICLE, ARM = "conceptgym/Particle-v0", "conceptgym/ArmReach-v0"


class Counted(gym.Wrapper):
    """Counts the episodes begun."""

    begun = 0

    def reset(self, **options: Any) -> tuple[Any, dict[str, Any]]:
        self.begun += 1
        return super().reset(**options)


@pytest.mark.parametrize("env_id", [PARTICLE, ARM])
@pytest.mark.parametrize("task", ["generate", "identify"])
def test_evaluate_policy_runs_on_a_vector_of_environments(env_id: str, task: str) -> None:
    envs = [Counted(gym.make(env_id, task=task, n_objects=3)) for _ in range(2)]
    worlds: list[Any] = [env.unwrapped for env in envs]
    agent = Oracle(*worlds)
    vector = DummyVecEnv([lambda env=env: env for env in envs])
    vector.seed(3)
    outcomes: list[bool] = []

    def note(local: dict[str, Any], _: dict[str, Any]) -> None:
        if local["done"]:
            outcomes.append(local["info"]["is_success"])

    evaluate_policy(agent, vector, n_eval_episodes=4, callback=note, warn=False)  # type: ignore[arg-type]
    assert outcomes == [True] * 4
    # one plan an episode, though the flag of a start stays set where an environment is done with
    assert 4 <= agent.asked <= sum(env.begun for env in envs)


@pytest.mark.parametrize("env_id", [PARTICLE, ARM])
def test_evaluate_policy_runs_on_a_plain_environment(env_id: str) -> None:
    env = gym.make(env_id, task="identify", n_objects=3)
    world: Any = env.unwrapped
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # SB3 asks for its Monitor
        mean, spread = evaluate_policy(Oracle(world), env, n_eval_episodes=2)  # type: ignore[arg-type]
    assert np.isfinite(mean) and np.isfinite(spread)  # type: ignore[arg-type]
    if env_id == PARTICLE:
        assert (mean, spread) == (1.0, 0.0)  # right at once: residual 0, success 1
