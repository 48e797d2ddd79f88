"""two_in_order, three_in_order: the cursor visits the attended entities, hue by hue.

Which entities these are is in the attention; when each has its turn is in the trajectory alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import ClassVar

import numpy as np

from ..entities import EntityState
from ..errors import ConceptParameterError
from .base import Concept, Event
from .sampling import (
    CURSOR_REGION,
    LEAST_TRAVEL,
    assemble,
    attended_mask,
    draw_until,
    spaced_positions,
)
from .touch import HELD_OUT_HUES, HUE_GAP, Touch, hue_distance, on_entity, scene_colours

_LONGEST_WAY = 4.5
"""Longest way to go, legs by the larger of x and y [plane units]: 45 of the plane's 60 steps."""
_OFF = 2.0 * Touch.tolerance
"""A cursor that is on no object is further than this from all [plane units]."""
_HUES: tuple[float, float] = (0.0, 360.0)


@dataclass(frozen=True, kw_only=True)
class InOrder(Concept):
    """The cursor comes to rest on each attended entity, in the order of the parameters' hues.

    Its `phases` are one `Touch` for each hue [degrees], at least 45 degrees apart. A single state
    can show only the end of it: residual, nearest state and test are those of the last phase.
    An identify task asks for the attended set, in a scene whose cursor is anywhere.
    """

    tolerance: ClassVar[float] = Touch.tolerance
    stacks: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        for (one, first), (other, second) in itertools.combinations(self.parameters.items(), 2):
            if hue_distance(first, second) < HUE_GAP:
                raise ConceptParameterError(
                    f"{one}={first!r} and {other}={second!r} of concept '{self.name}' are hues "
                    f"{hue_distance(first, second):g} degrees apart; choose hues at least "
                    f"{HUE_GAP:g} degrees apart"
                )

    @property
    def hues(self) -> tuple[float, ...]:
        """The hues in their order [degrees]."""
        return tuple(self.parameters.values())

    @cached_property
    def phases(self) -> tuple[Touch, ...]:
        return tuple(Touch(hue=hue) for hue in self.hues)

    @classmethod
    def _draw(cls, rng: np.random.Generator) -> Concept:
        names = [field.name for field in fields(cls)]
        while True:
            hues = rng.uniform(*_HUES, size=len(names)).tolist()
            if all(hue_distance(*pair) >= HUE_GAP for pair in itertools.combinations(hues, 2)):
                return cls(**dict(zip(names, hues, strict=True)))

    def sample(self, rng: np.random.Generator, *, n_objects: int) -> Event:
        event = super().sample(rng, n_objects=n_objects)
        after, attention = event.after, event.attention
        rows = [phase.target(after, attention) for phase in self.phases]
        places = [on_entity(rng, after.positions[row]) for row in rows[:-1]]
        stops = (*(_with_cursor(after, place) for place in places), after)
        # Where the cursor is must not tell which objects are meant, let alone the last of them.
        return replace(event, stops=stops, shown=_off_objects(rng, after, lambda _: True))

    def sample_after(
        self, rng: np.random.Generator, n_objects: int
    ) -> tuple[np.ndarray, np.ndarray]:
        count = len(self.hues)
        positions = spaced_positions(rng, n_objects)
        colours = scene_colours(rng, np.array(self.hues), n_objects)
        entities = assemble(on_entity(rng, positions[count - 1]), positions, colours)
        return entities, attended_mask(n_objects, *range(count))

    def sample_before(
        self, rng: np.random.Generator, after: EntityState, attention: np.ndarray
    ) -> EntityState:
        """The cursor off every object, and not so far that the way cannot be gone in time."""
        way = after.positions[[phase.target(after, attention) for phase in self.phases]]
        length = np.abs(np.diff(way, axis=0)).max(axis=1).sum()

        def in_reach(start: np.ndarray) -> bool:
            return LEAST_TRAVEL <= np.abs(start - way[0]).max() <= _LONGEST_WAY - length

        return _off_objects(rng, after, in_reach)

    def residual(self, state: EntityState, attention: np.ndarray) -> float:
        self.check_attention(state, attention)
        return self.phases[-1].residual(state, attention)

    def succeeds(self, state: EntityState, attention: np.ndarray) -> bool:
        self.check_attention(state, attention)
        return self.phases[-1].succeeds(state, attention)

    def nearest(self, state: EntityState, attention: np.ndarray) -> EntityState:
        self.check_attention(state, attention)
        return self.phases[-1].nearest(state, attention)


@dataclass(frozen=True, kw_only=True)
class TwoInOrder(InOrder):
    """The cursor comes to rest on the attended entity of hue `first`, then of `second`."""

    first: float = 0.0
    second: float = 60.0
    name: ClassVar[str] = "two_in_order"
    description: ClassVar[str] = "the cursor visits two attended entities, first hue first"
    num_attended: ClassVar[tuple[int, int]] = (2, 2)
    num_objects: ClassVar[tuple[int, int]] = (3, 12)
    parameter_ranges: ClassVar[dict[str, tuple[float, float]]] = {"first": _HUES, "second": _HUES}
    held_out_ranges: ClassVar[dict[str, tuple[tuple[float, float], ...]]] = dict.fromkeys(
        parameter_ranges, HELD_OUT_HUES
    )


@dataclass(frozen=True, kw_only=True)
class ThreeInOrder(InOrder):
    """The cursor comes to rest on the attended entities of hue `first`, `second`, then `third`."""

    first: float = 0.0
    second: float = 60.0
    third: float = 220.0
    name: ClassVar[str] = "three_in_order"
    description: ClassVar[str] = "the cursor visits three attended entities in the hues' order"
    num_attended: ClassVar[tuple[int, int]] = (3, 3)
    num_objects: ClassVar[tuple[int, int]] = (4, 12)
    parameter_ranges: ClassVar[dict[str, tuple[float, float]]] = {
        "first": _HUES,
        "second": _HUES,
        "third": _HUES,
    }
    held_out_ranges: ClassVar[dict[str, tuple[tuple[float, float], ...]]] = dict.fromkeys(
        parameter_ranges, HELD_OUT_HUES
    )


def _off_objects(
    rng: np.random.Generator, state: EntityState, accept: Callable[[np.ndarray], bool]
) -> EntityState:
    """`state` with the cursor at a uniform place that is accepted and off every object."""
    objects = state.positions[state.objects]

    def fits(place: np.ndarray) -> bool:
        away = objects - place
        return accept(place) and np.einsum("ij,ij->i", away, away).min() > _OFF**2

    place = draw_until(
        lambda: rng.uniform(-CURSOR_REGION, CURSOR_REGION, size=2), fits, tries=10_000
    )
    if place is None:
        raise RuntimeError("no place was found off every object")
    return _with_cursor(state, place)


def _with_cursor(state: EntityState, place: np.ndarray) -> EntityState:
    return state.moved(np.array([state.cursor]), place[None])
