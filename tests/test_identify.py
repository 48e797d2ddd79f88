"""identify: closed-form answers, always at least one entity, and only present ones."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from agent_scenes import draw_event, random_codes, tiny_model
from hypothesis import given, settings
from hypothesis import strategies as st

from conceptgym.agents.config import InferenceConfig
from conceptgym.agents.descent import CONVERGED, SPENT
from conceptgym.agents.identify import identify
from conceptgym.agents.scene import Scene
from conceptgym.agents.tensors import scene_of, to_tensor
from conceptgym.agents.terms import concept_term
from conceptgym.envs import CONCEPTS, MAX_ENTITIES

MODEL = tiny_model()
TERM = concept_term(MODEL.energy, random_codes(0, count=1)[0].numpy())


class Answer:
    """E = ½ |a - answer|², and a record of the scenes that were asked about."""

    def __init__(self, answer: np.ndarray) -> None:
        self.answer = to_tensor(answer)
        self.scenes: list[Scene] = []

    def __call__(self, scene: Scene) -> torch.Tensor:
        self.scenes.append(scene.map(lambda value: value.detach().clone()))
        gap = scene.attention - self.answer[: scene.attention.shape[1]]
        return 0.5 * gap.square().sum(1)


@settings(max_examples=25)
@given(seed=st.integers(0, 999), high=st.floats(0.2, 1.5))
def test_the_closed_form_answer_is_found(seed: int, high: float) -> None:
    state = draw_event(seed=seed, n_objects=4).after
    answer = np.random.default_rng(seed).uniform(-0.5, high, size=MAX_ENTITIES)
    result = identify([Answer(answer)], state)
    np.testing.assert_allclose(result.strength, answer * state.present, atol=1e-5)
    expected = (answer > 0.5) & state.present
    if not expected.any():  # the strongest of those that are there
        expected[np.argmax(np.where(state.present, answer, -9.0))] = True
    assert np.array_equal(result.attention, expected)
    assert result.attention.dtype == bool and result.reason == CONVERGED
    assert result.energy < result.initial_energy


@pytest.mark.parametrize("concept", CONCEPTS)
def test_at_least_one_entity_is_meant_and_none_that_is_absent(concept: str) -> None:
    for seed in range(2):
        state = draw_event(concept, seed=seed).shown
        result = identify([TERM], state)
        assert result.attention.shape == result.strength.shape == (MAX_ENTITIES,)
        assert result.attention.any()
        assert not result.attention[~state.present].any()
        assert not result.strength[~state.present].any()
        assert result.energy <= result.initial_energy


def test_the_energy_is_that_of_the_strength_in_the_static_scene() -> None:
    state = draw_event(seed=4).after
    result = identify([TERM], state)
    energy = float(TERM(scene_of(state, result.strength).as_static())[0])
    assert result.energy == pytest.approx(energy, rel=1e-5, abs=1e-9)  # of float32 outputs


def test_what_may_be_edited_is_not_looked_at() -> None:
    event = draw_event("colour", seed=5)
    term = Answer(np.zeros(MAX_ENTITIES))
    identify([term], event.after)
    assert event.after.paintable.any()
    for scene in term.scenes:
        assert scene.static and not scene.movable.any() and not scene.paintable.any()


def test_terms_are_summed() -> None:
    state = draw_event(seed=6).after
    one, other = np.zeros(MAX_ENTITIES), np.ones(MAX_ENTITIES)
    found = identify(
        [Answer(one), Answer(other)], state, config=InferenceConfig(iterations=60)
    ).strength
    np.testing.assert_allclose(found[state.present], 0.5, atol=2e-3)


def test_few_starts_are_enough_and_the_first_is_undecided() -> None:
    state = draw_event(seed=6).after
    term = Answer(np.zeros(MAX_ENTITIES))
    one = identify([term], state)
    first = term.scenes[0].attention
    rows = first.shape[1]
    assert first.shape == (4, rows)  # of 16 particles
    assert torch.equal(first[0], 0.5 * to_tensor(state.present)[:rows])
    assert len(first.unique(dim=0)) == 4
    assert np.array_equal(identify([term], state).strength, one.strength)


def test_the_settings_are_followed() -> None:
    state = draw_event(seed=7).after
    term = Answer(np.zeros(MAX_ENTITIES))
    result = identify([term], state, config=InferenceConfig(particles=2, iterations=0))
    assert len(term.scenes[0].attention) == 2
    assert result.iterations == 0 and result.reason == SPENT
    assert result.energy == result.initial_energy
