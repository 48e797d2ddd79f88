"""What rivals share: phases, what is meant, and errors for what does not fit."""

import numpy as np
import pytest
from rival_scenes import REST, demonstrate, draw, episode

from conceptgym.agents.rivals.base import (
    check_attention,
    check_observed,
    editable_features,
    phases_of,
)
from conceptgym.envs import CONCEPTS
from conceptgym.envs.errors import NoDemonstrationsError, ShapeError


def test_a_concept_of_one_phase_is_seen_from_start_to_end():
    _, demonstrations, _ = episode("between", 0)
    (phase,) = phases_of(demonstrations)
    for shown, demonstration in zip(phase, demonstrations, strict=True):
        assert np.array_equal(shown.before.entities, demonstration.before)
        assert np.array_equal(shown.after.entities, demonstration.after)
        assert np.array_equal(shown.answer, demonstration.attention)


def test_each_stop_ends_a_phase_and_begins_the_next():
    rng = np.random.default_rng(1)
    event = draw(CONCEPTS["three_in_order"].random(rng), rng)
    phases = phases_of([demonstrate(event)])
    assert len(phases) == 3
    for number, (shown,) in enumerate(phases):
        assert np.array_equal(shown.after.entities, event.stops[number].entities)
    for (earlier,), (later,) in zip(phases, phases[1:], strict=False):
        assert np.array_equal(later.before.entities, earlier.after.entities)


def test_demonstrations_with_an_unusual_number_of_stops_are_left_out():
    rng = np.random.default_rng(2)
    concept = CONCEPTS["two_in_order"].random(rng)
    usual = [demonstrate(draw(concept, rng)) for _ in range(2)]
    event = draw(concept, rng)
    hasty = demonstrate(event)
    hasty = type(hasty).of(np.stack([hasty.before] + [hasty.after] * REST), event)
    phases = phases_of([*usual, hasty])
    assert [len(phase) for phase in phases] == [2, 2]


def test_the_object_that_the_cursor_rests_on_is_meant():
    rng = np.random.default_rng(3)
    concept = CONCEPTS["touch"].random(rng)
    events = [draw(concept, rng) for _ in range(4)]
    (phase,) = phases_of([demonstrate(event) for event in events])
    for shown, event in zip(phase, events, strict=True):
        assert np.array_equal(shown.answer, event.answer)
        assert np.array_equal(shown.attention, event.attention)


def test_all_objects_that_are_visited_in_turn_are_meant():
    _, demonstrations, _ = episode("two_in_order", 4)
    for phase in phases_of(demonstrations):
        for shown, demonstration in zip(phase, demonstrations, strict=True):
            assert np.array_equal(shown.answer, demonstration.attention)


def test_only_positions_of_the_movable_and_colours_of_the_paintable_may_be_edited():
    _, _, painted = episode("colour", 5)
    editable = editable_features(painted.before)
    assert editable[painted.attention, 2:5].all()
    assert editable.sum() == 3 * painted.attention.sum()
    _, _, moved = episode("near", 5)
    editable = editable_features(moved.before)
    assert editable[moved.before.cursor, :2].all()
    assert editable.sum() == 2


def test_nothing_to_observe_is_refused():
    with pytest.raises(NoDemonstrationsError) as caught:
        phases_of([])
    assert str(caught.value) == (
        "demonstrations is empty; record at least one, as with record_demonstrations"
    )


def test_what_is_no_demonstration_is_refused():
    with pytest.raises(ShapeError) as caught:
        phases_of(["between"])  # pyright: ignore[reportArgumentType]
    assert str(caught.value) == (
        "demonstrations[0] is a str, expected a Demonstration; "
        "record them, as with record_demonstrations"
    )


def test_a_question_before_any_demonstration_is_refused():
    with pytest.raises(NoDemonstrationsError) as caught:
        check_observed(())
    assert str(caught.value) == (
        "no concept was observed yet; call rival.observe(demonstrations) first"
    )


def test_an_attention_of_another_length_is_refused():
    _, _, event = episode("near", 6)
    with pytest.raises(ShapeError) as caught:
        check_attention(event.before, np.zeros(3))
    assert str(caught.value) == (
        "attention has shape (3,), expected (16,); pass an array of that shape"
    )
