"""An evaluation as files: JSON and CSV (a row a cell) and Markdown (the tables)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...envs.errors import CheckpointError
from ..text_files import csv_text, replace_text
from .commands import Run, command
from .comparisons import RIVAL
from .config import PLAIN
from .duels import where_ahead
from .evaluator import Outcome
from .methods import OURS, RECOGNISER
from .summary import CELL, MEANS, Row, named, standard, summarise
from .tables import full_table, make_tables

_NAME = "evaluation"


def write_files(
    folder: Path, outcomes: Sequence[Outcome], about: Mapping[str, Any], run: Run
) -> list[Path]:
    """Write evaluation.json and .csv (a row a cell, and its command) and .md (the tables).

    Each file appears under its name only when it is complete; missing folders are made.

    Args:
        folder: where to.
        outcomes: what to report.
        about: what was evaluated, where and how; JSON-ready.
        run: what its commands repeat.
    """
    found = rates(outcomes)
    rows = [row | {"command": command(row, run)} for row in found["rows"]]
    texts = {
        "json": json.dumps({**about, **found, "rows": rows}, indent=1) + "\n",
        "csv": csv_text(rows),
        "md": f"{_preface(about)}\n{markdown_tables(outcomes)}",
    }
    return [replace_text(folder / f"{_NAME}.{suffix}", text) for suffix, text in texts.items()]


def rates(outcomes: Sequence[Outcome]) -> dict[str, list[Row]]:
    """Everyone's rates by cell and their means, and where the rival is ahead."""
    return {
        "means": _means(outcomes),
        "methods": _methods(outcomes),
        "ahead": where_ahead(named(outcomes), RIVAL, OURS),
        "rows": summarise(outcomes),
    }


def markdown_tables(outcomes: Sequence[Outcome]) -> str:
    """The tables, one after the other."""
    tables = [*make_tables(outcomes), full_table(outcomes)]
    return "\n".join(table.markdown for table in tables)


def _preface(about: Mapping[str, Any]) -> str:
    weights = about.get("checkpoint", {})
    return (
        "# The evaluation in full\n\n"
        f"What `scripts/evaluate.py` wrote about the weights `{str(weights.get('sha256'))[:12]}` "
        f"({weights.get('path', '')}, seed {about.get('config', {}).get('seed', 0)}). "
        "The protocol and who is compared stand in docs/protocol.md, and in full in "
        "`agents/evaluation/evaluator.py`; the same numbers are in evaluation.csv and .json, which "
        "it writes beside this page into the folder of `--out`.\n"
    )


def record(weights: Path, report: Path) -> Path:
    """Copy a report's success rates into the JSON that is shipped beside the weights.

    Cell by cell what our agent and the recogniser reach with undisturbed demonstrations, everyone's
    means, and where the rival is ahead.

    Args:
        weights: the checkpoint that was evaluated.
        report: the evaluation.json that `write_files` wrote.

    Raises:
        CheckpointError: if the report is about other weights.
    """
    found = json.loads(report.read_text(encoding="utf-8"))
    path = weights.with_suffix(".json")
    about = json.loads(path.read_text(encoding="utf-8"))
    if found["checkpoint"]["sha256"] != about["sha256"]:
        raise CheckpointError(
            f"{report} evaluates weights with sha256 {found['checkpoint']['sha256']}, "
            f"{path} describes {about['sha256']}; evaluate those weights"
        )
    about["evaluation"] = {
        **{name: found[name] for name in ("config", "machine", "means", "methods", "ahead")},
        "rows": undisturbed(found["rows"], OURS),
        "recogniser": undisturbed(found["rows"], RECOGNISER),
    }
    return replace_text(path, json.dumps(about, indent=1, sort_keys=True) + "\n")


def undisturbed(rows: Sequence[Row], method: str) -> list[Row]:
    """A method's rates with undisturbed demonstrations."""
    names = (*CELL, "episodes", "successes", "success", "low", "high")
    return [
        {name: row[name] for name in names}
        for row in rows
        if row["method"] == method and row["condition"] == PLAIN
    ]


def _means(outcomes: Sequence[Outcome]) -> list[Row]:
    """Our agent's means over the named concepts: by level and task, in all and by family."""
    found = [*standard(named(outcomes)), *standard(named(outcomes), world="arm")]
    by = ("world", "level", "task")
    everything = [{"family": "all"} | row for row in summarise(found, ("group", *by))]
    return everything + summarise(found, ("family", *by))


def _methods(outcomes: Sequence[Outcome]) -> list[Row]:
    """Everyone's means in the plane over the named concepts, pairs, triples, by setting."""
    found = [item for item in named(outcomes) if item.world == "particle"]
    return summarise(found, MEANS)
