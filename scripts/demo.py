"""The main job, end to end: shown in the plane, inferred, done in the plane and by the arm.

    make demo
    make demo CONCEPT=closest SEED=7

Records 5 demonstration episodes by stepping the particle environment with a scripted
demonstrator, infers w from them, solves a new particle scene, and executes the same w on the arm
in a scene of its own. Then the particles show a square, and the arm builds one out of four cubes.
Leaves two videos, a picture of the energy and the numbers in out/.
A concept that the arm cannot generate (colour) is identified by touching instead; one that it can
do nothing about (quantity) is shown in the plane alone.
"""

from __future__ import annotations

import json
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from tqdm import tqdm

import conceptgym.envs as envs
from conceptgym.agents import ConceptAgent, InferResult
from conceptgym.agents.cli import run_script
from conceptgym.agents.evaluation.config import WORLDS
from conceptgym.agents.figures.energies import draw_energy
from conceptgym.agents.rollout import Rollout, roll_out
from conceptgym.agents.text_files import replace_text
from conceptgym.envs.rendering.film import Film
from conceptgym.envs.rendering.markers import Overlay
from conceptgym.envs.rendering.plane import PlaneRenderer
from conceptgym.envs.rendering.video import check_video_path, side_by_side, write_video

FPS = 25
HOLD = 25  # frames that the end is held


@dataclass(frozen=True, kw_only=True)
class Args:
    """Command line of `scripts/demo.py`."""

    concept: str = "between"
    """The concept to show; the agent is not told."""
    seed: int = 1
    """Seed of the demonstrations and of both new scenes."""
    episodes: int = 5
    """Demonstrations."""
    out: Path = Path("out")
    """Folder of the results."""
    video: str = "demo.mp4"
    """Name of the video there; .gif works too."""
    square: bool = True
    """Let the arm build a square, into a video of its own (demo_square.mp4)."""
    checkpoint: Path | None = None
    """Other weights than the shipped ones."""


def main(args: Args) -> None:
    """Run the demonstration and report it."""
    check_video_path(args.out / args.video)
    torch.set_num_threads(1)
    concept = envs.make_concept(args.concept)
    agent = ConceptAgent.from_pretrained(args.checkpoint)
    bar = tqdm(total=5 + args.square, bar_format="{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}]")
    _name(bar, "showing the concept")
    demos = envs.record_demonstrations(concept=concept, episodes=args.episodes, seed=args.seed)
    _name(bar, "inferring w")
    inferred, seconds = _infer(agent, demos)
    seconds_to_infer = {"particle": seconds, "arm": seconds}
    _name(bar, "solving a new particle scene")
    films = {"particle": Film()}
    runs = {"particle": _run(agent, concept, "particle", args.seed, films["particle"])}
    _name(bar, "moving the arm")
    with warnings.catch_warnings(record=True) as notes:  # such as: no OpenGL, and what brings it
        warnings.simplefilter("always")
        if concept.tasks_on_arm:
            films["arm"] = Film()
            runs["arm"] = _run(agent, concept, "arm", args.seed, films["arm"])
    _name(bar, "writing video and picture")
    written = [_write_video(args, demos, films), _draw(args, agent, concept, demos)]
    if args.square:
        _name(bar, "building a square of four cubes")
        with warnings.catch_warnings():  # of what draws was said before
            warnings.simplefilter("ignore")
            name = "arm, four cubes"
            runs[name], seconds_to_infer[name], path = build_square(args, agent)
        written.append(path)
    numbers = {
        "concept": concept.name,
        "parameters": concept.parameters,
        "seed": args.seed,
        "demonstrations": args.episodes,
        "infer": {
            "seconds": seconds_to_infer["particle"],
            "energy_before": inferred.initial_energy,
            "energy_after": inferred.energy,
            "iterations": inferred.iterations,
            "reason": inferred.reason,
        },
        "worlds": {
            name: _numbers(task, run) | {"seconds_to_infer": seconds_to_infer[name]}
            for name, (task, run) in runs.items()
        },
    }
    report = args.out / "demo.json"
    replace_text(report, json.dumps(numbers, indent=2) + "\n")
    bar.update()
    bar.close()
    _print(numbers, [*written, report])
    for text in dict.fromkeys(str(note.message) for note in notes):
        Console().print(f"note: {text}", style="yellow", highlight=False)


def _name(bar: tqdm, text: str) -> None:
    if bar.desc:
        bar.update()
    bar.set_description_str(f"{text:<32}")


