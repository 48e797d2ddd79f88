"""What every rival offers, and how a demonstration is taken apart into phases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ...envs.demonstrations import Demonstration
from ...envs.entities import EntityState, check_array
from ...envs.errors import NoDemonstrationsError, ShapeError

ON = 0.1
"""The cursor rests on an object that is this near [plane units]."""
_NEARLY_ALL = 0.8  # share of the demonstrations


class Rival(Protocol):
    """Answers the learned agent's two questions, from the same demonstrations, without learning."""

    def observe(self, demonstrations: Sequence[Demonstration]) -> None:
        """See a concept; all that follows is about it.

        Raises:
            NoDemonstrationsError: if there is none.
            ShapeError: if an item is no `Demonstration`.
        """
        ...

    def plan(self, state: EntityState, attention: np.ndarray) -> tuple[np.ndarray, ...]:
        """Entities (N, 7) to bring about one after the other, one for each phase shown.

        Only positions [plane units] of movable and colours of paintable entities differ from
        `state`.

        Raises:
            NoDemonstrationsError: before anything was observed.
            ShapeError, NonFiniteError: on an attention that does not fit the scene.
        """
        ...

    def identify(self, state: EntityState) -> np.ndarray:
        """(N,) bool, the entities for which the concept holds in a scene.

        Raises:
            NoDemonstrationsError: before anything was observed.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One phase of one demonstration.

    Attributes:
        before: the state in which the phase began; after: the state in which it ended.
        attention: (N,) bool, the entities that take part.
        answer: (N,) bool, what an identify task asks for.
    """

    before: EntityState
    after: EntityState
    attention: np.ndarray
    answer: np.ndarray


def phases_of(demonstrations: Sequence[Demonstration]) -> tuple[tuple[Shown, ...], ...]:
    """For each phase what each demonstration shows of it.

    Demonstrations may rest a different number of times; what most of them have counts, and those
    that differ are kept only if all would be lost without them.

    Raises:
        NoDemonstrationsError: if there is no demonstration.
        ShapeError: if an item is no `Demonstration`.
    """
    if not len(demonstrations):
        raise NoDemonstrationsError(
            "demonstrations is empty; record at least one, as with record_demonstrations"
        )
    for number, item in enumerate(demonstrations):
        if not isinstance(item, Demonstration):
            raise ShapeError(
                f"demonstrations[{number}] is a {type(item).__name__}, expected a Demonstration; "
                "record them, as with record_demonstrations"
            )
    steps = [item.stops() for item in demonstrations]
    lengths = [len(each) for each in steps]
    usual = max(sorted(set(lengths)), key=lengths.count)
    kept = [number for number, length in enumerate(lengths) if length == usual]
    chosen, stops = [demonstrations[number] for number in kept], [steps[number] for number in kept]
    rows = list(zip(chosen, stops, _meant(chosen, stops), strict=True))
    return tuple(tuple(_shown(*row, number) for row in rows) for number in range(usual))


def editable_features(state: EntityState) -> np.ndarray:
    """(N, 7) bool, the features of a scene that may be changed."""
    editable = np.zeros(state.entities.shape, dtype=bool)
    editable[state.movable & state.present, 0:2] = True
    editable[state.paintable & state.present, 2:5] = True
    return editable


def check_observed(phases: Sequence[object]) -> None:
    """Refuse a question that comes before any demonstration.

    Raises:
        NoDemonstrationsError: if `phases` is empty.
    """
    if not phases:
        raise NoDemonstrationsError(
            "no concept was observed yet; call rival.observe(demonstrations) first"
        )


def check_attention(state: EntityState, attention: np.ndarray) -> np.ndarray:
    """The attention (N,) as bool, of present entities only.

    Raises:
        ShapeError, NonFiniteError: unless it has a finite number for each entity.
    """
    check_array(attention, "attention", state.present.shape)
    return np.asarray(attention).astype(bool) & state.present


def _shown(
    demonstration: Demonstration, steps: Sequence[int], answer: np.ndarray, number: int
) -> Shown:
    begin = steps[number - 1] if number else 0
    return Shown(
        before=demonstration.state_at(begin),
        after=demonstration.state_at(steps[number]),
        attention=demonstration.attention,
        answer=answer,
    )


def _meant(
    demonstrations: Sequence[Demonstration], steps: Sequence[Sequence[int]]
) -> list[np.ndarray]:
    """(N,) bool for each demonstration, what an identify task about it asks for.

    A demonstration does not say it. If in nearly all of them the cursor rests on an attended
    object at every stop, the objects that it rests on are meant; otherwise all that take part.
    """
    touched = [_touched(item, each) for item, each in zip(demonstrations, steps, strict=True)]
    rests = sum(each is not None for each in touched) >= _NEARLY_ALL * len(touched)
    return [
        each if rests and each is not None else item.attention
        for item, each in zip(demonstrations, touched, strict=True)
    ]


def _touched(demonstration: Demonstration, steps: Sequence[int]) -> np.ndarray | None:
    """(N,) bool, the attended objects that the cursor rests on, None if at a stop there is none."""
    found = np.zeros(len(demonstration.present), dtype=bool)
    for step in steps:
        state = demonstration.state_at(step)
        away = np.linalg.norm(state.positions - state.positions[state.cursor], axis=-1)
        away[~(demonstration.attention & state.objects)] = np.inf
        if not away.min() <= ON:
            return None
        found[away.argmin()] = True
    return found
