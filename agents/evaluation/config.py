"""What `scripts/evaluate.py` evaluates: concepts, levels, methods, conditions, and their seeds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cache

import numpy as np

from ...envs.concepts import CONCEPTS, TASKS
from ...envs.concepts.compositions import COMPOSITIONS
from ...envs.errors import UnknownConceptError
from ..config import Config
from .methods import (
    GENERATE_ONLY,
    LEVELS_OF,
    METHODS,
    OURS,
    STANDARD_ONLY,
)

WORLDS = {"particle": "conceptgym/Particle-v0", "arm": "conceptgym/ArmReach-v0"}
"""The worlds' names in tables, and the environments' ids."""
LEVELS = {
    1: "new scenes",
    2: "held-out parameters",
    3: "more entities",
    4: "compositions",
}
"""What is new to the agent in each level."""
SUBJECTS = (*CONCEPTS, *COMPOSITIONS)
"""Every concept, and the compositions of level 4."""
STANDARD = 5
"""Demonstrations wherever their number is not what is compared."""
LARGE = (9, 12)
"""Fewest and most objects of a level 3 scene; training has at most 8."""
JITTER = {"jitter-2": 0.04, "jitter-5": 0.1}
"""Most that every entity is shifted by along each axis [plane units]: 2%, 5% of the world."""
NOISE = {"noise-2": 0.04, "noise-5": 0.1}
"""Standard deviation of every entity's shift along each axis [plane units]: 2%, 5% of the world."""
PLAIN, WRONG = "plain", "wrong"
CONDITIONS = (PLAIN, *JITTER, *NOISE, WRONG)
"""What is done to the demonstrations: nothing, uniform jitter, normal noise, or one of them shows
another concept."""
FIRST_SCENE_SEED = 2**31


@dataclass(frozen=True, kw_only=True)
class EvaluationConfig(Config):
    """What is evaluated.

    Raises:
        UnknownConceptError: on an unknown concept, level, world, method or condition.
        ConfigError: on a value out of range.
    """

    concepts: tuple[str, ...] = SUBJECTS
    levels: tuple[int, ...] = tuple(LEVELS)
    worlds: tuple[str, ...] = tuple(WORLDS)
    methods: tuple[str, ...] = tuple(METHODS)
    demonstrations: tuple[int, ...] = (1, 2, STANDARD, 10)
    """Numbers of demonstrations."""
    conditions: tuple[str, ...] = CONDITIONS
    """What is done to five demonstrations at level 1."""
    episodes: int = 500
    """Episodes a cell in the particle world."""
    arm_episodes: int = 100
    """Likewise with the arm: at most the first so many."""
    ablations: tuple[str, ...] = ()
    """Names of other checkpoints."""
    rivals: tuple[str, ...] = ()
    """Names of methods of one's own."""
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        allowed = {
            "concepts": SUBJECTS,
            "levels": LEVELS,
            "worlds": WORLDS,
            "methods": METHODS,
            "conditions": CONDITIONS,
        }
        for name, known in allowed.items():
            for value in getattr(self, name):
                if value not in known:
                    text = f"{name} holds {value!r}; choose from {', '.join(map(str, known))}"
                    raise UnknownConceptError(text)
        for name in ("concepts", "levels", "worlds", "demonstrations", "conditions"):
            values = getattr(self, name)
            self.require(name, 0 < len(values) == len(set(values)), "one or more different values")
        for name in ("methods", "ablations", "rivals"):
            values = getattr(self, name)
            self.require(name, len(values) == len(set(values)), "different values")
        for name, taken in (("ablations", METHODS), ("rivals", (*METHODS, *self.ablations))):
            clear = not any(value in (*taken, "") for value in getattr(self, name))
            self.require(name, clear, f"other names than {', '.join(taken)}")
        self.require("demonstrations", min(self.demonstrations) >= 1, "at least 1")
        self.require("episodes", self.episodes >= 1, "at least 1")
        self.require("arm_episodes", self.arm_episodes >= 0, "at least 0")
        self.require("seed", 0 <= self.seed < 2**32, "in [0, 2**32)")

    @property
    def jobs(self) -> list[Job]:
        """Every episode of every concept and level, taking turns: any part is a fair sample."""
        return [
            Job(name, level, k)
            for k in range(self.episodes)
            for name in self.concepts
            for level in self.levels
            if has_level(name, level)
        ]

    def cells(self, job: Job) -> tuple[Cell, ...]:
        """What is due in an episode."""
        acts = job.level == 1 and job.episode < self.arm_episodes
        return _cells(self, job.concept, job.level, acts)

    def settings(self, level: int) -> list[tuple[int, str]]:
        """Numbers of demonstrations, and at level 1 also what is done to five."""
        plain = [(number, PLAIN) for number in self.demonstrations if PLAIN in self.conditions]
        others = self.conditions if level == 1 else ()
        return plain + [(STANDARD, each) for each in others if each != PLAIN]


