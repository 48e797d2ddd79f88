"""The agent: its energies, identifying, SB3's protocol on both worlds, what it refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from agent_scenes import (
    QUICK,
    demonstrations,
    draw_event,
    learned_energy,
    observed_agent,
    tiny_model,
)

import conceptgym.envs
from conceptgym.agents import ConceptAgent
from conceptgym.agents.identify import identify
from conceptgym.agents.tensors import scene_of, to_tensor
from conceptgym.envs import MAX_ENTITIES
from conceptgym.envs.errors import ConfigError, NoDemonstrationsError, NonFiniteError, ShapeError
from conceptgym.envs.robots import PANDA

PARTICLE, ARM = "conceptgym/Particle-v0", "conceptgym/ArmReach-v0"
PLACE = "conceptgym/ArmPlace-v0"
EVENT = draw_event(seed=2)


def test_the_energy_is_that_of_the_inferred_code_or_of_a_given_one() -> None:
    agent = observed_agent()
    result = agent.inferred
    assert result is not None and agent.code.any()
    assert np.array_equal(agent.code, result.codes[0])
    found = agent.energy(EVENT.before, EVENT.attention)
    assert found == pytest.approx(
        learned_energy(agent, EVENT, agent.code, EVENT.attention), rel=1e-5
    )
    other = agent.code + 0.5
    found = agent.energy(EVENT.before, EVENT.attention, code=other)
    assert found == pytest.approx(learned_energy(agent, EVENT, other, EVENT.attention), rel=1e-5)
    fresh = ConceptAgent(tiny_model())  # another's code needs no demonstrations
    assert fresh.energy(EVENT.before, EVENT.attention, code=other) == found


def test_attentions_that_mark_nothing_are_refused() -> None:
    agent, nothing = observed_agent(), np.zeros(MAX_ENTITIES, dtype=bool)
    absent = ~EVENT.before.present
    entities = EVENT.before.entities[None]
    for own in (nothing, absent):
        for ask in (
            lambda **kept: agent.generate(EVENT.before, **kept),
            lambda **kept: agent.energy(EVENT.before, **kept),
            lambda **kept: agent.energies(EVENT.before, entities=entities, **kept),
            lambda **kept: agent.landscape(EVENT.before, **kept),
        ):
            with pytest.raises(ShapeError) as caught:
                ask(attention=own)
            assert str(caught.value) == "attention marks no entity; mark those that take part"
            with pytest.raises(ShapeError) as caught:
                ask(attention=EVENT.attention, attentions=[own])
            assert str(caught.value) == "attentions[0] marks no entity; mark those that take part"
    fixed = replace(EVENT.before, movable=nothing)
    assert np.isfinite(agent.energy(fixed, nothing))  # asks whether nothing is meant


def test_an_observation_is_no_state() -> None:
    observation, _ = gym.make(PARTICLE).reset(seed=0)
    agent = observed_agent()
    state: Any = observation
    for ask in (
        lambda: agent.generate(state, EVENT.attention, attentions=[EVENT.attention]),
        lambda: agent.identify(state),
        lambda: agent.energy(state, EVENT.attention),
        lambda: agent.energies(state, EVENT.attention, EVENT.before.entities[None]),
        lambda: agent.landscape(state, EVENT.attention),
    ):
        with pytest.raises(ShapeError) as caught:
            ask()
        assert str(caught.value) == (
            "state is a dict, expected an EntityState; pass env.unwrapped.state, or "
            "conceptgym.envs.state_from_observation(observation)"
        )
    assert np.isfinite(agent.identify(conceptgym.envs.state_from_observation(state)).energy)


def test_entities_that_do_not_fit_have_no_energies() -> None:
    agent, spoilt = observed_agent(), EVENT.before.entities[None].copy()
    spoilt[0, 2, 1] = np.nan
    cases: list[tuple[Any, type[Exception], str]] = [
        (
            spoilt,
            NonFiniteError,
            "entities holds nan at index (0, 2, 1); every entry must be a finite number",
        ),
        *(
            (
                np.zeros(shape),
                ShapeError,
                f"entities has shape {shape}, expected (P, 16, 7); pass an array of that shape",
            )
            for shape in ((), (16, 7), (2, 16, 5), (2, 4, 7))
        ),
    ]
    for entities, kind, text in cases:
        with pytest.raises(kind) as caught:
            agent.energies(EVENT.before, EVENT.attention, entities)
        assert str(caught.value) == text


def test_a_configuration_is_no_dictionary() -> None:
    with pytest.raises(ConfigError) as caught:
        ConceptAgent(tiny_model(), config={"particles": 4})  # pyright: ignore[reportArgumentType]
    assert str(caught.value) == (
        "config is a dict, expected an InferenceConfig; pass InferenceConfig(particles=4) or the "
        "like"
    )


def test_what_any_phase_holds_for_is_identified() -> None:
    agent, state = observed_agent("two_in_order"), draw_event("two_in_order", seed=7).shown
    found = agent.identify(state)
    parts = [identify(agent.terms(phase=phase), state, config=QUICK) for phase in range(2)]
    assert np.array_equal(found.attention, parts[0].attention | parts[1].attention)
    assert np.array_equal(found.strength, np.maximum(parts[0].strength, parts[1].strength))
    assert found.energy == max(part.energy for part in parts)


def test_things_are_put_on_top_once_a_concept_has_shown_it() -> None:
    agent = ConceptAgent(tiny_model(), config=QUICK)
    assert not agent.puts_on_top
    for concept, join, found in (
        ("touch", False, True),
        ("near", True, True),  # beside a concept that stacks
        ("near", False, False),
        ("two_in_order", True, True),
        ("square", False, False),
    ):
        agent.observe(demonstrations(concept), join=join)
        assert agent.puts_on_top == found


def test_a_fresh_agent_knows_the_weights_and_nothing_else() -> None:
    agent = observed_agent("touch")
    other = agent.fresh()
    assert other.model is agent.model and other.config is agent.config
    assert other.inferred is None and not other.puts_on_top
    with pytest.raises(NoDemonstrationsError):
        _ = other.code
    other.observe(demonstrations("near"))
    assert agent.puts_on_top and not other.puts_on_top
    observation, _ = gym.make(PLACE).reset(seed=0)
    other.predict(observation)
    assert agent.policy() is None
    arms = [each._policies.controllers.among_things(PANDA) for each in (agent, other)]
    assert arms[0] is arms[1]


def test_the_phase_of_an_observation_is_planned_for() -> None:
    env: Any = gym.make(PARTICLE, concept="two_in_order")
    observation, _ = env.reset(seed=0)
    agent = observed_agent("two_in_order")
    plans = []
    for phase in (0, 1):
        agent.predict({**observation, "phase": np.int64(phase)})
        plan = agent.plan()
        assert plan is not None
        plans.append(plan.result)
    state, attention = env.unwrapped.state, env.unwrapped.event.attention
    for phase, plan in enumerate(plans):
        expected = agent.generate(state, attention, phase=phase)
        assert plan.energy == pytest.approx(expected.energy, rel=1e-4)
    assert plans[0].energy != plans[1].energy


@pytest.mark.parametrize("change", ["observe", "join", "constrain"])
def test_whatever_changes_the_energy_drops_the_plans(change: str) -> None:
    observation, _ = gym.make(PARTICLE).reset(seed=0)
    agent = observed_agent()
    agent.predict(observation)
    assert agent.plan() is not None
    if change == "constrain":
        agent.constrain()
    else:
        agent.observe(demonstrations("furthest"), join=change == "join")
    assert agent.plan() is None
    agent.predict(observation)
    assert agent.plan() is not None


@pytest.mark.parametrize("env_id", [PARTICLE, ARM])
def test_without_a_concept_there_is_nothing_to_do(env_id: str) -> None:
    observation, _ = gym.make(env_id).reset(seed=0)
    agent, event = ConceptAgent(tiny_model()), draw_event()
    for ask in (
        lambda: agent.code,
        lambda: agent.terms(),
        lambda: agent.predict(observation),
        lambda: agent.predict({key: value[None] for key, value in observation.items()}),
        lambda: agent.generate(event.before, event.attention),
        lambda: agent.identify(event.after),
        lambda: agent.energy(event.after, event.attention),
        lambda: agent.landscape(event.after, event.attention),
    ):
        with pytest.raises(NoDemonstrationsError) as caught:
            ask()
        assert str(caught.value) == (
            "no concept was observed yet; call agent.observe(demonstrations) first"
        )
    assert agent.inferred is None


def test_a_code_that_is_written_into_is_a_copy() -> None:
    agent = observed_agent()
    kept = agent.code
    agent.code[:] = 0.0
    np.testing.assert_array_equal(agent.code, kept)


def test_codes_that_do_not_fit_are_refused() -> None:
    agent = observed_agent()
    size = agent.model.energy.code_size
    with pytest.raises(ShapeError) as caught:
        agent.energy(EVENT.before, EVENT.attention, code=np.zeros(3))
    assert str(caught.value) == (
        f"code has shape (1, 3), expected (1, {size}); pass an array of that shape"
    )


def test_where_nothing_may_be_edited_the_energy_is_what_the_attention_lacks() -> None:
    agent = observed_agent()
    nothing = np.zeros(MAX_ENTITIES, dtype=bool)
    state = replace(EVENT.before, movable=nothing, paintable=nothing)
    scene = scene_of(state, EVENT.attention).as_static()
    expected = float(agent.model.energy(scene, to_tensor(agent.code)[None])[0])
    assert agent.energy(state, EVENT.attention) == pytest.approx(expected, rel=1e-5)
    assert agent.energies(state, EVENT.attention, state.entities[None])[0] == pytest.approx(
        expected, rel=1e-5
    )
    assert agent.energy(state, np.roll(EVENT.attention, 1)) != pytest.approx(expected, rel=1e-3)
