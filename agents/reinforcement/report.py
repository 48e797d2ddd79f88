"""A report of policies, and the tables of docs/reinforcement.md that are recorded from it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ...envs.concepts import CONCEPTS
from ...envs.errors import ConfigError
from ..evaluation.config import STANDARD
from ..marked_tables import NONE, fill_table, rate
from ..table import Table
from ..text_files import csv_text, replace_text
from ..wilson import wilson_interval
from .files import PolicyFile
from .learner import Point
from .shown import Shown

_NAME = "reinforcement"
RECORD = f"{_NAME}.json"
"""Name of the file in docs/ that holds every evaluation, by algorithm."""
PAGE = "docs/reinforcement.md"
"""The document with a table for each algorithm."""
_HEADER = (
    *("concept", "task", "algorithm", "steps trained", "to wanted", "success"),
    *("training [s]", f"ours, shown {STANDARD}", "steps shown"),
)

Entry = Mapping[str, Any]


def write_report(folder: Path, policies: Sequence[PolicyFile]) -> list[Path]:
    """Write reinforcement.json (a policy an entry), .csv (an evaluation a row), .md (the table)."""
    entries = _entries(policies)
    rows = [
        {name: entry[name] for name in ("concept", "task")}
        | {name: entry["config"][name] for name in ("algorithm", "seed")}
        | point
        for entry in entries
        for point in entry["evaluations"]
    ]
    texts = {"json": _json(entries), "csv": csv_text(rows), "md": policy_table(entries)}
    return [
        replace_text(folder / f"reinforcement.{suffix}", text) for suffix, text in texts.items()
    ]


def record_report(root: Path, policies: Sequence[PolicyFile], *, algorithm: str) -> list[Path]:
    """Record what became of an algorithm's policies in docs/, and renew the page there.

    Args:
        root: of the repository.
        policies: of one configuration, each trained to its end.
        algorithm: of `ALGORITHMS`; policies of others are left aside.

    Returns:
        The files that were written.

    Raises:
        ConfigError: if a policy is not done or of another configuration than the first, if one
            that is published is missing, or if the page has no place for the table.
    """
    mine = [policy for policy in policies if policy.config.algorithm == algorithm]
    page, file = root / PAGE, root / "docs" / RECORD
    before = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    _check_record(mine, before.get(algorithm, []))
    entries = _entries(mine)
    text = page.read_text(encoding="utf-8")
    text = fill_table(text, algorithm, policy_table(entries), page=PAGE)
    replace_text(file, _json({**before, algorithm: entries}))
    return [file, replace_text(page, text)]


def _check_record(policies: Sequence[PolicyFile], before: Sequence[Entry]) -> None:
    for policy in policies:
        if not policy.done:
            raise ConfigError(
                f"{policy.path} is not trained to its end; run the same command again"
            )
        if policy.config != policies[0].config:
            raise ConfigError(
                f"{policy.path} is about another configuration than {policies[0].path}; record "
                "from a folder of one configuration"
            )
    there = {(policy.concept, policy.task) for policy in policies}
    lost = [each for each in before if (each["concept"], each["task"]) not in there]
    if lost:
        raise ConfigError(
            f"record would lose {len(lost)} published policies, such as {lost[0]['concept']}, "
            f"{lost[0]['task']}; train them into the same folder"
        )


def policy_table(entries: Sequence[Entry]) -> str:
    """Markdown: a row a policy, generate first, in the order of `CONCEPTS`."""
    order = list(CONCEPTS)
    rows = [
        _cells(entry, entry["evaluations"][-1])
        for entry in sorted(entries, key=lambda one: (one["task"], order.index(one["concept"])))
        if entry["evaluations"]
    ]
    return Table(title="", header=_HEADER, rows=rows).markdown


def _cells(entry: Entry, last: Entry) -> tuple[str, ...]:
    price, shown = entry["price"], entry["shown"]
    return (
        *(entry["concept"], entry["task"], entry["config"]["algorithm"].upper()),
        f"{last['steps']:,}",
        "not reached" if price is None else f"{price:,}",
        rate(last),
        f"{last['seconds']:.0f}",
        rate(shown),
        NONE if shown is None else f"{shown['steps']:.0f}",
    )


def _entries(policies: Sequence[PolicyFile]) -> list[dict[str, Any]]:
    return [
        {
            "concept": policy.concept,
            "task": policy.task,
            "config": policy.config.to_dict(),
            "done": policy.done,
            "price": policy.price,
            "evaluations": [_scored(point) for point in policy.points],
            "shown": None if policy.shown is None else _scored(policy.shown),
        }
        for policy in policies
    ]


def _scored(found: Point | Shown) -> dict[str, Any]:
    """What was counted, the share of successes and its 95% Wilson interval."""
    low, high = wilson_interval(found.successes, found.episodes)
    scores = {"success": found.successes / found.episodes, "low": low, "high": high}
    return asdict(found) | {name: round(value, 4) for name, value in scores.items()}


def _json(content: Any) -> str:
    return json.dumps(content, indent=1) + "\n"
