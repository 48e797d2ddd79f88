"""Laws of the nearest states: they do what the concept asks, and no more."""

from __future__ import annotations

import numpy as np
import pytest
from concept_scenes import RELATIONAL, SEEDS, SIMPLE, events, reordered
from hypothesis import given, settings
from hypothesis import strategies as st

from conceptgym.envs import CONCEPTS, Concept, EntityState, Event
from conceptgym.envs.concepts.sampling import CURSOR_REGION
from conceptgym.envs.entities import COLOUR, POSITION

all_concepts = pytest.mark.parametrize("name", CONCEPTS)
few = settings(max_examples=25)
AIMS: dict[str, tuple[float, float]] = {
    "colour": (0.15, 0.15),
    "region": (0.0, 0.05 * 2**0.5),
    "near": (0.075, 1e-5),
    "closest": (0.0, 0.02),
    "furthest": (0.0, 0.02),
    **dict.fromkeys(["left_of", "right_of", "above", "below", "offset"], (0.1, 0.1)),
    **dict.fromkeys(["at_distance", "between"], (0.1, 0.1)),
}
"""Residuals of states that nearest is held against, and how far inside of them it may aim: the
root of the mean square over the edited entities."""
SHOWN_BESIDE_AIM = {"near": 0.02, "colour": 0.06}
"""How far what the sampler shows may be from what nearest aims at, where that is not nothing."""


def edited_at_random(rng: np.random.Generator, event: Event) -> EntityState:
    """The event's scene with all that may be edited anywhere, at times on another object."""
    state = event.before
    entities = state.entities.copy()
    count = len(entities)
    places = rng.uniform(-1.0, 1.0, size=(count, 2))
    if rng.random() < 0.3:
        places[:] = state.positions[rng.choice(np.flatnonzero(state.objects))]
    entities[state.movable, POSITION] = places[state.movable]
    entities[state.paintable, COLOUR] = rng.uniform(0, 1, size=(count, 3))[state.paintable]
    return state.with_entities(entities)


def distance(one: EntityState, other: EntityState) -> float:
    """Root of the sum of squares over positions and colours."""
    return float(np.linalg.norm(one.entities.astype(np.float64) - other.entities))


def drawn(name: str, data: st.DataObject) -> tuple[Concept, Event, EntityState]:
    concept, event = data.draw(events(name))
    rng = np.random.default_rng(data.draw(SEEDS))
    return concept, event, edited_at_random(rng, event)


@all_concepts
@few
@given(st.data())
def test_the_concept_holds_there_from_anywhere(name: str, data: st.DataObject) -> None:
    concept, event, state = drawn(name, data)
    for start in (state, event.before):
        goal = concept.nearest(start, event.attention)
        # With room to spare, or nearly so.
        assert concept.residual(goal, event.attention) <= 0.62 * concept.tolerance


@all_concepts
@few
@given(st.data())
def test_from_there_it_goes_nowhere(name: str, data: st.DataObject) -> None:
    concept, event, state = drawn(name, data)
    goal = concept.nearest(state, event.attention)
    again = concept.nearest(goal, event.attention)
    np.testing.assert_allclose(again.entities, goal.entities, atol=2e-5)


@all_concepts
@few
@given(st.data())
def test_only_what_may_be_edited_changes_and_stays_in_the_plane(
    name: str, data: st.DataObject
) -> None:
    concept, event, state = drawn(name, data)
    before = state.entities.copy()
    goal = concept.nearest(state, event.attention)
    np.testing.assert_array_equal(state.entities, before)  # the given one is left alone
    changed = goal.entities != state.entities
    assert not changed[:, 5:].any()
    assert not changed[~state.movable, POSITION].any()
    assert not changed[~state.paintable, COLOUR].any()
    placed = goal.positions[changed[:, POSITION].any(axis=1)]
    assert np.abs(placed).max(initial=0.0) <= CURSOR_REGION + 1e-6
    assert goal.colours.min() >= 0.0 and goal.colours.max() <= 1.0
    for mask in ("present", "movable", "paintable"):
        np.testing.assert_array_equal(getattr(goal, mask), getattr(state, mask))


