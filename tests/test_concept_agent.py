"""The agent: Stable-Baselines3's protocol on both worlds, what it refuses, its landscape."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from agent_scenes import Oracle, demonstrations, draw_event, tiny_model

import conceptgym.envs  # noqa: F401
from conceptgym.agents import ConceptAgent
from conceptgym.envs.errors import NoDemonstrationsError, NonFiniteError, ShapeError

PARTICLE, ARM = "conceptgym/Particle-v0", "conceptgym/ArmReach-v0"
CASES = [
    (PARTICLE, "generate", (16, 5)),
    (PARTICLE, "identify", (16,)),
    (ARM, "generate", (8,)),
    (ARM, "identify", (8,)),
]


def observed_agent(concept: str = "between") -> ConceptAgent:
    agent = ConceptAgent(tiny_model())
    agent.observe(demonstrations(concept))
    return agent


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


def test_observing_another_concept_drops_the_plans() -> None:
    env = gym.make(PARTICLE)
    observation, _ = env.reset(seed=0)
    agent = observed_agent()
    before, _ = agent.predict(observation)
    code = agent.code
    result = agent.observe(demonstrations("furthest"))
    assert agent.plan() is None and agent.inferred is result
    assert agent.code is result.code and not np.array_equal(agent.code, code)
    assert not np.array_equal(agent.predict(observation)[0], before)


@pytest.mark.parametrize("env_id", [PARTICLE, ARM])
def test_without_a_concept_there_is_nothing_to_do(env_id: str) -> None:
    observation, _ = gym.make(env_id).reset(seed=0)
    agent, event = ConceptAgent(tiny_model()), draw_event()
    for ask in (
        lambda: agent.code,
        lambda: agent.predict(observation),
        lambda: agent.predict(batch(observation, observation)),
        lambda: agent.generate(event.before, event.attention),
        lambda: agent.identify(event.after),
        lambda: agent.energy(event.after, event.attention),
        lambda: agent.landscape(event.after, event.attention),
    ):
        with pytest.raises(NoDemonstrationsError) as caught:
            ask()
        assert str(caught.value) == (
            "no concept was observed yet; call agent.observe(demonstrations) first"
        )


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


def test_the_landscape_holds_the_energy_at_every_place_of_the_cursor() -> None:
    event = draw_event(seed=2)
    agent = observed_agent()
    heights = agent.landscape(event.before, event.attention, resolution=9)
    assert heights.shape == (9, 9)
    line = np.linspace(-1.0, 1.0, 9)
    row = np.array([event.before.cursor])
    for i, j in (np.unravel_index(heights.argmin(), heights.shape), (0, 8), (3, 5)):
        there = event.before.moved(row, np.array([[line[j], line[i]]]))  # rows run along y
        energy = agent.energy(there, event.attention)
        assert heights[i, j] == pytest.approx(energy, rel=1e-4)
    assert agent.landscape(event.before, event.attention).shape == (61, 61)
