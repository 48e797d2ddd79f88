"""quantity: the attended zone holds exactly the shown number of objects."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from ..entities import (
    COLOUR,
    CURSOR,
    MAX_ENTITIES,
    NUM_FEATURES,
    POSITION,
    ZONE,
    ZONE_RADIUS,
    EntityState,
    check_array,
)
from ..errors import ConceptParameterError, ShapeError
from .base import Concept
from .ring import nearest_on_ring
from .sampling import assemble, random_colours
from .zone_scenes import (
    COUNT_SHARES,
    MOST_COUNTED,
    place_cursor,
    place_inside,
    place_outside,
    place_zones,
    retried,
    sets_with,
)

ZONE_COLOUR = (0.6, 0.6, 0.6)
"""Red, green and blue [share] of every zone: they look alike."""
_ROUNDING = 1e-6  # of float32 positions
_FIXED = 1e6  # times the cost of moving what may be moved
_PLANE_DIAGONAL = 2.0 * np.sqrt(2.0)


@dataclass(frozen=True, kw_only=True)
class Quantity(Concept):
    """The attended zone holds exactly `count` objects; an object is where its centre is.

    `count` is a whole number from 1 to 6. Scenes hold two or three zones with different numbers
    of objects, each of which could be the answer: whichever numbers they hold, each of them is
    the count equally often, if counts are drawn by `random`. That needs as many small numbers
    as there are large ones to go with them, and one more for scenes of three zones: `random`
    draws 1, 2 and 3 half again as often as 4, 5 and 6. Seven objects let six leave one for
    another zone; fewer would tell that the count is small.

    Residual [plane units]: what the clearance lacks of 0.06. The clearance is how far the objects
    nearest to the zone's centre, `count` of them, are inside the rim, or the others outside it,
    the lesser of both; the test asks for at least 0.02.
    """

    count: int = 3
    name: ClassVar[str] = "quantity"
    description: ClassVar[str] = "the attended zone holds exactly the shown number of objects"
    tolerance: ClassVar[float] = 0.04
    full_clearance: ClassVar[float] = 0.06
    num_objects: ClassVar[tuple[int, int]] = (MOST_COUNTED + 1, 12)
    tasks_on_arm: ClassVar[tuple[str, ...]] = ()  # its table has no zones
    tasks_on_table: ClassVar[tuple[str, ...]] = ("generate",)  # there is no touching a zone
    parameter_ranges: ClassVar[dict[str, tuple[float, float]]] = {"count": (1, MOST_COUNTED)}

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.count != int(self.count):
            raise ConceptParameterError(
                f"count={self.count!r} of concept 'quantity' is no whole number; choose one of "
                f"{', '.join(str(number) for number in range(1, MOST_COUNTED + 1))}"
            )
        object.__setattr__(self, "count", int(self.count))  # 3.0 means 3

    @classmethod
    def _draw(cls, rng: np.random.Generator) -> Concept:
        return cls(count=1 + int(rng.choice(MOST_COUNTED, p=COUNT_SHARES)))

    def editable(
        self, entities: np.ndarray, attention: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        there = entities[:, COLOUR].any(axis=1)  # an absent row is all zeros
        objects = there & (entities[:, CURSOR] < 0.5) & (entities[:, ZONE] < 0.5)
        return objects, np.zeros(MAX_ENTITIES, dtype=bool)

    def sample_after(
        self, rng: np.random.Generator, n_objects: int
    ) -> tuple[np.ndarray, np.ndarray]:
        sets, chances = sets_with(self.count, n_objects)
        counts = rng.permutation(sets[int(rng.choice(len(sets), p=chances))])
        centres = retried(lambda: place_zones(rng, len(counts)))
        places = np.empty((0, 2))
        for centre, number in zip(centres, counts.tolist(), strict=True):
            inside = retried(partial(place_inside, rng, number, centre=centre, taken=places))
            places = np.concatenate([places, inside])
        free = n_objects - len(places)
        outside = retried(partial(place_outside, rng, free, centres=centres, taken=places))
        places = np.concatenate([places, outside])
        cursor = retried(lambda: place_cursor(rng, taken=places))[0]
        entities = assemble(cursor, places, random_colours(rng, n_objects))
        zones = np.zeros((len(counts), NUM_FEATURES))
        zones[:, POSITION], zones[:, COLOUR], zones[:, ZONE] = centres, ZONE_COLOUR, 1.0
        attended = np.concatenate([np.zeros(n_objects + 1, dtype=bool), counts == self.count])
        return np.concatenate([entities, zones]), attended

    def sample_before(
        self, rng: np.random.Generator, after: EntityState, attention: np.ndarray
    ) -> EntityState:
        """One or two objects, and no others, have yet to go in or out."""
        (zone,) = self.check_attention(after, attention)
        centres = after.positions[after.zones].astype(np.float64)
        inside = after.objects & (_distances(after, after.positions[zone]) < ZONE_RADIUS)
        free = after.objects & np.all(
            [_distances(after, centre) > ZONE_RADIUS for centre in centres], axis=0
        )
        changes = [k for k in (-2, -1, 1, 2) if -self.count <= k <= np.count_nonzero(free)]

        def draw() -> np.ndarray | None:
            change = int(rng.choice(changes))
            group = np.flatnonzero(inside if change < 0 else free)
            movers = rng.permutation(group)[: abs(change)]
            others = after.present & ~after.zones
            others[movers] = False
            taken = after.positions[others].astype(np.float64)
            if change < 0:
                places = place_outside(rng, len(movers), centres=centres, taken=taken)
            else:
                centre = after.positions[zone].astype(np.float64)
                places = place_inside(rng, len(movers), centre=centre, taken=taken)
            return None if places is None else np.column_stack([movers, places])

        found = retried(draw)
        return after.moved(found[:, 0].astype(int), found[:, 1:])

    def residual(self, state: EntityState, attention: np.ndarray) -> float:
        (zone,) = self.check_attention(state, attention)
        away = np.sort(_distances(state, state.positions[zone])[state.objects])
        # Objects that do not exist are as far as can be: too few are never enough.
        away = np.append(away, [_PLANE_DIAGONAL] * (self.count + 1))
        last, next_one = away[self.count - 1], away[self.count]
        clearance = min(ZONE_RADIUS - last, next_one - ZONE_RADIUS)
        return float(max(0.0, self.full_clearance - clearance))

    def succeeds(self, state: EntityState, attention: np.ndarray) -> bool:
        (zone,) = self.check_attention(state, attention)
        away = _distances(state, state.positions[zone])[state.objects]
        clear = self.full_clearance - self.tolerance
        inside = np.count_nonzero(away <= ZONE_RADIUS - clear)
        not_outside = np.count_nonzero(away < ZONE_RADIUS + clear)
        return bool(inside == not_outside == self.count)

    def nearest(self, state: EntityState, attention: np.ndarray) -> EntityState:
        """As few objects as can be go straight in, or out; where there are too few, all go in."""
        (zone,) = self.check_attention(state, attention)
        centre = state.positions[zone].astype(np.float64)
        (rows,) = state.objects.nonzero()
        here = state.positions[rows].astype(np.float64)
        far_in, far_out = _nearest_inside(here, centre), _nearest_outside(here, centre)
        costs = np.array([((there - here) ** 2).sum(axis=1) for there in (far_in, far_out)])
        # What may not be moved counts as where it is.
        costs[:, ~state.movable[rows]] *= _FIXED
        chosen = np.argsort(costs[0] - costs[1], kind="stable")[: self.count]
        goals = far_out
        goals[chosen] = far_in[chosen]
        moves = state.movable[rows] & (goals != here).any(axis=1)
        return state.moved(rows[moves], goals[moves]) if moves.any() else state

    def check_attention(self, state: EntityState, attention: np.ndarray) -> np.ndarray:
        """The attended zone as a row number, (1,).

        Raises:
            ShapeError: unless it is exactly one, or on an attention of another shape.
            NonFiniteError: on NaN or infinity.
        """
        check_array(attention, "attention", (MAX_ENTITIES,))
        (rows,) = (np.asarray(attention, dtype=bool) & state.zones).nonzero()
        if len(rows) != 1:
            raise ShapeError(
                f"attention marks {len(rows)} zones, but concept 'quantity' takes 1; mark one"
            )
        return rows


def _distances(state: EntityState, centre: np.ndarray) -> np.ndarray:
    """(MAX_ENTITIES,) from a zone's centre (2,) [plane units]."""
    return np.hypot(*(state.positions.astype(np.float64) - centre).T)


def _nearest_inside(starts: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Where each of `starts` (k, 2) is clearly in the zone at `centre` with the least move."""
    gaps = starts - centre
    away = np.hypot(*gaps.T)
    rim = ZONE_RADIUS - Quantity.full_clearance
    far = away > rim + _ROUNDING
    places = starts.copy()
    places[far] = centre + gaps[far] * (rim / away[far])[:, None]
    return places


def _nearest_outside(starts: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Where each of `starts` (k, 2) is clearly out of the zone at `centre`, in the plane."""
    rim = ZONE_RADIUS + Quantity.full_clearance
    places = starts.copy()
    for number in np.flatnonzero(np.hypot(*(starts - centre).T) < rim - _ROUNDING):
        places[number] = nearest_on_ring(starts[number], centre, rim, _PLANE_DIAGONAL)
    return places
