"""Success of the agent and of its rivals on unseen scenes: concept, task, level, demonstrations.

    python scripts/evaluate.py                                  # all of it, into out/evaluation
    python scripts/evaluate.py --minutes 30                     # a part; the same command goes on
    python scripts/evaluate.py --concepts near --episodes 20    # a quick look
    python scripts/evaluate.py --methods ours --levels 2        # one method, held-out parameters
    python scripts/evaluate.py --ablation no-pairs=runs/a.safetensors   # other weights beside ours
    PYTHONPATH=. python scripts/evaluate.py --rival mine=my_agent:MyAgent   # a method of one's own
    python scripts/evaluate.py --start docs/outcomes.jsonl      # go on from what is published

Outcomes go into outcomes.jsonl as they come: killed at any moment, the same command goes on from
there, and runs over other parts with the same --out add to the same table. Episodes take turns
over concepts and levels, so that any part of a run is a fair sample. The protocol in full stands in
conceptgym.agents.evaluation.evaluator, who is compared in conceptgym.agents.evaluation.methods.
Results go to the screen and into JSON, CSV and Markdown, with 95% Wilson intervals and every cell's
command.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from tqdm import tqdm

from conceptgym.agents.cli import check_minutes, run_script
from conceptgym.agents.evaluation.commands import Run
from conceptgym.agents.evaluation.config import (
    CONDITIONS,
    LEVELS,
    SUBJECTS,
    WORLDS,
    EvaluationConfig,
)
from conceptgym.agents.evaluation.evaluator import Outcome, Task
from conceptgym.agents.evaluation.files import record, write_files
from conceptgym.agents.evaluation.findings_page import write_findings
from conceptgym.agents.evaluation.methods import METHODS, OURS
from conceptgym.agents.evaluation.pages import write_pages
from conceptgym.agents.evaluation.pool import run_tasks
from conceptgym.agents.evaluation.published import missing_from, publish
from conceptgym.agents.evaluation.store import OutcomeStore
from conceptgym.agents.evaluation.summary import in_order
from conceptgym.agents.evaluation.tables import make_tables
from conceptgym.agents.figures.codes import draw_codes, infer_codes
from conceptgym.agents.figures.curves import draw_curves
from conceptgym.agents.figures.scenes import draw_filmstrips, draw_gallery
from conceptgym.agents.model import PRETRAINED, ConceptModel, load_model
from conceptgym.agents.text_files import replace_text
from conceptgym.assets import asset_path
from conceptgym.envs.errors import ConfigError

_DEFAULT = EvaluationConfig()
_ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, kw_only=True)
class Args:
    """Command line of `scripts/evaluate.py`."""

    checkpoint: Path | None = None
    """Other weights than the shipped ones."""
    episodes: int = _DEFAULT.episodes
    """Unseen scenes a cell in the particle world."""
    arm_episodes: int = _DEFAULT.arm_episodes
    """Likewise with the arm; at most the first so many of those episodes."""
    levels: tuple[int, ...] = tuple(LEVELS)
    """1 new scenes, 2 held-out parameters, 3 more entities, 4 compositions."""
    concepts: tuple[str, ...] = SUBJECTS
    """Concepts to show, and compositions for level 4."""
    methods: tuple[str, ...] = METHODS
    """Who is asked: ours, variants of ours, rivals without learning."""
    demonstrations: tuple[int, ...] = _DEFAULT.demonstrations
    """Numbers of demonstrations."""
    conditions: tuple[str, ...] = CONDITIONS
    """What is done to five demonstrations at level 1: nothing, jitter, a wrong one among them."""
    worlds: tuple[str, ...] = tuple(WORLDS)
    """Worlds to act in; the arm does level 1, with our agent and five demonstrations."""
    ablation: tuple[str, ...] = ()
    """Other checkpoints to ask beside ours, each as NAME=PATH."""
    rival: tuple[str, ...] = ()
    """Methods of one's own to ask, each as NAME=MODULE:CLASS (docs/protocol.md)."""
    seed: int = _DEFAULT.seed
    """Seed of everything."""
    workers: int = 2
    """Processes, each of one core."""
    compile: bool = True
    """Compile the energies that much is asked of: a minute each, once, and then twice as fast."""
    minutes: float = field(default=float("inf"))
    """Time after which to stop, and to report what there is; the same command goes on. 0 only
    reports."""
    out: Path = Path("out/evaluation")
    """Folder of outcomes.jsonl and of evaluation.json, .csv and .md."""
    start: Path | None = None
    """Published outcomes to start from (docs/outcomes.jsonl); what they hold is not run again."""
    figures: Path | None = None
    """Folder for figures (curves, codes, filmstrips, a gallery) and the paper's findings."""
    record: bool = False
    """Publish the outcomes and the full table in docs/, and copy rates into the JSON beside the
    weights and into the documents' tables, as is done before weights are shipped."""

    @property
    def config(self) -> EvaluationConfig:
        """What to evaluate.

        Raises:
            ConfigError: on a value out of its range, and if there is nothing to evaluate.
        """
        names = [name for name in vars(_DEFAULT) if name not in ("ablations", "rivals")]
        config = EvaluationConfig(
            **{name: getattr(self, name) for name in names},
            ablations=tuple(self.ablations),
            rivals=tuple(self.rivals),
        )
        if not any(map(config.cells, config.jobs)):
            raise ConfigError(
                "nothing is asked for: none of these methods has a task with these concepts at "
                "these levels, in these worlds and conditions; docs/protocol.md says who is asked "
                "what"
            )
        return config

    @property
    def ablations(self) -> dict[str, Path]:
        """Other checkpoints by name.

        Raises:
            ConfigError: on an entry that is not NAME=PATH.
        """
        found = _named("ablation", self.ablation, "NAME=PATH, such as mine=a.safetensors")
        return {name: Path(path) for name, path in found.items()}

    @property
    def rivals(self) -> dict[str, str]:
        """Methods of one's own by name.

        Raises:
            ConfigError: on an entry that is not NAME=MODULE:CLASS.
        """
        return _named("rival", self.rival, "NAME=MODULE:CLASS, such as mine=my_agent:MyAgent")

    @property
    def run(self) -> Run:
        """What holds for the whole run."""
        return Run(
            seed=self.seed,
            checkpoint=self.checkpoint,
            ablations=self.ablations,
            rivals=self.rivals,
        )


