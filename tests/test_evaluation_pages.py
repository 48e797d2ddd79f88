"""The documents' tables are what is recorded, and only they are changed."""

import re
from pathlib import Path

import pytest

from conceptgym.agents.evaluation.pages import PAGES, fill_page, recorded_tables, write_pages
from conceptgym.envs.errors import ConfigError


def numbers(successes: int, episodes: int) -> dict:
    share = successes / episodes
    rates = {"success": share, "low": share - 0.1, "high": min(1.0, share + 0.05)}
    return {"episodes": episodes, "successes": successes, **rates}


def cell(concept: str, task: str, successes: int, **key) -> dict:
    place = {"world": "particle", "level": 1, "demonstrations": 5} | key
    return {"concept": concept, "task": task, **place, **numbers(successes, 10)}


RECORDED = {
    "rows": [
        cell("near", "generate", 9),
        cell("near", "identify", 10),
        cell("near", "generate", 5, demonstrations=1),
        cell("near", "generate", 8, world="arm"),
        cell("colour", "generate", 7, level=2),
        cell("pair", "generate", 1, level=4),
    ],
    "means": [
        {"family": "all", "group": "concepts", "world": "particle", "level": 1, "task": task}
        | numbers(90, 100)
        for task in ("generate", "identify")
    ],
    "methods": [],
    "ahead": [],
}
README = (
    "# Title\n<!-- table: levels -->\nold\n<!-- /table -->\ntext\n"
    "<!-- table: concepts -->\n<!-- /table -->\nend\n"
)


def test_cells_stand_in_their_columns() -> None:
    rows = recorded_tables(RECORDED)["concepts"].splitlines()
    assert rows[2] == (
        "| near | 90.0% (80.0–95.0) | 100.0% (90.0–100.0) | 50.0% (40.0–55.0) | – | – | – "
        "| 80.0% (70.0–85.0) | – |"
    )
    assert rows[3] == "| colour | – | – | – | – | 70.0% (60.0–75.0) | – | – | – |"
    assert len(rows) == 4  # compositions have no row of their own


def test_levels_that_were_not_measured_are_left_out() -> None:
    rows = recorded_tables(RECORDED)["levels"].splitlines()
    assert rows[2:] == ["| 1: new scenes | 90.0% (80.0–95.0) | 90.0% (80.0–95.0) | 100 / 100 |"]


def test_only_the_tables_are_replaced_and_filling_twice_changes_nothing() -> None:
    once = fill_page(README, RECORDED, page="README.md")
    assert once.startswith("# Title\n<!-- table: levels -->\n")
    assert "old" not in once and "\ntext\n" in once and once.endswith("<!-- /table -->\nend\n")
    assert fill_page(once, RECORDED, page="README.md") == once


def test_every_document_is_renewed(tmp_path: Path) -> None:
    for page, names in PAGES.items():
        path = tmp_path / page
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(f"<!-- table: {name} -->\n<!-- /table -->\n" for name in names))
    for path in write_pages(tmp_path, RECORDED):
        text = path.read_text(encoding="utf-8")
        assert text.count("\n|---|") == text.count("<!-- table") > 0
        assert ("| concept | generate" in text) == (path.name != "training.md")


def test_missing_markers_are_named() -> None:
    text = (
        "README.md has 0 places for the table 'levels'; mark one by "
        "'<!-- table: levels -->' and '<!-- /table -->'"
    )
    with pytest.raises(ConfigError, match=re.escape(text)):
        fill_page("nothing", RECORDED, page="README.md")
