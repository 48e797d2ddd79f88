"""Tables in documents, between markers, that scripts renew."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..envs.errors import ConfigError
from .wilson import as_percent

NONE = "–"
"""A cell without a number."""


def fill_table(text: str, name: str, table: str, *, page: str) -> str:
    """The text of a document with the table between its markers renewed.

    Raises:
        ConfigError: if the markers are missing.
    """
    text, count = re.subn(
        rf"(<!-- table: {name} -->\n).*?(<!-- /table -->)",
        lambda found: f"{found[1]}\n{table}\n{found[2]}",
        text,
        flags=re.S,
    )
    if count != 1:
        raise ConfigError(
            f"{page} has {count} places for the table {name!r}; mark one by "
            f"'<!-- table: {name} -->' and '<!-- /table -->'"
        )
    return text


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells as a table, the first as its head."""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]]) + "\n"


def rate(row: Mapping[str, Any] | None) -> str:
    """A cell: the success of one of `summarise`'s rows and its interval; `NONE` without a row."""
    if row is None:
        return NONE
    return as_percent(*(row[name] for name in ("success", "low", "high")))
