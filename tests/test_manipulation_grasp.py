"""Headings of the gripper: stable grasps only, and fingers that stay clear of the neighbours."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conceptgym.agents.manipulation.footprints import Footprint, distance
from conceptgym.agents.manipulation.grasp import (
    FACE_TOLERANCE,
    FINGER_HALF_THICKNESS,
    FINGER_HALF_WIDTH,
    GraspChoice,
    choose_headings,
    clearance,
    grasp_width,
    stable_headings,
)
from conceptgym.envs.errors import ConfigError, ShapeError

SEEDS = st.integers(0, 2**32 - 1)
LAWS = settings(max_examples=25)
ORIGIN = np.zeros(2)
HALF = 0.013  # half of a cube's edge [m]
MARGIN = 0.016


def cube(x: float, y: float, *, yaw: float = 0.0) -> Footprint:
    return Footprint(centre=np.array([x, y]), half_extents=np.full(2, HALF), yaw=yaw)


def ball(x: float, y: float, *, radius: float = HALF) -> Footprint:
    return Footprint(centre=np.array([x, y]), half_extents=np.full(2, radius), round=True)


def scattered(rng: np.random.Generator, number: int) -> list[Footprint]:
    """Cubes and balls 4 cm to 8 cm around the origin."""
    angles, away = rng.uniform(0, 2 * np.pi, number), rng.uniform(0.04, 0.08, number)
    return [
        Footprint(
            centre=r * np.array([math.cos(a), math.sin(a)]),
            half_extents=np.full(2, HALF),
            yaw=rng.uniform(-4, 4),
            round=bool(rng.integers(2)),
        )
        for a, r in zip(angles, away, strict=True)
    ]


def same_mod_pi(one: float, other: float) -> bool:
    return abs(math.sin(one - other)) < 1e-9


@pytest.mark.parametrize("reference", [0.0, 0.7, -3.0])
def test_stable_headings_lie_around_the_reference(reference: float) -> None:
    square = stable_headings(cube(0, 0, yaw=0.3), reference=reference)
    assert len(square) == 2
    assert same_mod_pi(square[0], 0.3) and same_mod_pi(square[1], 0.3 + np.pi / 2)
    discs = stable_headings(ball(0, 0), candidates=12, reference=reference)
    np.testing.assert_allclose(np.diff(np.sort(discs)), np.pi / 12)
    assert discs[0] == pytest.approx(reference)
    for heading in (*square, *discs):
        assert reference - np.pi / 2 < heading <= reference + np.pi / 2 + 1e-12


def test_the_width_is_the_extent_between_the_fingers() -> None:
    bar = Footprint(centre=ORIGIN, half_extents=np.array([0.03, 0.01]), yaw=0.4)
    assert grasp_width(bar, 0.4) == pytest.approx(0.06)
    assert grasp_width(bar, 0.4 + 3 * np.pi / 2) == pytest.approx(0.02)
    off = FACE_TOLERANCE - 1e-6
    expected = 0.06 * math.cos(off) + 0.02 * math.sin(off)
    assert grasp_width(bar, 0.4 - off) == pytest.approx(expected)
    assert grasp_width(ball(0, 0, radius=0.02), 1.234) == pytest.approx(0.04)
    with pytest.raises(ConfigError) as error:
        grasp_width(bar, 0.9)
    assert str(error.value) == (
        "heading is 0.900 rad, 0.500 rad off the faces of a box of yaw 0.400 rad, expected at "
        "most 0.087 rad; choose one of stable_headings(footprint)"
    )


def test_clearance_in_closed_form() -> None:
    outer = 0.02 + 2 * FINGER_HALF_THICKNESS  # of fingers that are open by 4 cm
    assert clearance(0.0, ORIGIN, 0.04, []) == math.inf
    # beside the fingers, along the closing direction
    assert clearance(0.0, ORIGIN, 0.04, [cube(0.06, 0)]) == pytest.approx(0.06 - HALF - outer)
    assert clearance(0.0, ORIGIN, 0.04, [ball(-0.06, 0)]) == pytest.approx(0.06 - HALF - outer)
    # across it, before the middle of a finger
    across = 0.04 - HALF - FINGER_HALF_WIDTH
    assert clearance(0.0, ORIGIN, 0.04, [cube(0.027, 0.04)]) == pytest.approx(across)
    assert clearance(np.pi / 2, ORIGIN, 0.04, [cube(0.04, 0.027)]) == pytest.approx(across)
    # a ball off a finger's corner, 3 : 4 : 5
    corner = np.array([outer, FINGER_HALF_WIDTH]) + [0.03, 0.04]
    assert clearance(0.0, ORIGIN, 0.04, [ball(*corner)]) == pytest.approx(0.05 - HALF)
    # a neighbour under a finger: the way out is past the outer face
    assert clearance(0.0, ORIGIN, 0.04, [cube(0.04, 0)]) == pytest.approx(0.04 - HALF - outer)


def test_closing_fingers_sweep_what_lies_between() -> None:
    pin = ball(0.016, 0, radius=0.001)
    assert clearance(0.0, ORIGIN, 0.04, [pin]) == pytest.approx(0.003)
    assert clearance(0.0, ORIGIN, 0.04, [pin], closing=0.004) == pytest.approx(0.001)
    assert clearance(0.0, ORIGIN, 0.04, [pin], closing=0.016) < 0
    outside = [cube(0.06, 0)]
    still = clearance(0.0, ORIGIN, 0.04, outside)
    assert clearance(0.0, ORIGIN, 0.04, outside, closing=0.016) == pytest.approx(still)


@LAWS
@given(SEEDS)
def test_clearance_is_the_same_half_a_turn_on_and_anywhere_on_the_table(seed: int) -> None:
    rng = np.random.default_rng(seed)
    neighbours = scattered(rng, 4)
    heading, angle, shift = rng.uniform(-4, 4), rng.uniform(-4, 4), rng.uniform(-1, 1, 2)
    expected = clearance(heading, ORIGIN, 0.04, neighbours)
    assert clearance(heading + np.pi, ORIGIN, 0.04, neighbours) == pytest.approx(expected)
    cos, sin = math.cos(angle), math.sin(angle)
    rotation = np.array([[cos, -sin], [sin, cos]])
    moved = [f.moved(rotation @ f.centre + shift, turn=angle) for f in neighbours]
    assert clearance(heading + angle, shift, 0.04, moved) == pytest.approx(expected)


@LAWS
@given(SEEDS)
def test_a_choice_is_what_it_says(seed: int) -> None:
    """Its clearances hold, no candidate has more or, where all is clear, turns less."""
    rng = np.random.default_rng(seed)
    reference = rng.uniform(-2, 2)
    thing = (cube if rng.integers(2) else ball)(0, 0)
    before, after = scattered(rng, 3), scattered(rng, 3)
    choice = choose_headings(
        thing, before, ORIGIN, after, opening_margin=MARGIN, reference=reference
    )

    def both(pick: float, place: float) -> tuple[float, float]:
        placed = thing.moved(ORIGIN, turn=place - pick)
        at_place = [clearance(place, ORIGIN, choice.opening, after, closing=MARGIN)]
        at_place += [distance(placed, other) for other in after]
        at_pick = clearance(pick, ORIGIN, choice.opening, before, closing=MARGIN)
        return at_pick, min(at_place)

    assert choice.opening == pytest.approx(2 * HALF + MARGIN)
    chosen = both(choice.pick_heading, choice.place_heading)
    assert (choice.pick_clearance, choice.place_clearance) == pytest.approx(chosen)
    assert choice.clearance == min(choice.pick_clearance, choice.place_clearance)
    assert choice.feasible == (choice.clearance >= 0.004) == (choice.reason == "clear")
    picks = stable_headings(thing, reference=reference)
    places = stable_headings(ball(0, 0), reference=reference)
    turning = abs(choice.pick_heading - reference) + abs(choice.place_heading - reference)
    for pick in picks:
        for place in places:
            other = min(both(pick, place))
            if choice.feasible:
                turns = abs(pick - reference) + abs(place - reference)
                assert other < 0.004 or turns >= turning - 1e-9
            else:
                assert other <= choice.clearance + 1e-9


def choose(
    thing: Footprint,
    before: list[Footprint],
    after: list[Footprint],
    *,
    reference: float = 0.0,
    enough: float = 0.004,
) -> GraspChoice:
    target = np.array([0.2, 0.1])
    after = [other.moved(other.centre + target) for other in after]
    return choose_headings(
        thing,
        before,
        target,
        after,
        opening_margin=MARGIN,
        reference=reference,
        enough=enough,
    )


def test_alone_the_wrist_hardly_turns() -> None:
    choice = choose(cube(0, 0, yaw=0.2), [], [])
    assert choice.feasible and choice.reason == "clear"
    assert choice.pick_heading == pytest.approx(0.2)
    assert choice.place_heading == 0.0
    assert choice.turn == pytest.approx(-0.2)
    assert choice.pick_clearance == choice.place_clearance == math.inf
    turned = choose(ball(0, 0), [], [], reference=1.0)
    assert turned.pick_heading == turned.place_heading == pytest.approx(1.0)


def test_in_a_row_the_fingers_close_across_it() -> None:
    row = [cube(-0.035, 0), cube(0.035, 0)]
    choice = choose(cube(0, 0), row, [])
    assert choice.feasible and choice.pick_heading == pytest.approx(np.pi / 2)
    assert choice.pick_clearance == pytest.approx(0.035 - HALF - FINGER_HALF_WIDTH)
    choice = choose(cube(0, 0), [], row)
    assert choice.feasible and abs(choice.place_heading) > np.pi / 4


def test_the_placed_object_counts_against_its_neighbours() -> None:
    """Turned by π/4 its corners would come 0.6 mm from those beside it."""
    beside = [cube(0.032, 0), cube(-0.032, 0)]
    yawed = cube(0, 0, yaw=np.pi / 4)
    choice = choose(yawed, [], beside)
    assert choice.feasible
    placed = yawed.moved(ORIGIN, turn=choice.turn)
    assert min(distance(placed, other) for other in beside) >= choice.place_clearance >= 0.004


def test_long_bars_are_grasped_by_the_faces_that_fit_the_fingers() -> None:
    bar = Footprint(centre=ORIGIN, half_extents=np.array([0.06, 0.01]))
    choice = choose(bar, [], [])
    assert choice.feasible and choice.pick_heading == pytest.approx(np.pi / 2)
    slab = Footprint(centre=ORIGIN, half_extents=np.array([0.06, 0.05]))
    choice = choose(slab, [], [])
    assert not choice.feasible
    assert choice.reason == "the fingers would open 0.1360 m, they open 0.0800 m at most"


def test_an_object_hemmed_in_is_told_with_the_best_there_is() -> None:
    hedge = [cube(0.035 * x, 0.035 * y) for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1))]
    choice = choose(cube(0, 0), hedge, [])
    outer = HALF + MARGIN / 2 + 2 * FINGER_HALF_THICKNESS
    assert not choice.feasible
    assert choice.pick_clearance == pytest.approx(0.035 - HALF - outer)
    assert choice.reason == (
        "clearance is -0.0130 m at the pick and inf m at the place, expected at least 0.0040 m"
    )


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ConfigError) as error:
        clearance(0.0, ORIGIN, 0.02, [], closing=0.03)
    assert str(error.value) == (
        "opening is 0.02 m and closing 0.03 m, expected 0 <= closing <= opening; "
        "fingers close by no more than they are open"
    )
    with pytest.raises(ConfigError) as error:
        choose_headings(cube(0, 0), [], ORIGIN, [], opening_margin=-0.01)
    assert str(error.value) == "opening_margin is -0.01 m, expected 0 or more"
    with pytest.raises(ConfigError) as error:
        choose(cube(0, 0), [], [], enough=math.nan)
    assert str(error.value) == "enough is nan m, expected 0 or more"
    with pytest.raises(ConfigError) as error:
        stable_headings(ball(0, 0), candidates=0)
    assert str(error.value) == "candidates is 0, expected at least 1 heading"
    with pytest.raises(ShapeError) as error:
        choose_headings(cube(0, 0), [], np.zeros(3), [], opening_margin=MARGIN)
    assert str(error.value) == "target has shape (3,), expected (2,); pass an array of that shape"
