"""Touching: the nearest first, between neighbours, again what was missed."""

from __future__ import annotations

import numpy as np
import pytest
from pick_place_scenes import Bench, Place

from conceptgym.agents.manipulation.grasp import clearance
from conceptgym.agents.manipulation.table_view import TableView
from conceptgym.agents.manipulation.touch import MOST_ROUNDS, heading_to_touch
from conceptgym.envs import Robot
from conceptgym.envs.robots import PANDA, UR5E

PLACES: list[Place] = [(0.6, -0.1), (0.42, -0.05), (0.5, 0.1)]


def touch_all(bench: Bench) -> list[int]:
    """The rows in the order in which they were touched."""
    order: list[int] = []
    for _ in range(600):
        bench.step()
        touched = np.flatnonzero(bench.world.touched).tolist()
        order += [row for row in touched if row not in order]
        if bench.policy.attempts:
            return order
    raise AssertionError("it goes on and on")


@pytest.mark.parametrize("robot", [PANDA, UR5E])
def test_the_nearest_is_touched_first(robot: Robot) -> None:
    bench = Bench(PLACES, [0, 1, 2], task="identify", robot=robot)
    assert touch_all(bench) == [1, 2, 0]
    assert bench.away.max() < 5e-4 and bench.reason == "reached"
    contacts = bench.world.contacts
    assert contacts.table_contacts == contacts.self_contacts == contacts.link_contacts == 0


def test_neighbours_are_not_touched() -> None:
    """The closed fingers are wider than the gap at most headings."""
    places = [(0.5, 0.1), (0.5, 0.127), (0.527, 0.1), (0.473, 0.1)]
    bench = Bench(places, [0], task="identify")
    assert touch_all(bench) == [0]
    assert bench.away.max() < 5e-4


def test_the_heading_leaves_the_most_room() -> None:
    places = [(0.5, 0.1), (0.5, 0.126), (0.5, 0.074)]
    table = TableView.of(Bench(places, [0], task="identify").observation)
    heading = heading_to_touch(table, 0)

    def room(heading: float) -> float:
        others = [table.footprints[index] for index in (1, 2)]
        return clearance(heading + 0.5 * np.pi, table.centres[0, :2], 0.0, others)

    assert (
        room(heading) >= min(0.01, max(room(other) for other in np.linspace(-1.5, 1.5, 31))) - 1e-3
    )
    alone = TableView.of(Bench([(0.5, 0.1), (0.4, -0.1)], [0], task="identify").observation)
    assert heading_to_touch(alone, 0) == 0.0


def test_what_keeps_moving_away_is_given_up() -> None:
    bench = Bench(PLACES, [1], task="identify")
    side, tried = 1.0, 0
    while not bench.policy.attempts:
        if bench.tips[-1][2] < 0.06 and bench.tips[-2][2] >= 0.06:  # it comes down
            side, tried = -side, tried + 1
            bench.put(1, (0.45 + 0.05 * side, -0.1, 0.012))
        bench.step()
        assert len(bench.tips) < 900
    assert tried == MOST_ROUNDS
    assert bench.reason == "entity 1 was not touched: it was not where it was seen"
    assert bench.summary == [("touch", bench.reason)]
    assert bench.tips[-1][2] > 0.1
