"""The README's example runs as written, and its commands and tables are those of the repository."""

import json
import re
import runpy
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest
from doc_tables import read_tables

from conceptgym.agents.evaluation.methods import RIVALS
from conceptgym.agents.evaluation.pages import PAGES, fill_page
from conceptgym.agents.evaluation.summary import group_of
from conceptgym.assets import asset_path
from conceptgym.envs import CONCEPTS, make_concept
from conceptgym.envs.concepts.figure_library import FEWEST, FIGURES, MOST
from conceptgym.envs.concepts.offset import Offset
from conceptgym.envs.errors import ConceptParameterError

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
RECORDED = json.loads(asset_path("weights/concept_energy.json").read_text())["evaluation"]
BOTH = ("invariants", "ours")


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


@pytest.mark.parametrize("page", PAGES)
def test_the_tables_are_the_recorded_evaluation(page):
    text = (ROOT / page).read_text()
    assert fill_page(text, RECORDED, page=page) == text


def test_the_rivals_rates_are_the_recorded_ones():
    (found,) = re.findall(
        r"identifies (\d+)%, ours (\d+)%; with 5% jitter it generates (\d+)%, ours (\d+)%",
        " ".join(README.split()),
    )
    asked = [(m, *key) for key in (("wrong", "identify"), ("jitter-5", "generate")) for m in BOTH]
    by = ("method", "condition", "task")
    rates = {tuple(row[name] for name in by): row["success"] for row in RECORDED["methods"]}
    assert [int(number) for number in found] == [round(100 * rates[key]) for key in asked]


def test_how_the_rival_composes_is_the_recorded():
    (found,) = re.findall(
        r"composes: pairs in (\d+)% \(ours (\d+)%\), triples in (\d+)% \(ours (\d+)%\); "
        r"from one demonstration of each, pairs in (\d+)% \(ours (\d+)%\)",
        " ".join(README.split()),
    )
    by = ("group", "demonstrations", "method")
    rates = {
        tuple(row[name] for name in by): row["success"]
        for row in RECORDED["methods"]
        if row["level"] == 4
    }
    asked = [(*key, m) for key in (("pairs", 5), ("triples", 5), ("pairs", 1)) for m in BOTH]
    assert [int(number) for number in found] == [round(100 * rates[key]) for key in asked]


def test_the_rivals_lead_from_one_demonstration_is_the_recorded():
    (found,) = re.findall(
        r"one demonstration the rival generates directions and offsets better, by (\d+) to (\d+)",
        " ".join(README.split()),
    )
    names = ("left_of", "right_of", "above", "below", "offset")
    leads = []
    for row in RECORDED["ahead"]:
        asked = (row["level"], row["demonstrations"], row["condition"], row["task"])
        if asked == (1, 1, "plain", "generate") and row["concept"] in names:
            leads.append(100 * (row["alone"] - row["other_alone"]) / row["episodes"])
    assert len(leads) == len(names)
    assert [int(number) for number in found] == [round(min(leads)), round(max(leads))]


def episodes_a_cell(row: dict) -> float:
    """Of a row over all concepts of its level and group, on average; `touch` counts in no mean."""
    alike = {each["concept"] for each in RECORDED["rows"] if each["level"] == row["level"]}
    return row["episodes"] / len({c for c in alike if group_of(c) == row["group"]} - {"touch"})


def test_our_cells_have_as_many_episodes_as_it_says():
    """With undisturbed demonstrations cell by cell, else by what a cell has on average."""
    (found,) = re.findall(
        r"A cell of our agent has at least (\d+) episodes, with normal noise (\d+), "
        r"on the arm (\d+), with 1, 2 or 10 demonstrations (\d+) at level 2, (\d+) at level 3 and "
        r"(\d+) at level 4;",
        " ".join(README.split()),
    )
    fewest, others = {}, {}
    for row in RECORDED["rows"]:
        usual = row["level"] == 1 or row["demonstrations"] == 5
        kept, key = (fewest, row["world"]) if usual else (others, row["level"])
        kept[key] = min(kept.get(key, row["episodes"]), row["episodes"])
    noisy = {
        row["condition"]: episodes_a_cell(row)
        for row in RECORDED["methods"]
        if row["method"] == "ours" and row["condition"] != "plain"
    }
    normal = min(noisy.pop("noise-2"), noisy.pop("noise-5"))
    told = [min(fewest["particle"], *noisy.values()), normal, fewest["arm"]]
    told += [others[level] for level in (2, 3, 4)]
    assert told == [int(number) for number in found]


