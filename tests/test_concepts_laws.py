"""Laws that every concept's residual keeps: invariances, continuity, no credit for heaps."""

from __future__ import annotations

import numpy as np
import pytest
from concept_scenes import (
    RELATIONAL,
    SEEDS,
    TURNABLE,
    events,
    reordered,
    with_colours,
    with_positions,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from conceptgym.envs import CONCEPTS, MAX_ENTITIES, Concept, EntityState, Event
from conceptgym.envs.entities import CURSOR, ZONE

all_concepts = pytest.mark.parametrize("name", CONCEPTS)
IN_ORDER = ["two_in_order", "three_in_order"]
FIGURES = ["line", "triangle", "square", "circle", "figure"]
few = settings(max_examples=25)
ROUNDING = 1e-6


@pytest.mark.parametrize(
    "name", [name for name in CONCEPTS if name not in ("region", "touch", *IN_ORDER)]
)
@few
@given(st.data())
def test_all_on_one_spot_or_in_one_colour_fails(name: str, data: st.DataObject) -> None:
    """But for what a heap does: be in a region, or under the cursor."""
    concept, event = data.draw(events(name))
    spots = [event.after.positions[event.after.cursor], *event.after.positions[event.attention]]
    if name == "colour":
        shown = event.after.colours[event.attention][0]
        heap = with_colours(event.after, np.tile(shown, (MAX_ENTITIES, 1)))
        assert not concept.succeeds(heap, event.attention)
        return
    for spot in [*spots, np.zeros(2)]:
        heap = with_positions(event.after, np.tile(spot, (MAX_ENTITIES, 1)))
        assert not concept.succeeds(heap, event.attention)


@pytest.mark.parametrize("name", [n for n in RELATIONAL if n != "closest"])
@few
@given(st.data())
def test_a_cursor_on_the_attended_fails(name: str, data: st.DataObject) -> None:
    """But for closest, where nothing is closer."""
    concept, event = data.draw(events(name))
    for spot in event.after.positions[event.attention]:
        positions = event.after.positions.copy()
        positions[event.after.cursor] = spot
        assert not concept.succeeds(with_positions(event.after, positions), event.attention)


@all_concepts
@few
@given(st.data())
def test_succeeding_is_a_residual_within_the_tolerance(name: str, data: st.DataObject) -> None:
    """Neither is written with the other: on the way from far off to done, and near the border."""
    concept, event = data.draw(events(name))
    rng = np.random.default_rng(data.draw(SEEDS))
    state = with_positions(event.after, rng.uniform(-1, 1, (MAX_ENTITIES, 2)))
    state = with_colours(state, rng.uniform(0, 1, (MAX_ENTITIES, 3)))
    candidates = [event.after, event.before, state]
    candidates += [_border(concept, event, start) for start in (event.before, state)]
    for candidate in candidates:
        residual = concept.residual(candidate, event.attention)
        assert isinstance(residual, float) and residual >= 0.0
        for share in (1.0, *rng.uniform(0.9, 1.1, size=4)):
            near = _between(event.after, candidate, share)
            residual = concept.residual(near, event.attention)
            if abs(residual - concept.tolerance) > ROUNDING:
                within = residual <= concept.tolerance
                assert concept.succeeds(near, event.attention) == within


def _between(end: EntityState, start: EntityState, share: float) -> EntityState:
    """The state on the way from `end` (0) to `start` (1), and beyond."""
    mixed = end.entities + share * (start.entities - end.entities)
    return end.with_entities(mixed.astype(np.float32))


def _border(concept: Concept, event: Event, start: EntityState) -> EntityState:
    """A state on the way from where the concept holds at which the residual is the tolerance."""
    low, high = 0.0, 1.0
    for _ in range(12):
        middle = (low + high) / 2.0
        there = _between(event.after, start, middle)
        holds = concept.residual(there, event.attention) <= concept.tolerance
        low, high = (middle, high) if holds else (low, middle)
    return _between(event.after, start, high)


@all_concepts
@few
@given(st.data())
def test_small_changes_change_the_residual_little(name: str, data: st.DataObject) -> None:
    """|r(s') - r(s)| <= 2 |s' - s| for any one entity's move or paint, large or small.

    A figure's residual is a share of its radius, of its least radius where it is smaller.
    """
    concept, event = data.draw(events(name))
    unit = getattr(concept, "least_size", 1.0)  # [plane units]
    rng = np.random.default_rng(data.draw(SEEDS))
    state = with_positions(event.after, rng.uniform(-1, 1, (MAX_ENTITIES, 2)))
    state = with_colours(state, rng.uniform(0, 1, (MAX_ENTITIES, 3)))
    before = concept.residual(state, event.attention)
    for size in (1e-4, 1e-2, 1.0):
        for row in np.flatnonzero(state.present):
            entities = state.entities.copy()
            entities[row, :5] += size * rng.normal(size=5) / 5**0.5
            change = float(np.linalg.norm(entities[row] - state.entities[row]))
            after = concept.residual(state.with_entities(entities), event.attention)
            assert abs(after - before) <= 2.0 * change / unit + 1e-6


@all_concepts
@few
@given(st.data())
def test_the_rows_order_means_nothing(name: str, data: st.DataObject) -> None:
    concept, event = data.draw(events(name))
    order = np.random.default_rng(data.draw(SEEDS)).permutation(MAX_ENTITIES)
    for state in (event.before, event.after):
        there = concept.residual(reordered(state, order), event.attention[order])
        assert there == pytest.approx(concept.residual(state, event.attention), abs=1e-12)


@all_concepts
@few
@given(st.data())
def test_absent_rows_mean_nothing(name: str, data: st.DataObject) -> None:
    concept, event = data.draw(events(name))
    rng = np.random.default_rng(data.draw(SEEDS))
    entities = event.after.entities.copy()
    absent = ~event.after.present
    entities[absent] = rng.uniform(0, 1, entities[absent].shape)
    entities[absent, CURSOR] = 1.0
    entities[absent, ZONE] = rng.integers(2, size=absent.sum())
    found = concept.residual(event.after.with_entities(entities), event.attention | absent)
    assert found == concept.residual(event.after, event.attention)


@pytest.mark.parametrize("name", [*RELATIONAL, "quantity", *FIGURES])
@few
@given(st.data())
def test_where_the_scene_lies_and_its_colours_mean_nothing(name: str, data: st.DataObject) -> None:
    concept, event = data.draw(events(name))
    rng = np.random.default_rng(data.draw(SEEDS))
    for state in (event.before, event.after):
        expected = concept.residual(state, event.attention)
        shifted = with_positions(state, state.positions + rng.uniform(-2, 2, 2))
        assert concept.residual(shifted, event.attention) == pytest.approx(expected, abs=1e-5)
        painted = with_colours(state, rng.uniform(0, 1, (MAX_ENTITIES, 3)))
        assert concept.residual(painted, event.attention) == expected


@pytest.mark.parametrize("name", [*TURNABLE, "quantity"])
@few
@given(st.data())
def test_turning_and_mirroring_the_scene_means_nothing(name: str, data: st.DataObject) -> None:
    concept, event = data.draw(events(name))
    angle = np.random.default_rng(data.draw(SEEDS)).uniform(0, 2 * np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    for state in (event.before, event.after):
        expected = concept.residual(state, event.attention)
        for matrix in (turn, turn @ np.diag([1.0, -1.0])):
            turned = with_positions(state, state.positions @ matrix.T)
            assert concept.residual(turned, event.attention) == pytest.approx(expected, abs=1e-5)