@all_concepts
@few
@given(st.data())
def test_it_is_the_same_every_time(name: str, data: st.DataObject) -> None:
    concept, event, state = drawn(name, data)
    one, other = (concept.nearest(state, event.attention) for _ in range(2))
    np.testing.assert_array_equal(one.entities, other.entities)


@pytest.mark.parametrize("name", SIMPLE)
@few
@given(st.data())
def test_the_rows_order_means_nothing(name: str, data: st.DataObject) -> None:
    concept, event, state = drawn(name, data)
    order = np.random.default_rng(data.draw(SEEDS)).permutation(len(event.attention))
    one = concept.nearest(state, event.attention).entities[order]
    other = concept.nearest(reordered(state, order), event.attention[order]).entities
    np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.parametrize("name", SIMPLE)
@few
@given(st.data())
def test_it_is_no_further_than_what_is_shown(name: str, data: st.DataObject) -> None:
    concept, event, state = drawn(name, data)
    goal = concept.nearest(state, event.attention)
    slack = SHOWN_BESIDE_AIM.get(name, 0.005) * event.attention.sum() ** 0.5
    assert distance(state, goal) <= distance(state, event.after) + slack


def variations(rng: np.random.Generator, event: Event, count: int) -> list[EntityState]:
    """Scenes with what may be edited uniform, or moved a little from what is shown."""
    found = []
    for number in range(count):
        entities = event.after.entities.copy()
        noise = rng.normal(size=entities.shape) * rng.uniform(0.0, 0.12)
        anywhere = np.column_stack([rng.uniform(-CURSOR_REGION, CURSOR_REGION, (len(noise), 2))])
        movable, paintable = event.after.movable, event.after.paintable
        if number % 2:
            entities[movable, POSITION] = anywhere[movable]
        else:
            entities[movable, POSITION] += noise[movable, POSITION]
        entities[paintable, COLOUR] += noise[paintable, COLOUR]
        entities[:, POSITION] = entities[:, POSITION].clip(-CURSOR_REGION, CURSOR_REGION)
        entities[:, COLOUR] = entities[:, COLOUR].clip(0.0, 1.0)
        found.append(event.after.with_entities(entities))
    return found


@pytest.mark.parametrize("name", SIMPLE)
@few
@given(st.data())
def test_no_other_state_that_will_do_is_nearer(name: str, data: st.DataObject) -> None:
    concept, event, state = drawn(name, data)
    rng = np.random.default_rng(data.draw(SEEDS))
    most, inset = AIMS[name]
    others = [
        distance(state, other)
        for other in variations(rng, event, 200)
        if concept.residual(other, event.attention) <= most
    ]
    assert len(others) >= 5
    reach = inset * event.attention.sum() ** 0.5 if name not in RELATIONAL else inset
    goal = concept.nearest(state, event.attention)
    assert distance(state, goal) <= min(others) + reach + 1e-5


@pytest.mark.parametrize("name", SIMPLE)
@few
@given(st.data())
def test_where_it_holds_clearly_already_nothing_changes(name: str, data: st.DataObject) -> None:
    concept, event, state = drawn(name, data)
    goal = concept.nearest(state, event.attention)
    assert concept.nearest(goal, event.attention) is goal


@pytest.mark.parametrize("name", SIMPLE)
def test_what_may_not_be_edited_stays(name: str) -> None:
    event = CONCEPTS[name]().sample(np.random.default_rng(0), n_objects=4)
    fixed = event.before
    nothing = np.zeros_like(fixed.present)
    fixed = type(fixed)(
        entities=fixed.entities, present=fixed.present, movable=nothing, paintable=nothing
    )
    assert CONCEPTS[name]().nearest(fixed, event.attention) is fixed
