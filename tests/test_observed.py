"""Observed concepts: joined, weighted, of several phases, with entities of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from agent_scenes import (
    QUICK,
    demonstrations,
    draw_event,
    fixed_demonstrations,
    learned_energy,
    observed_agent,
    tiny_model,
)

from conceptgym.agents import ConceptAgent
from conceptgym.agents.config import InferenceConfig
from conceptgym.agents.generate import generate
from conceptgym.agents.tensors import scene_of, to_tensor
from conceptgym.agents.terms import concept_term
from conceptgym.envs import MAX_ENTITIES
from conceptgym.envs.errors import ConfigError, NonFiniteError, ShapeError

EVENT = draw_event(seed=2)


def test_observing_again_replaces_and_joining_adds() -> None:
    agent = observed_agent()
    first = agent.code
    second = agent.observe(demonstrations("near"), join=True, weight=0.25)
    assert len(agent.terms()) == 2 and agent.inferred is second
    assert np.array_equal(agent.code, second.code)
    expected = learned_energy(agent, EVENT, first, EVENT.attention)
    expected += 0.25 * learned_energy(agent, EVENT, second.code, EVENT.attention)
    assert agent.energy(EVENT.before, EVENT.attention) == pytest.approx(expected, rel=1e-5)
    agent.observe(demonstrations("furthest"))
    assert len(agent.terms()) == 1


def test_the_first_concept_may_be_weighted_too() -> None:
    one, half = ConceptAgent(tiny_model(), config=QUICK), ConceptAgent(tiny_model(), config=QUICK)
    one.observe(demonstrations())
    half.observe(demonstrations(), weight=0.5)
    expected = 0.5 * one.energy(EVENT.before, EVENT.attention)
    assert half.energy(EVENT.before, EVENT.attention) == pytest.approx(expected)


@pytest.mark.parametrize("weight", [-0.1, np.nan, np.inf, "2"])
def test_bad_weights_are_refused_and_change_nothing(weight: Any) -> None:
    agent = observed_agent()
    result = agent.inferred
    with pytest.raises(ConfigError) as caught:
        agent.observe(demonstrations("near"), join=True, weight=weight)
    assert str(caught.value) == f"weight={weight!r} must be a number of at least 0; 1 is usual"
    assert agent.inferred is result and len(agent.terms()) == 1


def test_each_concept_may_attend_to_entities_of_its_own() -> None:
    agent = observed_agent()
    codes = [agent.code, agent.observe(demonstrations("near"), join=True).code]
    attentions = [np.roll(EVENT.attention, shift) for shift in (0, 1)]
    scene = scene_of(EVENT.before, np.zeros(MAX_ENTITIES))
    with torch.no_grad():
        found = [float(term(scene)[0]) for term in agent.terms(attentions=attentions)]
    expected = [learned_energy(agent, EVENT, *pair) for pair in zip(codes, attentions, strict=True)]
    assert found == pytest.approx(expected, rel=1e-5)
    made = agent.generate(EVENT.before, EVENT.attention, attentions=attentions)
    direct = generate(
        agent.terms(attentions=attentions), EVENT.before, EVENT.attention, config=QUICK
    )
    assert np.array_equal(made.candidates, direct.candidates)


def test_attentions_that_do_not_fit_are_refused() -> None:
    agent = observed_agent()
    spoilt = np.where(np.arange(MAX_ENTITIES) == 3, np.nan, 0.0)
    cases: list[tuple[list[np.ndarray], type[Exception], str]] = [
        (
            [EVENT.attention, EVENT.attention],
            ShapeError,
            "attentions has 2 entries, expected 1; pass one for each observed concept",
        ),
        (
            [np.zeros(5)],
            ShapeError,
            "attentions[0] has shape (5,), expected (16,); pass an array of that shape",
        ),
        (
            [spoilt],
            NonFiniteError,
            "attentions[0] holds nan at index (3,); every entry must be a finite number",
        ),
    ]
    for attentions, kind, text in cases:
        with pytest.raises(kind) as caught:
            agent.generate(EVENT.before, EVENT.attention, attentions=attentions)
        assert str(caught.value) == text


@pytest.mark.parametrize("phase", [-1, -3, 0.5, "first", True])
def test_phases_that_are_none_are_refused(phase: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        observed_agent().generate(EVENT.before, EVENT.attention, phase=phase)
    assert str(caught.value) == (
        f"phase={phase!r} must be a whole number of at least 0; 0 is the first"
    )


def test_phases_have_codes_of_their_own_and_stay_in_their_last() -> None:
    agent = observed_agent("two_in_order")
    result = agent.inferred
    assert result is not None and len(result.codes) == 2
    scene = scene_of(EVENT.before, EVENT.attention)
    for phase, index in ((0, 0), (1, 1), (2, 1), (9, 1)):
        (term,) = agent.terms(phase=phase)
        expected = learned_energy(agent, EVENT, result.codes[index], EVENT.attention)
        assert float(term(scene)[0]) == pytest.approx(expected, rel=1e-5)
    made = [agent.generate(EVENT.before, EVENT.attention, phase=k).energy for k in range(2)]
    for phase, energy in enumerate(made):
        expected = generate(
            agent.terms(phase=phase), EVENT.before, EVENT.attention, config=QUICK
        ).energy
        assert energy == expected
    assert made[0] != made[1]
    assert np.array_equal(agent.code, result.codes[0])


def test_several_readings_are_planned_with_together() -> None:
    config = InferenceConfig(particles=3, iterations=2, code_iterations=2, code_particles=4)
    least = {count: InferenceConfig(**{**config.to_dict(), "readings": count}) for count in (2, 4)}
    warm = InferenceConfig(**{**config.to_dict(), "readings": 4, "temperature": 0.1})
    for kept in (*least.values(), warm):
        agent = observed_agent(config=kept)
        result = agent.inferred
        assert result is not None
        codes = result.readings[0, : kept.readings]
        term = concept_term(agent.model.energy, codes, temperature=kept.temperature)
        expected = float(term(scene_of(EVENT.before, EVENT.attention))[0])
        assert agent.energy(EVENT.before, EVENT.attention) == pytest.approx(expected, rel=1e-5)


def test_by_recognition_a_scene_is_judged_by_what_would_be_identified_in_it() -> None:
    agent = observed_agent(config=replace(QUICK, recognition=True))
    static = scene_of(EVENT.before, EVENT.attention).as_static()
    expected = float(agent.model.energy(static, to_tensor(agent.code)[None])[0])
    assert agent.energy(EVENT.before, EVENT.attention) == pytest.approx(expected, rel=1e-5)
    assert expected != pytest.approx(
        learned_energy(agent, EVENT, agent.code, EVENT.attention), rel=1e-3
    )


def test_the_energy_of_a_phase_and_of_concepts_with_entities_of_their_own() -> None:
    agent = observed_agent("two_in_order")
    for phase in (0, 1):
        (term,) = agent.terms(phase=phase)
        expected = float(term(scene_of(EVENT.before, EVENT.attention))[0])
        assert agent.energy(EVENT.before, EVENT.attention, phase=phase) == pytest.approx(expected)
    agent = observed_agent()
    codes = [agent.code, agent.observe(demonstrations("near"), join=True).code]
    attentions = [np.roll(EVENT.attention, shift) for shift in (0, 1)]
    alone = [
        agent.energy(EVENT.before, attention, code=code)
        for attention, code in zip(attentions, codes, strict=True)
    ]
    together = agent.energy(EVENT.before, EVENT.attention, attentions=attentions)
    assert together == pytest.approx(sum(alone), rel=1e-4)
    with pytest.raises(ConfigError) as caught:
        agent.energy(EVENT.before, EVENT.attention, code=codes[0], attentions=attentions)
    assert str(caught.value) == (
        "code and attentions were both given; attentions are those of the observed concepts: "
        "leave one of the two out"
    )


def test_a_concept_shown_where_nothing_could_be_edited_counts_when_joined() -> None:
    """Its demonstrations do not tell what may change: all that the scene lets change may."""
    agent = observed_agent()
    code = agent.observe(fixed_demonstrations("near"), join=True).code
    energies = [float(term(scene_of(EVENT.before, EVENT.attention))[0]) for term in agent.terms()]
    alone = learned_energy(agent, EVENT, code, EVENT.attention)
    assert energies[1] == pytest.approx(alone, rel=1e-5) and alone > 0
