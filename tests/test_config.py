"""Configurations: frozen, keyword-only, and every refusal says what is allowed."""

import json
import math
from dataclasses import FrozenInstanceError, fields
from typing import Any

import numpy as np
import pytest

from conceptgym.agents.config import Config, EnergyConfig, InferenceConfig, TrainConfig
from conceptgym.envs.errors import ConfigError

KINDS = (EnergyConfig, TrainConfig, InferenceConfig)
REFUSED: list[tuple[type[Config], str, Any, str]] = [
    (EnergyConfig, "width", 0, "at least 1"),
    (EnergyConfig, "rounds", 0, "at least 1"),
    (EnergyConfig, "code_size", -3, "at least 1"),
    (TrainConfig, "seed", -1, "at least 0 and below 2**32"),
    (TrainConfig, "seed", 2**32, "at least 0 and below 2**32"),
    (TrainConfig, "steps", 0, "at least 1"),
    (TrainConfig, "instances", 0, "at least 1"),
    (TrainConfig, "concepts_per_family", 0, "at least 1"),
    (TrainConfig, "queries", 0, "at least 1"),
    (TrainConfig, "most_demonstrations", 0, "at least 1"),
    (TrainConfig, "warm_up_steps", 0, "at least 1"),
    (TrainConfig, "starts", 0, "at least 1"),
    (TrainConfig, "sampler_steps", 0, "at least 1"),
    (TrainConfig, "jitter", -0.01, "at least 0"),
    (TrainConfig, "wrong_share", 1.1, "in [0, 1]"),
    (TrainConfig, "wrong_share", math.nan, "a finite number"),
    (TrainConfig, "tasks", (), "one or more different of generate, identify"),
    (TrainConfig, "tasks", ("identify",) * 2, "one or more different of generate, identify"),
    (TrainConfig, "tasks", ("generate", "plan"), "one or more different of generate, identify"),
    (TrainConfig, "events", 6, "at least 7, so that demonstrations and queries differ"),
    (TrainConfig, "learning_rate", 0.0, "above 0"),
    (TrainConfig, "learning_rate", math.nan, "a finite number"),
    (TrainConfig, "gradient_clip", math.inf, "a finite number"),
    (TrainConfig, "state_noise", (0.1, math.inf), "a tuple, each entry a finite number"),
    (TrainConfig, "gradient_clip", 0.0, "above 0"),
    (TrainConfig, "weight_decay", -0.1, "at least 0"),
    (TrainConfig, "code_noise", -0.1, "at least 0"),
    (TrainConfig, "contrast_weight", -0.1, "at least 0"),
    (TrainConfig, "ema_decay", 1.0, "in [0, 1)"),
    (TrainConfig, "state_noise", (0.5, 0.5), "two numbers, 0 < least < most"),
    (TrainConfig, "state_noise", (0.0, 1.0), "two numbers, 0 < least < most"),
    (TrainConfig, "state_noise", (0.5,), "two numbers, 0 < least < most"),
    (TrainConfig, "attention_noise", (2.0, 1.0), "two numbers, 0 < least < most"),
    (InferenceConfig, "particles", 0, "at least 1"),
    (InferenceConfig, "iterations", -1, "at least 0"),
    (InferenceConfig, "code_iterations", -1, "at least 0"),
    (InferenceConfig, "code_step", 0.0, "above 0"),
    (InferenceConfig, "code_step", math.inf, "a finite number"),
    (InferenceConfig, "code_particles", 0, "at least 1"),
    (InferenceConfig, "shown_values", True, "False unless amortised=False: a guess holds them"),
    (InferenceConfig, "readings", 0, "at least 1"),
    (InferenceConfig, "readings", 2, "at most code_particles=1, the codes found"),
    (InferenceConfig, "temperature", -0.1, "at least 0"),
    (InferenceConfig, "temperature", 0.1, "0 with readings=1: there is nothing to combine"),
    (InferenceConfig, "temperature", math.nan, "a finite number"),
    (InferenceConfig, "temperature", math.inf, "a finite number"),
    (InferenceConfig, "seed", -1, "at least 0 and below 2**63"),
    (InferenceConfig, "seed", 2**63, "at least 0 and below 2**63"),
    *(
        (kind, name, value, "a whole number")
        for kind, name in (
            (EnergyConfig, "width"),
            (TrainConfig, "steps"),
            (InferenceConfig, "particles"),
            (InferenceConfig, "seed"),
        )
        for value in (1.5, 2.0, "a", True, None)
    ),
    (EnergyConfig, "pairs", 1, "True or False"),
    (InferenceConfig, "amortised", "no", "True or False"),
    (InferenceConfig, "code_step", "1", "a finite number"),
    (InferenceConfig, "temperature", False, "a finite number"),
    (TrainConfig, "learning_rate", None, "a finite number"),
    (TrainConfig, "objective", 3, "a text"),
    (TrainConfig, "tasks", ["generate"], "a tuple, each entry a text"),
    (TrainConfig, "tasks", "generate", "a tuple, each entry a text"),
    (TrainConfig, "tasks", ("generate", 1), "a tuple, each entry a text"),
    (TrainConfig, "state_noise", 0.1, "a tuple, each entry a finite number"),
    (TrainConfig, "attention_noise", ("a", "b"), "a tuple, each entry a finite number"),
]


