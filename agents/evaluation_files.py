"""An evaluation as files: JSON (everything), CSV (a row a cell) and Markdown (the tables)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..envs.errors import CheckpointError
from .evaluation import Outcome
from .evaluation_summary import Row, confusion_costs, summarise
from .evaluation_tables import Table

_NAME = "evaluation"


def write_files(
    folder: Path, outcomes: Sequence[Outcome], tables: Sequence[Table], about: Mapping[str, Any]
) -> list[Path]:
    """Write evaluation.json (everything), .csv (a row a cell) and .md (the tables).

    Each file appears under its name only when it is complete; missing folders are made.

    Args:
        folder: where to.
        outcomes: what to report.
        tables: the same, for people.
        about: what was evaluated, where and how; JSON-ready.
    """
    rows = summarise(outcomes)
    pooled = summarise(outcomes, ("world", "task", "demonstrations", "code_iterations"))
    report = {**about, "rows": rows, "means": pooled, "confusions": confusion_costs(outcomes)}
    texts = {
        "json": json.dumps(report, indent=2) + "\n",
        "csv": _csv(rows),
        "md": "\n".join(table.markdown for table in tables),
    }
    return [_replace(folder / f"{_NAME}.{suffix}", text) for suffix, text in texts.items()]


def record(weights: Path, report: Path) -> Path:
    """Copy a report's success rates into the JSON that is shipped beside the weights.

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
    kept = {name: found[name] for name in ("config", "machine", "means", "confusions")}
    about["evaluation"] = {**kept, "rows": found["rows"]}
    return _replace(path, json.dumps(about, indent=2, sort_keys=True) + "\n")


def _replace(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".part")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)
    return path


def _csv(rows: Sequence[Row]) -> str:
    flat = [{**row, "plan_failures": sum(row.get("plan_failures", {}).values())} for row in rows]
    names = list(dict.fromkeys(name for row in flat for name in row))
    file = io.StringIO()
    writer = csv.DictWriter(file, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(flat)
    return file.getvalue()
