"""The README's table of the place world, from counts that are recorded beside docs/place.md."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..marked_tables import NONE, fill_table, markdown
from ..text_files import replace_text
from ..wilson import as_percent, wilson_interval
from .outcomes import PlaceOutcome
from .trials import ARM_CONDITIONS, CELLS

GROUPS: dict[str, tuple[str, ...]] = {
    "one object to its place": (
        *("near", "between", "left_of", "right_of", "above", "below", "offset"),
        *("at_distance", "closest", "furthest"),
    ),
    "some objects into a region": ("region",),
    "touch what is meant": tuple(name for name in CELLS if name.startswith("identify")),
    "line, square, triangle, circle of cubes": (
        *("line of four cubes", "square of four cubes"),
        *("triangle of three cubes", "circle of six cubes"),
    ),
    "any figure of three to six cubes": ("figure of three to six cubes",),
    "two or three in order": ("first A, then B", "A, B, C in order"),
    "stack of two": ("stack of two",),
    "exactly one to four in the tray": ("exactly n of 1 to 4 in the tray",),
    "several concepts at once": tuple(name for name in CELLS if " + " in name),
}
"""Rows of the table: cells whose episodes are counted together."""
SHOWN = ARM_CONDITIONS
"""Its columns."""
COUNTS = "place.json"
"""Name of the counts' file."""

Counts = Sequence[Mapping[str, Any]]


def count(outcomes: Iterable[PlaceOutcome]) -> list[dict[str, Any]]:
    """Successes and episodes of each cell and condition."""
    found: dict[tuple[str, str], list[bool]] = {}
    for outcome in outcomes:
        found.setdefault((outcome.cell, outcome.condition), []).append(outcome.success)
    return [
        {"cell": cell, "condition": condition, "successes": sum(all_), "episodes": len(all_)}
        for (cell, condition), all_ in sorted(found.items())
    ]


def summary(counts: Counts) -> str:
    """The table in Markdown: groups of cells in rows, conditions in columns."""
    rows = [["task", *SHOWN, "episodes"]]
    for title, cells in GROUPS.items():
        found = [_add(counts, cells, condition) for condition in SHOWN]
        if any(episodes for _, episodes in found):
            numbers = " / ".join(str(episodes) for _, episodes in found)
            rows.append([title, *(_rate(*each) for each in found), numbers])
    return markdown(rows)


def write_summary(root: Path, outcomes: Iterable[PlaceOutcome]) -> list[Path]:
    """Record the counts in docs/ and renew the README's table under `root`."""
    counts, readme = count(outcomes), root / "README.md"
    record = root / "docs" / COUNTS
    replace_text(record, json.dumps(counts, indent=1) + "\n")
    text = readme.read_text(encoding="utf-8")
    filled = fill_table(text, "place", summary(counts), page="README.md")
    replace_text(readme, filled)
    return [record, readme]


def _add(counts: Counts, cells: Sequence[str], condition: str) -> tuple[int, int]:
    mine = [each for each in counts if each["condition"] == condition and each["cell"] in cells]
    return sum(each["successes"] for each in mine), sum(each["episodes"] for each in mine)


def _rate(successes: int, episodes: int) -> str:
    if not episodes:
        return NONE
    return as_percent(successes / episodes, *wilson_interval(successes, episodes))
