"""Episodes: what is reported is what the environments say, whatever ran before or beside it."""

from __future__ import annotations

import re
from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest
import torch

from conceptgym.agents import ConceptAgent
from conceptgym.agents.evaluation import Evaluator, Outcome, run_jobs
from conceptgym.agents.evaluation_config import EvaluationConfig, Job
from conceptgym.envs import CONCEPTS, record_demonstrations
from conceptgym.envs.errors import ConfigError

CONFIG = EvaluationConfig(
    concepts=("left_of", "colour"), demonstrations=(1, 2), episodes=1, code_iterations=(5, 0)
)


def timeless(outcomes: list[Outcome]) -> list[Outcome]:
    return [replace(item, seconds_to_infer=0.0, seconds_to_plan=0.0) for item in outcomes]


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def evaluator() -> Evaluator:
    return Evaluator(CONFIG)


@pytest.fixture(scope="module")
def found(evaluator: Evaluator) -> list[Outcome]:
    return [outcome for job in CONFIG.jobs for outcome in evaluator.run(job)]


def test_every_world_task_number_and_descent_is_run(found: list[Outcome]) -> None:
    keys = [(o.concept, o.world, o.task, o.demonstrations, o.code_iterations) for o in found]
    expected = {
        (concept, world, task, number, iterations)
        for concept in CONFIG.concepts
        for world in ("particle", "arm")
        for task in ("generate", "identify")
        for number in (1, 2)
        for iterations in (5, 0)
        if world == "particle" or (iterations == 5 and task in CONCEPTS[concept].tasks_on_arm)
    }
    assert set(keys) == expected and len(keys) == len(expected)


def test_the_arm_acts_in_its_first_episodes_only() -> None:
    config = EvaluationConfig(
        concepts=("near",), worlds=("arm",), demonstrations=(1,), episodes=2, arm_episodes=1
    )
    evaluator = Evaluator(config)
    assert [len(evaluator.run(job)) for job in config.jobs] == [2, 0]


def test_outcomes_do_not_depend_on_what_ran_before(
    evaluator: Evaluator, found: list[Outcome]
) -> None:
    again = Evaluator(CONFIG).run(Job("colour", 0))
    assert timeless(again) == timeless([o for o in found if o.concept == "colour"])


def test_outcomes_do_not_depend_on_the_workers(found: list[Outcome]) -> None:
    config = replace(CONFIG, worlds=("particle",))
    beside = [o for part in run_jobs(config, workers=2) for o in part]
    assert timeless(beside) == timeless([o for o in found if o.world == "particle"])


def test_success_is_the_environments(found: list[Outcome]) -> None:
    """The same episode by hand, from the protocol in the module's docstring."""
    job = Job("left_of", 0)
    concept = CONCEPTS["left_of"].random(np.random.default_rng(job.parameter_seed(0)))
    agent = ConceptAgent.from_pretrained()
    agent.config = replace(agent.config, code_iterations=5)
    agent.observe(
        record_demonstrations(concept=concept, episodes=2, seed=job.demonstration_seed(0))
    )
    env = gym.make("conceptgym/ArmReach-v0", concept=concept)
    observation, info = env.reset(seed=job.scene_seed(0, world="arm", task="generate"))
    ended = False
    while not ended:
        action, _ = agent.predict(observation)
        observation, _, terminated, truncated, info = env.step(action)
        ended = terminated or truncated
    (outcome,) = [
        o
        for o in found
        if (o.concept, o.world, o.task, o.demonstrations) == ("left_of", "arm", "generate", 2)
    ]
    assert outcome.success == info["is_success"]
    assert outcome.truncated == truncated
    assert (outcome.confusions == ()) == outcome.success


def test_the_arm_reports_its_care(found: list[Outcome]) -> None:
    for outcome in found:
        assert (outcome.arm is None) == (outcome.world == "particle")
        if outcome.arm is None:
            continue
        generates = outcome.task == "generate"
        assert (outcome.arm.fingertip_error is not None) == generates
        assert 0.0 < outcome.arm.velocity_share < 1.0
        assert outcome.arm.joint_limit_violation >= 0.0


def test_the_descent_lowers_the_energy_and_no_descent_leaves_it(found: list[Outcome]) -> None:
    for outcome in found:
        if outcome.code_iterations:
            assert outcome.energy_after <= outcome.energy_before
        else:
            assert outcome.energy_after == outcome.energy_before
    assert any(outcome.energy_after < outcome.energy_before for outcome in found)


def test_no_workers_is_an_error() -> None:
    with pytest.raises(ConfigError, match=re.escape("workers=0 must be at least 1")):
        next(run_jobs(CONFIG, workers=0))
