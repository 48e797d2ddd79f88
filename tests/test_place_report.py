"""The place world's report: its numbers from outcomes made up, and tables that are tables."""

from __future__ import annotations

import numpy as np
import pytest
from place_outcome_scenes import disturbed, placed

from conceptgym.agents.place.outcomes import CAUSES, PlaceOutcome
from conceptgym.agents.place.report import make_report, rate
from conceptgym.agents.place.trials import CELLS, CONDITIONS
from conceptgym.agents.table import Table
from conceptgym.agents.wilson import wilson_interval

FORCES = (3.0, 1.0, 2.0, 10.0)
OUTCOMES = [
    # near: three of four, two placements each but for the failure
    *(
        placed(
            episode=k,
            success=k > 0,
            cause="" if k else "grasp",
            errors=[0.1 * (2 * k), 0.1 * (2 * k + 1)] if k else [],
            peak_force=force,
            table_contacts=k,
            link_contacts=1,
            velocity_share=0.5 + 0.1 * k,
            torque_share=0.25,
        )
        for k, force in enumerate(FORCES)
    ),
    # disturbed: a push, a slip and a move; the slip's episode fails where the plain one does not
    disturbed("push", errors=[2.0], self_contacts=2),
    disturbed("slip", episode=1, success=False, cause="disturbance"),
    disturbed("move", episode=7, joint_limit_violation=0.00123),
    placed(condition="plane", success=False, cause="plan", steps=60),
    placed(condition="plane", episode=1, steps=9),
    placed(cell="identify near", success=False, cause="touch"),
    placed(cell="stack of two", condition="ur5e", success=False, cause="placement"),
]


def table(title: str, outcomes: list[PlaceOutcome] = OUTCOMES) -> Table:
    (found,) = [each for each in make_report(outcomes, seed=0).tables if each.title == title]
    return found


def rows(title: str, outcomes: list[PlaceOutcome] = OUTCOMES) -> dict[str, dict[str, str]]:
    found = table(title, outcomes)
    return {row[0]: dict(zip(found.header[1:], row[1:], strict=True)) for row in found.rows}


def test_rates_have_their_interval_and_number() -> None:
    # Wilson's ends of 3 in 4, from a table: 0.3006 and 0.9544; of 0 in 1, 0 and 0.7935
    assert rate(OUTCOMES[:4]) == "75% (30–95) of 4"
    assert rate(OUTCOMES[:1]) == "0% (0–79) of 1"
    assert rate([placed(episode=k) for k in range(100)]) == "100% (96–100) of 100"
    assert rate([]) == "–"
    low, high = wilson_interval(3, 4)
    assert (round(100 * low), round(100 * high)) == (30, 95)


def test_success_by_cell_and_condition() -> None:
    found = rows("Success")
    assert tuple(found) == tuple(CELLS)
    assert table("Success").header == ("task", "at least", *CONDITIONS)
    assert found["near"] == {
        "at least": "90%",
        "plain": "75% (30–95) of 4",
        "disturbed": "67% (21–94) of 3",
        "ur5e": "–",
        "plane": "50% (9–91) of 2",
        "plane, shown on the arm": "–",
    }
    assert found["stack of two"]["at least"] == "85%"
    assert found["stack of two"]["ur5e"] == "0% (0–79) of 1"
    assert found["region"] == {"at least": "–", **dict.fromkeys(CONDITIONS, "–")}


def test_disturbances_are_held_against_the_same_episodes_undisturbed() -> None:
    found = rows("Kinds of disturbances")
    assert {kind: tuple(row.values()) for kind, row in found.items()} == {
        "move": ("1 of 1", "100% (21–100) of 1", "–"),  # there is no episode 7 without it
        "push": ("1 of 1", "100% (21–100) of 1", "0% (0–79) of 1"),
        "slip": ("1 of 1", "0% (0–79) of 1", "100% (21–100) of 1"),
    }


def test_disturbances_that_did_not_come_about_do_not_count() -> None:
    none = disturbed("push", episode=2, success=False, cause="plan", happened=False)
    found = rows("Kinds of disturbances", [*OUTCOMES, none])
    assert tuple(found["push"].values())[:2] == ("1 of 2", "100% (21–100) of 1")


def test_what_fails_without_a_disturbance_is_not_put_down_to_it() -> None:
    assert rows("Causes of failures")["disturbed"]["disturbance"] == "1"
    failed = disturbed("push", success=False, cause="disturbance")  # as the plain one: a grasp
    found = rows("Causes of failures", [*OUTCOMES, failed])["disturbed"]
    assert found["disturbance"] == "1" and found["grasp"] == "1"


def test_accuracy_is_over_all_placements() -> None:
    assert rows("Planned against executed") == {
        "plain": {
            "median [mm]": "0.5",  # of 0.2, 0.3, … 0.7: 0.45
            "95th percentile [mm]": "0.7",  # 0.6 + 0.75 · 0.1
            "largest [mm]": "0.7",
            "placements": "6",
        },
        "disturbed": {
            "median [mm]": "2.0",
            "95th percentile [mm]": "2.0",
            "largest [mm]": "2.0",
            "placements": "1",
        },
    }


def test_limits_are_the_worst_and_contacts_the_sum() -> None:
    title = "Limits and contacts"
    assert table(title).header == ("over all episodes", "plain", "disturbed", "ur5e")
    columns = list(zip(*table(title).rows, strict=True))
    assert columns[1] == ("5", "0.0000", "0.80", "0.25", "6", "0", "4", "10", "9")
    assert columns[2] == ("3", "0.0012", "0.00", "0.00", "0", "2", "0", "0", "0")
    assert columns[3] == ("1", "0.0000", "0.00", "0.00", "0", "0", "0", "0", "0")
    forces = [0.0, *FORCES]  # of the episode that touches, none
    assert round(float(np.percentile(forces, 95))) == 9


def test_causes_are_counted_where_there_is_an_arm() -> None:
    found = rows("Causes of failures")
    none = {"episodes": "1", **dict.fromkeys(CAUSES, "0")}
    assert found == {
        "plain": {**none, "episodes": "5", "grasp": "1", "touch": "1"},
        "disturbed": {**none, "episodes": "3", "disturbance": "1"},
        "ur5e": {**none, "placement": "1"},
    }


@pytest.mark.parametrize("outcomes", [OUTCOMES, OUTCOMES[:1], OUTCOMES[7:9], []])
def test_tables_are_well_formed(outcomes: list[PlaceOutcome]) -> None:
    report = make_report(outcomes, seed=5)
    assert report.markdown.startswith("# ")
    assert "\n    python scripts/evaluate_place.py --seed 5\n" in report.markdown
    for each in report.tables:
        assert f"\n### {each.title}\n\n| {each.header[0]} |" in report.markdown
        assert all(len(row) == len(each.header) for row in each.rows)
        assert not any("|" in cell or "\n" in cell for row in each.rows for cell in row)
        assert f"\n\n{each.note}\n" in report.markdown and "|" not in each.note
    lines = report.markdown.splitlines()
    begun = [k for k, line in enumerate(lines) if line.startswith("| ---")]
    assert len(begun) == len(report.tables) == 5
    for k in begun:
        assert lines[k - 2] == "" and lines[k - 1].count("|") == lines[k].count("|")
    assert sum(line.startswith("| ") for line in lines) == sum(
        2 + len(each.rows) for each in report.tables
    )
