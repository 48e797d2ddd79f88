"""What is evaluated: bad values are refused, and no two purposes share a seed."""

from __future__ import annotations

import re

import numpy as np
import pytest

from conceptgym.agents.evaluation_config import (
    FIRST_SCENE_SEED,
    WORLDS,
    EvaluationConfig,
    Job,
)
from conceptgym.envs import CONCEPTS, TASKS
from conceptgym.envs.errors import ConfigError, UnknownConceptError


def seeds(job: Job, seed: int) -> list[int]:
    """Every seed of a job, parameters' and demonstrations' first."""
    scenes = [job.scene_seed(seed, world=w, task=t) for w in WORLDS for t in TASKS]
    return [job.parameter_seed(seed), job.demonstration_seed(seed), *scenes]


def test_every_purpose_of_every_episode_has_a_seed_of_its_own() -> None:
    config = EvaluationConfig(episodes=50)
    found = [seed for job in config.jobs for seed in seeds(job, 0)]
    assert len(found) == 50 * len(CONCEPTS) * (2 + len(WORLDS) * len(TASKS))
    # 31 random bits meet by chance now and then; a purpose that is forgotten meets always
    assert len(set(found)) >= len(found) - 2


def test_seeds_change_with_the_evaluations() -> None:
    job = Job("near", 0)
    assert not set(seeds(job, 0)) & set(seeds(job, 1))
    assert seeds(job, 0) == seeds(Job("near", 0), 0)


@pytest.mark.parametrize("seed", [0, 3])
def test_scenes_are_not_those_of_training(seed: int) -> None:
    trained = [np.random.SeedSequence([seed, family]) for family in range(len(CONCEPTS))]
    states = {tuple(words.generate_state(4)) for words in trained}
    for job in EvaluationConfig(episodes=3).jobs:
        scenes = seeds(job, seed)[2:]
        assert min(scenes) >= FIRST_SCENE_SEED and max(scenes) < 2**32
        for number in seeds(job, seed):
            assert tuple(np.random.SeedSequence(number).generate_state(4)) not in states


def test_jobs_take_turns() -> None:
    jobs = EvaluationConfig(concepts=("near", "above"), episodes=2).jobs
    assert jobs == [Job("near", 0), Job("above", 0), Job("near", 1), Job("above", 1)]


@pytest.mark.parametrize(
    ("values", "error", "text"),
    [
        (
            {"concepts": ("nearby",)},
            UnknownConceptError,
            f"concepts holds 'nearby'; choose from {', '.join(CONCEPTS)}",
        ),
        (
            {"worlds": ("moon",)},
            UnknownConceptError,
            "worlds holds 'moon'; choose from particle, arm",
        ),
        (
            {"demonstrations": ()},
            ConfigError,
            "EvaluationConfig.demonstrations=() must be one or more different values",
        ),
        (
            {"code_iterations": (5, 5)},
            ConfigError,
            "EvaluationConfig.code_iterations=(5, 5) must be one or more different values",
        ),
        (
            {"demonstrations": (0,)},
            ConfigError,
            "EvaluationConfig.demonstrations=(0,) must be at least 1",
        ),
        ({"episodes": 0}, ConfigError, "EvaluationConfig.episodes=0 must be at least 1"),
        ({"arm_episodes": -1}, ConfigError, "EvaluationConfig.arm_episodes=-1 must be at least 0"),
        (
            {"code_iterations": (-1,)},
            ConfigError,
            "EvaluationConfig.code_iterations=(-1,) must be at least 0",
        ),
        ({"seed": -1}, ConfigError, "EvaluationConfig.seed=-1 must be in [0, 2**32)"),
    ],
)
def test_bad_values_are_refused(values: dict, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=re.escape(text)):
        EvaluationConfig(**values)