@cache  # a long run asks for the same few thousands of times
def _cells(config: EvaluationConfig, concept: str, level: int, acts: bool) -> tuple[Cell, ...]:
    return tuple(
        Cell(*setting, method, world, task)
        for setting in config.settings(level)
        for method in (*config.methods, *config.ablations, *config.rivals)
        if _is_compared(method, level, setting)
        for world, task in _tasks(concept, level)
        if world in config.worlds
        if world != "arm" or (acts and method == OURS and setting == (STANDARD, PLAIN))
        if task == "generate" or method not in GENERATE_ONLY
    )


def _is_compared(method: str, level: int, setting: tuple[int, str]) -> bool:
    if method in STANDARD_ONLY and setting != (STANDARD, PLAIN):
        return False
    return level in LEVELS_OF.get(method, LEVELS)


def _tasks(concept: str, level: int) -> list[tuple[str, str]]:
    """Worlds and tasks of a concept at a level."""
    if level == 4:  # which entities each term means is part of the question
        return [("particle", "generate")]
    particle = [("particle", task) for task in TASKS]
    return particle + [("arm", task) for task in CONCEPTS[concept].tasks_on_arm]


def has_level(name: str, level: int) -> bool:
    """Whether a concept has a level: some hold nothing out, or have small scenes alone."""
    if name in COMPOSITIONS or level == 4:
        return name in COMPOSITIONS and level == 4
    kind = CONCEPTS[name]
    if level == 2:
        return "held_out" in kind.splits()
    return level != 3 or kind.num_objects[1] >= LARGE[0]


@dataclass(frozen=True, order=True)
class Cell:
    """What an episode is about, within its concept and level."""

    demonstrations: int
    condition: str
    method: str
    world: str
    task: str

    @property
    def setting(self) -> tuple[int, str]:
        """Which demonstrations are observed: their number, and what is done to them."""
        return self.demonstrations, self.condition


class Purpose(IntEnum):
    """What a seed is for. None is 0: SeedSequence takes trailing zeros for nothing."""

    PARAMETERS = 1
    DEMONSTRATIONS = 2
    JITTER = 3
    WRONG = 4
    METHOD = 5
    SCENE = 6  # and up: one each for a world's task


_PURPOSES = 20  # numbers between one level's purposes and the next one's


@dataclass(frozen=True, order=True)
class Job:
    """Episode number `episode` of a concept at a level, under every method and condition."""

    concept: str
    level: int
    episode: int

    def seed_for(self, purpose: Purpose, seed: int) -> int:
        """The seed for a purpose, under the evaluation's seed."""
        return self._derive(seed, purpose)

    def scene_seed(self, seed: int, *, world: str, task: str) -> int:
        """Seed of the unseen scene, at least `FIRST_SCENE_SEED`."""
        number = list(WORLDS).index(world) * len(TASKS) + TASKS.index(task)
        return FIRST_SCENE_SEED + self._derive(seed, Purpose.SCENE + number)

    def _derive(self, seed: int, purpose: int) -> int:
        number = _PURPOSES * (self.level - 1) + purpose
        words = [seed, SUBJECTS.index(self.concept), self.episode, number]
        return int(np.random.SeedSequence(words).generate_state(1)[0]) % FIRST_SCENE_SEED
