"""Orders of moves: nothing is ever placed on anything, and no order has needless moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conceptgym.agents.manipulation.footprints import Footprint, distance
from conceptgym.agents.manipulation.move_order import Move, MoveOrder, order_moves
from conceptgym.envs.errors import ConfigError, NonFiniteError, ShapeError

SEEDS = st.integers(0, 2**32 - 1)
LAWS = settings(max_examples=50)
HALF = 0.013  # half of a cube's edge [m]
GAP = 0.005
BOUNDS = (np.array([0.3, -0.2]), np.array([0.7, 0.2]))


def cube(x: float, y: float, *, yaw: float = 0.0) -> Footprint:
    return Footprint(centre=np.array([x, y]), half_extents=np.full(2, HALF), yaw=yaw)


def order(
    footprints: Sequence[Footprint],
    targets: Mapping[int, Sequence[float] | np.ndarray],
    *,
    still: float = 0.004,
) -> MoveOrder:
    arrays = {index: np.array(target) for index, target in targets.items()}
    return order_moves(footprints, arrays, gap=GAP, bounds=BOUNDS, still=still)


def spread(rng: np.random.Generator, number: int, apart: float) -> np.ndarray:
    """(number, 2) points within bounds, `apart` from each other [m]."""
    points: list[np.ndarray] = []
    while len(points) < number:
        point = rng.uniform(*BOUNDS)
        if all(np.linalg.norm(point - other) >= apart for other in points):
            points.append(point)
    return np.array(points)


def scene(rng: np.random.Generator) -> tuple[list[Footprint], dict[int, np.ndarray]]:
    """Objects of several kinds; their targets take each other's places or lie anywhere."""
    number = int(rng.integers(1, 8))
    centres = spread(rng, number, 0.06)
    footprints = [
        Footprint(
            centre=centre,
            half_extents=rng.uniform(0.01, 0.018, 2),
            yaw=rng.uniform(-4, 4),
            round=bool(rng.integers(2)),
        )
        for centre in centres
    ]
    if rng.random() < 0.5:
        ends = centres[rng.permutation(number)] + rng.uniform(-0.006, 0.006, (number, 2))
    else:
        ends = spread(rng, number, 0.06)
    return footprints, dict(enumerate(ends))


def check_execution(
    footprints: Sequence[Footprint], targets: Mapping[int, np.ndarray], moves: Sequence[Move]
) -> None:
    """Every move keeps its gap, and the last of each object leads to its target."""
    here = list(footprints)
    last = {move.index: number for number, move in enumerate(moves)}
    for number, move in enumerate(moves):
        assert move.parked == (number < last[move.index])
        radius = here[move.index].circumradius
        placed = Footprint(centre=move.target, half_extents=np.full(2, radius), round=True)
        for other, footprint in enumerate(here):
            if other == move.index:
                continue
            waits = other in last and last[other] > number
            if waits or move.parked:
                assert distance(placed, footprint) >= GAP - 1e-6
            else:
                inradius = footprints[move.index].inradius
                assert footprint.distance_to(move.target) >= inradius - 1e-6
        here[move.index] = placed
        if move.parked:
            assert (BOUNDS[0] <= move.target).all() and (move.target <= BOUNDS[1] + 1e-9).all()
    for index, target in targets.items():
        assert np.linalg.norm(here[index].centre - target) <= 0.004
        assert index not in last or np.array_equal(here[index].centre, target)


@LAWS
@given(SEEDS)
def test_no_move_overlaps_anything_and_all_end_at_their_targets(seed: int) -> None:
    footprints, targets = scene(np.random.default_rng(seed))
    found = order(footprints, targets)
    assert found.feasible and found.reason == "ordered"
    check_execution(footprints, targets, found.moves)
    assert len(found.moves) <= 1.5 * len(targets)  # at worst every two swap


@LAWS
@given(SEEDS)
def test_some_stay_and_are_never_moved(seed: int) -> None:
    rng = np.random.default_rng(seed)
    footprints, targets = scene(rng)
    some = {index: targets[index] for index in targets if rng.random() < 0.6}
    found = order(footprints, some)
    assert {move.index for move in found.moves} <= set(some)
    if found.feasible:
        check_execution(footprints, some, found.moves)
    else:
        assert found.moves == () and "overlaps object" in found.reason


@LAWS
@given(SEEDS)
def test_indices_do_not_matter_and_nothing_is_random(seed: int) -> None:
    rng = np.random.default_rng(seed)
    footprints, targets = scene(rng)
    shuffle = rng.permutation(len(footprints))  # the new object k is the old shuffle[k]
    shuffled = order(
        [footprints[old] for old in shuffle],
        {new: targets[old] for new, old in enumerate(shuffle)},
    )
    for moves, names in (
        (order(footprints, targets).moves, np.arange(len(footprints))),
        (shuffled.moves, shuffle),
    ):
        for move, other in zip(moves, order(footprints, targets).moves, strict=True):
            assert (names[move.index], move.parked) == (other.index, other.parked)
            np.testing.assert_array_equal(move.target, other.target)


def test_what_is_in_place_stays() -> None:
    footprints = [cube(0.4, 0.0), cube(0.5, 0.0)]
    found = order(footprints, {0: [0.4, 0.0], 1: [0.5, 0.003]})
    assert found.feasible and found.moves == ()
    found = order(footprints, {0: [0.4, 0.0], 1: [0.5, 0.005]})
    assert [move.index for move in found.moves] == [1]
    assert order(footprints, {1: [0.5, 0.005]}, still=0.006).moves == ()
    assert order([], {}).feasible


