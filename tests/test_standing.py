"""Whether demonstrations show one thing on top of another: seen from above, in either world."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from agent_scenes import demonstration, draw_event
from concept_scenes import make_scene

from conceptgym.agents.standing import ON_TOP, shows_standing
from conceptgym.envs import CONCEPTS, MAX_ENTITIES, Demonstration, make_concept
from conceptgym.envs.entities import ZONE

ROWS = np.arange(MAX_ENTITIES)
Place = tuple[float, float]


def shown(
    cursor: Place,
    objects: Sequence[Place] = ((0.0, 0.0), (0.5, 0.5)),
    *,
    movable: Sequence[int] = (0,),
    zones: Sequence[int] = (),
    absent: Sequence[int] = (),
) -> Demonstration:
    """The end of a demonstration: the cursor in row 0, objects after it."""
    state = make_scene(cursor, objects)
    entities = state.entities.copy()
    entities[list(zones), ZONE] = 1.0
    return Demonstration(
        trajectory=entities[None],
        attention=np.isin(ROWS, [1]),
        present=state.present & ~np.isin(ROWS, absent),
        movable=np.isin(ROWS, movable),
        paintable=np.zeros(MAX_ENTITIES, dtype=bool),
    )


def events_of(concept: str, count: int, *, first: int = 0) -> list[Demonstration]:
    return [demonstration(draw_event(concept, seed=first + k)) for k in range(count)]


@pytest.mark.parametrize("name", CONCEPTS)
def test_the_concepts_that_stack_show_it_and_no_others(name: str) -> None:
    for seed in range(20):
        few = events_of(name, 5, first=5 * seed)
        assert shows_standing(few) == make_concept(name).stacks


@pytest.mark.parametrize(("touches", "found"), [(5, True), (4, True), (3, True), (2, False)])
def test_most_of_five_decide(touches: int, found: bool) -> None:
    """One wrong demonstration among five changes nothing, whichever it is."""
    mixed = [*events_of("touch", touches), *events_of("near", 5 - touches)]
    for shift in range(5):
        assert shows_standing(mixed[shift:] + mixed[:shift]) == found


def test_half_is_not_most_and_none_is_nothing() -> None:
    assert not shows_standing([*events_of("touch", 2), *events_of("near", 2)])
    assert not shows_standing([])
    assert shows_standing(events_of("touch", 1)) and not shows_standing(events_of("near", 1))


@pytest.mark.parametrize("angle", [0.0, 1.0, 4.0])
def test_on_is_within_its_distance(angle: float) -> None:
    towards = np.array([np.cos(angle), np.sin(angle)])
    for factor, found in ((0.0, True), (0.99, True), (1.01, False)):
        x, y = factor * ON_TOP * towards
        assert shows_standing([shown((x, y))]) == found
        assert shows_standing([shown((0.5 + x, 0.5 + y))]) == found  # of any object


def test_only_a_cursor_that_may_be_moved_can_be_put_on_something() -> None:
    there = (0.0, 0.0)
    assert shows_standing([shown(there)])
    assert not shows_standing([shown(there, movable=[])])
    assert not shows_standing([shown(there, movable=[1])])  # the fingertip over what it moved
    assert not shows_standing([shown(there, absent=[0])])


def test_zones_and_absent_rows_carry_nothing() -> None:
    there = (0.0, 0.0)
    assert not shows_standing([shown(there, zones=[1])])
    assert not shows_standing([shown(there, absent=[1])])
    assert not shows_standing([shown(there, absent=[1, 2])])  # a cursor alone


def test_only_the_end_counts() -> None:
    (touch,) = events_of("touch", 1)
    backwards = Demonstration(
        trajectory=touch.trajectory[::-1],
        attention=touch.attention,
        present=touch.present,
        movable=touch.movable,
        paintable=touch.paintable,
    )
    assert not shows_standing([backwards])
