"""A file that grows by lines: whole ones are never lost, unfinished ones never stay."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conceptgym.agents.json_lines import JsonLines

WORDS = st.lists(st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"])))


def add(path: Path, *lines: str) -> None:
    with JsonLines(path) as file:
        file.write(*lines)


@given(WORDS, WORDS, st.integers(0, 200))
def test_a_kill_loses_the_unfinished_line_alone(
    tmp_path_factory: pytest.TempPathFactory, first: list[str], second: list[str], kept: int
) -> None:
    path = tmp_path_factory.mktemp("lines") / "new" / "file.jsonl"
    add(path, *first)
    add(path, *second)
    assert JsonLines(path).lines == first + second
    data = path.read_bytes()[:kept]
    path.write_bytes(data)
    whole = (first + second)[: data.count(b"\n")]
    file = JsonLines(path)
    assert file.lines == whole
    assert path.read_bytes() == data  # reading changes nothing
    with file:
        file.write("next")
    assert path.read_text(encoding="utf-8") == "".join(f"{line}\n" for line in [*whole, "next"])


def test_what_is_unfinished_is_said_and_cut_off_once(tmp_path: Path) -> None:
    path = tmp_path / "file.jsonl"
    path.write_text("one\ntw")
    file = JsonLines(path)
    assert (file.lines, file.rest) == (["one"], "tw")
    for _ in range(2):
        with file:
            file.write("two")
    assert path.read_text() == "one\ntwo\ntwo\n"


def test_lines_are_on_disk_at_once(tmp_path: Path) -> None:
    with JsonLines(tmp_path / "file.jsonl") as file:
        file.write("one", "two")
        assert file.path.read_text() == "one\ntwo\n"


def test_a_closed_file_takes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.jsonl"
    file = JsonLines(path)
    text = f"^{re.escape(str(path))} is closed; add lines within its context manager$"
    with pytest.raises(RuntimeError, match=text):
        file.write("one")
    assert list(tmp_path.iterdir()) == []
    with file:
        pass
    with pytest.raises(RuntimeError, match=text):
        file.write("one")
    assert path.read_text() == ""
