"""The arm's episodes: the environment's word counts, and its care is reported."""

from __future__ import annotations

from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
from evaluation_scenes import save_tiny, small

from conceptgym.agents import ConceptAgent
from conceptgym.agents.evaluation.evaluator import Evaluator, Outcome
from conceptgym.agents.evaluation.scenes import draw_episode
from conceptgym.agents.model import load_model

CONFIG = small(
    concepts=("near", "colour", "two_in_order"),
    methods=("ours",),
    worlds=("arm",),
    demonstrations=(5,),
    episodes=1,
    arm_episodes=1,
)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("weights") / "tiny.safetensors")


@pytest.fixture(scope="module")
def found(weights: Path) -> list[Outcome]:
    """Side by side, as they are run."""
    tasks = [(job, CONFIG.cells(job)) for job in CONFIG.jobs]
    return Evaluator(CONFIG, weights, lanes=3).run_all(tasks)


def test_the_arm_does_the_tasks_that_it_can(found: list[Outcome]) -> None:
    assert {(item.concept, item.task) for item in found} == {
        ("near", "generate"),
        ("near", "identify"),
        ("colour", "identify"),
        ("two_in_order", "generate"),
        ("two_in_order", "identify"),
    }


def test_success_is_the_environments(weights: Path, found: list[Outcome]) -> None:
    """The same episodes by hand, from the protocol in the module's docstring."""
    job = CONFIG.jobs[0]
    for task in ("generate", "identify"):
        episode = draw_episode(job)
        agent = ConceptAgent(load_model(weights)[0])
        agent.observe(episode.shown[0])
        env = gym.make("conceptgym/ArmReach-v0", concept=episode.concept, task=task)
        observation, info = env.reset(seed=job.scene_seed(0, world="arm", task=task))
        ended, truncated = False, False
        while not ended:
            action, _ = agent.predict(observation)
            observation, _, terminated, truncated, info = env.step(action)
            ended = terminated or truncated
        (mine,) = [item for item in found if (item.concept, item.task) == ("near", task)]
        assert mine.success == info["is_success"]
        assert mine.arm is not None and mine.arm.truncated == truncated


def test_the_arm_reports_its_care(found: list[Outcome]) -> None:
    for item in found:
        assert item.arm is not None
        assert (item.arm.fingertip_error is not None) == (item.task == "generate")
        assert 0.0 <= item.arm.velocity_share < 1.0
        assert item.arm.joint_limit_violation == 0.0 and item.arm.table_contacts == 0
        assert item.arm.reason == "reached" and item.arm.missed == 0
        assert 3 <= item.objects <= 8
        assert np.isfinite(item.arm.fingertip_error or 0.0)
