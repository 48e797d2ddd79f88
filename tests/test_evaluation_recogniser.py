"""The recogniser: the nearest trained parameters, and what comes of them."""

from __future__ import annotations

import numpy as np
import pytest

from conceptgym.agents.evaluation.recogniser import Recogniser, nearest_trained
from conceptgym.agents.evaluation.verdicts import plan_succeeds
from conceptgym.envs import CONCEPTS, make_concept
from conceptgym.envs.errors import ConfigError

HELD_OUT = [name for name, kind in CONCEPTS.items() if "held_out" in kind.splits()]


@pytest.mark.parametrize("name", HELD_OUT)
def test_what_it_knows_was_trained(name: str) -> None:
    rng = np.random.default_rng(0)
    for _ in range(5):
        concept = CONCEPTS[name].random(rng, split="held_out")
        for phase in concept.phases:
            assert not nearest_trained(phase).held_out
        trained = CONCEPTS[name].random(rng, split="train")
        assert nearest_trained(trained).parameters == trained.parameters


def test_it_is_the_nearest() -> None:
    assert nearest_trained(make_concept("colour", hue=105.0)).parameters["hue"] == pytest.approx(
        100.0
    )
    assert nearest_trained(make_concept("colour", hue=130.0)).parameters["hue"] == 136.0
    other = nearest_trained(make_concept("at_distance", distance=0.52))
    assert other.parameters["distance"] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("name", "parameters", "succeeds"),
    [
        ("at_distance", {"distance": 0.55}, True),  # 0.05 off, of 0.1 that are tolerated
        ("colour", {"hue": 102.0}, True),
        ("colour", {"hue": 118.0}, False),  # 18 degrees off
        ("figure", {"points": "zigzag"}, False),
    ],
)
def test_it_succeeds_where_the_nearest_is_near_enough(
    name: str, parameters: dict, succeeds: bool
) -> None:
    concept = make_concept(name, **parameters)
    event = concept.sample(np.random.default_rng(1), n_objects=6)
    plan = Recogniser(concept).plan(event)
    assert plan_succeeds(concept, event, plan) == succeeds


def test_it_follows_the_phases() -> None:
    concept = CONCEPTS["two_in_order"].random(np.random.default_rng(0), split="held_out")
    event = concept.sample(np.random.default_rng(1), n_objects=5)
    assert plan_succeeds(concept, event, Recogniser(concept).plan(event))


def test_it_only_generates() -> None:
    event = make_concept("near").sample(np.random.default_rng(1), n_objects=3)
    with pytest.raises(ConfigError) as caught:
        Recogniser(make_concept("near")).identify(event.shown)
    assert str(caught.value) == "method='recogniser' only generates; ask it for task='generate'"
