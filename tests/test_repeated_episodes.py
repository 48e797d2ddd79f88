"""The same scene again and again, as the README's loop would: every episode is like the first."""

import gymnasium as gym
import numpy as np
import pytest

from conceptgym.agents import ConceptAgent
from conceptgym.envs import record_demonstrations


def run(agent: ConceptAgent, env: gym.Env, *, most: int = 500) -> tuple[list[np.ndarray], bool]:
    observation, info = env.reset(seed=0)
    actions, ended = [], False
    while not ended and len(actions) < most:
        action, _ = agent.predict(observation)
        observation, _, terminated, truncated, info = env.step(action)
        actions.append(action)
        ended = terminated or truncated
    return actions, info["is_success"]


@pytest.mark.parametrize("task", ["generate", "identify"])
def test_the_same_seed_gives_the_same_episode(task: str) -> None:
    agent = ConceptAgent.from_pretrained()
    agent.observe(record_demonstrations(concept="between"))
    env = gym.make("conceptgym/ArmReach-v0", concept="between", task=task)
    first, success = run(agent, env)
    assert success
    run(agent, env, most=12)  # one that is cut short
    for _ in range(5):
        again, success = run(agent, env)
        assert success
        np.testing.assert_array_equal(again, first)
