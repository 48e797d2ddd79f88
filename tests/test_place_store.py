"""The place world's outcomes on disk: a kill loses none, and seeds are not mixed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from place_outcome_scenes import placed

from conceptgym.agents.place.store import PlaceStore
from conceptgym.agents.place.trials import Trial
from conceptgym.envs.errors import ConfigError

SAVED = [
    placed(errors=[0.25, 1.5], peak_force=3.5),
    placed(condition="ur5e"),
    placed(cell="stack of two", success=False, cause="grasp", reason="gave up", fault="fallen"),
    placed(episode=1, condition="disturbed", disturb="slip", table_contacts=3),
]
LINES = [json.dumps(outcome.row()) for outcome in SAVED]
HEADER = json.dumps({"seed": 0, "weights": "abc"})


def fill(path: Path) -> None:
    with PlaceStore(path, seed=0, weights="abc") as store:
        for outcome in SAVED:
            store.add(outcome)


def read(path: Path) -> list:
    with PlaceStore(path, seed=0, weights="abc") as store:
        return store.outcomes


def test_what_is_added_is_there_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / "outcomes.jsonl"
    fill(path)
    assert path.read_text().splitlines() == [HEADER, *LINES]
    with PlaceStore(path, seed=0, weights="abc") as store:
        assert store.outcomes == SAVED  # by episode, cell and condition, as they were added
        for outcome in SAVED:
            assert Trial(outcome.episode, outcome.cell, outcome.condition) in store
        assert Trial(1, "near", "plain") not in store
    assert path.read_text().splitlines() == [HEADER, *LINES]


def test_outcomes_are_on_disk_at_once_and_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "outcomes.jsonl"
    with PlaceStore(path, seed=0, weights="abc") as store:
        for number, outcome in enumerate(reversed(SAVED), start=1):
            store.add(outcome)
            assert len(path.read_text().splitlines()) == 1 + number
        assert store.outcomes == SAVED
    assert read(path) == SAVED


@pytest.mark.parametrize("lost", [1, 2, 30, len(LINES[-1]), len(LINES[-1]) + 1])
def test_a_line_that_a_kill_left_unfinished_is_cut_off(tmp_path: Path, lost: int) -> None:
    path = tmp_path / "outcomes.jsonl"
    fill(path)
    path.write_bytes(path.read_bytes()[:-lost])
    with PlaceStore(path, seed=0, weights="abc") as store:
        assert store.outcomes == SAVED[:-1]
        assert path.read_text().splitlines() == [HEADER, *LINES[:-1]]
        store.add(SAVED[-1])
    assert path.read_text().splitlines() == [HEADER, *LINES]
    assert read(path) == SAVED


@pytest.mark.parametrize("left", [0, 1, len(HEADER)])
def test_a_kill_in_the_first_line_leaves_an_empty_store(tmp_path: Path, left: int) -> None:
    path = tmp_path / "outcomes.jsonl"
    path.write_text(HEADER[:left])
    assert read(path) == []
    assert path.read_text() == HEADER + "\n"


def test_opening_writes_nothing_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kill while a store is opened must not lose what earlier runs have found."""
    path = tmp_path / "outcomes.jsonl"
    fill(path)

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("the whole file is written anew")

    monkeypatch.setattr(Path, "write_text", refused)
    path.write_bytes(path.read_bytes()[:-5])
    assert read(path) == SAVED[:-1]


def test_the_later_of_two_counts(tmp_path: Path) -> None:
    path = tmp_path / "outcomes.jsonl"
    other = placed(success=False, cause="plan")
    with PlaceStore(path, seed=0, weights="abc") as store:
        store.add(SAVED[0])
        store.add(other)
        assert store.outcomes == [other]
    assert read(path) == [other]


@pytest.mark.parametrize("line", ["{]", '{"another": 1}', "7", ""])
def test_a_line_that_is_no_outcome_is_named_and_stays(tmp_path: Path, line: str) -> None:
    path = tmp_path / "outcomes.jsonl"
    text = "\n".join([HEADER, LINES[0], line, LINES[1], ""])
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read(path)
    start, _, rest = str(caught.value).partition(" (")
    assert start == f"{path} is damaged in line 3"
    assert rest.endswith(
        "); take that line out, and its outcome is found anew, or use another --out"
    )
    assert path.read_text() == text


@pytest.mark.parametrize("text", ["notes\n", "notes", '{"seed": 1}\n' + LINES[0] + "\n", "\n"])
def test_other_seeds_and_files_are_refused_and_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "outcomes.jsonl"
    path.write_text(text)
    first = text.split("\n")[0]
    expected = (
        f"{path} begins with {first!r}, expected {HEADER!r}; use its seed and "
        "weights, or another --out"
    )
    with pytest.raises(ConfigError, match=f"^{re.escape(expected)}$"):
        PlaceStore(path, seed=0, weights="abc")
    assert path.read_text() == text


def test_seeds_below_zero_are_refused_and_leave_no_file(tmp_path: Path) -> None:
    text = "^seed=-1 must be a whole number of at least 0; choose one$"
    with pytest.raises(ConfigError, match=text):
        PlaceStore(tmp_path / "new" / "outcomes.jsonl", seed=-1, weights="abc")
    assert list(tmp_path.iterdir()) == []


def test_a_closed_store_takes_nothing(tmp_path: Path) -> None:
    store = PlaceStore(tmp_path / "outcomes.jsonl", seed=0, weights="abc")
    for _ in range(2):
        with pytest.raises(RuntimeError, match="is closed; add lines within its context manager$"):
            store.add(SAVED[0])
        with store:
            pass
    assert store.outcomes == []
