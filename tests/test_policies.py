"""Who acts where: one environment or a vector, worlds that change, episodes that start."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from agent_scenes import Oracle, demonstrations, observed_agent

import conceptgym.envs  # noqa: F401
from conceptgym.agents import IKController
from conceptgym.agents.arm_policy import ArmPolicy
from conceptgym.agents.manipulation.policy import PlacePolicy
from conceptgym.agents.particle_policy import ParticlePolicy
from conceptgym.agents.policies import Controllers
from conceptgym.envs.errors import NonFiniteError, ShapeError
from conceptgym.envs.robots import PANDA, UR5E

PARTICLE, ARM = "conceptgym/Particle-v0", "conceptgym/ArmReach-v0"
PLACE = "conceptgym/ArmPlace-v0"
CASES = [
    (PARTICLE, "generate", (16, 5)),
    (PARTICLE, "identify", (16,)),
    (ARM, "generate", (8,)),
    (ARM, "identify", (8,)),
]


def batch(*observations: dict[str, Any]) -> dict[str, np.ndarray]:
    return {key: np.stack([item[key] for item in observations]) for key in observations[0]}


@pytest.mark.parametrize(("env_id", "task", "shape"), CASES)
def test_predict_serves_one_environment_and_a_vector(
    env_id: str, task: str, shape: tuple[int, ...]
) -> None:
    env = gym.make(env_id, task=task)
    agent = observed_agent()
    observations = [env.reset(seed=seed)[0] for seed in range(2)]
    memory = ("anything",)
    action, state = agent.predict(observations[0], memory, deterministic=False)
    assert action.shape == shape and action.dtype == np.float32 and state is memory
    assert env.action_space.contains(action)
    actions, state = agent.predict(batch(*observations), None, np.ones(2, dtype=bool))
    assert actions.shape == (2, *shape) and state is None
    np.testing.assert_array_equal(actions[0], action)
    first, second = agent.plan(0), agent.plan(1)
    assert first is not None and second is not None and first is not second
    assert first.task == second.task == task
    assert agent.plan(2) is None


@pytest.mark.parametrize(
    ("env_id", "kind"), [(PARTICLE, ParticlePolicy), (ARM, ArmPolicy), (PLACE, PlacePolicy)]
)
def test_what_acts_is_made_for_its_world_and_kept(env_id: str, kind: type) -> None:
    observation, _ = gym.make(env_id).reset(seed=0)
    agent = observed_agent()
    assert agent.policy() is None and agent.plan() is None
    agent.predict(observation)
    policy = agent.policy()
    assert type(policy) is kind and agent.policy(1) is None
    assert agent.plan() is policy.plan  # pyright: ignore[reportOptionalMemberAccess]
    agent.predict(observation)
    assert agent.policy() is policy
    agent.predict(batch(observation, observation))
    assert agent.policy() is policy and type(agent.policy(1)) is kind
    assert agent.policy(1) is not policy
    agent.predict(observation, episode_start=np.ones(1, dtype=bool))
    assert agent.policy() is not policy
    agent.observe(demonstrations())
    assert agent.policy() is None


def test_worlds_may_be_changed_between_steps() -> None:
    agent = observed_agent()
    for env_id, kind in ((PLACE, PlacePolicy), (PARTICLE, ParticlePolicy), (PLACE, PlacePolicy)):
        env = gym.make(env_id)
        observation, _ = env.reset(seed=0)
        action, _ = agent.predict(observation)
        assert env.action_space.contains(action) and type(agent.policy()) is kind


def test_an_episode_that_starts_is_planned_for_anew() -> None:
    env: Any = gym.make(PARTICLE)
    observation, _ = env.reset(seed=0)
    agent = Oracle(env.unwrapped)
    no, yes = np.zeros(1, dtype=bool), np.ones(1, dtype=bool)
    for start, asked in ((None, 1), (None, 1), (no, 1), (yes, 2), (no, 2), (yes, 3), (yes, 3)):
        agent.predict(observation, episode_start=start)
        assert agent.asked == asked
    observation, _ = env.reset(seed=1)
    agent.predict(observation, episode_start=yes)
    assert agent.asked == 4


def test_bad_observations_are_refused() -> None:
    observation, _ = gym.make(PARTICLE).reset(seed=0)
    agent = observed_agent()
    cases: list[tuple[dict[str, Any], type[Exception], str]] = [
        (
            {"position": 1, "angle": 2},
            ShapeError,
            "observation has no key 'entities'; it has ['angle', 'position']; "
            "pass an observation of a conceptgym environment",
        ),
        (
            {**observation, "entities": np.full((16, 7), np.nan)},
            NonFiniteError,
            "entities holds nan at index (0, 0); every entry must be a finite number",
        ),
        (
            {**observation, "entities": np.zeros((16, 5))},
            ShapeError,
            "entities has shape (16, 5), expected (16, 7); pass an array of that shape",
        ),
        (
            batch(observation, {**observation, "attention": np.full(16, np.nan)}),
            NonFiniteError,
            "attention holds nan at index (0,); every entry must be a finite number",
        ),
    ]
    for bad, kind, text in cases:
        with pytest.raises(kind) as caught:
            agent.predict(bad)
        assert str(caught.value) == text


@pytest.mark.parametrize("flags", [True, np.ones(3, dtype=bool)])
def test_flags_for_another_number_of_environments_are_refused(flags: Any) -> None:
    observation, _ = gym.make(PARTICLE).reset(seed=0)
    with pytest.raises(ShapeError) as caught:
        observed_agent().predict(batch(observation, observation), episode_start=flags)
    assert str(caught.value) == (
        f"episode_start has shape {np.shape(flags)}, expected (2,); pass one flag for each "
        "environment"
    )


def test_a_controller_is_made_once_for_an_arm() -> None:
    controllers = Controllers()
    assert controllers.reach is controllers.reach
    panda = controllers.among_things(PANDA)
    assert panda is controllers.among_things(PANDA) and panda is not controllers.reach
    assert controllers.among_things(UR5E).robot == UR5E
    given = IKController()
    assert Controllers(given).reach is given
