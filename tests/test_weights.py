"""The shipped weights: small, described by their JSON, evaluated, and trained as it says."""

import json

import pytest

from conceptgym.agents import EnergyConfig, TrainConfig, load_model, load_tensors
from conceptgym.agents.model import PRETRAINED
from conceptgym.assets import asset_path
from conceptgym.envs import CONCEPTS

WEIGHTS = asset_path(PRETRAINED)
ABOUT = json.loads(WEIGHTS.with_suffix(".json").read_text())


def test_the_json_repeats_the_header():
    _, header = load_tensors(WEIGHTS)
    assert header == {name: value for name, value in ABOUT.items() if name != "evaluation"}


def test_they_were_trained_with_the_default_configuration():
    assert TrainConfig.from_dict(ABOUT["train"]) == TrainConfig()
    assert EnergyConfig.from_dict(ABOUT["energy"]) == EnergyConfig()
    assert ABOUT["step"] == TrainConfig().steps
    assert ABOUT["seconds"] < 2 * 3600


def test_they_are_small():
    model, _ = load_model()
    assert sum(value.numel() for value in model.parameters()) < 2_000_000
    assert WEIGHTS.stat().st_size < 10_000_000


@pytest.mark.parametrize("concept", list(CONCEPTS))
def test_the_evaluation_covers_every_concept(concept):
    rows = [row for row in ABOUT["evaluation"]["rows"] if row["concept"] == concept]
    cells = {(row["world"], row["task"], row["demonstrations"]) for row in rows}
    expected = {("particle", task, n) for task in ("generate", "identify") for n in (1, 5)}
    expected |= {("arm", task, n) for task in CONCEPTS[concept].tasks_on_arm for n in (1, 5)}
    assert cells == expected
    for row in rows:
        assert row["episodes"] >= (200 if row["world"] == "particle" else 100)
        assert row["success"] == pytest.approx(row["successes"] / row["episodes"])
        assert row["low"] <= row["success"] <= row["high"]
