"""Numbers of an evaluation, from outcomes made up."""

from __future__ import annotations

from dataclasses import replace

import pytest
from evaluation_scenes import CARE, outcome, outcomes

from conceptgym.agents.evaluation.config import SUBJECTS
from conceptgym.agents.evaluation.summary import (
    CELL,
    FAMILIES,
    SINGLE,
    family_of,
    in_order,
    named,
    standard,
    standards,
    summarise,
)
from conceptgym.agents.wilson import wilson_interval


def arm_outcomes() -> list:
    clumsy = replace(
        CARE,
        fingertip_error=0.006,
        table_contacts=3,
        velocity_share=0.9,
        reason="out of reach",
        truncated=True,
    )
    cares = [CARE, CARE, clumsy]
    return [outcome(world="arm", episode=k, arm=care) for k, care in enumerate(cares)]


def test_rates_and_intervals() -> None:
    (row,) = summarise(outcomes(7, 10))
    assert {name: row[name] for name in CELL} == {n: getattr(outcome(), n) for n in CELL}
    assert (row["episodes"], row["successes"], row["success"]) == (10, 7, 0.7)
    assert (row["low"], row["high"]) == wilson_interval(7, 10)
    assert "velocity_share" not in row


def test_a_row_for_each_cell_and_no_outcome_in_two() -> None:
    parts = [
        *outcomes(1, 2),
        *outcomes(2, 3, task="identify"),
        *outcomes(0, 4, level=2),
        *outcomes(5, 5, condition="wrong"),
        *outcomes(1, 6, method="chance"),
        *outcomes(1, 7, demonstrations=1),
        *outcomes(1, 8, concept="above"),
        *outcomes(1, 9, world="arm"),
    ]
    rows = summarise(parts)
    assert [row["episodes"] for row in rows] == [2, 3, 4, 5, 6, 7, 8, 9]
    assert sum(row["successes"] for row in rows) == sum(item.success for item in parts)


def test_means_over_families_and_groups() -> None:
    parts = [
        *outcomes(1, 2, concept="closest"),
        *outcomes(2, 2, concept="furthest"),
        *outcomes(0, 4, concept="beside + near", level=4),
        *outcomes(1, 4, concept="three distances", level=4),
    ]
    families = {row["family"]: row["success"] for row in summarise(parts, ("family",))}
    assert families == {"proximity": 0.75, "pairs": 0.0, "triples": 0.25}
    groups = {row["group"]: row["episodes"] for row in summarise(parts, ("group",))}
    assert groups == {SINGLE: 4, "pairs": 4, "triples": 4}


def test_every_concept_counts_as_often() -> None:
    """What one concept was asked more is left out, setting by setting and task by task."""
    few = outcomes(3, 4, concept="colour")
    many = [*outcomes(9, 9), *outcomes(2, 9, task="identify"), *outcomes(1, 9, condition="wrong")]
    assert named([*many[::-1], *few]) == [*many[9:][::-1], *many[:4][::-1], *few]
    (row,) = summarise(named([*many[:9], *few]), ("group",))
    assert (row["successes"], row["episodes"]) == (7, 8)
    touched = outcomes(1, 1, concept="touch")  # counts in no mean, and cuts none
    assert named([*touched, *few]) == few


def test_order_does_not_depend_on_what_came_first() -> None:
    items = [
        outcome(concept=concept, level=level, method=method, episode=k)
        for concept in ("colour", "near", "between + colour")
        for level in (1, 3)
        for method in ("mine", "ours")
        for k in range(11)
    ]
    assert in_order(items[::-1]) == in_order(items) == items


def test_every_subject_but_touch_is_of_one_family() -> None:
    members = [name for names in FAMILIES.values() for name in names]
    assert sorted(members) == sorted(set(SUBJECTS) - {"touch"})
    assert family_of("touch") == "helper"
    assert named([outcome(concept=name) for name in ("touch", "near")]) == [outcome()]


def test_the_standard_is_ours_with_five_undisturbed_demonstrations() -> None:
    others = [
        outcome(demonstrations=1),
        outcome(condition="wrong"),
        outcome(method="chance"),
        outcome(world="arm", arm=CARE),
    ]
    assert standard([outcome(), *others]) == [outcome()]
    assert standards([outcome(), *others]) == [outcome(), others[2]]
    assert standard([outcome(), *others], world="arm") == [others[3]]


def test_the_arms_numbers() -> None:
    (row,) = summarise(arm_outcomes(), ("world",))
    assert row["fingertip_error_mm"] == pytest.approx(2.0)
    assert row["fingertip_error_mm_p95"] == pytest.approx(5.6)  # 0.9 of the way from 2 to 6
    assert row["table_contacts"] == 1 and row["velocity_share"] == 0.9
    assert row["plan_failures"] == 1 and row["truncated"] == 1


def test_identifying_arms_have_no_fingertip_error() -> None:
    touched = replace(CARE, fingertip_error=None, missed=2)
    (row,) = summarise([outcome(world="arm", arm=touched)])
    assert row["fingertip_error_mm"] is None and row["touches_missed"] == 2
