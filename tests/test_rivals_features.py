"""Quantities have the values that hand-made scenes give them, and the symmetries they claim."""

import numpy as np
import pytest
from concept_scenes import make_scene
from hypothesis import given, settings
from hypothesis import strategies as st

from conceptgym.agents.rivals.features import FULL_CONTRAST, FULL_LEAD, describe
from conceptgym.agents.rivals.scenes import scenes_of
from conceptgym.envs import EntityState
from conceptgym.envs.entities import ZONE, ZONE_RADIUS

OBJECTS = [(0.5, 0.0), (0.5, 0.6), (-0.8, -0.8)]


def look(state: EntityState, *rows: int) -> dict[str, float]:
    attention = np.zeros((1, len(state.present)), dtype=bool)
    attention[0, list(rows)] = True
    found = describe(scenes_of(state, state.entities[None], attention))
    return {name: float(value[0]) for name, value in found.items()}


def test_the_cursor_is_seen_from_the_middle_of_the_attended():
    found = look(make_scene((0.1, 0.0), OBJECTS), 1, 2)
    assert found["offset x"] == pytest.approx(-0.4, abs=1e-6)
    assert found["offset y"] == pytest.approx(-0.3, abs=1e-6)
    assert found["distance"] == pytest.approx(0.5, abs=1e-6)
    assert found["least distance"] == pytest.approx(0.4, abs=1e-6)
    assert found["most distance"] == pytest.approx(np.hypot(0.4, 0.6), abs=1e-6)


def test_leads_are_cut_off_where_they_are_clear():
    scene = make_scene((0.45, 0.0), OBJECTS)
    assert look(scene, 1)["nearest"] == FULL_LEAD
    assert look(scene, 3)["furthest"] == FULL_LEAD
    assert look(scene, 2)["nearest"] == pytest.approx(0.05 - np.hypot(0.05, 0.6), abs=1e-6)


def test_the_colour_of_what_the_cursor_is_on():
    scene = make_scene((0.5, 0.02), OBJECTS, hues=[0.0, 120.0, 240.0])
    found = look(scene, 2)
    red = look(scene, 1)
    assert found["off objects"] == pytest.approx(0.1)
    for part in ("redness", "greenness", "light"):
        assert found[f"touched {part}"] == pytest.approx(red[f"attended {part}"])


def test_contrast_is_that_to_the_most_alike_of_the_others():
    same = make_scene((0.0, 0.0), OBJECTS, hues=[10.0, 10.0, 200.0])
    assert look(same, 1)["contrast"] == pytest.approx(0.0, abs=1e-6)
    assert look(same, 3)["contrast"] == FULL_CONTRAST
    assert look(same, 1, 2)["contrast"] == FULL_CONTRAST
    assert look(same, 1, 2)["colour spread"] == pytest.approx(0.0, abs=1e-6)


def test_objects_in_an_attended_zone_are_counted():
    zone = (0.5, 0.1)
    scene = make_scene((0.0, 0.9), [(0.5, 0.0), (0.6, 0.2), (-0.8, -0.8), zone])
    entities = scene.entities.copy()
    entities[4, ZONE] = 1.0
    scene = scene.with_entities(entities)
    found = look(scene, 4)
    assert found["number in zone"] == 2.0
    assert found["at edge of zone"] == 0.0
    entities[1, :2] = zone[0] + ZONE_RADIUS, zone[1]
    found = look(scene.with_entities(entities), 4)
    assert found["number in zone"] == pytest.approx(1.5, abs=1e-4)
    assert found["at edge of zone"] == pytest.approx(0.25, abs=1e-4)


def test_without_attended_objects_their_quantities_are_missing():
    assert not {"distance", "nearest", "contrast"} & set(look(make_scene((0.0, 0.0), OBJECTS)))


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_order_of_rows_means_nothing(seed):
    rng = np.random.default_rng(seed)
    places, hues = rng.uniform(-0.9, 0.9, size=(5, 2)), rng.uniform(0.0, 360.0, size=5)
    cursor = rng.uniform(-0.9, 0.9, size=2)
    order = rng.permutation(5)
    attended = rng.choice(5, size=3, replace=False)
    here = look(make_scene(cursor.tolist(), places.tolist(), hues=hues.tolist()), *(1 + attended))
    where = np.argsort(order)  # the new row of each object
    there = look(
        make_scene(cursor.tolist(), places[order].tolist(), hues=hues[order].tolist()),
        *(1 + where[attended]),
    )
    assert here.keys() == there.keys()
    for name, value in here.items():
        assert there[name] == pytest.approx(value, abs=1e-6), name


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1))
def test_variants_side_by_side_are_described_as_each_alone(seed):
    rng = np.random.default_rng(seed)
    scene = make_scene(
        (0.0, 0.0), rng.uniform(-0.9, 0.9, size=(4, 2)).tolist(), hues=[0, 90, 180, 270]
    )
    pairs = [(1, 2), (3, 4), (1, 4)]
    attention = np.zeros((3, len(scene.present)), dtype=bool)
    for number, pair in enumerate(pairs):
        attention[number, list(pair)] = True
    together = describe(scenes_of(scene, scene.entities[None], attention))
    for number, pair in enumerate(pairs):
        for name, value in look(scene, *pair).items():
            assert together[name][number] == pytest.approx(value, abs=1e-9)
