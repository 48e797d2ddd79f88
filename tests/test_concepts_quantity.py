"""quantity: exactly so many objects in the attended zone, no matter which, and no tells."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from concept_scenes import SEEDS, events, make_scene, rows, with_positions
from hypothesis import given, settings
from hypothesis import strategies as st

from conceptgym.envs import (
    MAX_ENTITIES,
    EntityState,
    Event,
    make_concept,
    record_demonstrations,
)
from conceptgym.envs.concepts import Quantity
from conceptgym.envs.entities import COLOUR, POSITION, ZONE, ZONE_RADIUS
from conceptgym.envs.errors import ConceptParameterError, NonFiniteError, ShapeError

EPSILON = 1e-5  # positions are float32
few = settings(max_examples=40)
quantity_events = events("quantity")


def zone_scene(*distances: float, zone: tuple[float, float] = (0.0, 0.0)) -> EntityState:
    """Objects from row 1 on, at these distances around a zone, whose row is the last present."""
    turns = np.linspace(0.0, 2.0 * np.pi, len(distances), endpoint=False)
    objects = np.array(zone) + np.array(distances)[:, None] * np.column_stack(
        [np.cos(turns), np.sin(turns)]
    )
    scene = make_scene((0.9, 0.9), [*objects, zone])
    entities = scene.entities.copy()
    entities[len(distances) + 1, ZONE] = 1.0
    numbers = np.arange(MAX_ENTITIES)
    movable = (numbers > 0) & (numbers <= len(distances))
    return replace(scene, entities=entities, movable=movable)


def zone_of(scene: EntityState) -> np.ndarray:
    return scene.zones


def counts(state: EntityState) -> dict[Any, int]:
    """How many objects' centres each zone holds, by its row."""
    objects = state.positions[state.objects]
    return {
        int(row): int((np.linalg.norm(objects - state.positions[row], axis=1) < ZONE_RADIUS).sum())
        for row in np.flatnonzero(state.zones)
    }


@pytest.mark.parametrize(
    ("distances", "clearance"),
    [
        ((0.1, 0.2, 0.6, 0.8), 0.15),  # the second inside the rim
        ((0.1, 0.2, 0.4, 0.8), 0.05),  # the third outside it
        ((0.1, 0.45, 0.6, 0.8), -0.1),  # one is missing
        ((0.1, 0.2, 0.2, 0.8), -0.15),  # one too many
        ((0.1, 0.2, 0.33, 0.34), -0.02),
        ((0.1, 0.3), 0.05),  # none that could be too many
    ],
)
def test_the_residual_is_what_the_clearance_lacks(
    distances: tuple[float, ...], clearance: float
) -> None:
    scene = zone_scene(*distances, zone=(0.1, -0.2))
    found = Quantity(count=2).residual(scene, zone_of(scene))
    assert found == pytest.approx(max(0.0, 0.06 - clearance), abs=1e-6)


def test_it_succeeds_with_a_clearance_of_002_on_either_side_of_the_rim() -> None:
    for last, first, holds in [
        (0.33 - EPSILON, 0.37 + EPSILON, True),
        (0.33 + EPSILON, 0.37 + EPSILON, False),
        (0.33 - EPSILON, 0.37 - EPSILON, False),
    ]:
        scene = zone_scene(0.1, last, first, 0.9)
        assert Quantity(count=2).succeeds(scene, zone_of(scene)) == holds


@pytest.mark.parametrize("number", range(8))
def test_exactly_the_count_succeeds(number: int) -> None:
    scene = zone_scene(*[0.2] * number, *[0.7] * (8 - number))
    found = [c for c in range(1, 7) if Quantity(count=c).succeeds(scene, zone_of(scene))]
    assert found == [number] * (1 <= number <= 6)


def test_too_few_objects_are_never_enough() -> None:
    scene = zone_scene(0.6, 0.6)
    concept = Quantity(count=3)
    after = concept.nearest(scene, zone_of(scene))
    assert list(counts(after).values()) == [2]
    assert not concept.succeeds(after, zone_of(scene))


@few
@given(quantity_events)
def test_events_hold_clearly_and_for_one_zone_only(drawn: tuple[Quantity, Event]) -> None:
    concept, event = drawn
    held = counts(event.after)
    (zone,) = np.flatnonzero(event.attention)
    assert event.after.zones[zone] and held[zone] == concept.count
    assert 2 <= len(held) <= 3 and len(set(held.values())) == len(held)
    assert all(1 <= number <= 6 for number in held.values())
    assert concept.residual(event.after, event.attention) == 0.0
    for row in held:
        assert concept.succeeds(event.after, rows(row)) == (row == zone)


