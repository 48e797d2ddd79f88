"""Outcomes on disk: nothing is lost by a kill, nothing counts twice, and weights are not mixed."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from evaluation_scenes import CARE, outcome, outcomes, small

from conceptgym.agents.evaluation.store import OutcomeStore
from conceptgym.envs.errors import CheckpointError

SAVED = [
    *outcomes(1, 2),
    outcome(world="arm", arm=CARE),
    outcome(world="arm", episode=1, arm=replace(CARE, fingertip_error=None, reason="too far")),
    outcome(concept="figure", level=2, variant="zigzag", method="a", success=False),
]


def opened(path: Path, *, seed: int = 0, **digests: str) -> OutcomeStore:
    return OutcomeStore(path, seed=seed, digests={"ours": "abc", **digests})


def test_what_is_added_is_there_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / "outcomes.jsonl"
    with opened(path) as store:
        store.add(SAVED[:2])
        store.add(SAVED[2:])
        assert store.outcomes == SAVED
    with opened(path) as store:
        assert store.outcomes == SAVED


def test_outcomes_are_on_disk_at_once(tmp_path: Path) -> None:
    with opened(tmp_path / "outcomes.jsonl") as store:
        store.add(SAVED)
        assert opened(tmp_path / "outcomes.jsonl").outcomes == SAVED


@pytest.mark.parametrize("line", ["[1, 2", "[1, 2]", "nonsense"])
def test_a_damaged_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "outcomes.jsonl"
    with opened(path) as store:
        store.add(SAVED)
    lines = path.read_text().splitlines()
    lines[2] = line
    text = "\n".join(lines) + "\n"
    path.write_text(text)
    with pytest.raises(CheckpointError) as caught:
        opened(path)
    assert re.fullmatch(
        re.escape(f"{path} is damaged in line 3 (") + r".+\); take that line out, and its outcomes "
        "are found anew, or choose another folder",
        str(caught.value),
    )
    assert path.read_text() == text


@pytest.mark.parametrize("lost", [1, 5, 30])
def test_a_line_that_a_kill_left_unfinished_is_cut_off(tmp_path: Path, lost: int) -> None:
    path = tmp_path / "outcomes.jsonl"
    with opened(path) as store:
        store.add(SAVED)
    path.write_bytes(path.read_bytes()[:-lost])
    with opened(path) as store:
        assert store.outcomes == SAVED[:-1]
        store.add(SAVED[-1:])
    with opened(path) as store:
        assert store.outcomes == SAVED


def test_nothing_counts_twice(tmp_path: Path) -> None:
    with opened(tmp_path / "outcomes.jsonl") as store:
        store.add(SAVED)
        store.add([replace(item, success=not item.success) for item in SAVED])
        assert store.outcomes == SAVED


def test_only_what_is_missing_is_due(tmp_path: Path) -> None:
    config = small()
    job = config.jobs[0]
    cells = config.cells(job)
    with opened(tmp_path / "outcomes.jsonl") as store:
        tasks = store.missing(job, cells)
        assert [each for each, _ in tasks] == [job, job]  # one and five demonstrations
        assert [cell for _, part in tasks for cell in part] == list(cells)
        assert all(len({cell.setting for cell in part}) == 1 for _, part in tasks)
        store.add([outcome(demonstrations=1)])  # ours generated from one
        left = [cell for _, part in store.missing(job, cells) for cell in part]
        assert left == [
            c for c in cells if (c.setting[0], c.method, c.task) != (1, "ours", "generate")
        ]
        other = config.jobs[1]
        assert [cell for _, part in store.missing(other, cells) for cell in part] == list(cells)


def test_other_weights_or_seeds_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "outcomes.jsonl"
    for name in ("mine", "theirs", "ours"):  # each beside those before it, and alone again
        with opened(path, **{name: "abc"}):  # type: ignore[arg-type]
            pass
    fix = "choose another folder, or delete the file"
    for options, name, known, value in (
        ({"ours": "abd"}, "sha256 of ours", "abc", "abd"),
        ({"mine": "z"}, "sha256 of mine", "abc", "z"),
        ({"theirs": "z"}, "sha256 of theirs", "abc", "z"),
        ({"seed": 1}, "seed", 0, 1),
    ):
        text = f"{path} holds outcomes of {name}={known!r}, not {value!r}; {fix}"
        with pytest.raises(CheckpointError, match=re.escape(text)):
            opened(path, **options)  # type: ignore[arg-type]
