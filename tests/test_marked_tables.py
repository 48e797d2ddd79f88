"""Tables between markers are replaced, and nothing else is."""

import re

import pytest

from conceptgym.agents.marked_tables import NONE, fill_table, markdown, rate
from conceptgym.envs.errors import ConfigError

TEXT = (
    "before\n<!-- table: one -->\nold\n<!-- /table -->\nbetween\n"
    "<!-- table: two -->\nkept\n<!-- /table -->\nafter\n"
)


def test_one_table_is_renewed_and_the_rest_stays() -> None:
    new = markdown([["a", "b"], ["1", r"\1"]])
    filled = fill_table(TEXT, "one", new, page="page.md")
    assert filled == TEXT.replace("\nold\n", f"\n\n{new}\n")
    assert fill_table(filled, "one", new, page="page.md") == filled


def test_rows_become_a_table() -> None:
    assert markdown([["a", "b"], ["1", "2"]]) == "| a | b |\n|---|---|\n| 1 | 2 |\n"


def test_a_rate_is_a_cell() -> None:
    assert rate({"success": 0.5, "low": 0.25, "high": 0.75, "episodes": 8}) == "50.0% (25.0–75.0)"
    assert rate(None) == NONE


@pytest.mark.parametrize(("text", "count"), [("nothing", 0), (TEXT + TEXT, 2)])
def test_a_table_has_one_place(text: str, count: int) -> None:
    message = (
        f"page.md has {count} places for the table 'one'; mark one by '<!-- table: one -->' and "
        "'<!-- /table -->'"
    )
    with pytest.raises(ConfigError, match=f"^{re.escape(message)}$"):
        fill_table(text, "one", "", page="page.md")
