"""two_in_order, three_in_order: attention says which entities, stops say when."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from concept_scenes import SEEDS, make_scene, rows
from hypothesis import given
from hypothesis import strategies as st

from conceptgym.envs import CONCEPTS, Event, make_concept
from conceptgym.envs.concepts import InOrder, ThreeInOrder, Touch, TwoInOrder
from conceptgym.envs.concepts.touch import HUE_GAP, hue_distance
from conceptgym.envs.errors import ConceptParameterError, ShapeError

NAMES = ["two_in_order", "three_in_order"]
both = pytest.mark.parametrize("name", NAMES)
PLACES = [(-0.5, 0.0), (0.0, 0.5), (0.5, 0.0)]


def drawn(name: str, seed: int, *, n_objects: int | None = None) -> tuple[InOrder, Event]:
    rng = np.random.default_rng(seed)
    kind = CONCEPTS[name]
    low, high = kind.num_objects
    concept = kind.random(rng)
    assert isinstance(concept, InOrder)
    return concept, concept.sample(rng, n_objects=n_objects or int(rng.integers(low, high + 1)))


def test_the_phases_are_touches_in_the_order_of_the_hues() -> None:
    assert TwoInOrder(first=10.0, second=200.0).phases == (Touch(hue=10.0), Touch(hue=200.0))
    hues = (10.0, 200.0, 80.0)
    concept = ThreeInOrder(first=10.0, second=200.0, third=80.0)
    assert concept.hues == hues
    assert concept.phases == tuple(Touch(hue=hue) for hue in hues)


@both
@given(seed=SEEDS)
def test_each_stop_does_one_phase_alone(name: str, seed: int) -> None:
    concept, event = drawn(name, seed)
    assert len(event.stops) == len(concept.phases) == event.attention.sum()
    for (i, stop), (j, phase) in itertools.product(
        enumerate(event.stops), enumerate(concept.phases)
    ):
        assert phase.succeeds(stop, event.attention) == (i == j)
    assert event.stops[-1] is event.after
    np.testing.assert_array_equal(event.answer, event.attention)


@both
@given(seed=SEEDS)
def test_only_the_cursor_differs_and_may_be_moved(name: str, seed: int) -> None:
    _, event = drawn(name, seed)
    cursor = event.after.cursor
    np.testing.assert_array_equal(np.flatnonzero(event.after.movable), [cursor])
    assert not event.after.paintable.any()
    for state in (event.before, event.shown, *event.stops):
        changed = (state.entities != event.after.entities).any(axis=1)
        assert set(np.flatnonzero(changed)) <= {cursor}
        assert np.abs(state.positions[cursor]).max() <= 0.95


@both
@given(seed=SEEDS)
def test_it_begins_off_every_object_and_within_reach(name: str, seed: int) -> None:
    _, event = drawn(name, seed)
    for state in (event.before, event.shown):
        away = state.positions[state.objects] - state.positions[state.cursor]
        assert np.linalg.norm(away, axis=1).min() > 2 * Touch.tolerance
    path = [state.positions[state.cursor] for state in (event.before, *event.stops)]
    assert np.abs(np.diff(path, axis=0)).max(axis=1).sum() <= 4.5 + 6 * 0.03


@both
def test_the_shown_cursor_tells_nothing(name: str) -> None:
    """In a scene to identify, the object nearest to the cursor is attended as often as any."""
    hits, draws, n_objects = 0, 1500, 6
    for seed in range(draws):
        _, event = drawn(name, seed, n_objects=n_objects)
        state = event.shown
        away = np.linalg.norm(state.positions - state.positions[state.cursor], axis=1)
        hits += bool(event.attention[np.argmin(np.where(state.objects, away, np.inf))])
    share = CONCEPTS[name].num_attended[0] / n_objects
    assert abs(hits / draws - share) < 4 * np.sqrt(share * (1 - share) / draws)


@both
@given(seed=SEEDS)
def test_one_state_is_judged_by_the_last_phase(name: str, seed: int) -> None:
    concept, event = drawn(name, seed)
    last = concept.phases[-1]
    for state in (event.before, event.shown, *event.stops):
        assert concept.residual(state, event.attention) == last.residual(state, event.attention)
        found = concept.nearest(state, event.attention)
        expected = last.nearest(state, event.attention)
        np.testing.assert_array_equal(found.entities, expected.entities)
    assert concept.succeeds(event.after, event.attention)
    assert not concept.succeeds(event.before, event.attention)


@both
@given(seed=SEEDS, split=st.sampled_from(["any", "train", "held_out"]))
def test_hues_are_drawn_jointly_and_held_out_if_any_is(name: str, seed: int, split: str) -> None:
    concept = CONCEPTS[name].random(np.random.default_rng(seed), split=split)
    assert isinstance(concept, InOrder)
    for one, other in itertools.combinations(concept.hues, 2):
        assert hue_distance(one, other) >= HUE_GAP
    assert concept.held_out == any(Touch(hue=hue).held_out for hue in concept.hues)
    assert split == "any" or concept.held_out == (split == "held_out")


@both
def test_the_defaults_belong_to_training(name: str) -> None:
    assert not make_concept(name).held_out


@pytest.mark.parametrize(
    ("first", "second", "gap"), [(0.0, 44.0, "44"), (350.0, 10.5, "20.5"), (7.0, 7.0, "0")]
)
def test_hues_too_alike_are_refused(first: float, second: float, gap: str) -> None:
    with pytest.raises(ConceptParameterError) as error:
        TwoInOrder(first=first, second=second)
    assert str(error.value) == (
        f"first={first} and second={second} of concept 'two_in_order' are hues {gap} degrees "
        "apart; choose hues at least 45 degrees apart"
    )
    TwoInOrder(first=0.0, second=45.0)


def test_each_pair_of_three_is_compared() -> None:
    with pytest.raises(ConceptParameterError) as error:
        make_concept("three_in_order", first=0.0, second=120.0, third=340.0)
    assert str(error.value) == (
        "first=0.0 and third=340.0 of concept 'three_in_order' are hues 20 degrees apart; "
        "choose hues at least 45 degrees apart"
    )


@pytest.mark.parametrize("value", [-1.0, 361.0, float("nan"), "red"])
def test_hues_out_of_range_are_refused(value: object) -> None:
    with pytest.raises(ConceptParameterError) as error:
        make_concept("two_in_order", second=value)
    assert str(error.value) == (
        f"second={value!r} of concept 'two_in_order' is outside [0.0, 360.0]; "
        "choose a value in that range"
    )


@both
def test_another_number_of_attended_is_refused(name: str) -> None:
    concept, number = make_concept(name), CONCEPTS[name].num_attended[0]
    state = make_scene((0, 0), PLACES)
    wrong = rows(1, 2, 3) if number == 2 else rows(1, 2)
    for judge in (concept.residual, concept.nearest):
        with pytest.raises(ShapeError) as error:
            judge(state, wrong)
        assert str(error.value) == (
            f"attention marks {wrong.sum()} objects, but concept '{name}' takes {number} to "
            f"{number}; mark that many"
        )
