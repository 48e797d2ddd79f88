"""A text file is replaced as a whole or not at all."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from conceptgym.agents.text_files import csv_text, replace_text


def test_it_is_written_into_new_folders_and_over_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.md"
    for text in ("old", "≥ new\n"):
        assert replace_text(path, text) == path
        assert path.read_text(encoding="utf-8") == text
    assert list(path.parent.iterdir()) == [path]


def test_what_was_there_stays_if_writing_fails(tmp_path: Path) -> None:
    path = replace_text(tmp_path / "b.md", "old")
    with pytest.raises(UnicodeEncodeError):
        replace_text(path, "\ud800")  # no character of its own
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_rows_as_csv_have_every_name() -> None:
    rows = [{"a": 1, "b": 'x, "y"'}, {"a": None, "c": 0.5}]
    text = csv_text(rows)
    assert text == 'a,b,c\n1,"x, ""y""",\n,,0.5\n'
    assert list(csv.DictReader(io.StringIO(text)))[0] == {"a": "1", "b": 'x, "y"', "c": ""}
