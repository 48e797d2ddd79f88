"""The order in which to move objects so that no placement is blocked, parking some aside.

Object i cannot be placed before j has left if j, where it stands, is in the way of i's target.
What waits for what is a graph: without cycles any order that respects it needs one move for each
object; of each cycle at least one object is parked aside first, which costs one more move.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...envs.entities import check_array
from ...envs.errors import ConfigError
from .blocking import on_cycles
from .footprints import Footprint
from .moving import MovingObjects

_ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True)
class Move:
    """One object goes to one place.

    Attributes:
        index: of the object.
        target: (2,) where its centre goes [m].
        parked: whether it waits there to be moved again.
    """

    index: int
    target: np.ndarray
    parked: bool = False

    def __post_init__(self) -> None:
        check_array(self.target, "target", (2,))
        if self.index < 0:
            raise ConfigError(f"index is {self.index}, expected 0 or more")


@dataclass(frozen=True, kw_only=True)
class MoveOrder:
    """Moves, to be made one after the other.

    Attributes:
        moves: none if there is no feasible order, or nothing to move.
        feasible: whether they bring every object to its target.
        reason: "ordered", or what is in the way.
    """

    moves: tuple[Move, ...]
    feasible: bool
    reason: str


def order_moves(
    footprints: Sequence[Footprint],
    targets: Mapping[int, np.ndarray],
    *,
    gap: float,
    bounds: tuple[np.ndarray, np.ndarray],
    reachable: Callable[[np.ndarray], bool] | None = None,
    still: float = 0.004,
) -> MoveOrder:
    """Order the moves that bring objects to their targets.

    A placed object keeps `gap` from what is still to be moved, at any yaw of its own. From what
    stays, and from other objects at their targets, it may be as near as its best yaw allows:
    those distances were planned, and no order changes them.

    Among the objects whose targets are free, those go first which crowd the fewest others that are
    still to be picked up, then those with the most other targets around their own, then the
    nearest to the last placement. Nothing depends on indices unless two objects share a centre.

    Args:
        footprints: every object on the table, where it stands.
        targets: where each object's centre goes (2,) [m]; objects that are not named stay.
        gap: least distance to what stands in the way for now [m].
        bounds: lower and upper corner (2,) of the centres of parked objects [m].
        reachable: whether the arm can park an object at a point (2,) [m]; None is everywhere.
        still: objects at most this far from their targets stay where they are [m].

    Raises:
        ConfigError: if a target names no object, a length is negative, or bounds are exchanged.
        ShapeError, NonFiniteError: on targets or bounds that are not two finite numbers.
    """
    _check(gap, still, bounds)
    goals = _goals(footprints, targets, still=still)
    if _overlap(footprints, goals):  # what is nearly at its target may still be in the way
        goals = _goals(footprints, targets, still=0.0)
    overlap = _overlap(footprints, goals)
    if overlap:
        return MoveOrder(moves=(), feasible=False, reason=overlap)
    table = MovingObjects(footprints, goals, gap=gap, bounds=bounds)
    moves: list[Move] = []
    while table.left:
        move = _next_move(table, reachable)
        if move is None:
            names = ", ".join(map(str, sorted(on_cycles(table.blockers()))))
            reason = f"objects {names} are in each other's way and no spot to park one is free"
            return MoveOrder(moves=(), feasible=False, reason=reason)
        table.move(move.index, move.target)
        moves.append(move)
    return MoveOrder(moves=tuple(moves), feasible=True, reason="ordered")


def _next_move(table: MovingObjects, reachable: Callable[[np.ndarray], bool] | None) -> Move | None:
    index = table.placement()
    if index is not None:
        return Move(index=index, target=table.left[index])
    parking = table.parking(reachable)
    return Move(index=parking[0], target=parking[1], parked=True) if parking else None


def _goals(
    footprints: Sequence[Footprint], targets: Mapping[int, np.ndarray], *, still: float
) -> dict[int, np.ndarray]:
    """(2,) targets of the objects that are further than `still` from them [m]."""
    goals = {}
    for index, target in sorted(targets.items()):
        if not 0 <= index < len(footprints):
            raise ConfigError(
                f"targets names object {index}, but there are {len(footprints)} footprints; "
                f"name them by their place in the sequence, from 0"
            )
        goal = np.array(target, dtype=np.float64)
        check_array(goal, f"targets[{index}]", (2,))
        if np.linalg.norm(goal - footprints[index].centre) > still:
            goals[int(index)] = goal
    return goals


def _overlap(footprints: Sequence[Footprint], goals: Mapping[int, np.ndarray]) -> str:
    """Which target overlaps what is there in the end, whichever way the objects are turned."""
    for index, goal in goals.items():
        inside = footprints[index].inradius - _ROUNDING
        for other, footprint in enumerate(footprints):
            if other not in goals and footprint.distance_to(goal) < inside:
                return f"target of object {index} overlaps object {other}, which stays"
            if other in goals and other > index:
                apart = np.linalg.norm(goals[other] - goal) - footprint.inradius
                if apart < inside:
                    return f"targets of objects {index} and {other} overlap"
    return ""


def _check(gap: float, still: float, bounds: tuple[np.ndarray, np.ndarray]) -> None:
    for name, length in (("gap", gap), ("still", still)):
        if not 0 <= length < np.inf:
            raise ConfigError(f"{name} is {length} m, expected 0 or more")
    for name, corner in zip(("bounds[0]", "bounds[1]"), bounds, strict=True):
        check_array(corner, name, (2,))
    if np.any(np.asarray(bounds[0]) > bounds[1]):
        raise ConfigError(
            f"bounds[0] is {bounds[0]} and bounds[1] {bounds[1]}, expected no coordinate of the "
            f"first above that of the second; exchange them"
        )
