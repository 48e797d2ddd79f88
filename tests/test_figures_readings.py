"""The picture of readings: what counts as another reading, and how they combine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from agent_scenes import demonstrations, draw_event, tiny_model
from PIL import Image

from conceptgym.agents import ConceptAgent, InferenceConfig
from conceptgym.agents.figures.readings import (
    Reading,
    combined_landscape,
    distinct_readings,
    draw_readings,
    ruled_out,
)
from conceptgym.envs import EntityState

QUICK = InferenceConfig(code_particles=4, code_iterations=0)


class Planes(ConceptAgent):
    """Codes whose first number is the distance that every place is from what is asked for."""

    def landscape(
        self,
        state: EntityState,
        attention: np.ndarray,
        *,
        entity: int | None = None,
        code: np.ndarray | None = None,
        resolution: int = 61,
    ) -> np.ndarray:
        assert code is not None
        return np.full((resolution, resolution), 0.5 * float(code[0]) ** 2)


def found(values: list[float], surprise: list[float], **options: float) -> list[float]:
    """The distances that the distinct readings stand for."""
    agent, event = Planes(tiny_model(), config=QUICK), draw_event("near", seed=1)
    result = agent.observe(demonstrations("near", 1))
    readings = result.readings.copy()
    readings[0, :, 0] = values
    result = replace(result, readings=readings, surprise=np.array([surprise]))
    readings = distinct_readings(agent, result, event.before, event.attention, **options)  # pyright: ignore[reportArgumentType]
    assert all(reading.landscape.std() < 1e-6 for reading in readings)
    return [round(float(reading.landscape.mean()), 3) for reading in readings]


def test_alike_and_unlikely_readings_do_not_count() -> None:
    values, surprise = [0.5, 0.55, 0.8, 0.1], [-3.0, -2.0, -1.0, 0.5]
    assert found(values, surprise) == [0.5, 0.8]
    assert found(values, surprise, slack=4.0) == [0.5, 0.8, 0.1]
    assert found(values, surprise, apart=0.01) == [0.5, 0.55, 0.8]
    assert found(values, surprise, most=1) == [0.5]


def test_more_demonstrations_rule_out_more() -> None:
    values, surprise = [0.5, 0.1, 0.8, 0.3], [-3.0, -2.0, -1.0, 0.0]
    assert found(values, surprise, shown=1) == [0.5, 0.1, 0.8, 0.3]
    assert found(values, surprise, shown=2) == [0.5, 0.1]
    assert found(values, surprise, shown=4) == [0.5]


def test_a_reading_is_ruled_out_by_what_all_demonstrations_say_together() -> None:
    agent, shown = ConceptAgent(tiny_model(), config=QUICK), demonstrations("near", 2)
    result = agent.observe(shown)
    scores = result.surprise[0]
    readings = [
        Reading(code=code, surprise=0.0, landscape=np.zeros((1, 1))) for code in result.readings[0]
    ]
    for least in (float(scores[0]), float(scores[0]) - 1.4, float(scores[0]) - 1.6):
        gone = ruled_out(agent, readings, shown, least=least)
        assert gone == [2 * (score - least) > 3.0 for score in scores]
    assert gone[0], "another reading explains both better by more than the slack"
    assert not ruled_out(agent, readings[:1], shown, least=float(scores[0]))[0]


def reading(*distances: float) -> Reading:
    return Reading(code=np.zeros(1), surprise=0.0, landscape=np.array([distances]))


def test_combined_landscapes_are_the_least_or_the_free_energy() -> None:
    pair = [reading(0.0, 1.0, 0.6), reading(1.0, 0.2, 0.6)]
    assert combined_landscape(pair) == pytest.approx(np.array([[0.0, 0.2, 0.6]]))
    free = combined_landscape(pair, 0.1)
    energies = np.array([[0.0, 0.5], [0.5, 0.02], [0.18, 0.18]])
    expected = -0.1 * np.log(np.exp(-energies / 0.1).mean(axis=1))
    assert 0.5 * free[0] ** 2 == pytest.approx(expected)
    assert combined_landscape(pair[:1], 0.1) == pytest.approx(pair[0].landscape)


def test_a_row_for_each_demonstration(tmp_path: Path) -> None:
    agent, event = ConceptAgent(tiny_model(), config=QUICK), draw_event("near", seed=1)
    path = tmp_path / "new" / "readings.png"
    counts = draw_readings(
        agent, demonstrations("near", 2), path, state=event.before, attention=event.attention
    )
    assert len(counts) == 2 and all(1 <= count <= 3 for count in counts)
    with Image.open(path) as image:
        assert image.format == "PNG" and image.height > 500 and image.width > 900
