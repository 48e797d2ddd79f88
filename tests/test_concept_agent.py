"""The agent: concepts observed and joined, constraints, phases, SB3's protocol on both worlds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from agent_scenes import (
    QUICK,
    demonstrations,
    draw_event,
    fixed_demonstrations,
    observed_agent,
    tiny_model,
)

import conceptgym.envs
from conceptgym.agents import ConceptAgent
from conceptgym.agents.config import InferenceConfig
from conceptgym.agents.generate import generate
from conceptgym.agents.identify import identify
from conceptgym.agents.scene import Scene
from conceptgym.agents.tensors import scene_of, to_tensor
from conceptgym.agents.terms import concept_term
from conceptgym.envs import MAX_ENTITIES
from conceptgym.envs.errors import ConfigError, NoDemonstrationsError, NonFiniteError, ShapeError
from conceptgym.envs.robots import PANDA

PARTICLE, ARM = "conceptgym/Particle-v0", "conceptgym/ArmReach-v0"
PLACE = "conceptgym/ArmPlace-v0"
EVENT = draw_event(seed=2)


def learned_energy(agent: ConceptAgent, code: np.ndarray, attention: np.ndarray) -> float:
    """E(x, a, w) of EVENT's start, straight from the model."""
    scene = scene_of(EVENT.before, attention)
    return float(agent.model.energy(scene, to_tensor(code)[None])[0])


def test_the_energy_is_that_of_the_inferred_code_or_of_a_given_one() -> None:
    agent = observed_agent()
    result = agent.inferred
    assert result is not None and agent.code is not None
    assert np.array_equal(agent.code, result.codes[0])
    found = agent.energy(EVENT.before, EVENT.attention)
    assert found == pytest.approx(learned_energy(agent, agent.code, EVENT.attention), rel=1e-5)
    other = agent.code + 0.5
    found = agent.energy(EVENT.before, EVENT.attention, code=other)
    assert found == pytest.approx(learned_energy(agent, other, EVENT.attention), rel=1e-5)
    fresh = ConceptAgent(tiny_model())  # another's code needs no demonstrations
    assert fresh.energy(EVENT.before, EVENT.attention, code=other) == found


def test_observing_again_replaces_and_joining_adds() -> None:
    agent = observed_agent()
    first = agent.code
    second = agent.observe(demonstrations("near"), join=True, weight=0.25)
    assert len(agent.terms()) == 2 and agent.inferred is second
    assert np.array_equal(agent.code, second.code)
    expected = learned_energy(agent, first, EVENT.attention)
    expected += 0.25 * learned_energy(agent, second.code, EVENT.attention)
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
    expected = [learned_energy(agent, *pair) for pair in zip(codes, attentions, strict=True)]
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


