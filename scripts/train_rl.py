"""What a concept costs by reinforcement learning: one SB3 policy each, in environment steps.

    python scripts/train_rl.py                                   # five concepts, into out/rl
    python scripts/train_rl.py --concepts near --train.steps 20000
    python scripts/train_rl.py --tasks identify --train.algorithm sac --out out/rl-sac

    python scripts/train_rl.py --no-ours                         # without our agent beside them

Each policy learns from the world's dense reward alone, with no demonstrations, and stops at the
first evaluation with the wanted success that other scenes confirm, or when its steps are spent.
Our agent is then asked in the scenes of the last look, shown the concept five times before each.
A policy's results are in a JSON file of its own, written anew after every evaluation; policies that
are done are not trained again, so the same command goes on after a kill. reinforcement.csv (a row
an evaluation), .json and .md (a row a policy) are made from all of these files; --record copies the
table to docs/reinforcement.md. What training and
judgement are says conceptgym.agents.reinforcement.learner, what a policy sees and does
conceptgym.agents.reinforcement.world.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import torch
from tqdm import tqdm

from conceptgym.agents.cli import run_script
from conceptgym.agents.model import load_model
from conceptgym.agents.reinforcement.files import PolicyFile, read_policies
from conceptgym.agents.reinforcement.learner import ReinforcementConfig, make_world, train
from conceptgym.agents.reinforcement.report import record_report, write_report
from conceptgym.agents.reinforcement.shown import judge_shown
from conceptgym.envs import TASKS
from conceptgym.envs.errors import ConfigError

_ROOT = Path(__file__).parents[1]
CONCEPTS = ("left_of", "near", "between", "closest", "colour")


@dataclass(frozen=True, kw_only=True)
class Args:
    """Command line of `scripts/train_rl.py`."""

    concepts: tuple[str, ...] = CONCEPTS
    """Concepts to train a policy for, with their default parameters."""
    tasks: tuple[str, ...] = ("generate",)
    """generate, identify, or both: a policy each."""
    out: Path = Path("out/rl")
    """Folder of the results."""
    ours: bool = True
    """Ask our agent, too, in the scenes in which the policies are judged last."""
    record: bool = False
    """Copy the table to docs/reinforcement.md, and what it says to docs/reinforcement.json."""
    train: ReinforcementConfig = field(default_factory=ReinforcementConfig)


def main(args: Args) -> None:
    """Train what is not trained yet, print the table, write the files."""
    torch.set_num_threads(1)  # the networks are so small that a second thread only waits
    for task in args.tasks:
        if task not in TASKS:
            raise ConfigError(f"tasks holds {task!r}; choose from {', '.join(TASKS)}")
    policies = [
        PolicyFile(args.out, concept=concept, task=task, config=args.train)
        for concept in args.concepts
        for task in args.tasks
    ]
    for policy in policies:
        make_world(policy.concept, policy.task).close()  # bad names are refused before any training
    for policy in policies:
        if not policy.done:
            _train(policy, args.train)
        if args.ours:
            _show(policy, args.train)
    policies = read_policies(args.out)
    written = write_report(args.out, policies)
    print(written[2].read_text(encoding="utf-8"))
    if args.record:
        written += record_report(_ROOT, policies, algorithm=args.train.algorithm)
    for path in written:
        print(f"wrote {path}")


def _train(policy: PolicyFile, config: ReinforcementConfig) -> None:
    """Train one policy, each of its evaluations on disk as soon as it is known."""
    policy.restart()
    name = f"{policy.concept}, {policy.task}"
    with tqdm(total=config.steps, desc=name, unit="step", mininterval=1.0) as bar:
        for point in train(policy.concept, policy.task, config, on_step=bar.update):
            policy.add(point)
            low, high = point.interval
            kind = "other" if point.confirms else "held-back"
            tqdm.write(
                f"{name}: {point.steps} steps, success {point.rate:.2f} ({low:.2f}-{high:.2f}) "
                f"in {point.episodes} {kind} scenes, {point.seconds:.0f} s of training"
            )
    policy.finish()


def _show(policy: PolicyFile, config: ReinforcementConfig) -> None:
    """Ask our agent in the policy's last scenes, unless it was."""
    if policy.shown is not None and policy.shown.weights == load_model(None)[1]["sha256"]:
        return
    name = f"{policy.concept}, {policy.task}, ours"
    with tqdm(total=config.confirm, desc=name, unit="scene") as bar:
        shown = judge_shown(
            policy.concept, policy.task, episodes=config.confirm, on_scene=bar.update
        )
        policy.compare(shown)
        tqdm.write(f"{name}: success in {shown.successes} of {shown.episodes} scenes")


if __name__ == "__main__":
    run_script(main, Args, __doc__)
