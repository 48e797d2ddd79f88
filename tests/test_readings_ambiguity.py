"""Cases of ambiguity: the same for all methods, judged by the concept's own test."""

from __future__ import annotations

import numpy as np
from agent_scenes import tiny_model

from conceptgym.agents.config import InferenceConfig
from conceptgym.agents.generate import generate
from conceptgym.agents.infer import infer
from conceptgym.agents.readings.ambiguity import draw_case, methods, solve
from conceptgym.agents.terms import concept_term


def test_a_case_is_a_function_of_its_number_and_seed() -> None:
    first, again = draw_case("near", 3), draw_case("near", 3)
    assert np.array_equal(first.question.before.entities, again.question.before.entities)
    for other in (draw_case("near", 4), draw_case("near", 3, seed=1), draw_case("closest", 3)):
        assert not np.array_equal(first.question.before.entities, other.question.before.entities)
    more = draw_case("near", 3, demonstrations=5)
    assert len(more.demonstrations) == 5
    for one, same in zip(first.demonstrations, more.demonstrations, strict=False):
        assert np.array_equal(one.trajectory, same.trajectory)


def test_parameters_are_those_of_training() -> None:
    concepts = [draw_case("left_of", number).concept for number in range(30)]
    assert not any(concept.held_out for concept in concepts)
    assert len({concept.parameters["distance"] for concept in concepts}) == 30


def test_every_method_does_what_its_configuration_says() -> None:
    """Sharing the inference of w between methods changes nothing."""
    model, ways = tiny_model(), methods(code_particles=3, readings=2, temperature=0.05)
    case = draw_case("near", 0)
    found = solve(model, case, ways)
    assert list(found) == list(ways)
    for name, way in ways.items():
        result = infer(model, case.demonstrations[: way.demonstrations], config=way.config)
        term = concept_term(
            model.energy,
            result.readings[0, : way.config.readings],
            temperature=way.config.temperature,
        )
        question = case.question
        plan = generate([term], question.before, question.attention, config=way.config)
        after = question.before.with_entities(plan.entities)
        assert found[name] == case.concept.succeeds(after, question.attention)


def test_the_methods_differ_in_one_thing_each() -> None:
    usual = methods(code_particles=5, readings=3, temperature=0.02)
    encoder, likeliest, least, free, two = usual.values()
    assert encoder.config == two.config == InferenceConfig()
    assert likeliest.config == InferenceConfig(code_particles=5)
    assert least.config == InferenceConfig(code_particles=5, readings=3)
    assert free.config == InferenceConfig(code_particles=5, readings=3, temperature=0.02)
    assert [way.demonstrations for way in usual.values()] == [1, 1, 1, 1, 2]
