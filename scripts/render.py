"""A video (.mp4) or GIF of the agent at any concept, task and world.

    python scripts/render.py --concept left_of                              # both worlds
    python scripts/render.py --concept closest --task identify --world arm
    python scripts/render.py --concept near --seed 3 --out out/near.gif
    python scripts/render.py --concept square --world place --robot ur5e    # solid cubes, grasped

The agent is shown demonstrations of the concept, infers w, and acts on it in an unseen scene.
"both" shows the particle world on the left and the arm on the right, with the same w. Amber marks
the attended entities, violet the plan, blue the way of the cursor, green the answer. In "place",
the arm grasps solid objects: ghosts show where they are planned to go, and the table the energy of
the first of them.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, repeat
from pathlib import Path
from typing import Any, Literal

import gymnasium as gym
import numpy as np
import torch
from tqdm import tqdm

import conceptgym.envs as envs
from conceptgym.agents import ConceptAgent
from conceptgym.agents.cli import run_script
from conceptgym.agents.evaluation.config import WORLDS
from conceptgym.agents.rollout import Rollout, roll_out
from conceptgym.envs.errors import ConfigError
from conceptgym.envs.rendering.film import Film
from conceptgym.envs.rendering.video import check_video_path, side_by_side, write_video

FPS = 25
FIRST = 12
"""Frames for which the scene is held, and as many for the plan."""
LAST = 25
"""Frames for which the end is held."""


@dataclass(frozen=True, kw_only=True)
class Args:
    """Command line of `scripts/render.py`."""

    concept: str = "between"
    """The concept to show; the agent is not told."""
    task: Literal["generate", "identify"] = "generate"
    """Make the concept hold, or say for which entities it holds."""
    world: Literal["particle", "arm", "both", "place"] = "both"
    """Where to act."""
    parameters: dict[str, float | str] = field(default_factory=dict)
    """The concept's parameters where they differ from its defaults, such as: distance 0.5."""
    seed: int = 0
    """Seed of the demonstrations and scenes."""
    demonstrations: int = 5
    """Demonstrations that the agent is shown."""
    out: Path = Path("out/render.mp4")
    """The file; its suffix, .mp4 or .gif, says which kind."""
    checkpoint: Path | None = None
    """Other weights than the shipped ones."""
    camera: Literal["front", "top", "close"] = "front"
    """Where the arm is seen from."""
    robot: str = "panda"
    """In world "place": a name of `conceptgym.envs.ROBOTS`, or the path of an arm's MJCF."""
    kinds: tuple[Literal["cube", "cylinder", "ball"], ...] = ("cube", "cylinder", "ball")
    """In world "place": what the objects may be."""
    objects: int | None = None
    """Objects beside the cursor; by default drawn by the seed."""
    disturb: Literal["push", "slip", "move"] | None = None
    """In world "place": what happens in the episode."""
    every: int = 1
    """Control steps a frame in world "place": 2 is twice as fast as it happened."""
    energy: bool = True
    """In world "place": paint the energy onto the table."""
    backend: Literal["auto", "opengl", "raycast"] = "auto"
    """What draws the arm; "auto" takes OpenGL where there is one, else casts rays."""

    @property
    def worlds(self) -> tuple[str, ...]:
        """The worlds to act in, left to right."""
        return ("particle", "arm") if self.world == "both" else (self.world,)


def main(args: Args) -> None:
    """Show, infer, act, and write the frames."""
    if args.every < 1:
        raise ConfigError(f"every={args.every} must be at least 1, one frame a control step")
    check_video_path(args.out)
    torch.set_num_threads(1)
    concept = envs.make_concept(args.concept, **args.parameters)
    agent = ConceptAgent.from_pretrained(args.checkpoint)
    made = [make_env(args, concept, world) for world in args.worlds]  # bad input is found here
    agent.observe(
        envs.record_demonstrations(concept=concept, episodes=args.demonstrations, seed=args.seed)
    )
    films = []
    with warnings.catch_warnings(record=True) as notes:  # such as: no OpenGL, and what brings it
        warnings.simplefilter("always")
        for world, env in zip(args.worlds, made, strict=True):
            run, frames = film(agent, env, args, name=world)
            films.append(frames)
            outcome = "success" if run.success else f"no success ({run.reason})"
            print(f"{world}: {outcome} after {run.steps} steps, residual {run.residual:.3f}")
    path = write_video(tqdm(list(joined(films)), desc="writing", unit="frame"), args.out, fps=FPS)
    for text in dict.fromkeys(str(note.message) for note in notes):
        print(f"note: {text}", file=sys.stderr)
    print(f"wrote {path}")


def make_env(args: Args, concept: envs.Concept, world: str) -> gym.Env:
    """The environment of a world, ready to be drawn."""
    view: dict[str, Any] = {"n_objects": args.objects}
    if world != "particle":
        view |= {"camera": args.camera, "backend": args.backend}
    if world == "place":
        view |= {"robot": args.robot, "disturb": args.disturb, "kinds": args.kinds}
    id_of_world = {**WORLDS, "place": "conceptgym/ArmPlace-v0"}[world]
    return gym.make(id_of_world, render_mode="rgb_array", concept=concept, task=args.task, **view)


def film(
    agent: ConceptAgent, env: gym.Env, args: Args, *, name: str
) -> tuple[Rollout, list[np.ndarray]]:
    """One episode and its frames; the environment is closed."""
    reel = Film(every=args.every if name == "place" else 1, first=2)  # the scene and the plan
    with tqdm(desc=f"filming {name}", unit="frame") as bar:

        def shoot(env: gym.Env) -> None:
            reel.shoot(env)
            bar.update(len(reel.frames) - bar.n)

        try:
            run = roll_out(agent, env, seed=args.seed, on_step=shoot, energy=args.energy)
            reel.finish(env)
            return run, reel.frames
        finally:
            env.close()


def joined(films: list[list[np.ndarray]]) -> Iterator[np.ndarray]:
    """The worlds side by side; scene, plan and end are held, a shorter film waits at its end."""
    length = 2 * (FIRST - 1) + max(map(len, films)) + LAST
    held = [chain(repeat(f[0], FIRST), repeat(f[1], FIRST), f[2:], repeat(f[-1])) for f in films]
    for _, *frames in zip(range(length), *held, strict=False):
        yield frames[0] if len(frames) == 1 else side_by_side(*frames)


if __name__ == "__main__":
    run_script(main, Args, __doc__)