@few
@given(quantity_events)
def test_scenes_keep_things_apart_and_in_the_plane(drawn: tuple[Quantity, Event]) -> None:
    _, event = drawn
    for state in (event.before, event.after):
        places, zones = state.positions.astype(float), np.flatnonzero(state.zones)
        things = np.flatnonzero(state.present & ~state.zones)
        assert np.abs(places[things]).max() <= 0.95
        assert np.abs(places[zones]).max() <= 1.0 - ZONE_RADIUS + EPSILON
        for first, second in combinations(zones, 2):
            assert np.linalg.norm(places[first] - places[second]) >= 0.8 - EPSILON
        for first, second in combinations(things, 2):
            assert np.linalg.norm(places[first] - places[second]) >= 0.16 - EPSILON
        away = np.linalg.norm(places[state.objects][:, None] - places[zones], axis=-1)
        assert (np.abs(away - ZONE_RADIUS) >= 0.08 - EPSILON).all()


@few
@given(quantity_events)
def test_before_one_or_two_objects_are_on_the_wrong_side(drawn: tuple[Quantity, Event]) -> None:
    concept, event = drawn
    assert not concept.succeeds(event.before, event.attention)
    moved = (event.before.entities != event.after.entities).any(axis=1)
    (zone,) = np.flatnonzero(event.attention)
    assert moved.sum() == abs(counts(event.before)[zone] - concept.count) in (1, 2)
    assert not (moved & ~event.after.movable).any()
    np.testing.assert_array_equal(event.before.entities[:, 2:], event.after.entities[:, 2:])
    others = [row for row in counts(event.after) if row != zone]
    assert all(counts(event.before)[row] == counts(event.after)[row] for row in others)


@few
@given(quantity_events)
def test_objects_and_nothing_else_may_be_moved(drawn: tuple[Quantity, Event]) -> None:
    _, event = drawn
    np.testing.assert_array_equal(event.after.movable, event.after.objects)
    assert not event.after.paintable.any()


def least_cost(concept: Quantity, state: EntityState, zone: int) -> float:
    """The least sum of squares over all choices of objects to be in, by brute force."""
    centre, here = state.positions[zone].astype(float), state.positions[state.objects].astype(float)
    away = np.linalg.norm(here - centre, axis=1)
    turns = np.linspace(0.0, 2.0 * np.pi, 20_000)
    rim = centre + 0.41 * np.column_stack([np.cos(turns), np.sin(turns)])
    rim = rim[np.abs(rim).max(axis=1) <= 0.95]
    to_rim = np.array([np.linalg.norm(rim - place, axis=1).min() for place in here])
    enter, leave = np.maximum(0.0, away - 0.29) ** 2, np.where(away < 0.41, to_rim, 0.0) ** 2
    return min(
        leave.sum() + sum(enter[i] - leave[i] for i in chosen)
        for chosen in combinations(range(len(here)), concept.count)
    )


@few
@given(quantity_events, SEEDS, st.booleans())
def test_the_nearest_state_is_clear_least_and_in_the_plane(
    drawn: tuple[Quantity, Event], seed: int, crowd: bool
) -> None:
    concept, event = drawn
    rng = np.random.default_rng(seed)
    (zone,) = np.flatnonzero(event.attention)
    positions = event.after.positions.copy()
    spread = rng.uniform(-1, 1, (MAX_ENTITIES, 2))
    if crowd:  # most of them in or around the zone
        spread = np.clip(positions[zone] + 0.5 * spread, -1.0, 1.0)
    positions[event.after.objects] = spread[event.after.objects]
    state = with_positions(event.after, positions)
    after = concept.nearest(state, event.attention)
    assert concept.residual(after, event.attention) <= 1e-6
    moved = (after.entities != state.entities).any(axis=1)
    assert not (moved & ~state.objects).any()
    assert np.abs(after.positions[moved]).max(initial=0.0) <= 0.95 + EPSILON
    cost = float(((after.positions.astype(float) - state.positions) ** 2).sum())
    assert cost == pytest.approx(least_cost(concept, state, int(zone)), abs=1e-4)
    assert concept.nearest(after, event.attention) is after


def test_those_nearest_to_the_rim_cross_it() -> None:
    concept = Quantity(count=2)
    scene = zone_scene(0.1, 0.5, 0.6, 0.8)
    after = concept.nearest(scene, zone_of(scene))
    np.testing.assert_allclose(np.linalg.norm(after.positions[1:5], axis=1), [0.1, 0.29, 0.6, 0.8])
    scene = zone_scene(0.1, 0.2, 0.3, 0.8)
    after = concept.nearest(scene, zone_of(scene))
    np.testing.assert_allclose(np.linalg.norm(after.positions[1:5], axis=1), [0.1, 0.2, 0.41, 0.8])
    # And of the right number, one that is not clear is made so.
    scene = zone_scene(0.1, 0.33, 0.38, 0.8)
    after = concept.nearest(scene, zone_of(scene))
    np.testing.assert_allclose(
        np.linalg.norm(after.positions[1:5], axis=1), [0.1, 0.29, 0.41, 0.8], atol=1e-6
    )


