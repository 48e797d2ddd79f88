"""touch: the cursor is on the attended entity of the shown hue; and scenes of clear hues."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np

from ..entities import EntityState
from .base import Concept, Event
from .sampling import CURSOR_REGION, assemble, attended_mask, hue_to_rgb, spaced_positions

HUE_GAP = 45.0
"""Least angle between the hues of two attended entities [degrees]."""
LEAST_CONTRAST = 30.0
"""Least angle between an attended entity's hue and any other object's [degrees]."""
HELD_OUT_HUES = ((100.0, 136.0), (250.0, 286.0))
"""Hues that training never sees [degrees], those of `colour`."""
SHOWN_RADIUS = 0.03
"""A demonstrated cursor is at most this far from the entity that it is on [plane units]."""
_NEAR = 0.04  # [plane units], the disc that `nearest` leads into
_ROUNDING = 1e-6  # of float32 positions
_COLOUR_SLACK = 0.05  # [distance in RGB]
# Share of the colour circle that the least gaps take, if it lets all differ by LEAST_CONTRAST.
_ROOMY, _CROWDED = 0.95, 0.8
_MORE = 2  # objects that are as clear as the attended ones
_TRIES = 100


@dataclass(frozen=True, kw_only=True)
class Touch(Concept):
    """The cursor is on that of the two or three attended entities which has `hue` [degrees].

    Residual [plane units]: the least over the attended entities of the cursor's distance from it,
    or of what its colour is off the hue's by [distance in RGB] beyond 0.05, if that is more: where
    no attended entity has the hue, there is nothing to touch.
    """

    hue: float = 0.0
    name: ClassVar[str] = "touch"
    description: ClassVar[str] = "the cursor is on the attended entity of the shown hue"
    tolerance: ClassVar[float] = 0.1
    num_attended: ClassVar[tuple[int, int]] = (2, 3)
    parameter_ranges: ClassVar[dict[str, tuple[float, float]]] = {"hue": (0.0, 360.0)}
    held_out_ranges: ClassVar[dict[str, tuple[tuple[float, float], ...]]] = {"hue": HELD_OUT_HUES}
    tasks_on_table: ClassVar[tuple[str, ...]] = ("generate",)  # what is stood on is out of touch
    stacks: ClassVar[bool] = True

    @cached_property
    def rgb(self) -> np.ndarray:
        """The colour, (3,)."""
        return hue_to_rgb(self.hue)

    def sample(self, rng: np.random.Generator, *, n_objects: int) -> Event:
        event = super().sample(rng, n_objects=n_objects)
        answer = np.zeros_like(event.attention)
        answer[self.target(event.after, event.attention)] = True
        return replace(event, answer=answer)

    def sample_after(
        self, rng: np.random.Generator, n_objects: int
    ) -> tuple[np.ndarray, np.ndarray]:
        most = min(self.num_attended[1], n_objects)
        count = int(rng.integers(self.num_attended[0], most + 1))
        hues = self.hue + _apart(rng, count)
        positions = spaced_positions(rng, n_objects)
        entities = assemble(
            on_entity(rng, positions[0]), positions, scene_colours(rng, hues, n_objects)
        )
        return entities, attended_mask(n_objects, *range(count))

    def target(self, state: EntityState, attention: np.ndarray) -> int:
        """Row of the attended entity whose colour is the most like the hue's.

        Raises:
            ShapeError, NonFiniteError: on an attention that does not fit.
        """
        rows = self.check_attention(state, attention)
        return int(rows[np.argmin(self._colour_gaps(state)[rows])])

    def residual(self, state: EntityState, attention: np.ndarray) -> float:
        rows = self.check_attention(state, attention)
        away = np.linalg.norm(state.positions[rows] - state.positions[state.cursor], axis=-1)
        return float(np.maximum(away, self._colour_gaps(state)[rows] - _COLOUR_SLACK).min())

    def succeeds(self, state: EntityState, attention: np.ndarray) -> bool:
        cursor = state.positions[state.cursor]
        return any(
            math.dist(state.positions[row], cursor) <= self.tolerance
            and math.dist(state.colours[row], self.rgb) <= self.tolerance + _COLOUR_SLACK
            for row in self.check_attention(state, attention)
        )

    def nearest(self, state: EntityState, attention: np.ndarray) -> EntityState:
        cursor, row = state.cursor, self.target(state, attention)
        here = state.positions[cursor].astype(np.float64)
        there = state.positions[row].astype(np.float64)
        aim = np.clip(there, -CURSOR_REGION, CURSOR_REGION)
        radius = max(0.0, _NEAR - math.hypot(*(there - aim)))  # less where the plane ends
        away = here - aim
        distance = math.hypot(*away)
        if not state.movable[cursor] or distance <= radius + _ROUNDING:
            return state
        goal = np.clip(aim + away * (radius / distance), -CURSOR_REGION, CURSOR_REGION)
        return state.moved(np.array([cursor]), goal[None])

    def _colour_gaps(self, state: EntityState) -> np.ndarray:
        """(MAX_ENTITIES,) distances of the colours from the hue's [RGB]."""
        return np.linalg.norm(state.colours - self.rgb, axis=-1)