@pytest.mark.parametrize("phase", [-1, -3, 0.5, "first", True])
def test_phases_that_are_none_are_refused(phase: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        observed_agent().generate(EVENT.before, EVENT.attention, phase=phase)
    assert str(caught.value) == (
        f"phase={phase!r} must be a whole number of at least 0; 0 is the first"
    )


def test_a_configuration_is_no_dictionary() -> None:
    with pytest.raises(ConfigError) as caught:
        ConceptAgent(tiny_model(), config={"particles": 4})  # pyright: ignore[reportArgumentType]
    assert str(caught.value) == (
        "config is a dict, expected an InferenceConfig; pass InferenceConfig(particles=4) or the "
        "like"
    )


def test_constraints_add_up_until_they_are_removed() -> None:
    agent = observed_agent()
    plain = agent.energy(EVENT.before, EVENT.attention)

    def two(scene: Scene) -> torch.Tensor:
        return 2.0 + 0.0 * scene.present[:, 0]

    agent.constrain(two)
    agent.constrain(two, two)
    assert agent.energy(EVENT.before, EVENT.attention) == pytest.approx(plain + 6.0)
    agent.observe(demonstrations())  # they outlast the concept
    assert agent.energy(EVENT.before, EVENT.attention) == pytest.approx(plain + 6.0)
    agent.constrain()
    assert agent.energy(EVENT.before, EVENT.attention) == pytest.approx(plain)


def test_a_constraint_is_obeyed_where_the_concept_is_weak() -> None:
    agent = ConceptAgent(tiny_model(), config=InferenceConfig(particles=3, iterations=60))
    agent.observe(demonstrations(), weight=0.0)
    goal = torch.tensor([0.4, -0.3])

    def lead(scene: Scene) -> torch.Tensor:
        gap = (scene.positions - goal).square().sum(-1)
        return 0.5 * (gap * scene.cursor).sum(1)

    agent.constrain(lead)
    made = agent.generate(EVENT.before, EVENT.attention)
    place = made.entities[EVENT.before.cursor, :2]
    np.testing.assert_allclose(place, goal.numpy(), atol=2e-3)


def test_phases_have_codes_of_their_own_and_stay_in_their_last() -> None:
    agent = observed_agent("two_in_order")
    result = agent.inferred
    assert result is not None and len(result.codes) == 2
    scene = scene_of(EVENT.before, EVENT.attention)
    for phase, index in ((0, 0), (1, 1), (2, 1), (9, 1)):
        (term,) = agent.terms(phase=phase)
        expected = learned_energy(agent, result.codes[index], EVENT.attention)
        assert float(term(scene)[0]) == pytest.approx(expected, rel=1e-5)
    made = [agent.generate(EVENT.before, EVENT.attention, phase=k).energy for k in range(2)]
    for phase, energy in enumerate(made):
        expected = generate(
            agent.terms(phase=phase), EVENT.before, EVENT.attention, config=QUICK
        ).energy
        assert energy == expected
    assert made[0] != made[1]
    assert np.array_equal(agent.code, result.codes[0])


def test_what_any_phase_holds_for_is_identified() -> None:
    agent, state = observed_agent("two_in_order"), draw_event("two_in_order", seed=7).shown
    found = agent.identify(state)
    parts = [identify(agent.terms(phase=phase), state, config=QUICK) for phase in range(2)]
    assert np.array_equal(found.attention, parts[0].attention | parts[1].attention)
    assert np.array_equal(found.strength, np.maximum(parts[0].strength, parts[1].strength))
    assert found.energy == max(part.energy for part in parts)


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
    assert expected != pytest.approx(learned_energy(agent, agent.code, EVENT.attention), rel=1e-3)


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


def test_a_constraint_is_a_function() -> None:
    agent = observed_agent()
    with pytest.raises(ConfigError) as caught:
        agent.constrain(lambda scene: scene.present[:, 0], [torch.ones(1)])  # pyright: ignore
    assert str(caught.value) == (
        "terms[1] is a list, expected a function of scenes; pass them one by one, "
        "constrain(one, another)"
    )
    assert len(agent.terms()) == 1


def own_log(scene: Scene) -> torch.Tensor:
    """Defined nowhere."""
    return torch.log(-1.0 - scene.positions[..., 0].square()).sum(1)


def own_norms(scene: Scene) -> torch.Tensor:
    """Distances of all pairs, whose roots have no gradient on the diagonal."""
    gaps = scene.positions[:, :, None] - scene.positions[:, None]
    return gaps.square().sum(-1).sqrt().sum((1, 2))


def own_rims(scene: Scene) -> torch.Tensor:
    """Infinite off the plane's middle."""
    return torch.where(scene.positions.abs() > 0.01, torch.inf, 0.0).sum((1, 2))


def own_strengths(scene: Scene) -> torch.Tensor:
    """Without gradient where the attention is an undecided 0.5."""
    return (scene.attention - 0.5).square().sqrt().sum(1)


def mild(scene: Scene) -> torch.Tensor:
    return 0.1 * scene.positions.square().sum((1, 2))


@pytest.mark.parametrize(("term", "found"), [(own_log, "nan"), (own_rims, "inf")])
def test_constraints_that_are_not_finite_are_refused(term: Any, found: str) -> None:
    agent = observed_agent()
    agent.observe(demonstrations("near"), join=True)
    agent.constrain(mild)
    agent.constrain(term)
    for ask in (
        lambda: agent.generate(EVENT.before, EVENT.attention),
        lambda: agent.identify(EVENT.before),
        lambda: agent.energy(EVENT.before, EVENT.attention),
        lambda: agent.energies(EVENT.before, EVENT.attention, EVENT.before.entities[None]),
        lambda: agent.landscape(EVENT.before, EVENT.attention),
    ):
        with pytest.raises(NonFiniteError) as caught:
            ask()
        assert str(caught.value) == (
            f"your own term 1 ('{term.__name__}') returned {found}; every energy must be a finite "
            "number: keep what goes into sqrt, log and divisions where they are defined, by clamp "
            "or torch.where, and give a hard constraint a large weight"
        )


def test_constraints_without_a_gradient_are_refused() -> None:
    agent = observed_agent()
    for term, ask in (
        (own_norms, lambda: agent.generate(EVENT.before, EVENT.attention)),
        (own_strengths, lambda: agent.identify(EVENT.before)),
    ):
        agent.constrain()
        agent.constrain(mild, term)
        with pytest.raises(NonFiniteError) as caught:
            ask()
        assert str(caught.value) == (
            f"the gradient of your own term 1 ('{term.__name__}') holds nan; every entry must be a "
            "finite number: sqrt, norms and powers may have none at 0, log none at 0 or below; add "
            "1e-9 to what goes into them, or choose that by torch.where"
        )
        assert np.isfinite(agent.energy(EVENT.before, EVENT.attention))  # takes no gradient


def test_a_gradient_that_is_not_used_may_be_anything() -> None:
    """Of two absent rows, which lie on one another and may not be moved."""

    def apart(scene: Scene) -> torch.Tensor:
        return (scene.positions[:, -1] - scene.positions[:, -2]).square().sum(-1).sqrt()

    agent = observed_agent()
    plain = agent.generate(EVENT.before, EVENT.attention)
    agent.constrain(apart)
    made = agent.generate(EVENT.before, EVENT.attention)
    assert np.array_equal(made.candidates, plain.candidates)


def test_a_constraint_may_compute_in_float64() -> None:
    agent = observed_agent()
    agent.constrain(mild)
    single = agent.generate(EVENT.before, EVENT.attention)
    agent.constrain()
    agent.constrain(lambda scene: mild(scene).double())
    double = agent.generate(EVENT.before, EVENT.attention)
    np.testing.assert_array_equal(double.candidates, single.candidates)


def test_a_constraint_s_wrong_return_is_called_by_its_own_number() -> None:
    agent = observed_agent()
    agent.constrain(mild)
    agent.constrain(lambda scene: scene.present)
    with pytest.raises(ShapeError) as caught:
        agent.energy(EVENT.before, EVENT.attention)
    assert str(caught.value) == (
        "your own term 1 ('<lambda>') returned (1, 6), expected a tensor of shape (1,); return one "
        "energy a scene"
    )


def test_a_concept_shown_where_nothing_could_be_edited_counts_when_joined() -> None:
    """Its demonstrations do not tell what may change: all that the scene lets change may."""
    agent = observed_agent()
    code = agent.observe(fixed_demonstrations("near"), join=True).code
    energies = [float(term(scene_of(EVENT.before, EVENT.attention))[0]) for term in agent.terms()]
    alone = learned_energy(agent, code, EVENT.attention)
    assert energies[1] == pytest.approx(alone, rel=1e-5) and alone > 0
