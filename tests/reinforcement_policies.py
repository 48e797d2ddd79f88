"""Policies' files, filled by hand."""

from __future__ import annotations

from pathlib import Path

from conceptgym.agents.reinforcement.files import PolicyFile
from conceptgym.agents.reinforcement.learner import Point, ReinforcementConfig
from conceptgym.agents.reinforcement.shown import Shown

CONFIG = ReinforcementConfig(steps=300)
SHOWN = Shown(weights="abc", demonstrations=5, steps=66.4, successes=9, episodes=10)


def point(steps: int, successes: int, *, confirms: bool = False) -> Point:
    return Point(
        steps=steps, successes=successes, episodes=10, seconds=steps / 8, confirms=confirms
    )


def policy(folder: Path, concept: str = "near") -> PolicyFile:
    return PolicyFile(folder, concept=concept, task="generate", config=CONFIG)


def filled(folder: Path, *points: Point, concept: str = "near") -> PolicyFile:
    made = policy(folder, concept)
    for each in points:
        made.add(each)
    made.finish()
    return made
