"""The landscape: the energy of a scene with one entity at each place of the plane."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from agent_scenes import demonstrations, draw_event, observed_agent, tiny_model

from conceptgym.agents import ConceptAgent
from conceptgym.envs.errors import ConfigError, ShapeError

EVENT = draw_event(seed=2)


@pytest.mark.parametrize("entity", [None, 0, 2])
def test_the_landscape_holds_the_energy_at_every_place_of_an_entity(entity: int | None) -> None:
    agent = observed_agent()
    state = EVENT.before
    heights = agent.landscape(state, EVENT.attention, entity=entity, resolution=9)
    assert heights.shape == (9, 9)
    line = np.linspace(-1.0, 1.0, 9)
    row = state.cursor if entity is None else entity
    movable = state.movable.copy()
    movable[row] = True  # what is moved counts
    free = type(state)(
        entities=state.entities, present=state.present, movable=movable, paintable=state.paintable
    )
    for i, j in (np.unravel_index(heights.argmin(), heights.shape), (0, 8), (3, 5)):
        there = free.moved(np.array([row]), np.array([[line[j], line[i]]]))  # rows run along y
        energy = agent.energy(there, EVENT.attention)
        assert heights[i, j] == pytest.approx(energy, rel=1e-4)


def test_the_landscape_of_another_code() -> None:
    agent, code = observed_agent(), observed_agent("near").code
    found = agent.landscape(EVENT.before, EVENT.attention, code=code, resolution=5)
    other = ConceptAgent(tiny_model())  # needs no demonstrations
    expected = other.landscape(EVENT.before, EVENT.attention, code=code, resolution=5)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert not np.allclose(found, agent.landscape(EVENT.before, EVENT.attention, resolution=5))
    assert agent.landscape(EVENT.before, EVENT.attention).shape == (61, 61)


@pytest.mark.parametrize("phase", [0, 1, 5])
def test_the_landscape_of_a_phase(phase: int) -> None:
    agent = observed_agent("two_in_order")
    result = agent.inferred
    assert result is not None
    found = agent.landscape(EVENT.before, EVENT.attention, phase=phase, resolution=5)
    code = result.codes[min(phase, 1)]
    expected = agent.landscape(EVENT.before, EVENT.attention, code=code, resolution=5)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    other = agent.landscape(EVENT.before, EVENT.attention, phase=0 if phase else 1, resolution=5)
    assert not np.allclose(found, other)


def test_the_landscape_of_concepts_that_attend_to_entities_of_their_own() -> None:
    agent = observed_agent()
    codes = [agent.code, agent.observe(demonstrations("near"), join=True).code]
    attentions = [np.roll(EVENT.attention, shift) for shift in (0, 1)]
    found = agent.landscape(EVENT.before, EVENT.attention, attentions=attentions, resolution=5)
    alone = [
        agent.landscape(EVENT.before, attention, code=code, resolution=5)
        for code, attention in zip(codes, attentions, strict=True)
    ]
    np.testing.assert_allclose(found, np.sum(alone, axis=0), rtol=1e-4)
    stacked: Any = np.stack(attentions)  # as observations and events hold them
    again = agent.landscape(EVENT.before, EVENT.attention, attentions=stacked, resolution=5)
    np.testing.assert_array_equal(again, found)
    assert not np.allclose(found, agent.landscape(EVENT.before, EVENT.attention, resolution=5))
    with pytest.raises(ShapeError, match="^attentions has 1 entries, expected 2; "):
        agent.landscape(EVENT.before, EVENT.attention, attentions=attentions[:1])


@pytest.mark.parametrize("entity", [-1, 4, 16, "a", 1.0, True])
def test_an_entity_that_is_not_there_has_no_landscape(entity: Any) -> None:
    with pytest.raises(ShapeError) as caught:
        observed_agent().landscape(EVENT.before, EVENT.attention, entity=entity)
    assert str(caught.value) == (
        f"entity={entity!r} is no row that holds an entity; choose one of [0, 1, 2, 3]"
    )


@pytest.mark.parametrize("resolution", [-1, 0, 1.5, "9", True])
def test_a_resolution_that_is_none_is_refused(resolution: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        observed_agent().landscape(EVENT.before, EVENT.attention, resolution=resolution)
    assert str(caught.value) == (
        f"resolution={resolution!r} must be a whole number of at least 1; 61 is usual"
    )


def test_a_landscape_is_asked_about_something() -> None:
    agent, nothing = observed_agent(), np.zeros_like(EVENT.attention)
    with pytest.raises(ShapeError) as caught:
        agent.landscape(EVENT.before, nothing)
    assert str(caught.value) == "attention marks no entity; mark those that take part"
    with pytest.raises(ShapeError) as own:
        agent.landscape(EVENT.before, EVENT.attention, attentions=[nothing])
    assert str(own.value) == "attentions[0] marks no entity; mark those that take part"
    with pytest.raises(ShapeError) as short:
        agent.landscape(EVENT.before, np.ones(3))
    assert str(short.value) == (
        "attention has shape (3,), expected (16,); pass an array of that shape"
    )
