"""touch: the attended entity of the shown hue, and scenes of clearly different hues."""

from __future__ import annotations

import colorsys
from dataclasses import replace

import numpy as np
import pytest
from concept_scenes import SEEDS, make_scene, rows, with_colours, with_positions
from hypothesis import given
from hypothesis import strategies as st

from conceptgym.envs import EntityState, make_concept
from conceptgym.envs.concepts import Touch
from conceptgym.envs.concepts.touch import (
    HUE_GAP,
    LEAST_CONTRAST,
    SHOWN_RADIUS,
    hue_distance,
    on_entity,
    scene_colours,
)
from conceptgym.envs.entities import CURSOR
from conceptgym.envs.errors import ConceptParameterError, ShapeError

PLACES = [(-0.5, 0.0), (0.0, 0.5), (0.5, 0.0)]
HUES = [0.0, 90.0, 0.0]
RED = Touch(hue=0.0)
EPSILON = 1e-5  # positions and colours are float32
HUE = st.floats(0.0, 360.0)


def scene(cursor: tuple[float, float] = (0.0, 0.0)) -> EntityState:
    """Red, green and red objects; the cursor may be moved."""
    state = make_scene(cursor, PLACES, hues=HUES)
    return replace(state, movable=state.entities[:, CURSOR] > 0.5)


def hue_of(colour: np.ndarray) -> float:
    return 360.0 * colorsys.rgb_to_hsv(*colour.astype(float))[0]


def gaps_between(hues: list[float]) -> np.ndarray:
    """(n, n) angles between hues, 180 on the diagonal."""
    gaps = np.array([[hue_distance(one, other) for other in hues] for one in hues])
    np.fill_diagonal(gaps, 180.0)
    return gaps


@given(x=st.floats(-0.9, 0.9), y=st.floats(-0.9, 0.9))
def test_the_residual_is_the_distance_to_the_attended_one_of_the_hue(x: float, y: float) -> None:
    """Or, where that is less, what lacks for the nearest attended one to have the hue."""
    state = scene((x, y))
    lacking = np.linalg.norm(state.colours[2] - RED.rgb) - 0.05
    expected = min(np.hypot(x + 0.5, y), max(np.hypot(x, y - 0.5), lacking))
    assert RED.residual(state, rows(1, 2)) == pytest.approx(expected, abs=1e-6)


def test_the_tolerance_is_a_twentieth_of_the_world() -> None:
    assert RED.tolerance == 0.05 * 2.0
    assert RED.succeeds(scene((-0.6 + EPSILON, 0.0)), rows(1, 2))
    assert not RED.succeeds(scene((-0.6 - EPSILON, 0.0)), rows(1, 2))


def test_only_the_attended_one_of_that_hue_counts() -> None:
    assert RED.succeeds(scene(PLACES[0]), rows(1, 2))
    assert not RED.succeeds(scene(PLACES[1]), rows(1, 2))  # attended, of another hue
    assert not RED.succeeds(scene(PLACES[2]), rows(1, 2))  # of the hue, not attended
    assert RED.succeeds(scene(PLACES[2]), rows(2, 3))
    assert Touch(hue=90.0).succeeds(scene(PLACES[1]), rows(1, 2))


def test_without_the_hue_there_is_nothing_to_touch() -> None:
    attention = rows(1, 2)
    for hue in (45.0, 180.0, 270.0):
        concept = Touch(hue=hue)
        away = np.linalg.norm(scene().colours[1:3] - concept.rgb, axis=1).min()
        for place in PLACES:
            residual = concept.residual(scene(place), attention)
            assert residual >= away - 0.05 - 1e-6 and not concept.succeeds(scene(place), attention)


@given(shift=st.floats(0.0, 0.04))
def test_a_slightly_other_shade_is_the_same_hue(shift: float) -> None:
    colours = scene().colours.copy()
    colours[1, 1] += shift
    shaded = with_colours(scene((-0.5, 0.03)), colours)
    assert RED.residual(shaded, rows(1, 2)) == pytest.approx(0.03, abs=1e-6)


