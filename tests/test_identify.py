"""identify: closed-form answers, always at least one entity, and only present ones."""

import numpy as np
import pytest
import torch
from agent_scenes import TINY, draw_event, tiny_model
from hypothesis import given, settings
from hypothesis import strategies as st

from conceptgym.agents.config import InferenceConfig
from conceptgym.agents.descent import CONVERGED, SPENT
from conceptgym.agents.energy import ConceptEnergy, Scene
from conceptgym.agents.identify import identify
from conceptgym.agents.tensors import scene_of, to_tensor
from conceptgym.envs import CONCEPTS, MAX_ENTITIES

MODEL = tiny_model()
CODE = np.array([1.0, -1.0, 0.5, -0.5], dtype=np.float32)


class Answer(ConceptEnergy):
    """E = ½ |a - answer|², and a record of the scenes that were asked about."""

    def __init__(self, answer: np.ndarray) -> None:
        super().__init__(TINY)
        self.answer = to_tensor(answer)
        self.scenes: list[Scene] = []

    def forward(self, scene: Scene, code: torch.Tensor) -> torch.Tensor:
        self.scenes.append(scene)
        return 0.5 * (scene.attention - self.answer).square().sum(1)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=st.integers(0, 999), high=st.floats(0.2, 1.5))
def test_the_closed_form_answer_is_found(seed: int, high: float) -> None:
    state = draw_event(seed=seed, n_objects=4).after
    answer = np.random.default_rng(seed).uniform(-0.5, high, size=MAX_ENTITIES)
    result = identify(Answer(answer), state, code=CODE)
    np.testing.assert_allclose(result.strength, answer * state.present, atol=1e-5)
    expected = (answer > 0.5) & state.present
    if not expected.any():  # the strongest of those that are there
        expected[np.argmax(np.where(state.present, answer, -9.0))] = True
    assert np.array_equal(result.attention, expected)
    assert result.attention.dtype == bool and result.reason == CONVERGED
    assert result.energy < result.initial_energy


@pytest.mark.parametrize("concept", CONCEPTS)
def test_at_least_one_entity_is_meant_and_none_that_is_absent(concept: str) -> None:
    for seed in range(3):
        state = draw_event(concept, seed=seed).after
        result = identify(MODEL.energy, state, code=CODE)
        assert result.attention.any()
        assert not result.attention[~state.present].any()
        assert not result.strength[~state.present].any()
        assert result.energy <= result.initial_energy


def test_the_energy_is_that_of_the_strength() -> None:
    state = draw_event(seed=4).after
    result = identify(MODEL.energy, state, code=CODE)
    nothing = np.zeros(MAX_ENTITIES, dtype=bool)
    scene = scene_of(state, result.strength).replace(
        movable=to_tensor(nothing)[None], paintable=to_tensor(nothing)[None]
    )
    energy = float(MODEL.energy(scene, to_tensor(CODE)[None])[0])
    assert result.energy == pytest.approx(energy, rel=1e-5)


def test_what_may_be_edited_is_not_looked_at() -> None:
    event = draw_event("colour", seed=5)
    energy = Answer(np.zeros(MAX_ENTITIES))
    identify(energy, event.after, code=CODE)
    assert event.after.paintable.any()
    for scene in energy.scenes:
        assert not scene.movable.any() and not scene.paintable.any()


def test_the_first_start_is_undecided_and_the_answer_repeats() -> None:
    state = draw_event(seed=6).after
    energy = Answer(np.zeros(MAX_ENTITIES))
    one = identify(energy, state, code=CODE)
    first = energy.scenes[0].attention
    assert first.shape == (16, MAX_ENTITIES)
    assert torch.equal(first[0], 0.5 * to_tensor(state.present))
    assert len(first.unique(dim=0)) == 16
    assert np.array_equal(identify(energy, state, code=CODE).strength, one.strength)


def test_the_settings_are_followed() -> None:
    state = draw_event(seed=7).after
    config = InferenceConfig(particles=2, iterations=0)
    result = identify(MODEL.energy, state, code=CODE, config=config)
    assert result.iterations == 0 and result.reason == SPENT
    assert result.energy == result.initial_energy
