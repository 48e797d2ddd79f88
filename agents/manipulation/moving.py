"""Objects while they are moved: whose target is free, what blocks the others, where to park."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product

import numpy as np

from .blocking import least_parkings, on_cycles, without
from .footprints import Footprint

FINGER_ROOM = 0.025
"""Room from rim to rim that a finger needs beside an object, opening included [m]."""
PARKING_STEP = 0.01
"""Distance between the spots that are tried for parking [m]."""
_ROUNDING = 1e-9


class MovingObjects:
    """Objects on the table while they are moved, with those that are not yet at their targets.

    Attributes:
        here: where each object is now.
        left: (2,) targets of the objects that are not there yet [m].
    """

    def __init__(
        self,
        footprints: Sequence[Footprint],
        goals: Mapping[int, np.ndarray],
        *,
        gap: float,
        bounds: tuple[np.ndarray, np.ndarray],
    ) -> None:
        self.here = dict(enumerate(footprints))
        self.left = dict(goals)
        self._gap = gap
        self._spots = _grid(bounds)
        self._hand = np.mean(bounds, axis=0)

    def move(self, index: int, place: np.ndarray) -> None:
        """Put an object at (2,) [m]; how that turns it is not known, so it becomes a disc."""
        self.here[index] = self._disc(index, place)
        self._hand = place
        if np.array_equal(place, self.left[index]):
            del self.left[index]

    def placement(self) -> int | None:
        """The object to place next, if the target of any is free."""
        blockers, crowded = self.blockers(), self.blockers(FINGER_ROOM)

        def cost(index: int) -> tuple[float, ...]:
            # In the midst of other targets it is easier to release before those are taken.
            return len(crowded[index]), -self._targets_around(index), *self._by_distance(index)

        return min((i for i in self.left if not blockers[i]), key=cost, default=None)

    def parking(
        self, reachable: Callable[[np.ndarray], bool] | None
    ) -> tuple[int, np.ndarray] | None:
        """The object to park next and where (2,) [m]: it leaves the fewest to park after it."""
        blockers = self.blockers()
        cycles = on_cycles(blockers)
        after = {i: least_parkings(without(blockers, {i})) for i in cycles}
        # A tight spot is better than none, and than more moves.
        tries = product(cycles, (FINGER_ROOM, 0.0))
        for index, room in sorted(
            tries, key=lambda at: (after[at[0]], -at[1], *self._by_distance(at[0]))
        ):
            spot = self._spot(index, self._gap + room, reachable)
            if spot is not None:
                return index, spot
        return None

    def blockers(self, gap: float | None = None) -> dict[int, set[int]]:
        """What must leave before each object is placed with a gap [m], the own one if None."""
        least = (self._gap if gap is None else gap) - _ROUNDING
        return {
            i: {
                j
                for j in self.left
                if j != i and self.here[j].distance_to(goal) - self.here[i].circumradius < least
            }
            for i, goal in self.left.items()
        }

    def _spot(
        self, index: int, room: float, reachable: Callable[[np.ndarray], bool] | None
    ) -> np.ndarray | None:
        """(2,) nearest spot with room around, for an object that waits for its target [m]."""
        others = [here for other, here in self.here.items() if other != index]
        others += [self._disc(other, goal) for other, goal in self.left.items() if other != index]
        clear = np.min([other.distance_to(self._spots) for other in others], axis=0)
        spots = self._spots[clear >= self.here[index].circumradius + room]
        # Rounded: of spots at the same distance the one nearer to the target is taken.
        away, left = (
            np.linalg.norm(spots - point, axis=1).round(9)
            for point in (self.here[index].centre, self.left[index])
        )
        ranked = spots[np.lexsort((spots[:, 1], spots[:, 0], left, away))]
        return next((spot for spot in ranked if reachable is None or reachable(spot)), None)

    def _targets_around(self, index: int) -> int:
        """How many of the other targets that are left have no room for a finger before this."""
        goal, radius = self.left[index], self.here[index].circumradius + FINGER_ROOM
        discs = [self._disc(other, at) for other, at in self.left.items() if other != index]
        return sum(bool(disc.distance_to(goal) < radius) for disc in discs)

    def _by_distance(self, index: int) -> tuple[float, ...]:
        centre = self.here[index].centre
        return float(np.linalg.norm(centre - self._hand)), *centre

    def _disc(self, index: int, centre: np.ndarray) -> Footprint:
        """An object at any yaw."""
        radius = self.here[index].circumradius
        return Footprint(centre=centre, half_extents=np.array([radius, radius]), round=True)


def _grid(bounds: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """(P, 2) spots a `PARKING_STEP` apart within bounds [m]."""
    x, y = (
        np.arange(low, high + _ROUNDING, PARKING_STEP) for low, high in zip(*bounds, strict=True)
    )
    return np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1).reshape(-1, 2)
