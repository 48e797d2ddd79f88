"""Observations: their table, what they hide, and the way back to a state."""

from __future__ import annotations

import numpy as np
import pytest
from doc_tables import describe, read_tables
from gymnasium import spaces

from conceptgym.envs import MAX_ENTITIES, Event, make_concept
from conceptgym.envs import spaces as shared
from conceptgym.envs.errors import NonFiniteError, ShapeError
from conceptgym.envs.spaces import entity_observation, entity_spaces, state_from_observation

SPACE = spaces.Dict(entity_spaces())


@pytest.fixture(params=["colour", "left_of"])
def event(request: pytest.FixtureRequest) -> Event:
    return make_concept(request.param).sample(np.random.default_rng(0), n_objects=4)


def test_the_documented_table_is_the_space() -> None:
    (table,) = read_tables(shared.__doc__)
    assert {row["key"]: row["space"] for row in table} == {
        key: describe(space) for key, space in entity_spaces().items()
    }


@pytest.mark.parametrize("task", ["generate", "identify"])
def test_observations_lie_in_the_space(event: Event, task: str) -> None:
    assert SPACE.contains(entity_observation(event.after, event.attention, task))


def test_generate_shows_what_identify_hides(event: Event) -> None:
    generate = entity_observation(event.after, event.attention, "generate")
    np.testing.assert_array_equal(generate["attention"], event.attention)
    np.testing.assert_array_equal(generate["movable"], event.after.movable)
    np.testing.assert_array_equal(generate["paintable"], event.after.paintable)
    assert generate["task"] == 0 and generate["attention"].any()
    assert generate["movable"].any() or generate["paintable"].any()

    identify = entity_observation(event.after, event.attention, "identify")
    for key in ("attention", "movable", "paintable"):
        assert not identify[key].any()
    for key in ("entities", "present"):
        np.testing.assert_array_equal(identify[key], generate[key])
    assert identify["task"] == 1


def test_observing_copies(event: Event) -> None:
    before = event.after.entities.copy()
    observation = entity_observation(event.after, event.attention, "generate")
    for key in ("entities", "present", "movable", "paintable", "attention"):
        observation[key][:] = 1
    np.testing.assert_array_equal(event.after.entities, before)
    assert not event.attention.all() and not event.after.present.all()


def test_positions_far_off_are_clipped_into_the_space(event: Event) -> None:
    entities = event.after.entities.copy()
    entities[0, :2] = (40.0, -40.0)
    far = event.after.with_entities(entities)
    observation = entity_observation(far, event.attention, "generate")
    np.testing.assert_array_equal(observation["entities"][0, :2], [10.0, -10.0])
    assert SPACE.contains(observation)
    np.testing.assert_array_equal(far.entities[0, :2], [40.0, -40.0])


def test_a_state_comes_back_from_its_observation(event: Event) -> None:
    found = state_from_observation(entity_observation(event.after, event.attention, "generate"))
    for name in ("entities", "present", "movable", "paintable"):
        np.testing.assert_array_equal(getattr(found, name), getattr(event.after, name))
        assert getattr(found, name).dtype == getattr(event.after, name).dtype


@pytest.mark.parametrize("key", entity_spaces())
def test_a_missing_key_is_named(event: Event, key: str) -> None:
    observation = entity_observation(event.after, event.attention, "generate")
    del observation[key]
    with pytest.raises(ShapeError) as error:
        state_from_observation(observation)
    assert str(error.value) == (
        f"observation has no key {key!r}; it has {sorted(observation)}; "
        "pass an observation of a conceptgym environment"
    )


def test_nan_and_wrong_shapes_are_refused(event: Event) -> None:
    observation = entity_observation(event.after, event.attention, "generate")
    bad = {**observation, "entities": observation["entities"].copy()}
    bad["entities"][2, 1] = np.nan
    with pytest.raises(NonFiniteError) as value:
        state_from_observation(bad)
    assert str(value.value) == (
        "entities holds nan at index (2, 1); every entry must be a finite number"
    )
    for key in ("present", "movable", "paintable", "attention"):
        with pytest.raises(NonFiniteError) as mask:
            state_from_observation({**observation, key: np.full(MAX_ENTITIES, np.nan)})
        assert str(mask.value) == (
            f"{key} holds nan at index (0,); every entry must be a finite number"
        )
    with pytest.raises(ShapeError) as shape:
        state_from_observation({**observation, "present": np.ones(8, dtype=np.int8)})
    assert str(shape.value) == (
        "present has shape (8,), expected (16,); pass an array of that shape"
    )
