"""Which episodes of the place world are evaluated: cells, conditions, seeds."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...envs.concepts import CONCEPTS, Concept, compose, make_concept
from ...envs.errors import ConfigError
from ...envs.place_objects import KINDS

DEMONSTRATIONS = 5
"""Demonstrations that the agent is shown in every episode."""
SHARED = 5
"""Episodes that share parameters and demonstrations."""
ARM_CONDITIONS = ("plain", "disturbed", "ur5e")
CONDITIONS = (*ARM_CONDITIONS, "plane", "plane, shown on the arm")
"""plain: the Panda, undisturbed; disturbed: one disturbance an episode, of three kinds in turn;
ur5e: another arm; plane: the same concepts in the particle world, shown there, and shown on the
arm."""
_CUBES = ("cube",)


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A task that is evaluated.

    Attributes:
        concepts: one, or several that are to hold at once.
        task: "generate" or "identify".
        kinds: what the objects are.
        floor: success rate that is asked for, None where it is only reported.
        parameters: choices for parameters; others are drawn from their whole ranges.
    """

    concepts: tuple[str, ...]
    task: str = "generate"
    kinds: tuple[str, ...] = KINDS
    floor: float | None = None
    parameters: dict[str, tuple[Any, ...]] = field(default_factory=dict)

    def draw(self, rng: np.random.Generator) -> Concept:
        """The concept of an episode."""
        if len(self.concepts) != 1:
            return compose(*self.concepts)
        kind = CONCEPTS[self.concepts[0]]
        concept = kind.random(rng)
        chosen = {name: rng.choice(values).item() for name, values in self.parameters.items()}
        return make_concept(kind.name, **{**concept.parameters, **chosen}) if chosen else concept


def _one(name: str, floor: float | None = 0.9) -> Cell:
    return Cell(concepts=(name,), floor=floor)


def _figure(name: str, floor: float | None) -> Cell:
    return Cell(concepts=(name,), kinds=_CUBES, floor=floor)


_PLACED = ("near", "between", "left_of", "right_of", "above", "below", "offset")
_TOUCHED = ("near", "between", "left_of", "offset", "closest", "region", "square", "figure")
CELLS: dict[str, Cell] = {
    **{name: _one(name) for name in _PLACED},
    **{name: _one(name, None) for name in ("at_distance", "closest", "furthest", "region")},
    **{
        f"identify {name}": Cell(concepts=(name,), task="identify", floor=0.9)
        for name in (*_TOUCHED, "colour", "two_in_order")
    },
    "line of four cubes": _figure("line", 0.8),
    "square of four cubes": _figure("square", 0.8),
    "triangle of three cubes": _figure("triangle", 0.8),
    "circle of six cubes": _figure("circle", None),
    "figure of three to six cubes": _figure("figure", None),
    "first A, then B": _one("two_in_order", 0.85),
    "A, B, C in order": _one("three_in_order", 0.85),
    "stack of two": _one("touch", 0.85),
    "exactly n of 1 to 4 in the tray": Cell(
        concepts=("quantity",), floor=0.8, parameters={"count": (1, 2, 3, 4)}
    ),
    "left_of + near": Cell(concepts=("left_of", "near")),
    "near + square": Cell(concepts=("near", "square"), kinds=_CUBES),
    "region + line": Cell(concepts=("region", "line"), kinds=_CUBES),
}
"""What is evaluated, by name."""


@dataclass(frozen=True, order=True)
class Trial:
    """Episode number `episode` of a cell under a condition."""

    episode: int
    cell: str
    condition: str

    def __post_init__(self) -> None:
        for name, known in (("cell", CELLS), ("condition", CONDITIONS)):
            if getattr(self, name) not in known:
                raise ConfigError(
                    f"{name}={getattr(self, name)!r} is unknown; choose one of {', '.join(known)}"
                )

    @property
    def disturb(self) -> str | None:
        """What happens in the episode, of those that can happen in its task."""
        if self.condition != "disturbed":
            return None
        kinds = ("push", "slip", "move") if CELLS[self.cell].task == "generate" else ("push",)
        return kinds[self.episode % len(kinds)]

    @property
    def world(self) -> str:
        """The id of the environment."""
        several = len(CELLS[self.cell].concepts) > 1
        if self.condition not in ARM_CONDITIONS:
            return f"conceptgym/Particle{'Compose' if several else ''}-v0"
        return f"conceptgym/ArmPlace{'Compose' if several else ''}-v0"

    @property
    def on_arm(self) -> bool:
        """Whether the demonstrations are recorded on the arm."""
        return self.condition.endswith("on the arm")

    @property
    def lesson(self) -> tuple[str, int, bool]:
        """What episodes with the same demonstrations have in common."""
        return self.cell, self.episode // SHARED, self.on_arm

    def seeds(self, seed: int) -> tuple[int, int, int]:
        """Seeds of the parameters, the demonstrations and the scene: alike in all conditions.

        Five episodes each share parameters and demonstrations: those on the arm take seconds.
        """
        words = [seed, zlib.crc32(self.cell.encode())]
        shared = np.random.SeedSequence([*words, 0, self.episode // SHARED]).generate_state(2)
        own = np.random.SeedSequence([*words, 1, self.episode]).generate_state(1)
        return int(shared[0]), int(shared[1]), int(own[0])


def applies(cell: str, condition: str) -> bool:
    """Whether a cell has a condition: what the arm cannot show serves no plane."""
    several = len(CELLS[cell].concepts) > 1
    shown = CELLS[cell].concepts[0] != "colour"
    return condition in ARM_CONDITIONS or (shown and not several)


def trials(
    episodes: int,
    *,
    cells: tuple[str, ...] = tuple(CELLS),
    conditions: tuple[str, ...] = CONDITIONS,
) -> list[Trial]:
    """All trials, taking turns: any part is a fair sample.

    Raises:
        ConfigError: on an unknown cell or condition, or fewer than one episode.
    """
    if episodes < 1:
        raise ConfigError(f"episodes={episodes} must be at least 1")
    every = (
        Trial(episode, cell, condition)
        for episode in range(episodes)
        for condition in conditions
        for cell in cells
    )
    return [trial for trial in every if applies(trial.cell, trial.condition)]