@pytest.mark.parametrize("attended", [(1,), (1, 2, 3, 4)])
def test_two_or_three_are_attended(attended: tuple[int, ...]) -> None:
    state = make_scene((0, 0), [*PLACES, (0.0, -0.5)])
    for judge in (RED.residual, RED.nearest):
        with pytest.raises(ShapeError) as error:
            judge(state, rows(*attended))
        assert str(error.value) == (
            f"attention marks {len(attended)} objects, but concept 'touch' takes 2 to 3; "
            "mark that many"
        )


@given(seed=SEEDS, n_objects=st.integers(2, 12))
def test_a_scene_shows_clear_hues_and_asks_for_the_touched(seed: int, n_objects: int) -> None:
    rng = np.random.default_rng(seed)
    concept = Touch.random(rng)
    assert isinstance(concept, Touch)
    event = concept.sample(rng, n_objects=n_objects)
    (touched,) = np.flatnonzero(event.answer)
    assert event.attention[touched] and 2 <= event.attention.sum() <= 3
    assert hue_distance(hue_of(event.after.colours[touched]), concept.hue) < 0.01
    gap = event.after.positions[event.after.cursor] - event.after.positions[touched]
    assert np.hypot(*gap) <= SHOWN_RADIUS + EPSILON
    assert not concept.succeeds(event.before, event.attention)
    assert event.shown is event.after

    objects = np.flatnonzero(event.after.objects)
    gaps = gaps_between([hue_of(event.after.colours[row]) for row in objects])
    attended = event.attention[objects]
    assert gaps[attended][:, attended].min() >= HUE_GAP - 0.01
    assert gaps[attended].min() >= LEAST_CONTRAST - 0.01
    if n_objects <= 9:
        assert gaps.min() >= LEAST_CONTRAST - 0.01


def test_two_and_three_are_attended_equally_often() -> None:
    rng = np.random.default_rng(0)
    three = [RED.sample(rng, n_objects=5).attention.sum() == 3 for _ in range(400)]
    assert abs(np.mean(three) - 0.5) < 4 * 0.5 / np.sqrt(400)
    assert all(RED.sample(rng, n_objects=2).attention.sum() == 2 for _ in range(20))


@given(x=st.floats(-1, 1), y=st.floats(-1, 1))
def test_the_nearest_state_is_the_nearest_point_of_a_disc(x: float, y: float) -> None:
    state = scene((x, y))
    found = RED.nearest(state, rows(1, 2))
    start, end = state.positions[0].astype(float), found.positions[0].astype(float)
    centre = np.array(PLACES[0])
    away = np.hypot(*(start - centre))
    assert np.hypot(*(end - centre)) == pytest.approx(min(away, 0.04), abs=2e-6)
    assert np.hypot(*(end - start)) == pytest.approx(max(0.0, away - 0.04), abs=2e-6)
    np.testing.assert_array_equal(found.entities[1:], state.entities[1:])
    assert RED.nearest(found, rows(1, 2)) is found


@given(corner=st.tuples(*[st.floats(0.9, 1.0)] * 2), x=st.floats(-1, 1), y=st.floats(-1, 1))
def test_it_stays_in_the_plane_and_holds(corner: tuple[float, float], x: float, y: float) -> None:
    positions = scene((x, y)).positions.copy()
    positions[1] = corner
    found = RED.nearest(with_positions(scene((x, y)), positions), rows(1, 2))
    assert RED.succeeds(found, rows(1, 2))
    moved = (found.positions[0] != positions[0]).any()
    assert not moved or np.abs(found.positions[0]).max() <= 0.95 + EPSILON


def test_a_cursor_that_may_not_move_stays() -> None:
    state = make_scene((0.0, 0.0), PLACES, hues=HUES)
    assert RED.nearest(state, rows(1, 2)) is state


def test_a_fifth_of_the_hues_is_held_out() -> None:
    parts = Touch.held_out_ranges["hue"]
    assert sum(high - low for low, high in parts) == 360.0 / 5
    for low, high in parts:
        assert Touch(hue=low).held_out and Touch(hue=high - 0.01).held_out
        assert not Touch(hue=low - 0.01).held_out and not Touch(hue=high).held_out


