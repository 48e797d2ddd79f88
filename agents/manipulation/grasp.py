"""Headings at which a two-finger gripper that points straight down clears an object's neighbours.

The fingers close along (cos ψ, sin ψ) in the table plane, ψ the heading [rad]: ψ and ψ + π are the
same fingers exchanged. From pick to place the object turns with the gripper:

    yaw at the place = yaw at the pick + (place heading - pick heading)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from ...envs.arm_model import MAX_OPENING
from ...envs.entities import check_array
from ...envs.errors import ConfigError
from .footprints import Footprint, distance

FINGER_HALF_THICKNESS = 0.007
"""Half of a finger's size along the closing direction [m]."""
FINGER_HALF_WIDTH = 0.0075
"""Half of a finger's size across the closing direction [m]."""
FACE_TOLERANCE = math.radians(5.0)
"""Furthest off a box's face that closing fingers still turn the box to themselves [rad]."""


@dataclass(frozen=True, kw_only=True)
class GraspChoice:
    """How to grasp an object and how to release it.

    Attributes:
        pick_heading: heading at the pick [rad], in (reference - π/2, reference + π/2].
        place_heading: heading at the place [rad], in the same interval.
        pick_clearance: from the fingers to the nearest neighbour at the pick [m], signed;
            infinite without neighbours.
        place_clearance: from the fingers or the placed object to the nearest neighbour at the
            place [m], signed; infinite without neighbours.
        opening: between the fingers before they close and after they release [m].
        feasible: whether both clearances are enough and the fingers open so far.
        reason: "clear", or what is in the way; the headings are then the best there are.
    """

    pick_heading: float
    place_heading: float
    pick_clearance: float
    place_clearance: float
    opening: float
    feasible: bool
    reason: str

    @property
    def clearance(self) -> float:
        """The lesser of both clearances [m]."""
        return min(self.pick_clearance, self.place_clearance)

    @property
    def turn(self) -> float:
        """How far the object is turned from pick to place [rad]."""
        return self.place_heading - self.pick_heading


def stable_headings(
    footprint: Footprint, *, candidates: int = 12, reference: float = 0.0
) -> tuple[float, ...]:
    """Headings at which the object does not turn between the fingers, distinct modulo π.

    Args:
        footprint: a box is grasped by either pair of faces, a round one at any heading.
        candidates: how many headings to name for a round one.
        reference: headings are in (reference - π/2, reference + π/2] [rad].
    """
    if footprint.round:
        return _spread(candidates, reference)
    return tuple(_near(footprint.yaw + quarter, reference) for quarter in (0.0, np.pi / 2))


def grasp_width(footprint: Footprint, heading: float) -> float:
    """Extent along the closing direction of an object that is grasped at a heading [m].

    Raises:
        ConfigError: if the heading is more than `FACE_TOLERANCE` off a box's faces.
    """
    off = abs((heading - footprint.yaw + np.pi / 4) % (np.pi / 2) - np.pi / 4)
    if not footprint.round and off > FACE_TOLERANCE:
        raise ConfigError(
            f"heading is {heading:.3f} rad, {off:.3f} rad off the faces of a box of yaw "
            f"{footprint.yaw:.3f} rad, expected at most {FACE_TOLERANCE:.3f} rad; "
            f"choose one of stable_headings(footprint)"
        )
    return footprint.extent_along(heading)


def clearance(
    heading: float,
    grasp_point: np.ndarray,
    opening: float,
    neighbours: Sequence[Footprint],
    *,
    closing: float = 0.0,
) -> float:
    """Least signed distance between the two fingers and any neighbour [m].

    Args:
        heading: of the closing direction [rad].
        grasp_point: (2,) midpoint between the fingers [m].
        opening: distance between the fingers' inner faces [m].
        neighbours: infinite without any.
        closing: by how much the opening shrinks or has grown [m]; what the fingers sweep in doing
            so counts too.
    """
    check_array(grasp_point, "grasp_point", (2,))
    if not 0 <= closing <= opening < np.inf:
        raise ConfigError(
            f"opening is {opening} m and closing {closing} m, expected 0 <= closing <= opening; "
            f"fingers close by no more than they are open"
        )
    half_sweep = FINGER_HALF_THICKNESS + closing / 4  # each finger moves half of `closing`
    away = opening / 2 + 2 * FINGER_HALF_THICKNESS - half_sweep
    across = np.array([math.cos(heading), math.sin(heading)])
    fingers = [
        Footprint(
            centre=grasp_point + side * away * across,
            half_extents=np.array([half_sweep, FINGER_HALF_WIDTH]),
            yaw=heading,
        )
        for side in (-1, 1)
    ]
    return min((distance(f, other) for f in fingers for other in neighbours), default=math.inf)


