"""Training and judgement: small runs, what is counted, what is refused."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
from stable_baselines3.common.base_class import BaseAlgorithm

from conceptgym.agents.reinforcement.learner import (
    ALGORITHMS,
    Point,
    ReinforcementConfig,
    judge,
    make_learner,
    train,
)
from conceptgym.agents.wilson import wilson_interval
from conceptgym.envs.errors import ConfigError, UnknownConceptError

SMOKE: dict[str, Any] = {"steps": 200, "every": 100, "episodes": 3, "confirm": 4, "rollout": 40}


class Stroller:
    """Walks straight to beside the attended entity of `near`, or stays where it is."""

    def __init__(self, *, walks: bool) -> None:
        self.walks = walks

    def predict(self, observations: np.ndarray, *, deterministic: bool) -> tuple[np.ndarray, None]:
        assert deterministic, "a judged policy acts without noise"
        gap = observations[:, 3:5]
        away = np.linalg.norm(gap, axis=1, keepdims=True)
        wanted = gap * (1.0 - 0.225 / np.maximum(away, 1e-6)) / 0.1
        return np.cbrt(np.clip(wanted, -1.0, 1.0)) * self.walks, None


def judged(policy: Stroller, *, first: int = 5) -> int:
    return judge(cast(BaseAlgorithm, policy), "near", "generate", episodes=6, first=first)


def test_only_what_the_policy_does_counts_as_success() -> None:
    assert judged(Stroller(walks=True)) == 6
    assert judged(Stroller(walks=False)) == 0


@pytest.mark.parametrize("task", ["generate", "identify"])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_short_training_yields_its_evaluations(algorithm: str, task: str) -> None:
    config = ReinforcementConfig(algorithm=algorithm, batch=20, wanted=1.0, **SMOKE)
    done: list[int] = []
    points = list(train("near", task, config, on_step=done.append))
    looks = [point for point in points if not point.confirms]
    # PPO ends at the end of a rollout: 3 of 40 steps for each 100
    assert [point.steps for point in looks] == ([100, 200] if algorithm == "sac" else [120, 200])
    assert sum(done) == looks[-1].steps
    assert points[-1].confirms and points[-1].episodes == 4
    assert all(point.episodes == 3 for point in looks)
    assert all(0 <= point.successes <= point.episodes for point in points)
    assert 0.0 < points[0].seconds < points[-1].seconds


def test_the_same_seed_learns_the_same() -> None:
    policies = []
    for seed in (0, 0, 1):
        config = ReinforcementConfig(batch=20, seed=seed, **SMOKE)
        learner = make_learner("between", "generate", config)
        learner.learn(80)
        seen = np.full_like(learner.observation_space.sample(), 0.3)
        policies.append(learner.predict(seen, deterministic=True)[0])
    assert np.array_equal(policies[0], policies[1])
    assert not np.array_equal(policies[0], policies[2])


def test_training_ends_when_other_scenes_confirm_the_success(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shares = iter([0.5, 1.0, 0.5, 1.0, 1.0])  # look, look and confirm, look and confirm

    def judged(*_: object, episodes: int, first: int) -> int:
        assert (first >= 20_000_000) == (episodes == 4), "confirmations have scenes of their own"
        return round(next(shares) * episodes)

    monkeypatch.setattr("conceptgym.agents.reinforcement.learner.judge", judged)
    config = ReinforcementConfig(**{**SMOKE, "every": 40, "steps": 10_000}, batch=20)
    points = list(train("near", "generate", config))
    assert [(point.steps, point.confirms) for point in points] == [
        (40, False),
        (80, False),
        (80, True),
        (120, False),
        (120, True),
    ]


def test_a_points_interval_is_wilsons() -> None:
    point = Point(steps=1, successes=9, episodes=10, seconds=0.0)
    assert point.rate == 0.9
    assert point.interval == wilson_interval(9, 10)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"algorithm": "dqn"}, "algorithm='dqn' must be one of sac, ppo"),
        ({"steps": 0}, "steps=0 must be at least 1"),
        ({"every": 0}, "every=0 must be at least 1"),
        ({"episodes": -1}, "episodes=-1 must be at least 1"),
        ({"confirm": 0}, "confirm=0 must be at least 1"),
        ({"width": 0}, "width=0 must be at least 1"),
        ({"train_every": 0}, "train_every=0 must be at least 1"),
        ({"worlds": 0}, "worlds=0 must be at least 1"),
        ({"batch": 1}, "batch=1 must be at least 2"),
        ({"rollout": 12}, "rollout=12 must be a multiple of worlds=8, at least twice that"),
        ({"rollout": 8}, "rollout=8 must be a multiple of worlds=8, at least twice that"),
        ({"wanted": 0.0}, "wanted=0.0 must be above 0 and at most 1"),
        ({"learning_rate": 0.0}, "learning_rate=0.0 must be above 0"),
        ({"discount": 1.5}, "discount=1.5 must be from 0 to 1"),
    ],
)
def test_bad_configurations_are_refused(values: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError) as error:
        ReinforcementConfig(**values)
    assert str(error.value) == f"ReinforcementConfig.{text}"


def test_unknown_concepts_are_refused_before_any_training() -> None:
    with pytest.raises(UnknownConceptError, match="^concept='nearby' is unknown; choose one of"):
        next(train("nearby", "generate", ReinforcementConfig()))
