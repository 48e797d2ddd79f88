"""Success of the agent with solid objects: what it grasps, places and touches, and what goes wrong.

    python scripts/evaluate_place.py                               # all of it, 100 episodes a cell
    python scripts/evaluate_place.py --cells near "stack of two" --episodes 10
    python scripts/evaluate_place.py --minutes 30                  # the same command goes on

Every episode: five demonstrations in the plane (new ones every five episodes), a new scene, judged
on the settled state.
Conditions beside "plain": "disturbed" (one disturbance an episode: a push, a slipped grasp, a moved
reference, in turn), "ur5e" (another arm), and in the particle world "plane" (shown there) and
"plane, shown on the arm". Outcomes go into outcomes.jsonl as they come: killed at any moment, the
same command goes on. The report goes to place.md and place.json in --out; --films adds a video of
one failure of each cause; --record copies the report to docs/ and into the README.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import torch
from rich.console import Console
from tqdm import tqdm

from conceptgym.agents.cli import check_minutes, run_script
from conceptgym.agents.model import load_model
from conceptgym.agents.place.films import film_failures
from conceptgym.agents.place.pages import write_summary
from conceptgym.agents.place.pool import run_trials
from conceptgym.agents.place.report import make_report
from conceptgym.agents.place.store import PlaceStore
from conceptgym.agents.place.trials import CELLS, CONDITIONS, trials
from conceptgym.agents.text_files import replace_text

_ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, kw_only=True)
class Args:
    """Command line of `scripts/evaluate_place.py`."""

    episodes: int = 100
    """Episodes a cell and condition."""
    cells: tuple[str, ...] = tuple(CELLS)
    """What to evaluate."""
    conditions: tuple[str, ...] = CONDITIONS
    """Under which conditions."""
    seed: int = 0
    """Seed of everything."""
    workers: int = 2
    """Processes, each of one core."""
    minutes: float = field(default=float("inf"))
    """Time after which to stop, and to report what there is; the same command goes on."""
    out: Path = Path("out/place")
    """Folder of outcomes.jsonl, place.md and place.json."""
    films: Path | None = None
    """Folder for a video of one failure of each cause."""
    record: bool = False
    """Copy the report to docs/place.md, and renew the README's table, before a release."""


def main(args: Args) -> None:
    """Run what is missing, then report."""
    check_minutes(args.minutes)
    torch.set_num_threads(1)  # as the workers have: films show the very episodes that failed
    wanted = trials(args.episodes, cells=args.cells, conditions=args.conditions)
    _, about = load_model(None)
    weights = str(about["sha256"])
    with PlaceStore(args.out / "outcomes.jsonl", seed=args.seed, weights=weights) as store:
        missing = [trial for trial in wanted if trial not in store]
        with tqdm(total=len(missing), desc="acting", unit="episode") as bar:
            found = run_trials(missing, seed=args.seed, workers=args.workers, minutes=args.minutes)
            for outcome in found:
                store.add(outcome)
                bar.update()
        outcomes = store.outcomes
    report = make_report(outcomes, seed=args.seed)
    console = Console()
    for table in report.tables:
        table.print(console)
    page = args.out / "place.md"
    replace_text(page, report.markdown)
    numbers = args.out / "place.json"
    replace_text(numbers, json.dumps([each.row() for each in outcomes], indent=1) + "\n")
    written = [page, numbers]
    if args.films is not None:
        written += film_failures(outcomes, args.films, seed=args.seed)
    if args.record:
        written.append(replace_text(_ROOT / "docs" / "place.md", report.markdown))
        written += write_summary(_ROOT, outcomes)
    for path in written:
        console.print(f"wrote {path}", highlight=False)


if __name__ == "__main__":
    run_script(main, Args, __doc__)
