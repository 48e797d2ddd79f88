"""The shipped weights: small, described by their JSON, evaluated, and trained as it says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch

from conceptgym.agents import EnergyConfig, TrainConfig, load_model, load_tensors
from conceptgym.agents.bank import BANK_SIZE
from conceptgym.agents.evaluation.commands import Run
from conceptgym.agents.evaluation.evaluator import Outcome
from conceptgym.agents.evaluation.files import markdown_tables, rates, undisturbed
from conceptgym.agents.evaluation.findings import measure_all
from conceptgym.agents.evaluation.findings_page import findings_page
from conceptgym.agents.evaluation.findings_paper import FINDINGS
from conceptgym.agents.evaluation.methods import OURS, RECOGNISER
from conceptgym.agents.evaluation.published import read_published
from conceptgym.agents.evaluation.summary import CELL, in_order, summarise
from conceptgym.agents.model import PRETRAINED
from conceptgym.agents.wilson import wilson_interval
from conceptgym.assets import asset_path
from conceptgym.envs import CONCEPTS, TASKS

WEIGHTS = asset_path(PRETRAINED)
ABOUT = json.loads(WEIGHTS.with_suffix(".json").read_text())
DOCS = Path(__file__).parents[1] / "docs"


def test_the_json_repeats_the_header() -> None:
    _, header = load_tensors(WEIGHTS)
    assert header == {name: value for name, value in ABOUT.items() if name != "evaluation"}


def test_they_were_trained_to_the_end_with_the_default_configuration() -> None:
    assert TrainConfig.from_dict(ABOUT["train"]) == TrainConfig()
    assert EnergyConfig.from_dict(ABOUT["energy"]) == EnergyConfig()
    assert ABOUT["step"] == TrainConfig().steps
    assert ABOUT["amortised"] is True
    assert 0 < ABOUT["seconds"] < 2 * 3600


def test_they_are_small_and_sound() -> None:
    model, _ = load_model()
    assert sum(value.numel() for value in model.parameters()) < 2_000_000
    assert all(torch.isfinite(value).all() for value in model.parameters())
    assert WEIGHTS.stat().st_size < 10_000_000


def test_the_bank_of_codes_comes_with_them() -> None:
    model, _ = load_model()
    assert model.bank.shape == (BANK_SIZE, EnergyConfig().learned_size)
    gaps = torch.cdist(model.bank, model.bank) + 9.0 * torch.eye(BANK_SIZE)
    assert torch.isfinite(model.bank).all() and gaps.min() > 0.1  # each a reading of its own


@pytest.mark.parametrize("concept", list(CONCEPTS))
def test_the_evaluation_covers_every_concept(concept):
    rows = [row for row in ABOUT["evaluation"]["rows"] if row["concept"] == concept]
    cells = {
        (row["world"], row["level"], row["task"]) for row in rows if row["demonstrations"] == 5
    }
    kind = CONCEPTS[concept]
    levels = (1, 2) if "held_out" in kind.splits() else (1,)
    expected = {("particle", level, task) for level in levels for task in TASKS}
    expected |= {("arm", 1, task) for task in kind.tasks_on_arm}
    assert expected <= cells
    for row in rows:
        assert row["success"] == pytest.approx(row["successes"] / row["episodes"])
        low, high = wilson_interval(row["successes"], row["episodes"])
        assert (row["low"], row["high"]) == pytest.approx((low, high))


@pytest.fixture(scope="module")
def published() -> tuple[list[Outcome], dict[str, Any]]:
    outcomes, about = read_published(DOCS / "outcomes.jsonl")
    return in_order(outcomes), about


def test_what_is_recorded_is_counted_in_the_published_outcomes(published) -> None:
    recorded, found = ABOUT["evaluation"], rates(published[0])
    for name in ("means", "methods", "ahead"):
        assert recorded[name] == found[name], name
    assert len(recorded["rows"]) > 200
    for name, method in (("rows", OURS), ("recogniser", RECOGNISER)):
        assert recorded[name] == undisturbed(found["rows"], method)


def test_the_full_tables_are_counted_in_the_published_outcomes(published) -> None:
    text = (DOCS / "evaluation.md").read_text()
    assert text.endswith("\n\n" + markdown_tables(published[0]))


def test_the_findings_are_counted_in_the_published_outcomes(published) -> None:
    """But for the distance between codes, which is no outcome."""
    page = findings_page(measure_all(FINDINGS, published[0]), Run())
    texts = [
        re.sub(r"\n(The codes inferred from|The distance between the codes).*\n", "", text)
        for text in (page, (DOCS / "findings.md").read_text())
    ]
    assert texts[0] == texts[1]


def test_what_is_published_is_about_the_weights_that_are_kept(published) -> None:
    _, about = published
    kept = {path.stem: path for path in DOCS.glob("ablations/*.safetensors")} | {"ours": WEIGHTS}
    digests = {name: load_tensors(path)[1]["sha256"] for name, path in kept.items()}
    assert about == {"seed": 0} | {f"sha256 of {name}": digests[name] for name in digests}


def test_what_relations_are_worth_is_counted_in_the_published_outcomes(published) -> None:
    text = " ".join((DOCS / "training.md").read_text().split())
    told = re.findall(r"`quantity` is generated in (\d+)% of scenes rather than (\d+)%", text)
    rows = [
        row
        for row in rates(published[0])["rows"]
        if (row["concept"], row["task"], row["level"]) == ("quantity", "generate", 1)
        and (row["demonstrations"], row["condition"]) == (5, "plain")
    ]
    found = {row["method"]: f"{100 * row['success']:.0f}" for row in rows}
    assert told == [(found["no_pairs"], found[OURS])]


def test_what_jitter_costs_is_counted_in_the_published_outcomes(published) -> None:
    text = " ".join((DOCS / "training.md").read_text().split())
    told = re.findall(r"it costs shapes ([\d.]+) and quantity ([\d.]+) now", text)
    rows = [
        row
        for row in summarise(published[0], ("family", *CELL[1:]))
        if (row["method"], row["task"], row["level"], row["world"])
        == (OURS, "generate", 1, "particle")
        and row["demonstrations"] == 5
    ]
    rate = {(row["family"], row["condition"]): row["success"] for row in rows}
    costs = (100 * (rate[name, "plain"] - rate[name, "jitter-5"]) for name in ("shape", "quantity"))
    assert told == [tuple(f"{cost:.1f}" for cost in costs)]
