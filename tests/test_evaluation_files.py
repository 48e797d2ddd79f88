"""Files of an evaluation: what is written is what was found, and records are of those weights."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest
from evaluation_scenes import CARE, outcomes

from conceptgym.agents.evaluation.commands import Run, command
from conceptgym.agents.evaluation.files import record, write_files
from conceptgym.agents.evaluation.summary import summarise
from conceptgym.agents.evaluation.tables import full_table, make_tables
from conceptgym.envs.errors import CheckpointError

FOUND = [
    *outcomes(7, 10),
    *outcomes(3, 10, method="chance"),
    *outcomes(5, 10, concept="square", condition="wrong"),
    *outcomes(2, 10, concept="touch"),
    *outcomes(8, 10, concept="beside + near", level=4),
    *outcomes(1, 10, world="arm", arm=CARE),
]
ABOUT: dict[str, Any] = {
    "config": {"seed": 3},
    "machine": {},
    "checkpoint": {"sha256": "abc", "path": "mine"},
}


def test_files_hold_everything_and_no_leftovers(tmp_path: Path) -> None:
    paths = write_files(tmp_path / "new", FOUND, ABOUT, Run())
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == [
        "evaluation.csv",
        "evaluation.json",
        "evaluation.md",
    ]
    report = json.loads(paths[0].read_text())
    rows = [row | {"command": command(row, Run())} for row in summarise(FOUND)]
    assert report["config"] == {"seed": 3} and report["rows"] == rows
    with paths[1].open() as file:
        read = list(csv.DictReader(file))
    assert [float(row["success"]) for row in read] == [row["success"] for row in rows]
    assert [row["command"] for row in read] == [row["command"] for row in rows]
    text = paths[2].read_text()
    tables = "\n".join(t.markdown for t in (*make_tables(FOUND), full_table(FOUND)))
    assert text.startswith("# The evaluation in full\n\nWhat `scripts/evaluate.py` wrote about the")
    assert "weights `abc` (mine, seed 3)" in text and text.endswith(tables)


def test_means_leave_touch_out_and_keep_compositions_apart(tmp_path: Path) -> None:
    report = json.loads(write_files(tmp_path, FOUND, ABOUT, Run())[0].read_text())
    means = {(r["family"], r["world"], r["level"], r["task"]): r for r in report["means"]}
    assert means["all", "particle", 1, "generate"]["episodes"] == 10
    assert means["all", "particle", 1, "generate"]["group"] == "concepts"
    assert means["all", "particle", 4, "generate"]["group"] == "pairs"
    assert means["arrangement", "arm", 1, "generate"]["successes"] == 1


def test_our_undisturbed_rows_are_recorded_beside_the_weights(tmp_path: Path) -> None:
    weights = tmp_path / "weights.safetensors"
    about = weights.with_suffix(".json")
    about.write_text(json.dumps({"sha256": "abc", "step": 5}))
    report = write_files(tmp_path / "out", FOUND, ABOUT, Run())[0]
    assert record(weights, report) == about
    kept = json.loads(about.read_text())
    assert kept["step"] == 5 and kept["evaluation"]["config"] == {"seed": 3}
    rows = kept["evaluation"]["rows"]
    assert [(r["concept"], r["world"]) for r in rows] == [
        ("near", "particle"),
        ("touch", "particle"),
        ("beside + near", "particle"),
        ("near", "arm"),
    ]
    assert all(r["method"] == "ours" and r["condition"] == "plain" for r in rows)
    assert rows[0]["successes"] == 7 and "command" not in rows[0]


def test_what_recognising_would_reach_is_recorded_too(tmp_path: Path) -> None:
    weights = tmp_path / "weights.safetensors"
    weights.with_suffix(".json").write_text(json.dumps({"sha256": "abc"}))
    told = outcomes(3, 4, method="recogniser", concept="offset", level=2)
    about = record(weights, write_files(tmp_path / "out", [*FOUND, *told], ABOUT, Run())[0])
    (row,) = json.loads(about.read_text())["evaluation"]["recogniser"]
    assert (row["concept"], row["level"], row["successes"], row["episodes"]) == ("offset", 2, 3, 4)


def test_a_report_of_other_weights_is_not_recorded(tmp_path: Path) -> None:
    weights = tmp_path / "weights.safetensors"
    about = weights.with_suffix(".json")
    about.write_text('{"sha256": "abd"}')
    report = write_files(tmp_path / "out", FOUND, ABOUT, Run())[0]
    text = (
        f"{report} evaluates weights with sha256 abc, {about} describes abd; evaluate those weights"
    )
    with pytest.raises(CheckpointError, match=re.escape(text)):
        record(weights, report)
    assert about.read_text() == '{"sha256": "abd"}'
