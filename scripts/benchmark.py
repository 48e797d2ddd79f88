"""Speeds, compared within one run, into out/benchmark.json.

    python scripts/benchmark.py
    python scripts/benchmark.py --peer-python /tmp/fetch/bin/python

- ArmReach-v0: control steps of `env.step` against raw `mj_step` of the same model with as many
  sub-steps, over the same trajectory (an episode of the agent), in turns. CPU time of one thread.
- ArmPlace-v0: steps a second beside gymnasium-robotics' FetchPickAndPlace, which makes as many
  sub-steps a control step, in turns: with random actions, and with actions that do the task. It
  needs a Python of its own (the table says how to get one). CPU time of one process each.
- Particle-v0: steps a second beside Gymnasium's own CartPole-v1 and Reacher-v5, in turns.
- The agent on one core: infer w from 5 demonstrations, generate, identify.
- Inverse kinematics from the home position to targets 0.03 m to 0.3 m above the table, and joint
  paths between hovering places.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium as gym
import mujoco
import numpy as np
import torch
from rich.console import Console
from tqdm import tqdm

import conceptgym.envs as envs
from conceptgym.agents import ConceptAgent, IKController
from conceptgym.agents.arm_motion import Waypoint, plan_joint_path
from conceptgym.agents.arm_speed import BLOCK, record_trajectory, time_trajectory
from conceptgym.agents.cli import run_script
from conceptgym.agents.evaluation.tables import Table
from conceptgym.agents.peer import HOW_TO_GET, Peer
from conceptgym.agents.place.speed import SETTINGS, check_peer, time_setting
from conceptgym.agents.text_files import replace_text
from conceptgym.envs.arm_model import (
    CONTROL_TIMESTEP,
    HOME_QPOS,
    HOVER_HEIGHT,
    PHYSICS_TIMESTEP,
    SUBSTEPS,
    VELOCITY_LIMITS,
)
from conceptgym.envs.number_checks import check_whole

Row = dict[str, Any]
_TOLERANCE = 1e-3  # of the inverse kinematics [m]
ARM = "ArmReach-v0 against raw mj_step"
PLACE = "ArmPlace-v0 beside FetchPickAndPlace"
FETCH = Path(__file__).parent / "peers" / "fetch.py"
"""What runs in the peer's Python."""
ARM_NOTE = (
    "Share of raw speed. Fastest: the fastest repeats of each block compared, as timeit does, "
    "which leaves out what a busy machine does to either. Median and quartiles: of all pairs of "
    f"blocks of {BLOCK} control steps; other work on the machine's cores lowers them. Times are of "
    "a control step, fastest."
)
PLACE_NOTE = (
    "CPU time in env.step, resets left out; observation and reward are computed, nothing is drawn. "
    "Median and quartiles: ours over the peer's steps a second, of all pairs of blocks, run in "
    "turns; of sums: of all their time. Objects: solid ones, a concept's piece among them. Awake: "
    "how many of them, on average: in our physics, what is at rest sleeps and costs little, and "
    "random actions seldom touch anything; in the rows 'awake' nothing may sleep. The agent's "
    "actions are recorded episodes, the peer's beside them a script that grasps and carries. "
)


@dataclass(frozen=True, kw_only=True)
class Args:
    """Command line of `scripts/benchmark.py`."""

    repeats: int = 20
    """Times that each episode of the arm is run."""
    scenes: int = 20
    """Scenes a concept to time the agent on."""
    targets: int = 200
    """Targets of the inverse kinematics, a quarter as many of the paths."""
    seed: int = 0
    """Seed of scenes and targets."""
    peer_python: Path | None = None
    """Python that has gymnasium-robotics and its MuJoCo; without it, ArmPlace-v0 runs alone."""
    checkpoint: Path | None = None
    """Other weights than the shipped ones."""
    out: Path = Path("out/benchmark.json")
    """Where to write the numbers."""