def test_what_is_nearly_in_place_moves_where_it_is_in_the_way() -> None:
    """Two targets side by side; the object at one of them stands 3 mm over the other."""
    footprints = [cube(0.5, 0.003), cube(0.4, 0.1)]
    targets = {0: [0.5, 0.0], 1: [0.5, 2 * HALF + 0.001]}
    found = order(footprints, targets)
    assert found.feasible and [move.index for move in found.moves] == [0, 1]


def test_two_that_swap_need_three_moves() -> None:
    footprints = [cube(0.45, 0.0), cube(0.55, 0.0)]
    targets = {0: np.array([0.55, 0.0]), 1: np.array([0.45, 0.0])}
    found = order(footprints, targets)
    assert [(move.index, move.parked) for move in found.moves] == [
        (0, True),
        (1, False),
        (0, False),
    ]
    check_execution(footprints, targets, found.moves)


@pytest.mark.parametrize("number", [2, 3, 4, 5, 6, 8])
def test_a_rotation_needs_one_move_more_than_objects(number: int) -> None:
    angle = 2 * np.pi * np.arange(number) / number
    ring = np.array([0.5, 0.0]) + 0.12 * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    footprints = [cube(*place, yaw=turn) for place, turn in zip(ring, angle, strict=True)]
    targets = dict(enumerate(np.roll(ring, 1, axis=0)))
    found = order(footprints, targets)
    assert len(found.moves) == number + 1
    assert sum(move.parked for move in found.moves) == 1
    check_execution(footprints, targets, found.moves)


def test_a_chain_needs_no_parking() -> None:
    """Each goes to the next one's place, the last one to a free one."""
    footprints = [cube(0.35 + 0.07 * k, 0.0) for k in range(4)]
    targets = {k: np.array([0.42 + 0.07 * k, 0.0]) for k in range(4)}
    found = order(footprints, targets)
    assert [move.index for move in found.moves] == [3, 2, 1, 0]
    check_execution(footprints, targets, found.moves)


def test_targets_may_be_as_near_as_the_best_yaw_allows() -> None:
    footprints = [cube(0.4, 0.1), cube(0.6, 0.1), cube(0.5, -0.1)]
    targets = {0: [0.5, -0.1 + 2 * HALF], 1: [0.5, -0.1 - 2 * HALF]}
    found = order(footprints, targets)
    assert found.feasible and len(found.moves) == 2


def test_targets_that_overlap_are_told() -> None:
    footprints = [cube(0.4, 0.1), cube(0.6, 0.1), cube(0.5, -0.1)]
    found = order(footprints, {0: [0.5, -0.1 + 2 * HALF - 0.001]})
    assert not found.feasible and found.moves == ()
    assert found.reason == "target of object 0 overlaps object 2, which stays"
    found = order(footprints, {0: [0.5, 0.0], 1: [0.5 + 2 * HALF - 0.001, 0.0]})
    assert not found.feasible and found.moves == ()
    assert found.reason == "targets of objects 0 and 1 overlap"


def test_without_a_free_spot_a_swap_is_told_apart() -> None:
    footprints = [cube(0.45, 0.0), cube(0.55, 0.0)]
    targets = {0: np.array([0.55, 0.0]), 1: np.array([0.45, 0.0])}
    expected = "objects 0, 1 are in each other's way and no spot to park one is free"
    bounds = (np.array([0.45, 0.0]), np.array([0.55, 0.0]))
    narrow = order_moves(footprints, targets, gap=0.03, bounds=bounds)
    assert not narrow.feasible and narrow.moves == () and narrow.reason == expected
    out_of_reach = order_moves(
        footprints, targets, gap=GAP, bounds=BOUNDS, reachable=lambda spot: False
    )
    assert not out_of_reach.feasible and out_of_reach.reason == expected


def test_objects_are_parked_within_reach() -> None:
    footprints = [cube(0.45, 0.0), cube(0.55, 0.0)]
    targets = {0: np.array([0.55, 0.0]), 1: np.array([0.45, 0.0])}
    found = order_moves(
        footprints, targets, gap=GAP, bounds=BOUNDS, reachable=lambda spot: bool(spot[1] > 0.15)
    )
    assert found.moves[0].parked and found.moves[0].target[1] > 0.15
    check_execution(footprints, targets, found.moves)


def test_bad_arguments_are_refused() -> None:
    footprints = [cube(0.45, 0.0)]
    with pytest.raises(ConfigError) as error:
        order(footprints, {1: [0.5, 0.0]})
    assert str(error.value) == (
        "targets names object 1, but there are 1 footprints; "
        "name them by their place in the sequence, from 0"
    )
    with pytest.raises(ShapeError) as error:
        order(footprints, {0: [0.5, 0.0, 0.0]})
    assert str(error.value) == (
        "targets[0] has shape (3,), expected (2,); pass an array of that shape"
    )
    with pytest.raises(NonFiniteError) as error:
        order(footprints, {0: [np.nan, 0.0]})
    assert str(error.value) == (
        "targets[0] holds nan at index (0,); every entry must be a finite number"
    )
    with pytest.raises(ConfigError) as error:
        order(footprints, {}, still=-1.0)
    assert str(error.value) == "still is -1.0 m, expected 0 or more"
    with pytest.raises(ConfigError) as error:
        order_moves(footprints, {}, gap=np.nan, bounds=BOUNDS)
    assert str(error.value) == "gap is nan m, expected 0 or more"
    with pytest.raises(ConfigError) as error:
        order_moves(footprints, {}, gap=GAP, bounds=(BOUNDS[1], BOUNDS[0]))
    assert str(error.value) == (
        "bounds[0] is [0.7 0.2] and bounds[1] [ 0.3 -0.2], expected no coordinate of the first "
        "above that of the second; exchange them"
    )
    with pytest.raises(ConfigError) as error:
        Move(index=-1, target=np.zeros(2))
    assert str(error.value) == "index is -1, expected 0 or more"
