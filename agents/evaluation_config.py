"""What `scripts/evaluate.py` evaluates, and the seeds of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from ..envs.concepts import CONCEPTS, TASKS
from ..envs.errors import UnknownConceptError
from .config import Config, InferenceConfig

WORLDS = {"particle": "conceptgym/Particle-v0", "arm": "conceptgym/ArmReach-v0"}
"""The worlds' names in tables, and the environments' ids."""
FIRST_SCENE_SEED = 2**31


@dataclass(frozen=True, kw_only=True)
class EvaluationConfig(Config):
    """What is evaluated.

    Raises:
        UnknownConceptError: on an unknown concept or world.
        ConfigError: on a value out of range.
    """

    concepts: tuple[str, ...] = tuple(CONCEPTS)
    worlds: tuple[str, ...] = tuple(WORLDS)
    demonstrations: tuple[int, ...] = (1, 5)
    """Numbers of demonstrations."""
    episodes: int = 200
    """Episodes a concept, task and number of demonstrations in the particle world."""
    arm_episodes: int = 100
    """Likewise with the arm: at most the first so many."""
    code_iterations: tuple[int, ...] = (InferenceConfig().code_iterations, 0)
    """Most steps on w; the arm acts on the first alone. 0 keeps the encoder's first guess."""
    seed: int = 0

    def __post_init__(self) -> None:
        for name, known in (("concepts", CONCEPTS), ("worlds", WORLDS)):
            for value in getattr(self, name):
                if value not in known:
                    text = f"{name} holds {value!r}; choose from {', '.join(known)}"
                    raise UnknownConceptError(text)
        for name in ("concepts", "worlds", "demonstrations", "code_iterations"):
            values = getattr(self, name)
            self.require(name, 0 < len(values) == len(set(values)), "one or more different values")
        self.require("demonstrations", min(self.demonstrations) >= 1, "at least 1")
        self.require("code_iterations", min(self.code_iterations) >= 0, "at least 0")
        self.require("episodes", self.episodes >= 1, "at least 1")
        self.require("arm_episodes", self.arm_episodes >= 0, "at least 0")
        self.require("seed", 0 <= self.seed < 2**32, "in [0, 2**32)")

    @property
    def jobs(self) -> list[Job]:
        """Every episode of every concept, concepts taking turns."""
        return [Job(name, k) for k in range(self.episodes) for name in self.concepts]


class _Purpose(IntEnum):
    """What a seed is for. None is 0: SeedSequence takes trailing zeros for nothing."""

    PARAMETERS = 1
    DEMONSTRATIONS = 2
    SCENE = 3  # and up: one each for a world's task


@dataclass(frozen=True, order=True)
class Job:
    """Episode number `episode` of a concept, in every world and task."""

    concept: str
    episode: int

    def parameter_seed(self, seed: int) -> int:
        """Seed of the concept's parameters, under the evaluation's seed."""
        return self._derive(seed, _Purpose.PARAMETERS)

    def demonstration_seed(self, seed: int) -> int:
        """Seed of the demonstrations."""
        return self._derive(seed, _Purpose.DEMONSTRATIONS)

    def scene_seed(self, seed: int, *, world: str, task: str) -> int:
        """Seed of the unseen scene, at least `FIRST_SCENE_SEED`."""
        number = list(WORLDS).index(world) * len(TASKS) + TASKS.index(task)
        return FIRST_SCENE_SEED + self._derive(seed, _Purpose.SCENE + number)

    def _derive(self, seed: int, purpose: int) -> int:
        words = [seed, list(CONCEPTS).index(self.concept), self.episode, purpose]
        return int(np.random.SeedSequence(words).generate_state(1)[0]) % FIRST_SCENE_SEED
