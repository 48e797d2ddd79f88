"""Validation: shares by concept, counted right, from scenes that training never draws."""

from importlib import import_module
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from agent_scenes import generated, identified, tiny_model

from conceptgym.agents.data import training_families
from conceptgym.agents.model import load_model
from conceptgym.agents.validation import Validation, validate
from conceptgym.envs import Concept, Event

NAMES = training_families()
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


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Demonstrations are not looked at: any code will do."""
    size = tiny_model().energy.code_size
    code = SimpleNamespace(code=np.zeros(size, dtype=np.float32))
    monkeypatch.setattr(MODULE, "infer", lambda *_, **__: code)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """Two families instead of all."""
    names = ("colour", "figure")
    monkeypatch.setattr(MODULE, "training_families", lambda: names)
    return names


@pytest.mark.usefixtures("unread")
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
    expected = dict.fromkeys(NAMES, float(right))
    assert found.generate == found.identify == expected
    assert len(events) == len(NAMES) * 2 * (1 + 1)


@pytest.mark.usefixtures("few", "unread")
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


@pytest.mark.usefixtures("unread")
def test_scenes_are_of_sizes_and_parameters_that_training_has(
    events: list[Event], few: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    concepts: list[Concept] = []
    draw = MODULE.draw_event

    def note(concept: Concept, rng: np.random.Generator) -> Event:
        concepts.append(concept)
        return draw(concept, rng)

    monkeypatch.setattr(MODULE, "draw_event", note)
    monkeypatch.setattr(MODULE, "generate", lambda *_, **__: generated(events[-1].after.entities))
    monkeypatch.setattr(MODULE, "identify", lambda *_, **__: identified(events[-1].answer))
    validate(tiny_model(), scenes=3, demonstrations=2)
    assert len(concepts) == len(few) * 3 * 3
    for begin in range(0, len(concepts), 3):  # the question is about what was shown
        assert len(set(concepts[begin : begin + 3])) == 1
    assert len(set(concepts)) > len(few)
    assert not any(concept.held_out for concept in concepts)
    assert max(event.after.objects.sum() for event in events) <= 8


def test_trained_weights_do_far_better_than_untrained_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(MODULE, "training_families", lambda: ("near", "between"))
    trained, untrained = (
        validate(model, scenes=2, demonstrations=5).scalars
        for model in (load_model()[0], tiny_model())
    )
    for task in ("generate", "identify"):
        assert trained[f"{task}/mean"] >= 0.8
        assert untrained[f"{task}/mean"] <= 0.4
