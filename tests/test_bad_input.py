"""Bad input to the agent and the worlds that belongs to no single file: each names the fix."""

import re
from typing import Any

import numpy as np
import pytest

from conceptgym.agents import ConceptAgent
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


def test_a_parameter_that_is_no_number() -> None:
    with pytest.raises(ConceptParameterError) as error:
        ParticleEnv("left_of", parameters={"distance": "far"})  # type: ignore[dict-item]
    assert str(error.value) == (
        "distance='far' of concept 'left_of' is outside [0.3, 0.6]; choose a value in that range"
    )


@pytest.mark.parametrize("phase", [np.nan, -1])
def test_a_phase_that_is_none(agent: ConceptAgent, phase: float) -> None:
    observation, _ = ParticleEnv("near").reset(seed=0)
    with pytest.raises(NonFiniteError) as error:
        agent.predict({**observation, "phase": phase})
    assert str(error.value) == (
        f"observation['phase'] is {phase}; it must be the number of phases done, 0 to 3"
    )


def test_a_configuration_that_is_a_dictionary() -> None:
    with pytest.raises(ConfigError, match="^config is a dict, expected an InferenceConfig; "):
        ConceptAgent.from_pretrained(config={"particles": 4})  # type: ignore[arg-type]
