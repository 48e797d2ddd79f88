"""The tables of docs/training.md: everyone's means, side by side where both were asked."""

from typing import Any

import pytest
from test_scripts import load

from conceptgym.agents.evaluation.comparisons import (
    ABLATIONS,
    RIVAL,
    SETTINGS,
    STARTS,
    compared_tables,
)
from conceptgym.agents.evaluation.config import CONDITIONS, EvaluationConfig
from conceptgym.agents.evaluation.methods import METHODS
from conceptgym.envs.concepts import TASKS


def mean(method: str, task: str, successes: int, **key: Any) -> dict[str, Any]:
    usual = {"group": "concepts", "level": 1, "demonstrations": 5, "condition": "plain"}
    place = usual | key
    rates = {"success": successes / 10, "low": successes / 20, "high": (successes + 10) / 20}
    return {"method": method, "task": task, "episodes": 10, **place, **rates}


def tables(*rows: dict[str, Any]) -> dict[str, list[str]]:
    found = compared_tables({"methods": list(rows), "ahead": []})
    return {name: table.splitlines()[2:] for name, table in found.items()}


def both(successes: int, task: str, **key: Any) -> list[dict[str, Any]]:
    return [mean("ours", task, successes, **key), mean(RIVAL, task, successes - 5, **key)]


def test_the_rival_stands_beside_us_in_every_setting_that_both_were_asked_in() -> None:
    noisy = {"condition": "jitter-5"}
    alone = [mean("ours", task, 9, demonstrations=2) for task in TASKS]
    rows = [row for n, task in enumerate(TASKS) for row in both(9 + n, task)]
    rows += [row for task in TASKS for row in both(8, task, **noisy)]
    rows[-1]["episodes"] = rows[-3]["episodes"] = 4
    assert tables(*rows, *alone)["rival"] == [
        "| 5 shown | 90.0% (45.0–95.0) | 40.0% (20.0–70.0) "
        "| 100.0% (50.0–100.0) | 50.0% (25.0–75.0) | 10 / 10 |",
        "| 5, jittered by up to 5% | 80.0% (40.0–90.0) | 30.0% (15.0–65.0) | 80.0% (40.0–90.0) "
        "| 30.0% (15.0–65.0) | 10 / 4 |",
    ]


def test_compositions_are_generated_alone() -> None:
    rows = both(9, "generate", level=4, group="pairs")
    assert tables(*rows)["rival"] == [
        "| 5, two concepts at once | 90.0% (45.0–95.0) | 40.0% (20.0–70.0) | – | – | 10 / 10 |"
    ]


def test_where_the_rival_is_ahead_stands_by_setting_and_task() -> None:
    def duel(concept: str, task: str, alone: int, **key: Any) -> dict[str, Any]:
        place = {"level": 1, "demonstrations": 5, "condition": "plain", "episodes": 500}
        return {"concept": concept, "task": task, "alone": alone, "other_alone": 2} | place | key

    ahead = [
        duel("near", "generate", 9, level=3),
        duel("near", "generate", 11),
        duel("region", "generate", 24),
        duel("region", "identify", 12, episodes=100, condition="wrong"),
        duel("beside + near", "generate", 8, level=4),
        duel("three distances", "generate", 7, level=4, demonstrations=1),
    ]
    found = compared_tables({"methods": [], "ahead": ahead})
    assert found["rival ahead"].splitlines()[2:] == [
        "| 5 shown | near 11 : 2, region 24 : 2 | – | 500 |",
        "| 5, one of them of another concept | – | region 12 : 2 | 100 |",
        "| 5, 9 to 12 objects | near 9 : 2 | – | 500 |",
        "| 5, two concepts at once | beside + near 8 : 2 | – | 500 |",
        "| 1, three concepts at once | three distances 7 : 2 | – | 500 |",
    ]


def test_methods_are_compared_in_new_scenes_with_five_clean_demonstrations() -> None:
    other = ({"level": 2}, {"demonstrations": 1}, {"condition": "wrong"})
    rows = [mean("no_pairs", task, 0, **key) for task in TASKS for key in other]
    rows += [mean("no_pairs", task, 3 + n) for n, task in enumerate(TASKS)]
    rows += [mean("unrolled", "generate", 1)]  # not asked to identify
    found = tables(*rows)
    title = ABLATIONS["no_pairs"]
    assert found["ablations"] == [
        f"| `no_pairs`: {title} | 30.0% (15.0–65.0) | 40.0% (20.0–70.0) | 10 |",
    ]
    assert found["starts"] == []


def test_their_names_are_those_that_are_evaluated() -> None:
    config = EvaluationConfig()
    groups = {1: ["concepts"], 2: ["concepts"], 3: ["concepts"], 4: ["pairs", "triples"]}
    known = {
        (group, level, *setting)
        for level, names in groups.items()
        for setting in config.settings(level)
        for group in names
    }
    assert set(SETTINGS.values()) == known
    assert {condition for *_, condition in SETTINGS.values()} == set(CONDITIONS)
    assert {RIVAL, *STARTS} <= set(METHODS)
    assert set(ABLATIONS) == set(load("ablate").VARIANTS)


@pytest.mark.parametrize("name", ["rival", "rival ahead", "ablations", "starts"])
def test_nothing_measured_leaves_the_heads(name: str) -> None:
    assert tables()[name] == []


def test_the_recogniser_stands_beside_us_with_held_out_parameters() -> None:
    def cell(concept: str, success: float, **changes: Any) -> dict[str, Any]:
        key = {"level": 2, "task": "generate", "world": "particle", "concept": concept}
        key |= {"demonstrations": 5}
        numbers = {"success": success, "low": success, "high": success, "episodes": 60}
        return key | numbers | changes

    ours = [
        cell("colour", 1.0),
        cell("colour", 0.2, demonstrations=1),
        cell("near", 0.5, level=1),
        cell("colour", 0.1, task="identify"),
    ]
    told = [cell("colour", 0.75, episodes=20), cell("offset", 0.8)]
    found = compared_tables({"methods": [], "ahead": [], "rows": ours, "recogniser": told})
    assert found["recogniser"].splitlines()[2:] == [
        "| colour | 100.0% (100.0–100.0) | 75.0% (75.0–75.0) | 60 / 20 |"
    ]
