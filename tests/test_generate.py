"""generate: closed-form answers, only what may be edited changes, candidates in order."""

import numpy as np
import pytest
import torch
from agent_scenes import TINY, draw_event, tiny_model
from hypothesis import given, settings
from hypothesis import strategies as st

from conceptgym.agents.config import InferenceConfig
from conceptgym.agents.descent import CONVERGED, SPENT
from conceptgym.agents.energy import ConceptEnergy, Scene
from conceptgym.agents.generate import generate
from conceptgym.agents.tensors import scene_of, to_tensor
from conceptgym.envs import CONCEPTS, EntityState
from conceptgym.envs.entities import MAX_ENTITIES, NUM_FEATURES

MODEL = tiny_model()
CODE = np.array([1.0, -1.0, 0.5, -0.5], dtype=np.float32)


class Goal(ConceptEnergy):
    """E = ½ |x - goal|² over all features."""

    def __init__(self, goal: np.ndarray) -> None:
        super().__init__(TINY)
        self.goal = to_tensor(goal)

    def forward(self, scene: Scene, code: torch.Tensor) -> torch.Tensor:
        return 0.5 * (scene.entities - self.goal).square().sum((1, 2))


def editable(state: EntityState) -> np.ndarray:
    marks = np.zeros((MAX_ENTITIES, NUM_FEATURES), dtype=bool)
    marks[:, :2] = state.movable[:, None]
    marks[:, 2:5] = state.paintable[:, None]
    return marks


@settings(max_examples=20, deadline=None, derandomize=True)
@given(seed=st.integers(0, 999), concept=st.sampled_from(["between", "colour"]))
def test_the_closed_form_minimum_within_bounds_is_found(seed: int, concept: str) -> None:
    event = draw_event(concept, seed=seed)
    goal = np.random.default_rng(seed).normal(scale=2.0, size=(MAX_ENTITIES, NUM_FEATURES))
    result = generate(Goal(goal), event.before, event.attention, code=CODE)
    bounded = goal.copy()
    bounded[:, :2] = bounded[:, :2].clip(-1.0, 1.0)
    bounded[:, 2:5] = bounded[:, 2:5].clip(0.0, 1.0)
    expected = np.where(editable(event.before), bounded, event.before.entities)
    np.testing.assert_allclose(result.entities, expected, atol=1e-5)
    assert result.energy == pytest.approx(0.5 * ((expected - goal) ** 2).sum(), rel=1e-4)
    assert result.reason == CONVERGED
    assert result.initial_energy > result.energy


@pytest.mark.parametrize("concept", CONCEPTS)
def test_only_what_may_be_edited_changes(concept: str) -> None:
    event = draw_event(concept, seed=3)
    state = event.before
    result = generate(MODEL.energy, state, event.attention, code=CODE)
    for entities in (result.entities, *result.candidates):
        assert np.array_equal(entities[~editable(state)], state.entities[~editable(state)])
        assert (np.abs(entities[:, :2]) <= 1.0).all()
        assert (entities[:, 2:5] >= 0.0).all() and (entities[:, 2:5] <= 1.0).all()
    assert (result.entities != state.entities)[editable(state)].any()


def test_candidates_are_in_order_of_their_energies() -> None:
    event = draw_event(seed=4)
    result = generate(MODEL.energy, event.before, event.attention, code=CODE)
    assert result.candidates.shape == (
        16,
        MAX_ENTITIES,
        NUM_FEATURES,
    ) and result.energies.shape == (16,)
    assert (np.diff(result.energies) >= 0.0).all()
    assert np.array_equal(result.entities, result.candidates[0])
    assert result.energy == result.energies[0] <= result.initial_energy
    scene = scene_of(event.before, event.attention).repeat(16)
    energies = MODEL.energy(
        scene.replace(entities=to_tensor(result.candidates)), to_tensor([CODE] * 16)
    )
    np.testing.assert_allclose(energies.numpy(), result.energies, rtol=1e-4)


def test_the_scene_itself_is_left_alone_and_the_answer_repeats() -> None:
    event = draw_event(seed=5)
    before = event.before.entities.copy()
    one, other = (
        generate(MODEL.energy, event.before, event.attention, code=CODE) for _ in range(2)
    )
    assert np.array_equal(event.before.entities, before)
    assert np.array_equal(one.candidates, other.candidates)
    config = InferenceConfig(seed=9)
    moved = generate(MODEL.energy, event.before, event.attention, code=CODE, config=config)
    assert not np.array_equal(moved.candidates, one.candidates)


def test_where_the_cursor_stood_does_not_matter() -> None:
    event = draw_event(seed=6)
    one = generate(MODEL.energy, event.before, event.attention, code=CODE)
    other = generate(MODEL.energy, event.after, event.attention, code=CODE)
    assert np.array_equal(one.entities, other.entities)


def test_with_nothing_to_edit_the_scene_comes_back() -> None:
    event = draw_event(seed=7)
    nothing = np.zeros(MAX_ENTITIES, dtype=bool)
    state = EntityState(
        entities=event.before.entities,
        present=event.before.present,
        movable=nothing,
        paintable=nothing,
    )
    result = generate(MODEL.energy, state, event.attention, code=CODE)
    assert np.array_equal(result.entities, state.entities)
    assert result.iterations == 0 and result.reason == CONVERGED


def test_the_settings_are_followed() -> None:
    event = draw_event(seed=8)
    config = InferenceConfig(particles=3, iterations=1)
    result = generate(MODEL.energy, event.before, event.attention, code=CODE, config=config)
    assert len(result.candidates) == 3
    assert result.iterations == 1 and result.reason == SPENT
