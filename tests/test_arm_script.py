"""Set-points that are moved gently, kept clear of objects, and stopped on the way."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
import pytest
from pick_place_scenes import CONTROLLERS, Bench

from conceptgym.agents.arm_motion import Waypoint
from conceptgym.agents.arm_script import Arm
from conceptgym.agents.ik_model import Obstacle
from conceptgym.agents.manipulation.table_view import TableView
from conceptgym.envs.robots import PANDA

ABOVE = Waypoint(position_in_world=np.array([0.5, 0.1, 0.125]), heading=0.3)
FAR = Waypoint(position_in_world=np.array([1.2, 0.1, 0.125]), heading=0.3)
THERE = Obstacle(centre=np.array([0.5, 0.1, 0.12]), half_extents=np.full(3, 0.04))


@pytest.fixture
def arm() -> Arm:
    return Arm(CONTROLLERS[PANDA], TableView.of(Bench([(0.5, -0.1), (0.4, 0.0)], {}).observation))


def run(arm: Arm, script: Generator[np.ndarray, TableView, bool]) -> tuple[list[np.ndarray], bool]:
    """The joint positions after each step, and what the script returns."""
    steps = []
    while True:
        try:
            action = next(script)
        except StopIteration as end:
            return steps, end.value
        np.testing.assert_array_equal(action, arm.action())
        steps.append(arm.qpos)


def test_it_begins_where_the_arm_is(arm: Arm) -> None:
    table = TableView.of(Bench([(0.5, -0.1), (0.4, 0.0)], {}).observation)
    np.testing.assert_allclose(arm.qpos, table.qpos)
    assert arm.opening == table.opening
    back = arm.controller.actions.set_points(arm.action())
    np.testing.assert_allclose(back[:7], table.qpos, atol=1e-5)


def test_it_follows_waypoints_and_says_whether_it_could(arm: Arm) -> None:
    steps, reached = run(arm, arm.follow([ABOVE]))
    assert reached and arm.why_not == "" and len(steps) > 5
    tip = arm.controller.fingertip(arm.qpos)
    np.testing.assert_allclose(tip, ABOVE.position_in_world, atol=1e-3)
    assert arm.controller.heading(arm.qpos) == pytest.approx(0.3, abs=0.01)
    steps, reached = run(arm, arm.follow([FAR]))
    assert not reached and steps == []
    assert arm.why_not.startswith("waypoint 0 is out of reach: 0.")


def test_it_stops_where_it_is(arm: Arm) -> None:
    count = 0

    def enough() -> bool:
        nonlocal count
        count += 1
        return count > 6

    steps, reached = run(arm, arm.follow([ABOVE], until=enough))
    assert reached and len(steps) == 6
    np.testing.assert_array_equal(arm.qpos, steps[-1])


def test_what_can_be_reached_moves_nothing(arm: Arm) -> None:
    before = arm.qpos.copy()
    assert arm.can_reach([ABOVE]) and arm.why_not == ""
    arm.keep_clear_of([THERE])
    assert arm.can_reach([ABOVE])  # whatever is in the way
    assert not arm.can_reach([ABOVE, FAR])
    assert arm.why_not.startswith("waypoint 1 is out of reach: 0.")
    np.testing.assert_array_equal(arm.qpos, before)


def test_objects_are_kept_clear_of_until_others_are_seen(arm: Arm) -> None:
    arm.keep_clear_of([THERE])
    other = Arm(arm.controller, TableView.of(Bench([(0.5, -0.1), (0.4, 0)], {}).observation))
    assert run(other, other.follow([ABOVE]))[1]  # another arm knows nothing of it
    assert not run(arm, arm.follow([ABOVE]))[1]
    arm.look_again([])
    assert run(arm, arm.follow([ABOVE]))[1]


def test_what_is_carried_stays_when_it_looks_again(arm: Arm) -> None:
    low = Waypoint(position_in_world=np.array([0.5, 0.1, 0.03]), heading=0.0)
    run(arm, arm.follow([ABOVE]))
    tip = arm.controller.fingertip(arm.qpos)
    long = Obstacle(centre=tip - [0.0, 0.0, 0.03], half_extents=np.array([0.01, 0.01, 0.04]))
    arm.keep_clear_of([], carried=long)
    arm.look_again([])
    assert not run(arm, arm.follow([low]))[1]  # it would reach 4 cm into the table
    arm.keep_clear_of([])
    assert run(arm, arm.follow([low]))[1]


def test_fingers_move_at_a_gentle_speed_and_wait(arm: Arm) -> None:
    openings = []
    for _ in arm.set_opening(0.02, wait=4):
        openings.append(arm.opening)
    pace = np.abs(np.diff(openings))
    assert pace.max() <= 0.06 * 0.04 + 1e-9 and openings[-5:] == [0.02] * 5
    assert len(openings) == np.ceil((0.06 - 0.02) / (0.06 * 0.04)) + 4
    assert list(arm.set_opening(0.02)) == []