def _run(
    agent: ConceptAgent, concept: envs.Concept, world: str, seed: int, film: Film
) -> tuple[str, Rollout]:
    task = "generate" if world == "particle" else concept.tasks_on_arm[0]
    env = gym.make(WORLDS[world], concept=concept, task=task, render_mode="rgb_array")
    try:
        return task, roll_out(agent, env, seed=seed, on_step=film.shoot)
    finally:
        env.close()


def _infer(agent: ConceptAgent, demos: list[envs.Demonstration]) -> tuple[InferResult, float]:
    """What was inferred, and the time that it took [s]."""
    begin = time.perf_counter()
    return agent.observe(demos), time.perf_counter() - begin


def build_square(args: Args, agent: ConceptAgent) -> tuple[tuple[str, Rollout], float, Path]:
    """Show squares of particles, and film the arm building one out of four cubes.

    Returns:
        The task and its roll-out, the time to infer [s], and the video.
    """
    demos = envs.record_demonstrations(concept="square", episodes=args.episodes, seed=args.seed)
    _, seconds = _infer(agent, demos)
    options: dict[str, Any] = {"kinds": ("cube",), "n_objects": 5, "camera": "close"}
    env = gym.make("conceptgym/ArmPlace-v0", concept="square", render_mode="rgb_array", **options)
    film = Film(every=3)
    try:
        run = roll_out(agent, env, seed=args.seed, on_step=film.shoot, energy=True)
        film.finish(env)
    finally:
        env.close()
    name = Path(args.video)
    path = args.out / f"{name.stem}_square{name.suffix}"
    written = write_video(film.padded(len(film.frames) + HOLD), path, fps=FPS)
    return ("generate", run), seconds, written


def _numbers(task: str, run: Rollout) -> dict[str, Any]:
    return {
        "task": task,
        "planned_residual": run.planned_residual,
        "executed_residual": run.residual,
        "success": run.success,
        "seconds_to_plan": run.seconds_to_plan,
        "steps": run.steps,
        "reason": run.plan.reason,
        "descent": run.plan.result.reason,
    }


def _write_video(args: Args, demos: list[envs.Demonstration], films: dict[str, Film]) -> Path:
    shown = demonstration_frames(demos)
    sides = [shown + films["particle"].frames]
    if "arm" in films:
        arm = films["arm"].frames
        sides.append([arm[0]] * len(shown) + arm)
    length = max(map(len, sides)) + HOLD
    held = [Film(frames=side).padded(length) for side in sides]
    frames = map(side_by_side, *held) if len(held) > 1 else held[0]
    return write_video(frames, args.out / args.video, fps=FPS)


def demonstration_frames(demos: list[envs.Demonstration]) -> list[np.ndarray]:
    """The demonstrations as frames of the particle world."""
    renderer, frames = PlaneRenderer(), []
    for number, demo in enumerate(demos, start=1):
        for step in range(len(demo.trajectory)):
            state = demo.state_at(step)
            trail = demo.trajectory[: step + 1, state.cursor, :2]
            title = f"shown {number} of {len(demos)}"
            overlay = Overlay(attended=demo.attention, trail=trail, title=title)
            frames.append(renderer.draw(state, overlay))
        frames += frames[-1:] * 5
    return frames


def _draw(
    args: Args, agent: ConceptAgent, concept: envs.Concept, demos: list[envs.Demonstration]
) -> Path:
    env = envs.ParticleEnv(concept)
    env.reset(seed=args.seed)
    return draw_energy(
        agent,
        demos,
        args.out / "energy.png",
        state=env.state,
        attention=env.event.attention,
        title=f"{len(demos)} demonstrations, and the energy that they shape in a new scene",
    )


def _print(numbers: dict[str, Any], paths: list[Path]) -> None:
    table = Table(title=f"{numbers['concept']}, seed {numbers['seed']}")
    columns = ("world", "task", "planned residual", "executed residual", "success", "s to infer")
    for column in (*columns, "s to plan"):
        table.add_column(column, justify="left" if column in columns[:2] else "right")
    for world, row in numbers["worlds"].items():
        table.add_row(
            world,
            row["task"],
            f"{row['planned_residual']:.3f}",
            f"{row['executed_residual']:.3f}",
            "yes" if row["success"] else "no",
            f"{row['seconds_to_infer']:.3f}",
            f"{row['seconds_to_plan']:.3f}",
        )
    console = Console()
    console.print(table)
    for path in paths:
        console.print(f"wrote {path}", highlight=False)


if __name__ == "__main__":
    run_script(main, Args, __doc__)