@pytest.mark.parametrize("hue", [-0.5, 360.5, float("nan")])
def test_hues_out_of_range_are_refused(hue: float) -> None:
    with pytest.raises(ConceptParameterError) as error:
        make_concept("touch", hue=hue)
    assert str(error.value) == (
        f"hue={hue} of concept 'touch' is outside [0.0, 360.0]; choose a value in that range"
    )


@given(one=HUE, other=HUE, turn=HUE)
def test_hue_distance_is_a_distance_on_the_circle(one: float, other: float, turn: float) -> None:
    distance = hue_distance(one, other)
    assert 0.0 <= distance <= 180.0 and distance == hue_distance(other, one)
    assert hue_distance(one + turn, other + turn) == pytest.approx(distance, abs=1e-6)
    assert hue_distance(one, one + 360.0) == pytest.approx(0.0, abs=1e-6)
    assert distance <= hue_distance(one, turn) + hue_distance(turn, other) + 1e-9


def test_a_cursor_on_an_entity_is_uniform_in_the_disc() -> None:
    rng = np.random.default_rng(1)
    away = np.array([on_entity(rng, np.ones(2)) for _ in range(2000)]) - 1.0
    radii = np.linalg.norm(away, axis=1)
    assert radii.max() <= SHOWN_RADIUS
    # Half of a uniform disc lies within 1/√2 of its radius; 4 standard errors.
    assert abs(np.mean(radii < SHOWN_RADIUS / np.sqrt(2)) - 0.5) < 4 * 0.5 / np.sqrt(2000)
    assert np.abs(away.mean(axis=0)).max() < 4 * SHOWN_RADIUS / 2 / np.sqrt(2000)


def test_other_hues_are_uniform_over_what_is_free() -> None:
    """Between 0 and 150 degrees 60 are free for a third hue, on the other side 120."""
    rng = np.random.default_rng(2)
    draws = 3000
    third = [scene_colours(rng, np.array([0.0, 150.0]), 3)[2] for _ in range(draws)]
    hues = np.array([hue_of(colour) for colour in third])
    between = (hues >= 45.0 - EPSILON) & (hues <= 105.0 + EPSILON)
    beyond = (hues >= 195.0 - EPSILON) & (hues <= 315.0 + EPSILON)
    assert (between | beyond).all()
    assert abs(between.mean() - 1 / 3) < 4 * np.sqrt(2 / 9 / draws)
    assert abs((hues < 75.0).mean() - 1 / 6) < 4 * np.sqrt(5 / 36 / draws)


@given(seed=SEEDS, n_objects=st.integers(4, 12), first=HUE, gaps=st.tuples(HUE, HUE, HUE))
def test_there_is_room_whatever_the_attended_hues(
    seed: int, n_objects: int, first: float, gaps: tuple[float, float, float]
) -> None:
    shares = np.array(gaps) + 1e-3
    steps = HUE_GAP + shares / shares.sum() * (360.0 - 3 * HUE_GAP)
    attended = (first + np.cumsum(steps)) % 360.0
    colours = scene_colours(np.random.default_rng(seed), attended, n_objects)
    assert colours.shape == (n_objects, 3)
    found = gaps_between([hue_of(colour) for colour in colours])
    assert found[:3].min() >= LEAST_CONTRAST - 0.01
    assert found.min() > 20.0


@pytest.mark.parametrize("n_objects", [11, 12])
def test_in_crowded_scenes_others_are_as_clear_as_the_attended(n_objects: int) -> None:
    rng = np.random.default_rng(n_objects)
    clear = []
    for _ in range(60):
        hues = [hue_of(c) for c in scene_colours(rng, np.array([10.0, 130.0]), n_objects)]
        clear.append(int((gaps_between(hues).min(axis=1) >= LEAST_CONTRAST - 0.01).sum()))
    assert np.mean(np.array(clear) >= 4) > 0.95