def test_an_object_on_the_zones_centre_can_leave() -> None:
    scene = zone_scene(0.0, 0.0, zone=(0.65, 0.65))
    after = Quantity(count=1).nearest(scene, zone_of(scene))
    assert Quantity(count=1).succeeds(after, zone_of(scene))


def test_what_may_not_be_moved_stays() -> None:
    scene = zone_scene(0.1, 0.2, 0.3, 0.8)
    scene = replace(scene, movable=rows(1))  # the innermost, and the only one that can leave
    after = Quantity(count=2).nearest(scene, zone_of(scene))
    np.testing.assert_array_equal(after.entities[2:], scene.entities[2:])
    assert np.linalg.norm(after.positions[1]) == pytest.approx(0.41)


@pytest.mark.parametrize("n_objects", [7, 8, 10])
def test_neither_number_place_nor_row_tells_which_zone_is_meant(n_objects: int) -> None:
    """Whether the attended zone leads in any of these is a fair draw among the zones."""
    rng = np.random.default_rng(n_objects)
    leads, chance, spread, scenes = Counter(), 0.0, 0.0, 1500
    for _ in range(scenes):
        concept = Quantity.random(rng)
        event = concept.sample(rng, n_objects=n_objects)
        zones, held = np.flatnonzero(event.after.zones), counts(event.after)
        places = event.after.positions[zones]
        cursor = event.after.positions[event.after.cursor]
        tells = {
            "number": [held[row] for row in zones],
            "row": zones,
            "x": places[:, 0],
            "centre": np.linalg.norm(places, axis=1),
            "cursor": np.linalg.norm(places - cursor, axis=1),
        }
        (zone,) = np.flatnonzero(event.attention)
        leads.update(name for name, tell in tells.items() if zones[np.argmax(tell)] == zone)
        assert np.ptp(event.after.entities[zones, COLOUR], axis=0).max() == 0.0  # all alike
        chance += 1.0 / len(zones)
        spread += (1.0 - 1.0 / len(zones)) / len(zones)
    assert set(leads) == {"number", "row", "x", "centre", "cursor"}
    for name, found in leads.items():
        assert abs(found - chance) < 4.0 * spread**0.5, name


def test_random_counts_are_whole_and_small_ones_half_again_as_often() -> None:
    rng = np.random.default_rng(0)
    drawn = Counter(Quantity.random(rng, split="train").parameters["count"] for _ in range(3000))
    assert set(map(type, drawn)) == {int}
    for count in range(1, 7):
        share = (0.2, 2.0 / 15.0)[count > 3]
        assert abs(drawn[count] - 3000 * share) < 4.0 * (3000 * share) ** 0.5


@pytest.mark.parametrize("count", [3, 3.0, np.int64(3)])
def test_whole_numbers_of_any_type_are_the_count(count: float) -> None:
    concept = make_concept("quantity", count=count)
    assert concept == Quantity(count=3) and type(concept.parameters["count"]) is int


@pytest.mark.parametrize("count", [0, 7, -1.0, float("nan"), "3"])
def test_counts_out_of_range_are_refused(count: object) -> None:
    with pytest.raises(ConceptParameterError) as error:
        make_concept("quantity", count=count)
    assert str(error.value) == (
        f"count={count!r} of concept 'quantity' is outside [1, 6]; choose a value in that range"
    )


def test_counts_that_are_not_whole_are_refused() -> None:
    with pytest.raises(ConceptParameterError) as error:
        Quantity(count=2.5)  # pyright: ignore[reportArgumentType]
    assert str(error.value) == (
        "count=2.5 of concept 'quantity' is no whole number; choose one of 1, 2, 3, 4, 5, 6"
    )


@pytest.mark.parametrize(("attention", "number"), [((), 0), ((1,), 0), ((9, 10), 2)])
def test_an_attention_on_other_than_one_zone_is_refused(
    attention: tuple[int, ...], number: int
) -> None:
    scene = zone_scene(*[0.2] * 8)
    entities = scene.entities.copy()
    entities[10, ZONE], entities[10, POSITION] = 1.0, 0.6
    scene = replace(scene, entities=entities, present=np.arange(MAX_ENTITIES) < 11)
    for judge in (Quantity().residual, Quantity().nearest):
        with pytest.raises(ShapeError) as error:
            judge(scene, rows(*attention))
        assert str(error.value) == (
            f"attention marks {number} zones, but concept 'quantity' takes 1; mark one"
        )
    with pytest.raises(NonFiniteError):
        Quantity().residual(scene, np.full(MAX_ENTITIES, np.nan))


def test_the_arm_has_no_zones() -> None:
    assert Quantity.tasks_on_arm == ()


def test_a_demonstrator_can_show_it() -> None:
    for count in (1, 6):
        concept = Quantity(count=count)
        for shown in record_demonstrations(concept=concept, episodes=2, seed=count):
            assert concept.succeeds(shown.state_at(-1), shown.attention)
            assert not concept.succeeds(shown.state_at(0), shown.attention)
