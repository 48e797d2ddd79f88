"""What the agent means to put where: targets for solid things, from the energy of a scene.

The energy is asked together with energies that keep solid things apart (unless the demonstrations
put the cursor on top of something), on the table and within the arm's reach. Of the states that are
about as good, the one that takes the fewest moves is chosen, among those that can be carried out;
what need not be moved stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from ...envs.entities import MAX_ENTITIES, POSITION, EntityState
from ...envs.frames import (
    METRES_PER_PLANE_UNIT,
    TABLE_CENTRE_IN_WORLD,
    plane_to_table,
    table_to_plane,
)
from ...envs.place_reach import reach_of
from ..generate import GenerateResult
from ..plan import Planner, View
from ..potentials import keep_apart, keep_in_ring
from ..standing import ON_TOP
from ..terms import Term
from .move_order import Move, MoveOrder, order_moves
from .table_view import TableView

STILL = 0.004
"""What is planned to move less than this stays where it is [m]."""
GAP = 0.006
"""Least gap between the rims of solid things that a first plan asks for [m]."""
WIDER_GAP = 0.004
"""By how much more a plan asks after one whose places had no room for the hand [m]."""
_ALIKE = 2e-4  # energies this near to the least are as good: half the square of 0.02 plane units
_TRIED = 6  # candidates for which an order is looked for
_SPARED = 2  # of these, those of which it is tried what need not be moved
_PARKING = 0.19  # things are parked in this square around the plane's centre [m]
_OFF_CENTRE = 0.003  # what stands on something is at most this far from its centre [m]
_ORDER_GAP = 0.002

Energies = Callable[[np.ndarray], np.ndarray]


class PlacePlanner(Planner, Protocol):
    """What a policy among solid things asks of the agent beyond the two questions."""

    def generate(
        self,
        state: EntityState,
        attention: np.ndarray,
        *,
        phase: int = 0,
        attentions: Sequence[np.ndarray] | None = None,
        extra: Sequence[Term] = (),
    ) -> GenerateResult:
        """States for which the concept holds and the `extra` energies are low."""
        ...

    def energies(
        self,
        state: EntityState,
        attention: np.ndarray,
        entities: np.ndarray,
        *,
        phase: int = 0,
        attentions: Sequence[np.ndarray] | None = None,
        extra: Sequence[Term] = (),
    ) -> np.ndarray:
        """Energies (P,) of the scene with other entities (P, N, 7)."""
        ...

    @property
    def puts_on_top(self) -> bool:
        """Whether something solid is to stand on what it is planned to share a place with."""
        ...


@dataclass(frozen=True, kw_only=True)
class Room:
    """What has shown itself to be too crowded for the hand: the next plan goes round it.

    Attributes:
        stuck: rows of entities that cannot be grasped where they are.
        gap: least gap between the rims of solid things [m].
    """

    stuck: frozenset[int] = frozenset()
    gap: float = GAP

    def after_crowding(self, row: int, *, at_pick: bool) -> Room:
        """With one more entity that stays, or a wider gap at the places."""
        if at_pick:
            return replace(self, stuck=self.stuck | {row})
        return replace(self, gap=self.gap + WIDER_GAP)

    def limit(self, view: View) -> View:
        """The view with what is stuck not to be moved, unless that is all there is."""
        movable = view.state.movable.copy()
        movable[list(self.stuck)] = False
        if not movable.any():
            return view
        return replace(view, state=replace(view.state, movable=movable))


@dataclass(frozen=True, kw_only=True)
class Targets:
    """Where things go, and in which order.

    Attributes:
        result: what the descent on the energy found; `entities` are those of the chosen state.
        order: the moves, of indices into the table's solid things.
        places: (2,) target of each thing that is to move [m], by index.
        onto: the thing that each stands on in the end, by index, if it is not the table.
    """

    result: GenerateResult
    order: MoveOrder
    places: Mapping[int, np.ndarray]
    onto: Mapping[int, int]


def find_targets(
    planner: PlacePlanner, view: View, table: TableView, *, room: Room | None = None
) -> Targets:
    """Plan a generate task for solid things.

    Args:
        planner: it has observed a concept.
        view: the scene.
        table: the same scene's solid things.
        room: what earlier plans have found to be too crowded.
    """
    room = room or Room()
    view = room.limit(view)
    reach = _within_reach(table)
    if planner.puts_on_top:
        free = _ask(planner, view, (reach,))
        under = _stacked_on(free.entities, view, table)
        if under is not None:
            return _stacking(free, view, table, under)
    radii = np.zeros(MAX_ENTITIES)
    for row, footprint in zip(table.rows, table.footprints, strict=True):
        mean = 0.5 * (footprint.circumradius + footprint.inradius)
        radii[row] = mean / METRES_PER_PLANE_UNIT
    apart = keep_apart(radii, room.gap / METRES_PER_PLANE_UNIT)
    result = _ask(planner, view, (apart, reach))

    def energies(entities: np.ndarray) -> np.ndarray:
        asked = view.state, view.attention, entities
        how = {"phase": view.phase, "attentions": view.attentions}
        return planner.energies(*asked, **how, extra=(apart, reach))

    return _fewest_moves(result, view, table, energies)


def _within_reach(table: TableView) -> Term:
    inner, outer = (distance / METRES_PER_PLANE_UNIT for distance in reach_of(table.robot))
    base = np.array(table.robot.base_in_world[:2])
    return keep_in_ring(table_to_plane(base), inner, outer)


def _ask(planner: PlacePlanner, view: View, extra: tuple[Term, ...]) -> GenerateResult:
    return planner.generate(
        view.state, view.attention, phase=view.phase, attentions=view.attentions, extra=extra
    )


def _stacked_on(entities: np.ndarray, view: View, table: TableView) -> int | None:
    """Index of what the piece is planned to stand on, if anything."""
    state = view.state
    if not (state.movable[state.cursor] and state.cursor in table.rows):
        return None
    rows = [row for row in table.rows if row != state.cursor and not state.movable[row]]
    if not rows:
        return None
    away = np.linalg.norm(entities[rows, POSITION] - entities[state.cursor, POSITION], axis=-1)
    nearest = int(np.argmin(away))
    return list(table.rows).index(rows[nearest]) if away[nearest] <= ON_TOP else None


def _stacking(result: GenerateResult, view: View, table: TableView, under: int) -> Targets:
    piece = list(table.rows).index(view.state.cursor)
    planned = plane_to_table(result.entities[view.state.cursor, POSITION])
    base = table.centres[under, :2]
    off = planned - base
    length = float(np.linalg.norm(off))
    place = base + off * min(1.0, _OFF_CENTRE / max(length, 1e-9))
    there = np.linalg.norm(table.centres[piece, :2] - place) <= 2 * _OFF_CENTRE
    stands = table.bottoms[piece] > table.tops[under] - 0.005
    moves = () if there and stands else (Move(index=piece, target=place),)
    order = MoveOrder(moves=moves, feasible=True, reason="ordered")
    return Targets(result=result, order=order, places={piece: place}, onto={piece: under})


def _fewest_moves(
    result: GenerateResult, view: View, table: TableView, energies: Energies
) -> Targets:
    """The candidate of the fewest moves that can be ordered, of those about as good as the best."""
    enough = float(result.energies.min()) + _ALIKE
    movable = [i for i, row in enumerate(table.rows) if view.state.movable[row]]
    options = []
    for rank in np.flatnonzero(result.energies <= enough):
        moved = _moved(result.candidates[rank], table, movable)
        options.append((len(moved), int(rank), moved))
    options.sort(key=lambda option: option[:2])
    found: list[Targets] = []
    for _, rank, moved in options[:_TRIED]:
        entities, energy = result.candidates[rank], float(result.energies[rank])
        if len(found) < _SPARED and len(moved) > 1:
            kept = _spared(entities, view, table, list(moved), energies, enough=enough)
            entities, energy = kept if kept is not None else (entities, energy)
            moved = _moved(entities, table, movable)
        order = _order(table, moved)
        chosen = replace(result, entities=entities.copy(), energy=energy)
        found.append(Targets(result=chosen, order=order, places=moved, onto={}))
        if order.feasible and len(order.moves) <= min(1, len(moved)):
            break  # there is none with fewer
    feasible = [targets for targets in found if targets.order.feasible]
    return min(feasible or found, key=lambda targets: len(targets.order.moves))


def _moved(entities: np.ndarray, table: TableView, movable: list[int]) -> dict[int, np.ndarray]:
    """Places [m] of the solid things that some entities (N, 7) have elsewhere, by index."""
    places = plane_to_table(entities[table.rows, POSITION])
    away = np.linalg.norm(places - table.centres[:, :2], axis=1)
    return {i: places[i] for i in movable if away[i] > STILL}


def _spared(
    entities: np.ndarray,
    view: View,
    table: TableView,
    moved: list[int],
    energies: Energies,
    *,
    enough: float,
) -> tuple[np.ndarray, float] | None:
    """The entities with things left where they are that need not be moved, one by one."""
    best: tuple[np.ndarray, float] | None = None
    while len(moved) > 1:
        tried = np.repeat(entities[None], len(moved), axis=0)
        for number, index in enumerate(moved):
            row = table.rows[index]
            tried[number, row, POSITION] = view.state.positions[row]
        found = energies(tried)
        least = int(np.argmin(found))
        if found[least] > enough:
            break
        entities = tried[least]
        best = entities, float(found[least])
        moved = [index for number, index in enumerate(moved) if number != least]
    return best


def _order(table: TableView, places: Mapping[int, np.ndarray]) -> MoveOrder:
    bounds = TABLE_CENTRE_IN_WORLD - _PARKING, TABLE_CENTRE_IN_WORLD + _PARKING
    return order_moves(table.footprints, places, gap=_ORDER_GAP, bounds=bounds, still=STILL)