def main(args: Args) -> None:
    """Measure, print, write."""
    for name, least in (("repeats", 1), ("scenes", 1), ("targets", 4)):
        check_whole(name, getattr(args, name), least=least, cure="more are steadier")
    check_whole("seed", args.seed, least=0, cure="0 is usual")
    torch.set_num_threads(1)
    agent = ConceptAgent.from_pretrained(args.checkpoint)
    with nullcontext() if args.peer_python is None else Peer(args.peer_python, FETCH) as peer:
        parts: dict[str, Callable[[], list[Row]]] = {
            PLACE: lambda: measure_place(agent, peer, args),
            ARM: lambda: measure_arm(agent, args),
            "Steps a second": lambda: measure_particle(args),
            "The agent on one core": lambda: measure_agent(agent, args),
            "Inverse kinematics": lambda: measure_kinematics(args),
        }
        machine = describe_machine()
        found: dict[str, list[Row]] = {}
        with tqdm(parts.items(), unit="part") as bar:
            for name, measure in bar:
                bar.set_description(name)
                found[name] = measure()
    notes = {ARM: ARM_NOTE, PLACE: describe_place(peer)}
    console = Console()
    console.print()
    for name, rows in found.items():
        as_table(name, rows, note=notes.get(name, "")).print(console)
    facts = None if peer is None else peer.facts
    numbers = {"machine": machine, "peer": facts, **found}
    replace_text(args.out, json.dumps(numbers, indent=2) + "\n")
    console.print(f"wrote {args.out}", highlight=False)


