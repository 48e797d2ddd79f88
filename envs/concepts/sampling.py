"""Draws that the concepts share: spaced positions, hues, the cursor's row and start."""

from __future__ import annotations

import colorsys
from collections.abc import Callable

import numpy as np

from ..entities import NUM_FEATURES, EntityState

OBJECT_REGION = 0.9
"""Objects lie in [-OBJECT_REGION, OBJECT_REGION]² [plane units]."""
CURSOR_REGION = 0.95
"""The cursor starts and ends in [-CURSOR_REGION, CURSOR_REGION]² [plane units]."""
OBJECT_SPACING = 0.3
"""Least distance between two objects [plane units]."""
CURSOR_COLOUR = np.array([0.15, 0.15, 0.15])
SATURATION, VALUE = 0.85, 0.9
LEAST_TRAVEL = 0.3
"""Least distance of the cursor's start from where it ends [plane units]."""
MOST_IN_GROUP = 3
"""Most objects of a group that is attended as a whole."""
_RESTARTS = 10_000


def hue_to_rgb(hue: float) -> np.ndarray:
    """Colour of a hue [degrees] at the suite's saturation and value, (3,)."""
    return np.array(colorsys.hsv_to_rgb((hue / 360.0) % 1.0, SATURATION, VALUE))


def spaced_positions(
    rng: np.random.Generator,
    n: int,
    *,
    low: np.ndarray | float = -OBJECT_REGION,
    high: np.ndarray | float = OBJECT_REGION,
    spacing: float = OBJECT_SPACING,
) -> np.ndarray:
    """Draw `n` positions (n, 2) [plane units], uniform in a box and `spacing` apart."""
    for _ in range(_RESTARTS):
        placed = np.empty((n, 2))
        count = 0
        for candidate in rng.uniform(low, high, size=(12 * n, 2)):
            gaps = placed[:count] - candidate
            if count == 0 or np.min(np.einsum("ij,ij->i", gaps, gaps)) >= spacing**2:
                placed[count] = candidate
                count += 1
                if count == n:
                    return placed
    raise RuntimeError(f"no {n} positions {spacing} apart fit the box [{low}, {high}]")


def assemble(cursor: np.ndarray, positions: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Entities (n + 1, 7): the cursor in row 0, then the objects."""
    entities = np.zeros((len(positions) + 1, NUM_FEATURES))
    entities[0, :2], entities[0, 2:5], entities[0, 5] = cursor, CURSOR_COLOUR, 1.0
    entities[1:, :2], entities[1:, 2:5] = positions, colours
    return entities


def random_colours(rng: np.random.Generator, n: int) -> np.ndarray:
    """Colours (n, 3) of hues drawn uniformly."""
    return np.array([hue_to_rgb(hue) for hue in rng.uniform(0.0, 360.0, size=n)])


def sample_groups(
    rng: np.random.Generator, n_objects: int, *, most: int = 5, largest: int = MOST_IN_GROUP
) -> np.ndarray:
    """A group for each object (n_objects,): 2 to `most` groups of at most `largest`."""
    fewest = max(2, -(-n_objects // largest))
    count = int(rng.integers(fewest, max(fewest, min(most, n_objects)) + 1))
    while True:
        groups = rng.integers(count, size=n_objects)
        sizes = np.bincount(groups, minlength=count)
        if sizes.max() <= largest and np.count_nonzero(sizes) >= 2:
            return groups


def attended_mask(n_objects: int, *objects: int) -> np.ndarray:
    """Mask over the cursor and the objects, (n_objects + 1,), of attended object numbers."""
    mask = np.zeros(n_objects + 1, dtype=bool)
    mask[[1 + number for number in objects]] = True
    return mask


def draw_until(
    draw: Callable[[], np.ndarray], accept: Callable[[np.ndarray], bool], *, tries: int = 200
) -> np.ndarray | None:
    """The first draw that is accepted, or None after `tries`."""
    for _ in range(tries):
        candidate = draw()
        if accept(candidate):
            return candidate
    return None


def move_cursor_away(
    rng: np.random.Generator, after: EntityState, fails: Callable[[EntityState], bool]
) -> EntityState:
    """`after` with the cursor at a uniform place, far from its end, where the test fails."""
    row = after.cursor
    end = after.positions[row]
    for _ in range(_RESTARTS):
        start = rng.uniform(-CURSOR_REGION, CURSOR_REGION, size=2)
        if np.hypot(*(start - end)) < LEAST_TRAVEL:
            continue
        entities = after.entities.copy()
        entities[row, :2] = start
        before = after.with_entities(entities)
        if fails(before):
            return before
    raise RuntimeError("no start was found at which the concept does not hold yet")
