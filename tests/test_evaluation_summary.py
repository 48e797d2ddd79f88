"""Numbers and tables of an evaluation, from outcomes made up."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from conceptgym.agents.evaluation import ArmFacts, Outcome
from conceptgym.agents.evaluation_files import write_files
from conceptgym.agents.evaluation_summary import CELL, confusion_costs, summarise
from conceptgym.agents.evaluation_tables import make_tables
from conceptgym.agents.wilson import wilson_interval

BASE = Outcome(
    concept="near",
    world="particle",
    task="generate",
    demonstrations=1,
    code_iterations=20,
    episode=0,
    success=True,
    truncated=False,
    confusions=(),
    seconds_to_infer=0.1,
    seconds_to_plan=0.2,
    energy_before=2.0,
    energy_after=1.0,
    arm=None,
)
CARE = ArmFacts(
    fingertip_error=0.002,
    missed=0,
    joint_limit_violation=0.0,
    table_contacts=0,
    velocity_share=0.5,
    reason="reached",
)


def particle_outcomes() -> list[Outcome]:
    """Ten episodes, three failures: one with two explanations."""
    causes = {0: ("closest",), 1: ("closest", "left_of"), 2: ("other",)}
    return [
        replace(BASE, episode=k, success=k not in causes, confusions=causes.get(k, ()))
        for k in range(10)
    ]


def arm_outcomes() -> list[Outcome]:
    clumsy = replace(
        CARE, fingertip_error=0.006, table_contacts=3, velocity_share=0.9, reason="out of reach"
    )
    arm = replace(BASE, world="arm", demonstrations=5)
    return [replace(arm, arm=CARE), replace(arm, arm=CARE), replace(arm, arm=clumsy, success=False)]


def test_rates_and_intervals() -> None:
    (row,) = summarise(particle_outcomes())
    assert {name: row[name] for name in CELL} == {name: getattr(BASE, name) for name in CELL}
    assert (row["episodes"], row["successes"], row["success"]) == (10, 7, 0.7)
    assert (row["low"], row["high"]) == wilson_interval(7, 10)
    assert row["energy_fell"] == 1.0 and "velocity_share" not in row


def test_energies_that_stay_have_not_fallen() -> None:
    outcomes = [BASE, replace(BASE, energy_after=2.0)]
    (row,) = summarise(outcomes)
    assert row["energy_fell"] == 0.5
    assert (row["energy_before"], row["energy_after"]) == (2.0, 1.5)


def test_the_arms_numbers() -> None:
    (row,) = summarise(arm_outcomes(), ("world",))
    assert row["fingertip_error_mm"] == pytest.approx(2.0)
    assert row["fingertip_error_mm_p95"] == pytest.approx(5.6)  # 0.9 of the way from 2 to 6
    assert row["table_contacts"] == 1 and row["velocity_share"] == 0.9
    assert row["plan_failures"] == {"out of reach": 1}


def test_identifying_arms_have_no_fingertip_error() -> None:
    outcome = replace(BASE, world="arm", arm=replace(CARE, fingertip_error=None, missed=2))
    (row,) = summarise([outcome])
    assert row["fingertip_error_mm"] is None and row["touches_missed"] == 2


def test_costs_add_up_to_the_failure_rate() -> None:
    rows = confusion_costs(particle_outcomes())
    costs = {row["put_down_to"]: row["cost"] for row in rows}
    assert costs == pytest.approx({"closest": 15.0, "other": 10.0, "left_of": 5.0})
    assert sum(row["failures"] for row in rows) == pytest.approx(3.0)


def test_tables_say_what_the_numbers_say() -> None:
    console = Console(record=True, width=120)
    tables = make_tables(particle_outcomes() + arm_outcomes())
    for table in tables:
        table.print(console)
        assert all(len(row) == len(table.header) for row in table.rows)
    text = console.export_text()
    low, high = wilson_interval(7, 10)
    assert f"70.0 ({100 * low:.0f}-{100 * high:.0f})" in text
    assert "closest 15.0, other 10.0, left_of 5.0" in text
    assert "[percentage points]" in text  # and not taken for markup


def test_files_hold_everything_and_no_leftovers(tmp_path: Path) -> None:
    outcomes = particle_outcomes() + arm_outcomes()
    tables = make_tables(outcomes)
    paths = write_files(tmp_path / "new", outcomes, tables, {"seed": 3})
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == sorted(p.name for p in paths)
    report = json.loads((tmp_path / "new" / "evaluation.json").read_text())
    assert report["seed"] == 3
    assert report["rows"] == summarise(outcomes)
    assert report["confusions"] == confusion_costs(outcomes)
    with (tmp_path / "new" / "evaluation.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["success"]) for row in rows] == [r["success"] for r in summarise(outcomes)]
    assert [row["plan_failures"] for row in rows] == ["0", "1"]
    markdown = (tmp_path / "new" / "evaluation.md").read_text()
    assert all(f"### {table.title}" in markdown for table in tables)
