"""Bad input to the agent and the worlds that belongs to no single file: each names the fix."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from conceptgym.agents import ConceptAgent
from conceptgym.agents.model import load_model
from conceptgym.envs import ArmReachEnv, ParticleEnv, record_demonstrations
from conceptgym.envs.errors import (
    ConceptParameterError,
    ConfigError,
    NonFiniteError,
    ShapeError,
)


@pytest.fixture(scope="module")
def agent() -> ConceptAgent:
    agent = ConceptAgent.from_pretrained()
    agent.observe(record_demonstrations(concept="near"))
    return agent


@pytest.mark.parametrize("key", ["qpos", "qvel", "gripper", "fingertip"])
def test_nan_in_the_arms_own_observation(agent: ConceptAgent, key: str) -> None:
    observation, _ = ArmReachEnv("near").reset(seed=0)
    spoilt = np.array(observation[key])
    spoilt[0] = np.nan
    text = f"observation['{key}'] holds nan at index (0,); every entry must be a finite number"
    with pytest.raises(NonFiniteError, match=f"^{re.escape(text)}$"):
        agent.predict({**observation, key: spoilt})


@pytest.mark.parametrize("key", ["qvel", "gripper", "fingertip", "touched"])
def test_an_arm_observation_without_a_key(agent: ConceptAgent, key: str) -> None:
    observation, _ = ArmReachEnv("near").reset(seed=0)
    del observation[key]
    with pytest.raises(ShapeError, match=rf"^observation has no key '{key}'; it has \["):
        agent.predict(observation)


@pytest.mark.parametrize(("observation", "kind"), [(None, "NoneType"), (np.zeros(3), "ndarray")])
def test_an_observation_that_is_no_dictionary(
    agent: ConceptAgent, observation: Any, kind: str
) -> None:
    with pytest.raises(ShapeError) as error:
        agent.predict(observation)
    assert str(error.value) == (
        f"observation is a {kind}, expected a dictionary; "
        "pass an observation of a conceptgym environment"
    )


def test_demonstrations_that_are_no_list(agent: ConceptAgent) -> None:
    with pytest.raises(ShapeError) as error:
        agent.observe(None)  # type: ignore[arg-type]
    assert str(error.value) == (
        "demonstrations is a NoneType, expected a list of them; pass [demonstration]"
    )


@pytest.mark.parametrize(
    ("concept", "name", "value", "limits"),
    [("left_of", "distance", "far", "[0.3, 0.6]"), ("colour", "hue", True, "[0.0, 360.0]")],
)
def test_a_parameter_that_is_no_number(concept: str, name: str, value: Any, limits: str) -> None:
    with pytest.raises(ConceptParameterError) as error:
        ParticleEnv(concept, parameters={name: value})
    assert str(error.value) == (
        f"{name}={value!r} of concept '{concept}' is outside {limits}; choose a value in that range"
    )


@pytest.mark.parametrize("phase", [np.nan, -1])
def test_a_phase_that_is_none(agent: ConceptAgent, phase: float) -> None:
    observation, _ = ParticleEnv("near").reset(seed=0)
    with pytest.raises(NonFiniteError if np.isnan(phase) else ConfigError) as error:
        agent.predict({**observation, "phase": phase})
    assert str(error.value) == (
        f"observation['phase'] is {phase}; it must be the number of phases done, 0 to 3"
    )


def test_what_is_no_model_or_controller() -> None:
    with pytest.raises(ConfigError) as model:
        ConceptAgent(None)  # type: ignore[arg-type]
    assert str(model.value) == (
        "model is a NoneType, expected a ConceptModel; use ConceptAgent.from_pretrained(), or "
        "pass load_model(path)[0]"
    )
    with pytest.raises(ConfigError) as controller:
        ConceptAgent(load_model()[0], controller=5)  # type: ignore[arg-type]
    assert str(controller.value) == (
        "controller is a int, expected an IKController; pass IKController(), or leave it out"
    )


def test_a_state_that_is_elsewhere_or_empty(agent: ConceptAgent) -> None:
    env = ParticleEnv("near")
    env.reset(seed=0)
    state, attention = env.state, env.event.attention
    far = state.entities.copy()
    far[1, 0] = 1e20
    for ask in (agent.generate, agent.energy, agent.landscape):
        with pytest.raises(ConfigError) as error:
            ask(state.with_entities(far), attention)
        assert str(error.value) == (
            f"state holds the position {far[1, 0]} at index (1, 0), which is outside "
            "[-10.0, 10.0]; give plane units, in which the plane is [-1, 1]²"
        )
    with pytest.raises(ConfigError, match="^state holds the position"):
        agent.identify(state.with_entities(far))
    with pytest.raises(ShapeError) as empty:
        agent.identify(replace(state, present=np.zeros(16, dtype=bool)))
    assert str(empty.value) == ("state holds no entity; mark in present those that are there")


def test_attentions_that_are_no_list(agent: ConceptAgent) -> None:
    env = ParticleEnv("near")
    env.reset(seed=0)
    with pytest.raises(ShapeError) as error:
        agent.generate(env.state, env.event.attention, attentions=5)  # type: ignore[arg-type]
    assert str(error.value) == "attentions=5 must be a list, one for each observed concept"


def test_attentions_of_different_lengths() -> None:
    agent = ConceptAgent.from_pretrained()
    agent.observe(record_demonstrations(concept="near"))
    agent.observe(record_demonstrations(concept="closest"), join=True)
    env = ParticleEnv("near")
    env.reset(seed=0)
    with pytest.raises(ShapeError) as error:
        agent.generate(env.state, env.event.attention, attentions=[np.ones(16), np.ones(4)])
    assert str(error.value) == (
        "attentions[1] has shape (4,), expected (16,); pass an array of that shape"
    )


def test_a_configuration_that_is_a_dictionary() -> None:
    with pytest.raises(ConfigError, match="^config is a dict, expected an InferenceConfig; "):
        ConceptAgent.from_pretrained(config={"particles": 4})  # type: ignore[arg-type]
