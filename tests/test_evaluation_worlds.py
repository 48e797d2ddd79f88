"""The plane's verdicts are Particle-v0's: stepping the worlds with a plan ends as it was judged."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from conceptgym.agents.evaluation.config import Job
from conceptgym.agents.evaluation.scenes import draw_episode
from conceptgym.agents.evaluation.verdicts import carried_out, plan_succeeds
from conceptgym.agents.rivals import Chance, CopyNearest
from conceptgym.envs import CONCEPTS, Event, ParticleEnv
from conceptgym.envs.concepts import Concept
from conceptgym.envs.particle import action_towards


class Staged(ParticleEnv):
    """The particle world, with a scene of one's own."""

    def __init__(self, concept: Concept, event: Event, task: str) -> None:
        super().__init__(concept, task=task)
        self.reset(seed=0)
        self._event = event
        self._start(event.before if task == "generate" else event.shown)


def step_through(concept: Concept, event: Event, plan: Sequence[np.ndarray]) -> bool:
    """Go where the plan leads, phase by phase, for as long as an episode lasts."""
    env = Staged(concept, event, "generate")
    for _ in range(60):
        goal = plan[min(env.phase, len(plan) - 1)]
        _, _, terminated, _, info = env.step(action_towards(env.state, goal))
        if terminated:
            return info["is_success"]
    return False


def plans(name: str, level: int, k: int) -> tuple[Concept, Event, list[Sequence[np.ndarray]]]:
    """A demonstrator's plan, a copy, chance, staying, and near misses of the demonstrator's."""
    episode = draw_episode(Job(name, level, k), demonstrations=2)
    event = episode.questions["generate"]
    found: list[Sequence[np.ndarray]] = [[stop.entities for stop in event.stops]]
    for rival in (CopyNearest(), Chance(k)):
        rival.observe(episode.shown[0])
        found.append(rival.plan(event.before, event.attention))
    rng = np.random.default_rng(k)
    for scale in (0.03, 0.1, 0.3):
        noise = scale * rng.normal(size=event.before.entities.shape).astype(np.float32)
        found.append([carried_out(event.before, stop + noise).entities for stop in found[0]])
    return episode.concept, event, found


@pytest.mark.parametrize("name", list(CONCEPTS))
def test_a_plan_ends_as_it_was_judged(name: str) -> None:
    verdicts = []
    for k in range(4):
        concept, event, found = plans(name, 1, k)
        for plan in found:
            verdict = plan_succeeds(concept, event, plan)
            assert step_through(concept, event, plan) == verdict
            verdicts.append(verdict)
    assert any(verdicts) and not all(verdicts)


@pytest.mark.parametrize("name", ["near", "figure", "quantity", "touch"])
def test_an_answer_counts_as_it_was_judged(name: str) -> None:
    verdicts = []
    for k in range(6):
        episode = draw_episode(Job(name, 1, k), demonstrations=2)
        event, rival = episode.questions["identify"], CopyNearest()
        rival.observe(episode.shown[0])
        for answer in (event.answer, rival.identify(event.shown), ~event.answer):
            env = Staged(episode.concept, event, "identify")
            *_, info = env.step(np.where(answer, 1.0, -1.0))
            verdict = np.array_equal(answer & event.shown.present, event.answer)
            assert info["is_success"] == verdict
            verdicts.append(verdict)
    assert any(verdicts) and not all(verdicts)
