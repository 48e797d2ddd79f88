"""generate: closed-form answers, only what may be edited changes, candidates in order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from agent_scenes import draw_event, random_codes, tiny_model
from hypothesis import given, settings
from hypothesis import strategies as st

from conceptgym.agents.config import InferenceConfig
from conceptgym.agents.descent import CONVERGED, SPENT
from conceptgym.agents.generate import GenerateResult, generate
from conceptgym.agents.scene import Scene
from conceptgym.agents.tensors import scene_of, to_tensor
from conceptgym.agents.terms import Term, concept_term
from conceptgym.envs import CONCEPTS, EntityState, Event
from conceptgym.envs.entities import MAX_ENTITIES, NUM_FEATURES
from conceptgym.envs.errors import NonFiniteError, ShapeError

MODEL = tiny_model()
TERM = concept_term(MODEL.energy, random_codes(0, count=1)[0].numpy())


def goal_term(goal: np.ndarray, weight: float = 1.0) -> Term:
    """E = ½ |x - goal|² over all features."""

    def term(scene: Scene) -> torch.Tensor:
        gap = scene.entities - to_tensor(goal)[: scene.entities.shape[1]]
        return 0.5 * weight * gap.square().sum((1, 2))

    return term


def editable(state: EntityState) -> np.ndarray:
    marks = np.zeros((MAX_ENTITIES, NUM_FEATURES), dtype=bool)
    marks[:, :2] = state.movable[:, None]
    marks[:, 2:5] = state.paintable[:, None]
    return marks


def within_bounds(goal: np.ndarray, state: EntityState) -> np.ndarray:
    """The nearest allowed entities to a goal."""
    bounded = goal.copy()
    bounded[:, :2] = bounded[:, :2].clip(-1.0, 1.0)
    bounded[:, 2:5] = bounded[:, 2:5].clip(0.0, 1.0)
    return np.where(editable(state), bounded, state.entities)


def made(event: Event, **options: Any) -> GenerateResult:
    return generate([TERM], event.before, event.attention, config=InferenceConfig(**options))


@settings(max_examples=20)
@given(seed=st.integers(0, 999), concept=st.sampled_from(["between", "colour", "square"]))
def test_the_closed_form_minimum_within_bounds_is_found(seed: int, concept: str) -> None:
    event = draw_event(concept, seed=seed)
    goal = np.random.default_rng(seed).normal(scale=2.0, size=(MAX_ENTITIES, NUM_FEATURES))
    result = generate([goal_term(goal)], event.before, event.attention)
    expected = within_bounds(goal, event.before)
    np.testing.assert_allclose(result.entities, expected, atol=1e-5)
    rows = scene_of(event.before, event.attention).present.shape[1]
    energy = 0.5 * ((expected - goal)[:rows] ** 2).sum()
    assert result.energy == pytest.approx(energy, rel=1e-4)
    assert result.reason == CONVERGED
    assert result.initial_energy > result.energy


def test_terms_are_summed() -> None:
    """Two goals of different weights meet at their weighted mean."""
    event = draw_event("between", seed=1)
    one, other = (np.full((MAX_ENTITIES, NUM_FEATURES), value) for value in (-0.5, 0.7))
    terms = [goal_term(one, 0.3), goal_term(other, 0.6)]
    found = generate(terms, event.before, event.attention, config=InferenceConfig(iterations=60))
    place = found.entities[event.before.cursor, :2]
    np.testing.assert_allclose(place, (0.3 * -0.5 + 0.6 * 0.7) / 0.9, atol=2e-3)


@pytest.mark.parametrize("concept", CONCEPTS)
def test_only_what_may_be_edited_changes(concept: str) -> None:
    event = draw_event(concept, seed=3)
    state = event.before
    result = made(event, particles=4)
    for entities in (result.entities, *result.candidates):
        assert np.array_equal(entities[~editable(state)], state.entities[~editable(state)])
        assert (np.abs(entities[:, :2]) <= 1.0).all()
        assert (entities[:, 2:5] >= 0.0).all() and (entities[:, 2:5] <= 1.0).all()
    assert (result.entities != state.entities)[editable(state)].any()


ALIKE = 5e-4


def test_of_those_alike_the_one_is_taken_around_which_energies_are_lowest() -> None:
    """Two places of equal energy: told apart by what is around, and by what would be identified."""
    event = draw_event("between", seed=1)
    cursor = event.before.cursor
    places = torch.tensor([[-0.6, 0.2], [0.5, -0.4]])

    def term(steepness: list[float], doubts: list[float], extra: float) -> Term:
        def energy(scene: Scene) -> torch.Tensor:
            gaps = scene.entities[:, cursor, None, :2] - places
            levels = 0.5 * torch.tensor(steepness) * gaps.square().sum(-1)
            levels = levels + torch.tensor([extra, 0.0])
            nearest = levels.argmin(1)
            return torch.tensor(doubts)[nearest] if scene.static else levels.amin(1)

        return energy

    for steepness, doubts, extra, expected in (
        ([1.0, 1.0], [0.0, 1.0], 0.0, 0),
        ([1.0, 1.0], [1.0, 0.0], 0.0, 1),
        ([0.5, 1.0], [0.0, 0.0], 0.0, 0),
        ([1.0, 0.5], [0.0, 0.0], 0.0, 1),
        ([1.0, 1.0], [0.0, 1.0], 0.9 * ALIKE, 0),
        ([1.0, 1.0], [0.0, 1.0], 1.1 * ALIKE, 1),  # not alike: the lower energy it is
    ):
        found = generate([term(steepness, doubts, extra)], event.before, event.attention)
        np.testing.assert_allclose(found.entities[cursor, :2], places[expected], atol=2e-3)


def test_candidates_beyond_the_best_are_in_order_of_their_energies() -> None:
    event = draw_event(seed=4)
    result = made(event)
    assert result.candidates.shape == (16, MAX_ENTITIES, NUM_FEATURES)
    assert result.energies.shape == (16,)
    alike = result.energies <= result.energies.min() + ALIKE
    assert (np.diff(alike.astype(int)) <= 0).all()  # those first
    assert (np.diff(result.energies[~alike]) >= 0.0).all()
    assert np.array_equal(result.entities, result.candidates[0])
    assert result.energy == result.energies[0] <= result.initial_energy
    scene = scene_of(event.before, event.attention).repeat(16)
    rows = scene.present.shape[1]
    energies = TERM(scene.replace(entities=to_tensor(result.candidates)[:, :rows]))
    np.testing.assert_allclose(energies.numpy(), result.energies, rtol=1e-4)


def test_one_descent_begins_at_the_scene_and_the_others_anywhere() -> None:
    event = draw_event("colour", seed=9)
    state, marks = event.before, editable(event.before)
    alone = made(event, particles=1, iterations=0)
    assert np.array_equal(alone.entities, state.entities)
    many = made(event, particles=64, iterations=0)
    here = (many.candidates == state.entities).all(axis=(1, 2))
    assert here.sum() == 1
    spread = many.candidates[:, marks]
    assert spread.std(axis=0).min() > 0.2 and spread.min() < 0.1 and spread.max() > 0.9


def test_the_scene_itself_is_left_alone_and_the_answer_repeats() -> None:
    event = draw_event(seed=5)
    before = event.before.entities.copy()
    few = {"particles": 3, "iterations": 5}
    one, other, moved = made(event, **few), made(event, **few), made(event, **few, seed=9)
    assert np.array_equal(event.before.entities, before)
    assert np.array_equal(one.candidates, other.candidates)
    assert not np.array_equal(moved.candidates, one.candidates)


def test_with_nothing_to_edit_the_scene_comes_back() -> None:
    event = draw_event(seed=7)
    nothing = np.zeros(MAX_ENTITIES, dtype=bool)
    state = EntityState(
        entities=event.before.entities,
        present=event.before.present,
        movable=nothing,
        paintable=nothing,
    )
    result = generate([TERM], state, event.attention)
    assert np.array_equal(result.entities, state.entities)
    assert result.iterations == 0 and result.reason == CONVERGED


def test_the_settings_are_followed() -> None:
    result = made(draw_event(seed=8), particles=3, iterations=1)
    assert len(result.candidates) == 3
    assert result.iterations == 1 and result.reason == SPENT


def test_an_attention_that_does_not_fit_is_refused() -> None:
    event = draw_event()
    with pytest.raises(ShapeError) as caught:
        generate([TERM], event.before, np.ones(5))
    assert str(caught.value) == (
        "attention has shape (5,), expected (16,); pass an array of that shape"
    )
    spoilt = np.where(np.arange(MAX_ENTITIES) == 2, np.nan, 1.0)
    with pytest.raises(NonFiniteError) as error:
        generate([TERM], event.before, spoilt)
    assert str(error.value) == (
        "attention holds nan at index (2,); every entry must be a finite number"
    )
    with pytest.raises(ShapeError, match=r"^attention marks no entity; mark those that take part$"):
        generate([TERM], event.before, np.zeros(MAX_ENTITIES))