def describe_machine() -> Row:
    """What the numbers were measured on."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
        "mujoco": mujoco.__version__,
        "torch": torch.__version__,
    }


def measure_place(agent: ConceptAgent, peer: Peer | None, args: Args) -> list[Row]:
    """Steps a second of ArmPlace-v0 and of the peer, with actions of three kinds."""
    if peer is not None:
        check_peer(peer)
    rows = []
    for setting in SETTINGS:
        times = time_setting(setting, agent, peer, repeats=args.repeats, seed=args.seed)
        rows.append({"concept": setting.concept, "actions": setting.actions} | times.summary())
    return rows


def describe_place(peer: Peer | None) -> str:
    """How to read the table of ArmPlace-v0, and what stood beside it."""
    ours = f"Ours makes {SUBSTEPS} sub-steps of {PHYSICS_TIMESTEP} s a control step"
    if peer is None:
        return f"{PLACE_NOTE}{ours}. No peer ran: {HOW_TO_GET}"
    facts = peer.facts
    return (
        f"{PLACE_NOTE}{ours}, on MuJoCo {mujoco.__version__}; {facts['environment']} of "
        f"gymnasium-robotics {facts['gymnasium-robotics']} {facts['substeps']} of "
        f"{facts['timestep']} s, on MuJoCo {facts['mujoco']}, with {facts['objects']} object."
    )


def measure_arm(agent: ConceptAgent, args: Args) -> list[Row]:
    """Ratio of steps a second, environment over raw; by task and number of objects, and of all."""
    agent.observe(envs.record_demonstrations(concept="closest", episodes=5, seed=args.seed))
    rows, every = [], []
    for task in envs.TASKS:
        for objects in (3, 5, 8):
            options = {"concept": "closest", "task": task, "n_objects": objects}
            env = gym.make("conceptgym/ArmReach-v0", **options)
            trajectory = record_trajectory(agent, env, seed=args.seed)
            runs = [time_trajectory(trajectory, raw_first=k % 2 == 1) for k in range(args.repeats)]
            every.append(np.stack(runs))  # (repeats, blocks, 2)
            rows.append({"task": task, "objects": objects} | _compare(every[-1]))
    pooled = _compare(np.concatenate(every, axis=1))
    return [*rows, {"task": "all", "objects": None} | pooled]


def _compare(seconds: np.ndarray) -> Row:
    ratios = seconds[..., 1] / seconds[..., 0]
    low, middle, high = np.quantile(ratios, [0.25, 0.5, 0.75])
    fastest = seconds.min(axis=0).sum(axis=0) / (seconds.shape[1] * BLOCK)
    return {
        "fastest": float(fastest[1] / fastest[0]),
        "median": float(middle),
        "quartiles": f"{low:.3f}-{high:.3f}",
        "env [us]": 1e6 * float(fastest[0]),
        "raw [us]": 1e6 * float(fastest[1]),
    }


def measure_particle(args: Args) -> list[Row]:
    """Steps a second with random actions, resets left out."""
    names = ("conceptgym/Particle-v0", "CartPole-v1", "Reacher-v5")
    made = [gym.make(name) for name in names]
    seconds = np.array([[_step_seconds(env, k) for env in made] for k in range(args.repeats)])
    return [
        {"environment": name, "steps a second": 1.0 / float(np.median(column))}
        for name, column in zip(names, seconds.T, strict=True)
    ]


def _step_seconds(env: gym.Env, seed: int, *, steps: int = 300) -> float:
    env.action_space.seed(seed)
    actions = [env.action_space.sample() for _ in range(steps)]
    env.reset(seed=seed)
    spent = 0.0
    for action in actions:
        begin = time.thread_time()
        _, _, terminated, truncated, _ = env.step(action)
        spent += time.thread_time() - begin
        if terminated or truncated:
            env.reset()
    return spent / steps


def measure_agent(agent: ConceptAgent, args: Args) -> list[Row]:
    """Seconds to infer from 5 demonstrations, to generate and to identify, over all concepts."""
    spent: dict[str, list[float]] = {"infer": [], "generate": [], "identify": []}
    for name in envs.CONCEPTS:
        env = envs.ParticleEnv(name)
        for k in range(args.seed, args.seed + args.scenes):
            shown = envs.record_demonstrations(concept=name, episodes=5, seed=k)
            env.reset(seed=k)
            before, asked, attention = env.event.before, env.event.shown, env.event.attention
            spent["infer"].append(_seconds(lambda: agent.observe(shown)))  # noqa: B023
            spent["generate"].append(_seconds(lambda: agent.generate(before, attention)))  # noqa: B023
            spent["identify"].append(_seconds(lambda: agent.identify(asked)))  # noqa: B023
    both = np.add(spent["infer"], spent["generate"]).tolist()
    return [_spread(name, values) for name, values in {**spent, "infer + generate": both}.items()]


def measure_kinematics(args: Args) -> list[Row]:
    """Milliseconds and success of single targets and of joint paths."""
    rng, controller = np.random.default_rng(args.seed), IKController()
    controller.solve(HOME_QPOS, np.array([0.5, 0.0, 0.2]))  # builds what is built once
    spent, hits, postures = [], 0, []
    for _ in range(args.targets):
        place = envs.plane_to_table(rng.uniform(-1, 1, 2))
        target = np.append(place, rng.uniform(0.03, 0.3))
        begin = time.perf_counter()
        result = controller.solve(HOME_QPOS, target)
        spent.append(time.perf_counter() - begin)
        hits += result.reached and result.position_error <= _TOLERANCE
        over = np.append(place, HOVER_HEIGHT)
        postures.append((controller.solve(HOME_QPOS, over).qpos, over))
    shares, paths, found = [], [], 0
    for (start, _), (_, target) in zip(postures[::4], postures[2::4], strict=False):
        begin = time.perf_counter()
        path = plan_joint_path(controller, start, [Waypoint(position_in_world=target)])
        paths.append(time.perf_counter() - begin)
        found += path.reached
        steps = np.diff(path.qpos, axis=0, prepend=start[None])
        shares.append(np.abs(steps / (CONTROL_TIMESTEP * VELOCITY_LIMITS)).max(initial=0.0))
    ik = _spread("target", spent) | {"within 1 mm": f"{hits} of {len(spent)}", "velocity": None}
    way = _spread("joint path", paths) | {"within 1 mm": f"{found} of {len(paths)}"}
    return [ik, way | {"velocity": float(np.max(shares))}]


def _seconds(run: Callable[[], object]) -> float:
    begin = time.perf_counter()
    run()
    return time.perf_counter() - begin


def _spread(name: str, seconds: Sequence[float]) -> Row:
    middle, upper = np.quantile(seconds, [0.5, 0.95])
    return {
        "what": name,
        "median [ms]": 1e3 * float(middle),
        "p95 [ms]": 1e3 * float(upper),
        "n": len(seconds),
    }


def as_table(title: str, rows: list[Row], *, note: str = "") -> Table:
    """The rows as text."""
    cells = [tuple(_text(value) for value in row.values()) for row in rows]
    return Table(title=title, header=tuple(rows[0]), rows=cells, note=note)


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.0f}" if value >= 100 else f"{value:.3f}"
    return "-" if value is None else str(value)


if __name__ == "__main__":
    run_script(main, Args, __doc__)