def _named(flag: str, entries: Sequence[str], allowed: str) -> dict[str, str]:
    """NAME=VALUE, taken apart."""
    found: dict[str, str] = {}
    for entry in entries:
        name, _, value = entry.partition("=")
        if not (name and value):
            raise ConfigError(f"{flag}={entry!r} must be {allowed}")
        if name in found:
            raise ConfigError(f"{flag} names {name!r} twice; give each a name of its own")
        found[name] = value
    return found


def main(args: Args) -> None:
    """Evaluate, print tables, write files."""
    check_minutes(args.minutes)
    config, console = args.config, Console()
    paths = {OURS: args.checkpoint, **args.ablations}
    headers = {name: load_model(path)[1] for name, path in paths.items()}
    digests = {name: header["sha256"] for name, header in headers.items()}
    with OutcomeStore(args.out / "outcomes.jsonl", seed=args.seed, digests=digests) as store:
        if args.start is not None:
            store.start_from(args.start)
        parts = (store.missing(job, config.cells(job)) for job in config.jobs)
        _run(args, config, store, [task for part in parts for task in part])
        found = in_order(store.outcomes)
    if args.record:
        _check_record(found, store.about)
    for table in make_tables(found):
        table.print(console)
    written = write_files(args.out, found, _about(args, config, headers), args.run)
    if args.record:
        written += _record(args, found, store.about)
    if args.figures is not None:
        written += _draw_figures(args.figures, found, load_model(args.checkpoint)[0], args.run)
    for path in written:
        console.print(f"wrote {path}", highlight=False)


def _run(args: Args, config: EvaluationConfig, store: OutcomeStore, tasks: Sequence[Task]) -> None:
    """Run what is missing, until the time is up."""
    end = time.monotonic() + 60.0 * args.minutes
    if not tasks or args.minutes <= 0:
        return
    runs = run_tasks(
        config,
        tasks,
        args.checkpoint,
        args.ablations,
        rivals=args.rivals,
        workers=args.workers,
        compiled=args.compile,
    )
    with tqdm(total=len(tasks), desc="evaluating", unit="set") as bar:
        for done, outcomes in runs:
            store.add(outcomes)
            bar.update(done)
            if time.monotonic() > end:
                break
    runs.close()


def _check_record(outcomes: Sequence[Outcome], about: dict[str, Any]) -> None:
    path = _ROOT / "docs" / "outcomes.jsonl"
    lost = missing_from(outcomes, path, about)
    if lost:
        one = lost[0]
        raise ConfigError(
            f"record would lose {len(lost)} published outcomes, such as {one.method}'s of "
            f"{one.concept}, level {one.level}; go on from them with --start docs/outcomes.jsonl, "
            "under their seed"
        )


def _record(args: Args, outcomes: Sequence[Outcome], about: dict[str, Any]) -> list[Path]:
    docs, weights = _ROOT / "docs", args.checkpoint or asset_path(PRETRAINED)
    shipped = record(weights, args.out / "evaluation.json")
    page = (args.out / "evaluation.md").read_text(encoding="utf-8")
    recorded = json.loads(shipped.read_text(encoding="utf-8"))["evaluation"]
    return [
        publish(docs / "outcomes.jsonl", outcomes, about),
        replace_text(docs / "evaluation.md", page),
        shipped,
        *write_pages(_ROOT, recorded),
    ]


def _draw_figures(
    folder: Path, outcomes: Sequence[Outcome], model: ConceptModel, run: Run
) -> list[Path]:
    codes = infer_codes(model)
    return [
        *draw_curves(outcomes, folder),
        draw_codes(codes, folder / "codes.png"),
        *write_findings(folder, outcomes, run, codes),
        draw_filmstrips(model, folder / "filmstrips.png"),
        draw_gallery(folder / "gallery.png"),
    ]


def _about(
    args: Args, config: EvaluationConfig, headers: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    kept = {
        name: {key: header.get(key) for key in ("sha256", "step", "seconds")}
        for name, header in headers.items()
    }
    return {
        "config": config.to_dict(),
        "checkpoint": {"path": str(args.checkpoint or "shipped"), **kept[OURS]},
        "ablations": {name: about for name, about in kept.items() if name != OURS},
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
