"""Success per concept, task, world and number of demonstrations, with 95% Wilson intervals.

    python scripts/evaluate.py                                  # all of it, into out/evaluation
    python scripts/evaluate.py --concepts near --episodes 20    # a quick look
    python scripts/evaluate.py --code-iterations 0              # the encoder's first guess alone

For each concept and episode the concept's parameters are drawn anew, demonstrations are recorded by
stepping Particle-v0, the agent infers w from them, and acts on that w in one unseen scene of each
world and task; success is the environment's own judgement of the final state. Scenes,
demonstrations and training share no seeds. conceptgym.agents.evaluation describes the protocol in
full, conceptgym.agents.confusion the rule by which failures are put down to confusions. Results,
times apart, are the same for any number of workers.
"""

from __future__ import annotations

import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from tqdm import tqdm

from conceptgym.agents.cli import run_script
from conceptgym.agents.evaluation import Outcome, run_jobs
from conceptgym.agents.evaluation_config import WORLDS, EvaluationConfig
from conceptgym.agents.evaluation_files import record, write_files
from conceptgym.agents.evaluation_tables import make_tables
from conceptgym.agents.model import PRETRAINED, load_model
from conceptgym.assets import asset_path
from conceptgym.envs import CONCEPTS

_DEFAULT = EvaluationConfig()


@dataclass(frozen=True, kw_only=True)
class Args:
    """Command line of `scripts/evaluate.py`."""

    checkpoint: Path | None = None
    """Other weights than the shipped ones."""
    episodes: int = _DEFAULT.episodes
    """Unseen scenes a concept, task and number of demonstrations in the particle world."""
    arm_episodes: int = _DEFAULT.arm_episodes
    """Likewise with the arm; at most the first so many of those episodes."""
    demonstrations: tuple[int, ...] = _DEFAULT.demonstrations
    """Numbers of demonstrations."""
    worlds: tuple[str, ...] = tuple(WORLDS)
    """Worlds to act in."""
    concepts: tuple[str, ...] = tuple(CONCEPTS)
    """Concepts to show."""
    seed: int = _DEFAULT.seed
    """Seed of everything."""
    code_iterations: tuple[int, ...] = _DEFAULT.code_iterations
    """Most steps of descent on w; each is evaluated in the particle world, the first on the arm.
    0 is the encoder's first guess."""
    workers: int = 2
    """Processes, of one thread each."""
    out: Path = Path("out/evaluation")
    """Folder of evaluation.json, .csv and .md."""
    record: bool = False
    """Copy the rates into the JSON beside the weights, as is done before these are shipped."""

    @property
    def config(self) -> EvaluationConfig:
        """What to evaluate."""
        names = vars(_DEFAULT)
        return EvaluationConfig(**{name: getattr(self, name) for name in names})


def main(args: Args) -> None:
    """Evaluate, print tables, write files."""
    config, console = args.config, Console()
    begin = time.perf_counter()
    outcomes: list[Outcome] = []
    with tqdm(total=len(config.jobs), desc="evaluating", unit="episode") as bar:
        for found in run_jobs(config, args.checkpoint, workers=args.workers):
            outcomes += found
            share = sum(outcome.success for outcome in outcomes) / len(outcomes)
            bar.set_postfix(success=f"{share:.3f}", refresh=False)
            bar.update()
    outcomes.sort(key=lambda outcome: config.concepts.index(outcome.concept))
    tables = make_tables(outcomes)
    for table in tables:
        table.print(console)
    about = _about(args, config, seconds=time.perf_counter() - begin)
    paths = write_files(args.out, outcomes, tables, about)
    if args.record:
        paths.append(record(args.checkpoint or asset_path(PRETRAINED), paths[0]))
    for path in paths:
        console.print(f"wrote {path}", highlight=False)


def _about(args: Args, config: EvaluationConfig, *, seconds: float) -> dict[str, Any]:
    _, header = load_model(args.checkpoint)
    checkpoint = {name: header.get(name) for name in ("sha256", "step", "seconds")}
    return {
        "config": config.to_dict(),
        "checkpoint": {"path": str(args.checkpoint or "shipped"), **checkpoint},
        "seconds": seconds,
        "workers": args.workers,
        "machine": {
            "system": f"{platform.system()} {platform.machine()}",
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "torch": torch.__version__,
        },
    }


if __name__ == "__main__":
    run_script(main, Args, __doc__)
