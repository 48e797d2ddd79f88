"""Commands, read as the script reads them, ask for what they stand beside."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
import tyro
from evaluation_scenes import outcomes
from test_scripts import load

from conceptgym.agents.evaluation.commands import Run, command
from conceptgym.agents.evaluation.config import has_level
from conceptgym.agents.evaluation.summary import summarise


def parsed(line: str) -> Any:
    words = shlex.split(line)
    assert words[:2] == ["python", "scripts/evaluate.py"]
    return tyro.cli(load("evaluate").Args, args=words[2:])


@pytest.mark.parametrize(
    "changes",
    [
        {"level": 2, "concept": "offset", "method": "invariants"},
        {"level": 4, "concept": "beside + near"},
        {"condition": "jitter-5", "task": "identify"},
        {"demonstrations": 10},
        {"world": "arm"},
    ],
)
def test_a_cells_command_computes_the_cell(changes: dict) -> None:
    """It asks for the cell's episodes and nothing beside, but for its other task."""
    (row,) = summarise(outcomes(3, 4, **changes))
    assert has_level(row["concept"], row["level"])
    args = parsed(command(row, Run()))
    assert args.checkpoint is None and args.run == Run()
    found = [
        (job.concept, job.level, *vars(cell).values())
        for job in args.config.jobs
        for cell in args.config.cells(job)
        if cell.task == row["task"]
    ]
    names = ("concept", "level", "demonstrations", "condition", "method", "world", "task")
    assert found == 4 * [tuple(row[name] for name in names)]


def test_the_command_of_an_ablation_names_its_weights() -> None:
    (row,) = summarise(outcomes(1, 1, method="no_pairs"))
    kept, own = Path("docs/ablations/no_pairs.safetensors"), Path("my runs/a.safetensors")
    for run, path in ((Run(), kept), (Run(ablations={"no_pairs": own}), own)):
        args = parsed(command(row, run))
        assert args.methods == () and args.ablations == {"no_pairs": path}


def test_the_command_of_a_method_of_ones_own_names_its_class() -> None:
    (row,) = summarise(outcomes(1, 1, method="mine"))
    args = parsed(command(row, Run(rivals={"mine": "my_agent:MyAgent"})))
    assert args.methods == args.ablation == ()
    assert args.config.rivals == ("mine",)


def test_commands_repeat_the_runs_seed_and_weights() -> None:
    (row,) = summarise(outcomes(1, 1))
    run = Run(seed=7, checkpoint=Path("other weights.safetensors"))
    assert parsed(command(row, run)).run == run
