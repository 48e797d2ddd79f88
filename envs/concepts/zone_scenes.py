"""Draws of zones, of the numbers that they hold, and of places clearly inside or outside them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import combinations

import numpy as np

from ..entities import PLANE_HALF_WIDTH, ZONE_RADIUS
from .sampling import CURSOR_REGION, OBJECT_REGION

ZONE_GAP = 0.1
"""Least distance between the rims of two zones [plane units]."""
CLEARANCE = 0.08
"""What is placed is at least this far from every rim [plane units]."""
SPACING = 0.16
"""Least distance between two things that are placed: their radii leave it clear of another."""
MOST_COUNTED = 6
"""The largest number of objects that a concept asks for in a zone."""
COUNT_SHARES = np.array([3, 3, 3, 2, 2, 2]) / 15.0
"""How often each of the numbers 1 to 6 is asked for: with so many small ones, large ones find a
small one to go with in scenes of few objects, and three zones fit too."""
_TRIES = 200
_FITTING_ROUNDS = 300
_THREE_ZONES = 30.0  # makes a quarter of the scenes of 8 objects, half of those of 9, hold three


@cache
def sets_with(count: int, n_objects: int) -> tuple[list[tuple[int, ...]], np.ndarray]:
    """The sets of numbers that the zones may hold, `count` among them, and their chances.

    A set's chance is that of its weight among all, whichever of its numbers is the count.
    """
    sets, weights = _weighted_sets(n_objects)
    held = [number for number, numbers in enumerate(sets) if count in numbers]
    return [sets[number] for number in held], weights[held] / weights[held].sum()


@cache
def _weighted_sets(n_objects: int) -> tuple[list[tuple[int, ...]], np.ndarray]:
    """Sets of two or three of the counts that so many objects allow, and their weights (k,).

    The weights of all sets that hold a count add up to its share among the counts drawn. So the
    joint chance of a count and a set is the set's weight: it is the same for each of its members.
    Of all such weights they are the most like `_THREE_ZONES` for sets of three and 1 for pairs, in
    relative entropy, by iterative proportional fitting (Deming and Stephan, 1940).
    """
    counts = range(1, MOST_COUNTED + 1)
    sets = [s for k in (2, 3) for s in combinations(counts, k) if sum(s) <= n_objects]
    holds = np.array([[count in numbers for numbers in sets] for count in counts])
    weights = np.array([1.0 if len(numbers) == 2 else _THREE_ZONES for numbers in sets])
    for _ in range(_FITTING_ROUNDS):
        for row, share in zip(holds, COUNT_SHARES, strict=True):
            weights[row] *= share / weights[row].sum()
    return sets, weights


def retried(draw: Callable[[], np.ndarray | None]) -> np.ndarray:
    """The first draw that is not None.

    Raises:
        RuntimeError: if there is none in many tries.
    """
    for _ in range(_TRIES):
        found = draw()
        if found is not None:
            return found
    raise RuntimeError(f"{_TRIES} draws of a scene with zones found no room in the plane")


def place_zones(rng: np.random.Generator, number: int) -> np.ndarray | None:
    """Centres (number, 2) of zones within the plane, `ZONE_GAP` apart, or None if none fit."""
    limit = PLANE_HALF_WIDTH - ZONE_RADIUS
    drawn = rng.uniform(-limit, limit, size=(64, number, 2))
    first, second = np.triu_indices(number, 1)
    gaps = drawn[:, first] - drawn[:, second]
    apart = np.einsum("kpi,kpi->kp", gaps, gaps) >= (2.0 * ZONE_RADIUS + ZONE_GAP) ** 2
    found = int(apart.all(axis=1).argmax())
    return drawn[found] if apart[found].all() else None


def place_inside(
    rng: np.random.Generator, number: int, *, centre: np.ndarray, taken: np.ndarray
) -> np.ndarray | None:
    """Places (number, 2) in the zone at `centre` (2,), or None if it is too full.

    They are uniform where they clear the rim by `CLEARANCE`, and `SPACING` apart from each other
    and from those `taken` (k, 2).
    """
    radii = (ZONE_RADIUS - CLEARANCE) * np.sqrt(rng.uniform(size=32))
    angles = rng.uniform(0.0, 2.0 * np.pi, size=32)
    drawn = centre + radii[:, None] * np.column_stack([np.cos(angles), np.sin(angles)])
    return _spaced(drawn, number, taken)


def place_outside(
    rng: np.random.Generator, number: int, *, centres: np.ndarray, taken: np.ndarray
) -> np.ndarray | None:
    """Places (number, 2) out of all zones at `centres` (z, 2), or None if it is too full.

    They are uniform in the objects' region where they clear all rims by `CLEARANCE`, and
    `SPACING` apart from each other and from those `taken` (k, 2).
    """
    drawn = rng.uniform(-OBJECT_REGION, OBJECT_REGION, size=(16 * (number + 1), 2))
    clear = _squares(drawn, centres) >= (ZONE_RADIUS + CLEARANCE) ** 2
    return _spaced(drawn[clear.all(axis=1)], number, taken)


def place_cursor(rng: np.random.Generator, *, taken: np.ndarray) -> np.ndarray | None:
    """A place (1, 2), in a zone or out of it, `SPACING` apart from those `taken` (k, 2)."""
    return _spaced(rng.uniform(-CURSOR_REGION, CURSOR_REGION, size=(16, 2)), 1, taken)


def _spaced(drawn: np.ndarray, number: int, taken: np.ndarray) -> np.ndarray | None:
    """The first `number` of the drawn places (m, 2) that keep apart, or None if too few do."""
    free = (_squares(drawn, taken) >= SPACING**2).all(axis=1)
    apart = _squares(drawn, drawn) >= SPACING**2
    chosen: list[int] = []
    while len(chosen) < number:
        if not free.any():
            return None
        chosen.append(int(free.argmax()))
        free &= apart[chosen[-1]]
    return drawn[chosen]


def _squares(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Squared distances (m, k) between places (m, 2) and (k, 2)."""
    gaps = one[:, None] - other
    return np.einsum("mki,mki->mk", gaps, gaps)