def choose_headings(
    footprint: Footprint,
    neighbours_at_pick: Sequence[Footprint],
    target: np.ndarray,
    neighbours_at_place: Sequence[Footprint],
    *,
    opening_margin: float,
    candidates: int = 12,
    reference: float = 0.0,
    enough: float = 0.004,
    most_opening: float = MAX_OPENING,
) -> GraspChoice:
    """Choose the headings at which to grasp an object and to release it.

    Among those with enough clearance it takes the least turning away from the reference, summed
    over pick and place; where none has enough, the largest clearance.

    Args:
        footprint: the object where it is; the fingers close around its centre.
        neighbours_at_pick: what else stands on the table at the pick, without the object.
        target: (2,) where its centre goes [m].
        neighbours_at_place: what else stands on the table at the place, without the object.
        opening_margin: how much wider than the object the fingers open [m].
        candidates: headings to try at the place, and at the pick of a round object, spread evenly.
        reference: heading of the wrist at rest [rad].
        enough: clearance beyond which more is not better [m].
        most_opening: how far the fingers open [m].

    Raises:
        ConfigError: if `opening_margin` or `enough` is negative or there are no candidates.
    """
    check_array(target, "target", (2,))
    for name, length in (("opening_margin", opening_margin), ("enough", enough)):
        if not 0 <= length < np.inf:
            raise ConfigError(f"{name} is {length} m, expected 0 or more")
    at_place = _place_clearances(footprint, target, neighbours_at_place, opening_margin)
    choices = []
    for pick in stable_headings(footprint, candidates=candidates, reference=reference):
        opening = grasp_width(footprint, pick) + opening_margin
        at_pick = clearance(
            pick, footprint.centre, opening, neighbours_at_pick, closing=opening_margin
        )
        for place in _spread(candidates, reference):
            clearances = at_pick, at_place(opening, pick, place)
            reason = _reason(opening, *clearances, enough=enough, most_opening=most_opening)
            choices.append(
                GraspChoice(
                    pick_heading=pick,
                    place_heading=place,
                    pick_clearance=clearances[0],
                    place_clearance=clearances[1],
                    opening=opening,
                    feasible=reason == "clear",
                    reason=reason,
                )
            )

    def cost(choice: GraspChoice) -> tuple[float, ...]:
        turning = abs(choice.pick_heading - reference) + abs(choice.place_heading - reference)
        order = (round(turning, 9), -choice.clearance)
        too_wide = choice.opening > most_opening
        return (too_wide, not choice.feasible, *(order if choice.feasible else order[::-1]))

    return min(choices, key=cost)


def _reason(
    opening: float, at_pick: float, at_place: float, *, enough: float, most_opening: float
) -> str:
    if opening > most_opening:
        return f"the fingers would open {opening:.4f} m, they open {most_opening:.4f} m at most"
    if min(at_pick, at_place) < enough:
        return (
            f"clearance is {at_pick:.4f} m at the pick and {at_place:.4f} m at the place, "
            f"expected at least {enough:.4f} m"
        )
    return "clear"


def _place_clearances(
    footprint: Footprint, target: np.ndarray, neighbours: Sequence[Footprint], margin: float
) -> Callable[[float, float, float], float]:
    """The clearance at the place [m] from the opening [m] and both headings [rad]."""

    @cache  # the many pairs of headings share few of these
    def of_fingers(opening: float, place: float) -> float:
        return clearance(place, target, opening, neighbours, closing=margin)

    @cache
    def of_object(turn: float) -> float:
        placed = footprint.moved(target, turn=turn)
        return min((distance(placed, other) for other in neighbours), default=math.inf)

    def at_place(opening: float, pick: float, place: float) -> float:
        turn = 0.0 if footprint.round else place - pick
        return min(of_fingers(opening, place), of_object(turn))

    return at_place


def _spread(candidates: int, reference: float) -> tuple[float, ...]:
    """Headings evenly spread over π from the reference on [rad]."""
    if candidates < 1:
        raise ConfigError(f"candidates is {candidates}, expected at least 1 heading")
    return tuple(_near(reference + k * np.pi / candidates, reference) for k in range(candidates))


def _near(heading: float, reference: float) -> float:
    """The heading modulo π in (reference - π/2, reference + π/2] [rad]."""
    return reference + np.pi / 2 - (np.pi / 2 - heading + reference) % np.pi
