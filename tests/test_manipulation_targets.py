"""Targets of solid things: apart, the fewest moves, in an order that works, or on top."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from agent_scenes import generated
from pick_place_scenes import Bench, Place, Wish, moved

from conceptgym.agents.generate import GenerateResult
from conceptgym.agents.manipulation.table_view import TableView
from conceptgym.agents.manipulation.targets import GAP, WIDER_GAP, Room, Targets, find_targets
from conceptgym.agents.plan import View
from conceptgym.agents.tensors import scene_of
from conceptgym.agents.terms import Term
from conceptgym.envs import EntityState, table_to_plane
from conceptgym.envs.entities import POSITION
from conceptgym.envs.frames import METRES_PER_PLANE_UNIT
from conceptgym.envs.place_reach import reach_of

PLACES = [(0.5, 0.1), (0.6, -0.1), (0.42, -0.05), (0.45, 0.12)]


class Choice(Wish):
    """Offers several answers with energies, the best first."""

    def __init__(self, offers: Sequence[tuple[float, dict[int, Place]]]) -> None:
        super().__init__({row: place for _, offer in offers for row, place in offer.items()})
        self.offers = offers

    def generate(
        self, state: EntityState, *args: object, extra: Sequence[Term] = (), **_: object
    ) -> GenerateResult:
        self.extra.append(extra)
        candidates = np.stack([moved(state, offer) for _, offer in self.offers])
        energies = np.array([energy for energy, _ in self.offers])
        return replace(generated(candidates[0]), candidates=candidates, energies=energies)


def targets_of(planner: Wish, places: Sequence[Place] = PLACES) -> Targets:
    bench = Bench(places, planner.wishes)
    seen = bench.observation
    return find_targets(planner, View.of(seen), TableView.of(seen))


def test_what_moves_little_stays() -> None:
    near = (PLACES[0][0] + 0.003, PLACES[0][1])
    found = targets_of(Wish({0: near, 1: (0.55, 0.0)}))
    assert [move.index for move in found.order.moves] == [1]
    np.testing.assert_allclose(found.places[1], (0.55, 0.0), atol=1e-6)
    assert not targets_of(Wish({0: near})).order.moves


def test_only_what_may_be_moved_is() -> None:
    bench = Bench(PLACES, {0: (0.55, 0.0)})
    bench.planner.wishes = {0: (0.55, 0.0), 1: (0.4, 0.0)}
    seen = bench.observation
    found = find_targets(bench.planner, View.of(seen), TableView.of(seen))
    assert list(found.places) == [0]


def test_of_answers_as_good_the_fewest_moves_win() -> None:
    both, one = {0: (0.55, 0.0), 1: (0.4, 0.0)}, {1: (0.4, 0.0)}
    found = targets_of(Choice([(0.0, both), (1e-4, one)]))
    assert [move.index for move in found.order.moves] == [1]
    assert found.result.energy == 1e-4
    np.testing.assert_allclose(
        found.result.entities[1, POSITION], table_to_plane(np.array(one[1])), atol=1e-6
    )
    worse = targets_of(Choice([(0.0, both), (5e-4, one)]))
    assert len(worse.order.moves) == 2 and worse.result.energy == 0.0


def test_what_need_not_be_moved_stays() -> None:
    """Of a plan that moves three things, the energy cares for one alone."""

    class Indifferent(Wish):
        def energies(self, state: EntityState, *args: object, **others: object) -> np.ndarray:
            _, entities = args
            assert isinstance(entities, np.ndarray)
            wanted = table_to_plane(np.array((0.4, 0.0)))
            return 0.5 * ((entities[:, 1, POSITION] - wanted) ** 2).sum(axis=1)

    planner = Indifferent({0: (0.55, 0.0), 1: (0.4, 0.0), 2: (0.6, -0.1)})
    found = targets_of(planner)
    assert [move.index for move in found.order.moves] == [1]
    assert found.result.energy == pytest.approx(0.0, abs=1e-9)
    stays = table_to_plane(np.array([PLACES[0], PLACES[2]]))
    np.testing.assert_allclose(found.result.entities[[0, 2], POSITION], stays, atol=1e-6)


def test_an_answer_without_an_order_gives_way_to_one_with() -> None:
    on_another, free = {2: PLACES[0]}, {2: (0.55, 0.0), 1: (0.4, 0.0)}
    found = targets_of(Choice([(0.0, on_another), (1e-4, free)]))
    assert found.order.feasible and len(found.order.moves) == 2
    alone = targets_of(Choice([(0.0, on_another)]))
    assert not alone.order.feasible and alone.order.moves == ()
    assert alone.order.reason == "target of object 2 overlaps object 0, which stays"


def test_what_is_in_the_way_goes_first_and_a_cycle_is_parked() -> None:
    row = targets_of(Wish({0: PLACES[1], 1: PLACES[2], 2: (0.55, 0.05)}))
    assert [move.index for move in row.order.moves] == [2, 1, 0]
    ring = targets_of(Wish({0: PLACES[1], 1: PLACES[0]}))
    assert [move.parked for move in ring.order.moves] == [True, False, False]
    assert ring.order.moves[0].index == ring.order.moves[2].index


def test_solid_things_are_asked_to_keep_apart() -> None:
    """The energy that is added is above zero just where rims are nearer than the gap."""
    planner = Wish({3: (0.55, 0.0)})
    bench = Bench(PLACES, planner.wishes)
    seen = bench.observation
    view = View.of(seen)
    find_targets(planner, view, TableView.of(seen))
    ((apart, reach),) = planner.extra
    assert float(reach(scene_of(view.state, view.attention))) == 0.0
    side = 0.012
    mean = 0.5 * (side + np.hypot(side, side))
    for slack in (-0.002, 0.002):
        place = (PLACES[0][0] + 2 * mean + GAP + slack, PLACES[0][1])
        state = replace(view.state, entities=moved(view.state, {3: place}))
        scene = scene_of(state, view.attention)
        energy = float(apart(scene))
        violation = max(0.0, -slack) / METRES_PER_PLANE_UNIT
        assert energy == pytest.approx(0.5 * violation**2, rel=1e-3, abs=1e-9)
        assert torch.isfinite(apart(scene)).all()


def test_the_piece_goes_on_top_where_that_is_meant() -> None:
    onto = (PLACES[0][0] + 0.006, PLACES[0][1])
    on_top = targets_of(Wish({3: onto}, puts_on_top=True))
    (move,) = on_top.order.moves
    assert move.index == 3 and on_top.onto == {3: 0}
    np.testing.assert_allclose(move.target, (PLACES[0][0] + 0.003, PLACES[0][1]), atol=1e-5)
    beside = Wish({3: (0.55, 0.0)}, puts_on_top=True)
    assert targets_of(beside).onto == {}
    assert [len(extra) for extra in beside.extra] == [1, 2]  # the reach; and keeping apart
    never = targets_of(Wish({3: onto}))
    assert never.onto == {} and not never.order.feasible


def test_what_stands_on_top_already_stays() -> None:
    bench = Bench(PLACES, {3: PLACES[0]}, puts_on_top=True)
    for height, moves in ((0.036, 0), (0.012, 1)):
        bench.put(3, (*PLACES[0], height))
        seen = bench.observation
        found = find_targets(bench.planner, View.of(seen), TableView.of(seen))
        assert len(found.order.moves) == moves


def test_what_the_arm_cannot_reach_is_not_asked_for() -> None:
    planner = Wish({3: (0.55, 0.0)})
    bench = Bench(PLACES, planner.wishes)
    seen = bench.observation
    view, table = View.of(seen), TableView.of(seen)
    find_targets(planner, view, table)
    _, reach = planner.extra[0]
    _, furthest = reach_of(table.robot)
    for beyond in (-0.01, 0.01):
        state = replace(view.state, entities=moved(view.state, {3: (furthest + beyond, 0.0)}))
        violation = max(0.0, beyond) / METRES_PER_PLANE_UNIT
        energy = float(reach(scene_of(state, view.attention)))
        assert energy == pytest.approx(0.5 * violation**2, rel=1e-3, abs=1e-9)


def test_what_is_stuck_stays_and_crowded_places_get_a_wider_gap() -> None:
    planner = Wish({0: (0.55, 0.0), 1: (0.4, 0.0)})
    bench = Bench(PLACES, planner.wishes)
    seen = bench.observation
    view, table = View.of(seen), TableView.of(seen)
    room = Room().after_crowding(int(table.rows[0]), at_pick=True)
    found = find_targets(planner, view, table, room=room)
    assert [move.index for move in found.order.moves] == [1]
    wider = Room().after_crowding(0, at_pick=False)
    assert wider.gap == GAP + WIDER_GAP and not wider.stuck
    find_targets(planner, view, table, room=wider)
    side, (apart, _) = 0.012, planner.extra[-1]
    mean = 0.5 * (side + np.hypot(side, side))
    place = (PLACES[0][0] + 2 * mean + GAP + 0.5 * WIDER_GAP, PLACES[0][1])
    state = replace(view.state, entities=moved(view.state, {1: place}))
    violation = 0.5 * WIDER_GAP / METRES_PER_PLANE_UNIT
    energy = float(apart(scene_of(state, view.attention)))
    assert energy == pytest.approx(0.5 * violation**2, rel=1e-3)


def test_where_everything_is_stuck_it_is_tried_all_the_same() -> None:
    planner = Wish({0: (0.55, 0.0)})
    bench = Bench(PLACES, planner.wishes)
    seen = bench.observation
    view, table = View.of(seen), TableView.of(seen)
    room = Room(stuck=frozenset(table.rows.tolist()))
    assert len(find_targets(planner, view, table, room=room).order.moves) == 1
