"""The README's example runs as written, and its commands and table are those of the repository."""

import json
import re
import runpy
from pathlib import Path

import pytest

from conceptgym.assets import asset_path
from conceptgym.envs import CONCEPTS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def python_blocks():
    return re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


def test_the_example_runs_and_succeeds(tmp_path):
    (block,) = [block for block in python_blocks() if "ConceptAgent" in block]
    script = tmp_path / "example.py"
    script.write_text(block)
    names = runpy.run_path(str(script))
    assert names["info"]["is_success"] is True


def test_the_commands_exist():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    named = set(re.findall(r"^make ([a-z]+)", README, flags=re.MULTILINE))
    assert {"demo", "test"} <= named <= targets


def test_the_scripts_and_pictures_exist():
    named = re.findall(r"\b(?:scripts|docs)/[\w./]+\.(?:py|md|png|gif|mp4)\b", README)
    assert named
    missing = [name for name in named if not (ROOT / name).is_file()]
    assert not missing


def table_rows():
    lines = [line.strip("| ").split("|") for line in README.splitlines() if "%" in line]
    return {cells[0].strip(): [c.strip() for c in cells[1:]] for cells in lines if len(cells) == 7}


@pytest.mark.parametrize("concept", [*CONCEPTS, "mean"])
def test_the_table_is_the_recorded_evaluation(concept):
    recorded = json.loads(asset_path("weights/concept_energy.json").read_text())["evaluation"]
    rows = recorded["means"] if concept == "mean" else recorded["rows"]
    steps = max(recorded["config"]["code_iterations"])
    columns = [("particle", task, n) for n in (5, 1) for task in ("generate", "identify")]
    columns += [("arm", "generate", 5), ("arm", "identify", 5)]
    for cell, column in zip(table_rows()[concept], columns, strict=True):
        found = [
            row
            for row in rows
            if (row["world"], row["task"], row["demonstrations"]) == column
            and row["code_iterations"] == steps
            and row.get("concept", "mean") == concept
        ]
        if not found:
            assert cell == "–" and concept == "colour"
            continue
        (row,) = found
        share, low, high = (100 * row[name] for name in ("success", "low", "high"))
        assert cell == f"{share:.1f}% ({low:.0f}–{high:.0f})"