def hue_distance(one: float, other: float) -> float:
    """The angle between two hues [degrees], at most 180."""
    gap = abs(one - other) % 360.0
    return min(gap, 360.0 - gap)


def on_entity(rng: np.random.Generator, place: np.ndarray) -> np.ndarray:
    """A cursor (2,) drawn uniformly from the disc of `SHOWN_RADIUS` around `place` (2,)."""
    radius, angle = SHOWN_RADIUS * math.sqrt(rng.random()), 2.0 * math.pi * rng.random()
    return place + radius * np.array([math.cos(angle), math.sin(angle)])


def scene_colours(rng: np.random.Generator, attended: np.ndarray, n_objects: int) -> np.ndarray:
    """Colours (n_objects, 3): those of the attended hues (k,) [degrees] first, then others.

    The other hues are uniform among those that leave all hues clearly different: gaps of 45
    degrees where so many fit, in crowded scenes what fits. Attended hues are 30 degrees from any
    other, and so are two more, which could as well be meant.
    """
    count = len(attended)
    gap = min(HUE_GAP, _ROOMY * 360.0 / (n_objects + count - 1))
    if gap < LEAST_CONTRAST:
        gap *= _CROWDED / _ROOMY
    margin = max(gap, LEAST_CONTRAST)
    starts = np.sort(np.asarray(attended, dtype=np.float64) % 360.0)
    rooms = np.diff(starts, append=starts[0] + 360.0) - 2.0 * margin
    shares, volumes = _shares(rooms, n_objects - count, gap)
    enough = min(n_objects, count + _MORE)
    for _ in range(_TRIES):
        share = shares[int(np.searchsorted(volumes, rng.random() * volumes[-1]))]
        hues = np.concatenate([attended, _other_hues(rng, starts + margin, rooms, share, gap)])
        if gap >= LEAST_CONTRAST or _clear(hues) >= enough:
            break
    return np.array([hue_to_rgb(hue) for hue in hues])


def _other_hues(
    rng: np.random.Generator,
    starts: np.ndarray,
    rooms: np.ndarray,
    share: tuple[int, ...],
    gap: float,
) -> np.ndarray:
    """Hues [degrees], so many as each of `share` (k,), in arcs (k,) of these starts and rooms."""
    hues = []
    for start, room, number in zip(starts, rooms, share, strict=True):
        if number:
            free = np.sort(rng.uniform(0.0, room - (number - 1) * gap, size=number))
            hues.extend(start + gap * np.arange(number) + free)
    return np.array(hues)


def _clear(hues: np.ndarray) -> int:
    """How many hues (n,) are `LEAST_CONTRAST` from all others."""
    ordered = np.sort(hues % 360.0)
    gaps = np.diff(ordered, append=ordered[0] + 360.0)
    least = np.minimum(gaps, np.roll(gaps, 1))
    return int(np.count_nonzero(least >= LEAST_CONTRAST - 1e-9))


def _shares(rooms: np.ndarray, others: int, gap: float) -> tuple[list[tuple[int, ...]], np.ndarray]:
    """Ways to share other hues among arcs (k,), and how many hues there are up to each (volume)."""
    shares, volumes = [], []
    for head in itertools.product(range(others + 1), repeat=len(rooms) - 1):
        share = (*head, others - sum(head))
        free = [room - (number - 1) * gap for room, number in zip(rooms, share, strict=True)]
        if share[-1] < 0 or any(n and room <= 0.0 for n, room in zip(share, free, strict=True)):
            continue
        shares.append(share)
        # `n` ordered hues, each with that much room to move.
        volumes.append(
            math.prod(r**n / math.factorial(n) for r, n in zip(free, share, strict=True))
        )
    return shares, np.cumsum(volumes)


def _apart(rng: np.random.Generator, count: int) -> np.ndarray:
    """Hues (count,) [degrees] at least `HUE_GAP` apart, uniform but for the first, which is 0."""
    gaps = rng.dirichlet(np.ones(count)) * (360.0 - count * HUE_GAP) + HUE_GAP
    return np.concatenate([[0.0], rng.permutation(np.cumsum(gaps)[:-1])])
