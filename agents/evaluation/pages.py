"""The README's and docs' tables, written from the evaluation that is recorded with the weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...envs.concepts import TASKS
from ..marked_tables import NONE, fill_table, markdown, rate
from ..text_files import replace_text
from .comparisons import compared_tables

_LEVELS = {
    (1, "concepts"): "1: new scenes",
    (2, "concepts"): "2: parameters never trained",
    (3, "concepts"): "3: 9 to 12 objects, trained with at most 8",
    (4, "pairs"): "4: pairs of concepts, never trained together",
    (4, "triples"): "4: triples",
}
_COLUMNS = {
    "new scenes": ("particle", 1, 5),
    "one shown": ("particle", 1, 1),
    "never trained": ("particle", 2, 5),
    "arm": ("arm", 1, 5),
}

PAGES = {
    "README.md": ("levels", "concepts"),
    "docs/training.md": ("recogniser", "rival", "rival ahead", "ablations", "starts"),
}
"""Documents, and the tables that are marked in them."""

Record = Mapping[str, Any]


def recorded_tables(recorded: Record) -> dict[str, str]:
    """The tables by the name of their marker.

    Args:
        recorded: what `files.record` put under "evaluation".
    """
    return {
        "levels": _levels(recorded),
        "concepts": _concepts(recorded),
        **compared_tables(recorded),
    }


def fill_page(text: str, recorded: Record, *, page: str) -> str:
    """The text of a document of `PAGES` with its tables renewed.

    Raises:
        ConfigError: if a table's markers are missing.
    """
    tables = recorded_tables(recorded)
    for name in PAGES[page]:
        text = fill_table(text, name, tables[name], page=page)
    return text


def write_pages(root: Path, recorded: Record) -> list[Path]:
    """Renew the tables of the documents under `root`."""
    for page in PAGES:
        path = root / page
        text = fill_page(path.read_text(encoding="utf-8"), recorded, page=page)
        replace_text(path, text)
    return [root / page for page in PAGES]


def _levels(recorded: Record) -> str:
    rows = [["level", *TASKS, "episodes a task"]]
    means = {
        (row["world"], row["level"], row["group"], row["task"]): row
        for row in recorded["means"]
        if row["family"] == "all"
    }
    for (level, group), title in _LEVELS.items():
        rows.append(_mean_row(title, [means.get(("particle", level, group, t)) for t in TASKS]))
    arm = [means.get(("arm", 1, "concepts", task)) for task in TASKS]
    rows.append(_mean_row("the arm, new scenes", arm))
    return markdown([row for row in rows if row[1:3] != [NONE, NONE]])


def _mean_row(title: str, found: Sequence[Record | None]) -> list[str]:
    numbers = [str(row["episodes"]) for row in found if row is not None]
    return [title, *map(rate, found), " / ".join(numbers)]


def _concepts(recorded: Record) -> str:
    cells = {
        (row["concept"], row["world"], row["level"], row["demonstrations"], row["task"]): row
        for row in recorded["rows"]
        if row["level"] <= 2
    }
    heads = [f"{task}, {title}" for title in _COLUMNS for task in TASKS]
    rows = [["concept", *heads]]
    for concept in dict.fromkeys(name for name, *_ in cells):
        found = [cells.get((concept, *_COLUMNS[title], t)) for title in _COLUMNS for t in TASKS]
        rows.append([concept, *map(rate, found)])
    return markdown(rows)