def test_the_others_cells_have_as_many_episodes_as_it_says() -> None:
    """By what a cell has on average: the means are over concepts that are asked equally often."""
    ((rival, variant, first, second, named),) = re.findall(
        r"of a rival without learning (\d+), and then as many; of a variant or an "
        r"ablation at least (\d+) at levels "
        r"(\d) and (\d) with five clean demonstrations, so far (fewer elsewhere, of .*? random "
        r"codes .*?)\.",
        " ".join(README.split()),
    )
    few, levels = re.findall(r"`(\S+)`", named), (int(first), int(second))
    rivals, variants = [], []
    asked = ("group", "level", "demonstrations", "task")
    ours = {
        tuple(row[key] for key in asked): row["episodes"]
        for row in RECORDED["methods"]
        if row["method"] == "ours" and row["condition"] == "plain"
    }
    for row in RECORDED["methods"]:
        clean = row["condition"] == "plain" and row["demonstrations"] == 5
        if row["method"] in RIVALS and (clean or row["level"] == 1):
            rivals.append(episodes_a_cell(row))
        elif row["method"] in RIVALS:
            assert row["episodes"] >= ours[tuple(row[key] for key in asked)]
        elif row["method"] not in ("ours", *few) and clean and row["level"] in levels:
            variants.append(episodes_a_cell(row))
    assert (min(rivals), int(min(variants))) == (int(rival), int(variant))


def test_what_recognising_would_reach_is_the_recorded() -> None:
    (found,) = re.findall(
        r"would do in (\d+)% of their scenes, in (\d+)% of those of hues, (\d+)% of offsets",
        " ".join(README.split()),
    )
    rates = {row["concept"]: row["success"] for row in RECORDED["recogniser"]}
    told = [round(100 * rates[name]) for name in ("figure", "colour", "offset")]
    assert [int(number) for number in found] == told
    assert rates["at_distance"] == rates["left_of"] == 1.0


def test_the_verdicts_are_those_of_the_page():
    words = ("none", "one", "two", "three", "four", "five", "six")
    (found,) = re.findall(
        r"six findings\*\* (\w+) are reproduced, (\w+) in part, (\w+) (?:is|are) refuted",
        " ".join(README.split()),
    )
    page = (ROOT / "docs/findings.md").read_text()
    verdicts = re.findall(r"^\*\*Verdict: ([a-z ]+)\.\*\*", page, flags=re.MULTILINE)
    told = [verdicts.count(v) for v in ("reproduced", "reproduced in part", "refuted")]
    assert [words.index(word) for word in found] == told and sum(told) == len(verdicts) == 6


UNITS = {
    "hue": "degrees",
    **dict.fromkeys(("direction", "first", "second", "third"), "degrees"),
    "distance": "plane units",
    "count": "objects",
}
APART = ", hues at least 45 apart"


@cache
def described() -> dict[str, dict[str, str]]:
    """What the table of concepts says of each concept's parameters, by concept and parameter."""
    (table,) = [rows for rows in read_tables(README) if "it holds when" in rows[0]]
    found: dict[str, dict[str, str]] = {}
    for row in table:
        told: dict[str, str] = {}
        for part in "" if row["parameters="] == "–" else row["parameters="].split("; "):
            names, text = part.split(": ")
            told |= dict.fromkeys(re.findall(r"\w+", names), text)
        found |= dict.fromkeys(re.findall(r"\w+", row["concept"]), told)
    return found


def test_every_concept_is_described() -> None:
    assert set(described()) == set(CONCEPTS)


@pytest.mark.parametrize("concept", CONCEPTS)
def test_every_parameter_is_described(concept: str) -> None:
    """Its name, its range or choices, its unit; and what is told is taken."""
    kind, told = CONCEPTS[concept], described()[concept]
    assert set(told) == {field.name for field in fields(kind)}
    for name, (low, high) in kind.parameter_ranges.items():
        pattern = rf"([\d.]+) to ([\d.]+) {UNITS[name]}\b.*"
        found = re.fullmatch(pattern, told[name])
        assert found is not None and [float(n) for n in found.groups()] == [low, high]
    for name, choices in kind.parameter_choices.items():
        assert tuple(told[name].split(", ")) == choices


def test_the_figures_are_described() -> None:
    pairs, names = described()["figure"]["points"].split(", or ")
    assert pairs == f"{FEWEST} to {MOST} pairs (x, y) in any unit"
    assert names.split(", ") == list(FIGURES)


def test_directions_and_orders_are_described() -> None:
    assert described()["offset"]["direction"].endswith(", 0 right and 90 up")
    for direction, way in ((0.0, [0.4, 0.0]), (90.0, [0.0, 0.4])):
        offset = make_concept("offset", direction=direction, distance=0.4)
        assert isinstance(offset, Offset)
        assert offset.offset.tolist() == pytest.approx(way, abs=1e-9)
    for concept in ("two_in_order", "three_in_order"):
        assert set(described()[concept].values()) == {f"0 to 360 degrees{APART}"}
    make_concept("two_in_order", first=10.0, second=55.0)
    with pytest.raises(ConceptParameterError):
        make_concept("two_in_order", first=10.0, second=54.0)
