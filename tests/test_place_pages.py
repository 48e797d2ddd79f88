"""The README's table of the place world: counts added up by hand, and what is recorded."""

from __future__ import annotations

import json
from itertools import chain
from pathlib import Path

import pytest

from conceptgym.agents.marked_tables import fill_table
from conceptgym.agents.place.outcomes import PlaceOutcome
from conceptgym.agents.place.pages import COUNTS, GROUPS, SHOWN, count, summary, write_summary
from conceptgym.agents.place.trials import CELLS
from conceptgym.envs.errors import ConfigError

ROOT = Path(__file__).parents[1]
MARKED = "before\n<!-- table: place -->\n\nold\n\n<!-- /table -->\nafter\n"


def outcomes(cell: str, condition: str, successes: int, failures: int) -> list[PlaceOutcome]:
    return [
        PlaceOutcome(cell=cell, condition=condition, episode=k, success=k < successes, steps=1)
        for k in range(successes + failures)
    ]


SOME = [
    *outcomes("near", "plain", 9, 1),
    *outcomes("between", "plain", 10, 0),
    *outcomes("near", "ur5e", 3, 1),
    *outcomes("stack of two", "disturbed", 1, 1),
    *outcomes("near", "plane", 5, 0),
]


def test_every_cell_is_in_one_group() -> None:
    assert sorted(chain.from_iterable(GROUPS.values())) == sorted(CELLS)


def test_counts_are_those_of_cells_and_conditions() -> None:
    near = {"cell": "near", "condition": "plain", "successes": 9, "episodes": 10}
    assert near in count(SOME) and len(count(SOME)) == 5
    assert sum(each["episodes"] for each in count(SOME)) == len(SOME)


def test_groups_add_their_cells_up() -> None:
    head, rule, *rows = summary(count(SOME)).splitlines()
    assert head == "| task | plain | disturbed | ur5e | episodes |" and set(rule) <= set("|-")
    assert rows == [
        "| one object to its place | 95.0% (76.4–99.1) | – | 75.0% (30.1–95.4) | 20 / 0 / 4 |",
        "| stack of two | – | 50.0% (9.5–90.5) | – | 0 / 2 / 0 |",
    ]


def test_recording_renews_the_table_and_the_counts(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    readme = tmp_path / "README.md"
    readme.write_text(MARKED)
    for _ in range(2):  # and does so again
        assert write_summary(tmp_path, SOME) == [tmp_path / "docs" / COUNTS, readme]
        assert json.loads((tmp_path / "docs" / COUNTS).read_text()) == count(SOME)
        text = readme.read_text()
        assert summary(count(SOME)) in text and "old" not in text
        assert text.startswith("before\n") and text.endswith("after\n")


def test_a_page_without_a_place_for_the_table_is_refused() -> None:
    with pytest.raises(ConfigError) as error:
        fill_table("nothing", "place", "table", page="README.md")
    assert str(error.value) == (
        "README.md has 0 places for the table 'place'; mark one by '<!-- table: place -->' and "
        "'<!-- /table -->'"
    )


def test_the_readme_shows_what_was_recorded() -> None:
    counts = json.loads((ROOT / "docs" / COUNTS).read_text())
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert fill_table(text, "place", summary(counts), page="README.md") == text
    assert {each["condition"] for each in counts} >= set(SHOWN)


def test_the_page_shows_what_was_recorded() -> None:
    """Every rate of docs/place.md is that of the counts beside it."""
    page = (ROOT / "docs" / "place.md").read_text(encoding="utf-8")
    for each in json.loads((ROOT / "docs" / COUNTS).read_text()):
        (row,) = [line for line in page.splitlines() if line.startswith(f"| {each['cell']} |")]
        share = 100.0 * each["successes"] / each["episodes"]
        assert f"{share:.0f}% (" in row and f"of {each['episodes']}" in row
