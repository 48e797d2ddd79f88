"""Videos of failures in the place world: one of each cause."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import gymnasium as gym
from tqdm import tqdm

from ...envs.rendering.film import Film
from ...envs.rendering.video import write_video
from ..concept_agent import ConceptAgent
from .causes import failures
from .outcomes import CAUSES, PlaceOutcome, act, make_world, prepare, teach
from .trials import ARM_CONDITIONS

_EVERY = 2  # fewest control steps a frame: twice as fast as it happened
_MOST_FRAMES = 500  # longer episodes are shown faster
_FPS = 25
_STILLS = 2  # looks at the scene before the first step: without a plan, and with it


def film_failures(outcomes: Sequence[PlaceOutcome], folder: Path, *, seed: int) -> list[Path]:
    """Films the shortest failure of each cause again, as ``CAUSE.mp4``; a list of the files."""
    paths = []
    found = failures([outcome for outcome in outcomes if outcome.condition in ARM_CONDITIONS])
    for cause in CAUSES:
        failed = [outcome for outcome, why in found if why == cause]
        if failed:
            shortest = min(failed, key=lambda outcome: outcome.steps)
            paths.append(film(shortest, folder / f"{cause}.mp4", seed=seed))
    return paths


def film(outcome: PlaceOutcome, path: Path, *, seed: int) -> Path:
    """A video of an outcome's episode, which is run again."""
    trial = outcome.trial
    concept, shown, scene = prepare(trial, seed=seed)
    agent = ConceptAgent.from_pretrained()
    teach(agent, shown)
    env = make_world(trial, concept, render_mode="rgb_array")
    reel = Film(every=max(_EVERY, math.ceil(outcome.steps / _MOST_FRAMES)))
    bar = tqdm(desc=f"filming {path.stem}", unit="frame", total=outcome.steps + _STILLS)

    def shoot(env: gym.Env) -> None:
        bar.update()
        reel.shoot(env)

    try:
        act(agent, env, trial, scene=scene, on_step=shoot)
        reel.finish(env)
    finally:
        env.close()
        bar.close()
    return write_video(reel.frames, path, fps=_FPS)