@pytest.mark.parametrize(("kind", "name", "value", "allowed"), REFUSED)
def test_values_out_of_range_are_refused(
    kind: type[Config], name: str, value: Any, allowed: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        kind(**{name: value})
    assert str(caught.value) == f"{kind.__name__}.{name}={value!r} must be {allowed}"


def test_numbers_of_numpy_and_whole_ones_for_real_ones_are_taken() -> None:
    assert InferenceConfig(particles=np.int64(4), code_step=1).particles == 4  # type: ignore[arg-type]
    assert TrainConfig(learning_rate=np.float32(0.5), state_noise=(1, 2)).state_noise == (1, 2)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", KINDS)
def test_unknown_keys_are_refused(kind: type[Config]) -> None:
    known = ", ".join(field.name for field in fields(kind))
    with pytest.raises(ConfigError) as caught:
        kind.from_dict({"widht": 8})
    assert str(caught.value) == f"{kind.__name__} has no key 'widht'; it has {known}"


@pytest.mark.parametrize("kind", KINDS)
def test_a_configuration_survives_json(kind: type[Config]) -> None:
    original = kind()
    assert kind.from_dict(json.loads(json.dumps(original.to_dict()))) == original


@pytest.mark.parametrize("kind", KINDS)
def test_configurations_are_frozen_and_keyword_only(kind: type[Config]) -> None:
    name = fields(kind)[0].name
    with pytest.raises(FrozenInstanceError):
        setattr(kind(), name, 3)
    with pytest.raises(TypeError, match="positional"):
        kind(3)  # type: ignore[call-arg]


def test_the_least_number_of_events_leaves_queries_that_were_not_shown() -> None:
    config = TrainConfig(most_demonstrations=4, queries=3, events=7)
    assert config.events == config.most_demonstrations + config.queries
    with pytest.raises(ConfigError, match="TrainConfig.events=6 must be at least 7"):
        TrainConfig(most_demonstrations=4, queries=3, events=6)


def test_lists_of_json_become_tuples() -> None:
    values = TrainConfig(tasks=("identify",), attention_noise=(0.1, 0.2)).to_dict()
    found = TrainConfig.from_dict(json.loads(json.dumps(values)))
    assert found.tasks == ("identify",) and found.attention_noise == (0.1, 0.2)


def test_separate_codes_double_the_learned_part() -> None:
    assert EnergyConfig(code_size=5).learned_size == 5
    assert EnergyConfig(code_size=5, separate_codes=True).learned_size == 10


def test_random_codes_are_particles_not_disturbed_guesses() -> None:
    with pytest.raises(ConfigError) as error:
        InferenceConfig(amortised=False, code_particles=4)
    assert str(error.value) == (
        "InferenceConfig.code_particles=4 must be 1 with amortised=False; ask for particles instead"
    )
