"""Objects while they are moved: who is next, and spots to park that leave room for everything."""

from __future__ import annotations

import numpy as np
import pytest

from conceptgym.agents.manipulation.footprints import Footprint
from conceptgym.agents.manipulation.moving import FINGER_ROOM, PARKING_STEP, MovingObjects

GAP = 0.005
RADIUS = 0.015
BOUNDS = (np.array([0.3, -0.2]), np.array([0.7, 0.2]))


def disc(x: float, y: float) -> Footprint:
    return Footprint(centre=np.array([x, y]), half_extents=np.full(2, RADIUS), round=True)


def moving(
    places: list[tuple[float, float]],
    goals: dict[int, tuple[float, float]],
    *,
    bounds: tuple[np.ndarray, np.ndarray] = BOUNDS,
) -> MovingObjects:
    arrays = {index: np.array(goal) for index, goal in goals.items()}
    return MovingObjects([disc(*place) for place in places], arrays, gap=GAP, bounds=bounds)


def test_blockers_are_those_within_the_gap() -> None:
    near = 2 * RADIUS + GAP
    table = moving(
        [(0.4, 0), (0.5, 0), (0.6, 0)],
        {0: (0.5 + near - 1e-6, 0), 1: (0.6 - near, 0.0), 2: (0.7, 0)},
    )
    assert table.blockers() == {0: {1}, 1: set(), 2: set()}
    assert table.blockers(0.0) == {0: set(), 1: set(), 2: set()}
    table.move(1, np.array([0.5, 0.1]))
    assert table.blockers()[0] == set()


def test_first_what_crowds_no_pick_then_the_midst_then_the_nearest() -> None:
    # object 0 is the nearest to the middle of the bounds, but its target crowds object 1
    table = moving([(0.5, 0), (0.4, 0.1)], {0: (0.45, 0.1), 1: (0.65, 0.1)})
    assert table.placement() == 1
    # the middle of three in a row before its sides, which are nearer
    table = moving(
        [(0.5, 0), (0.55, 0), (0.35, 0)], {0: (0.45, 0.15), 1: (0.55, 0.15), 2: (0.5, 0.15)}
    )
    assert table.placement() == 2
    table = moving([(0.35, 0), (0.52, 0), (0.6, 0)], {0: (0.4, 0.1), 1: (0.5, 0.1), 2: (0.6, 0.1)})
    assert table.placement() == 1
    table.move(1, np.array([0.5, 0.1]))
    assert set(table.left) == {0, 2}
    assert table.placement() == 2


def test_a_parked_object_is_near_and_leaves_room_for_everything() -> None:
    places = [(0.5, 0.0), (0.55, 0.0), (0.5, 0.05)]
    table = moving(places, {0: places[1], 1: places[0]})
    assert table.placement() is None
    parking = table.parking(None)
    assert parking is not None
    index, spot = parking
    assert index == 0  # the nearer to the middle of the bounds
    room = 2 * RADIUS + GAP + FINGER_ROOM
    for other in (*places[1:], places[0]):
        assert np.linalg.norm(spot - other) >= room - 1e-9
    steps = (spot - BOUNDS[0]) / PARKING_STEP
    np.testing.assert_allclose(steps, steps.round(), atol=1e-6)
    assert np.linalg.norm(spot - places[0]) < room + PARKING_STEP
    far = table.parking(lambda spot: bool(spot[0] > 0.65))
    assert far is not None and far[1][0] > 0.65
    assert table.parking(lambda spot: False) is None


@pytest.mark.parametrize("slack", [0.031, 0.006])
def test_a_tight_spot_is_better_than_none(slack: float) -> None:
    spot = np.array([0.5, 0.05 + 2 * RADIUS + slack])
    places = [(0.5, 0.0), (0.5, 0.05)]
    table = moving(places, {0: places[1], 1: places[0]}, bounds=(spot, spot))
    parking = table.parking(None)
    assert parking is not None
    np.testing.assert_array_equal(parking[1], spot)


def test_the_object_is_parked_that_leaves_the_fewest_to_park() -> None:
    """A large one covers the targets of two small ones, whose places its own target covers."""
    big = Footprint(centre=np.array([0.6, 0.0]), half_extents=np.full(2, 0.04), round=True)
    small = [disc(0.4, -0.02), disc(0.4, 0.02)]
    goals = {0: np.array([0.6, -0.02]), 1: np.array([0.6, 0.02]), 2: np.array([0.4, 0.0])}
    table = MovingObjects([*small, big], goals, gap=GAP, bounds=BOUNDS)
    assert table.blockers() == {0: {2}, 1: {2}, 2: {0, 1}}
    parking = table.parking(None)
    assert parking is not None and parking[0] == 2
