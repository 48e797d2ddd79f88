"""Reinforcement learning of one concept at a time: what it costs without demonstrations.

One policy a concept and task, by Stable-Baselines3's SAC or PPO, from the world's own dense reward
(minus the residual, plus 1 at the end in success) in `FlatWorld`. Every so many environment steps
the policy acts without noise in held-back scenes. Where it reaches the wanted success, and at the
end, it is judged once more on other held-back scenes, since the best of several looks is a lucky
one. The price is the number of environment steps at the first evaluation that is so confirmed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np
from stable_baselines3 import PPO, SAC
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.vec_env import DummyVecEnv

from ..config import Config
from ..wilson import wilson_interval
from .world import FlatWorld, Layout

ALGORITHMS = ("sac", "ppo")
WORLD = "conceptgym/Particle-v0"
"""Where policies act."""
HELD_BACK, OTHERS = 10_000_000, 20_000_000
"""First seeds of the scenes of evaluations and of their confirmations."""


@dataclass(frozen=True, kw_only=True)
class ReinforcementConfig(Config):
    """How policies are trained and judged.

    Attributes:
        algorithm: "sac" or "ppo".
        steps: most environment steps of a policy.
        every: environment steps between two evaluations.
        episodes: held-back scenes of an evaluation, the same each time.
        confirm: other held-back scenes, on which a policy is judged once it reaches `wanted`.
        wanted: share of successes at which the training ends.
        learning_rate, discount, width: of Adam, of the return, of both hidden layers.
        batch: transitions of a gradient step.
        train_every: SAC's environment steps between two gradient steps.
        rollout: PPO's environment steps between two updates, all its worlds taken together.
        worlds: PPO's worlds side by side; SAC has one.
        seed: of the network, the exploration and the training scenes.
    """

    algorithm: str = "ppo"
    steps: int = 60_000
    every: int = 5_000
    episodes: int = 100
    confirm: int = 200
    wanted: float = 0.9
    learning_rate: float = 1e-3
    discount: float = 0.95
    width: int = 64
    batch: int = 250
    train_every: int = 2
    rollout: int = 1000
    worlds: int = 8
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require("algorithm", self.algorithm in ALGORITHMS, f"one of {', '.join(ALGORITHMS)}")
        for name in ("steps", "every", "episodes", "confirm", "width", "train_every", "worlds"):
            self.require(name, getattr(self, name) >= 1, "at least 1")
        self.require("batch", self.batch >= 2, "at least 2")
        whole = self.rollout % self.worlds == 0 and self.rollout >= 2 * self.worlds
        self.require("rollout", whole, f"a multiple of worlds={self.worlds}, at least twice that")
        self.require("wanted", 0.0 < self.wanted <= 1.0, "above 0 and at most 1")
        self.require("learning_rate", self.learning_rate > 0.0, "above 0")
        self.require("discount", 0.0 <= self.discount <= 1.0, "from 0 to 1")
        self.require("seed", 0 <= self.seed < 2**32, "at least 0 and below 2**32")


@dataclass(frozen=True, kw_only=True)
class Point:
    """An evaluation.

    Attributes:
        steps: environment steps trained so far.
        successes, episodes: how many scenes succeeded, of how many.
        seconds: of processor time spent on training so far, evaluations not counted [s].
        confirms: whether it is a second look, on the other scenes.
    """

    steps: int
    successes: int
    episodes: int
    seconds: float
    confirms: bool = False

    @property
    def rate(self) -> float:
        """Share of successes."""
        return self.successes / self.episodes

    @property
    def interval(self) -> tuple[float, float]:
        """Its 95% Wilson interval."""
        return wilson_interval(self.successes, self.episodes)


def make_world(concept: str, task: str, *, layout: Layout | None = None) -> FlatWorld:
    """The particle world of a concept with its default parameters, as vectors.

    Args:
        concept: a name of `conceptgym.envs.CONCEPTS`.
        task: "generate" or "identify".
        layout: if it is known from another such world.

    Raises:
        UnknownConceptError: on an unknown concept or task.
    """
    return FlatWorld(gym.make(WORLD, concept=concept, task=task), layout=layout)


def make_learner(concept: str, task: str, config: ReinforcementConfig) -> BaseAlgorithm:
    """An untrained SB3 algorithm for a concept and task, on the CPU, with its world inside.

    Raises:
        UnknownConceptError: on an unknown concept or task.
    """
    worlds = config.worlds if config.algorithm == "ppo" else 1
    shared: dict[str, Any] = {
        "policy": "MlpPolicy",
        "env": DummyVecEnv([lambda: make_world(concept, task)] * worlds),
        "learning_rate": config.learning_rate,
        "gamma": config.discount,
        "batch_size": config.batch,
        "policy_kwargs": {"net_arch": [config.width] * 2},
        "seed": config.seed,
        "device": "cpu",
    }
    if config.algorithm == "ppo":
        return PPO(n_steps=config.rollout // config.worlds, **shared)
    return SAC(
        train_freq=config.train_every,
        learning_starts=min(500, config.steps // 4),
        buffer_size=config.steps,
        **shared,
    )


def train(
    concept: str,
    task: str,
    config: ReinforcementConfig,
    *,
    on_step: Callable[[int], object] = lambda steps: None,
) -> Iterator[Point]:
    """Train a policy and yield its evaluations as they come; the very last confirms.

    Ends at the first evaluation whose confirmation reaches `config.wanted`, or at `config.steps`
    (with PPO at the end of the rollout that reaches them).

    Args:
        concept: a name of `conceptgym.envs.CONCEPTS`; its parameters are the defaults.
        task: "generate" or "identify".
        config: how.
        on_step: called as the training goes on, with the number of environment steps since.

    Raises:
        UnknownConceptError: on an unknown concept or task.
    """
    learner, seconds, confirmed = make_learner(concept, task, config), 0.0, False

    def note(_locals: dict[str, Any], _globals: dict[str, Any]) -> bool:
        on_step(learner.n_envs)
        return True

    def look(*, confirms: bool) -> Point:
        episodes, first = (config.confirm, OTHERS) if confirms else (config.episodes, HELD_BACK)
        return Point(
            steps=learner.num_timesteps,
            successes=judge(learner, concept, task, episodes=episodes, first=first),
            episodes=episodes,
            seconds=seconds,
            confirms=confirms,
        )

    while not confirmed and learner.num_timesteps < config.steps:
        begin = time.process_time()
        left = min(config.every, config.steps - learner.num_timesteps)
        learner.learn(left, callback=note, reset_num_timesteps=False)
        seconds += time.process_time() - begin
        point = look(confirms=False)
        yield point
        if point.rate >= config.wanted or learner.num_timesteps >= config.steps:
            point = look(confirms=True)
            yield point
            confirmed = point.rate >= config.wanted


def judge(learner: BaseAlgorithm, concept: str, task: str, *, episodes: int, first: int) -> int:
    """In how many of the scenes with seeds `first`, `first` + 1, ... the policy succeeds.

    It acts without noise; all episodes go on side by side, so that the network is asked once for
    all of them.

    Args:
        learner: whose policy acts.
        concept, task: of the world, as for `make_world`.
        episodes: how many scenes.
        first: seed of the first.

    Raises:
        UnknownConceptError: on an unknown concept or task.
    """
    layout = make_world(concept, task).layout
    worlds = [make_world(concept, task, layout=layout) for _ in range(episodes)]
    seen = {number: world.reset(seed=first + number)[0] for number, world in enumerate(worlds)}
    successes = 0
    while seen:
        actions, _ = learner.predict(np.stack(list(seen.values())), deterministic=True)
        for number, action in zip(list(seen), actions, strict=True):
            observation, _, terminated, truncated, info = worlds[number].step(action)
            seen[number] = observation
            if terminated or truncated:
                successes += bool(info["is_success"])
                del seen[number]
    return successes
