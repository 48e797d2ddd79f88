"""Validation: shares by concept, counted right, from scenes that training never draws."""

from importlib import import_module
from typing import Any

import numpy as np
import pytest
from agent_scenes import generated, identified, tiny_model

from conceptgym.agents.model import load_model
from conceptgym.agents.validation import Validation, validate
from conceptgym.envs import CONCEPTS, Event

MODULE = import_module("conceptgym.agents.validation")


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[Event]:
    """Every event drawn, in order; the last one is the one asked about."""
    drawn: list[Event] = []
    original = MODULE.draw_event

    def draw(*arguments: Any) -> Event:
        drawn.append(original(*arguments))
        return drawn[-1]

    monkeypatch.setattr(MODULE, "draw_event", draw)
    return drawn


@pytest.mark.parametrize("right", [True, False])
def test_right_and_wrong_answers_are_counted(
    events: list[Event], right: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def generate(*_: Any, **__: Any) -> Any:
        return generated((events[-1].after if right else events[-1].before).entities)

    def identify(*_: Any, **__: Any) -> Any:
        answer = events[-1].answer
        return identified(answer if right else events[-1].after.present & ~answer)

    monkeypatch.setattr(MODULE, "generate", generate)
    monkeypatch.setattr(MODULE, "identify", identify)
    found = validate(tiny_model(), scenes=2, demonstrations=1)
    expected = dict.fromkeys(CONCEPTS, float(right))
    assert found.generate == found.identify == expected
    assert len(events) == len(CONCEPTS) * 2 * (1 + 1)


def test_the_same_model_gets_the_same_marks(events: list[Event]) -> None:
    one = validate(tiny_model(), scenes=2, demonstrations=1)
    scenes = [event.after.entities for event in events]
    events.clear()
    assert validate(tiny_model(), scenes=2, demonstrations=1) == one
    for event, scene in zip(events, scenes, strict=True):
        assert np.array_equal(event.after.entities, scene)
    assert set(one.generate.values()) | set(one.identify.values()) <= {0.0, 0.5, 1.0}


def test_scalars_hold_every_share_and_the_means() -> None:
    found = Validation(generate={"near": 0.2, "far": 0.6}, identify={"near": 1.0, "far": 0.0})
    assert found.scalars == pytest.approx(
        {
            "generate/near": 0.2,
            "generate/far": 0.6,
            "identify/near": 1.0,
            "identify/far": 0.0,
            "generate/mean": 0.4,
            "identify/mean": 0.5,
        }
    )


def test_trained_weights_do_far_better_than_untrained_ones() -> None:
    trained, untrained = (
        validate(model, scenes=2, demonstrations=5).scalars
        for model in (load_model()[0], tiny_model())
    )
    for task in ("generate", "identify"):
        assert trained[f"{task}/mean"] >= 0.8
        assert untrained[f"{task}/mean"] <= 0.4
