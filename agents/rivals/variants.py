"""Variants of a scene: random edits, random attentions, and every attention that could be meant."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import comb

import numpy as np

from ...envs.entities import COLOUR, POSITION, EntityState
from .base import Shown, editable_features

REACH = 0.95
"""Edited positions lie in [-REACH, REACH]² [plane units]."""
_RESIZED = (-0.7, 0.3)  # logarithms of factors
_TURNED, _SHIFTED = 0.5, 0.3  # spreads [rad, plane units]
MOST_CANDIDATES = 4000
"""Attentions of one size that are looked at; beyond this, as many drawn at random."""


def random_edits(rng: np.random.Generator, state: EntityState, number: int) -> np.ndarray:
    """(number, N, 7) the scene with all that may be edited anywhere it may be."""
    drawn = rng.uniform(size=(number, *state.entities.shape))
    drawn[..., POSITION] = REACH * (2.0 * drawn[..., POSITION] - 1.0)
    return np.where(editable_features(state), drawn, state.entities)


def transplants(
    rng: np.random.Generator, shown: Shown, state: EntityState, attention: np.ndarray, number: int
) -> np.ndarray:
    """(number, N, 7) scenes in which what may be edited is as it was after a demonstration.

    The demonstration's entities are laid on those of the same kind in a random order; half of the
    scenes keep their places in the plane, half those relative to the middle of what is attended.
    """
    drawn = np.repeat(state.entities[None].astype(np.float64), number, axis=0)
    theirs, ours = editable_features(shown.after), editable_features(state)
    shift = middle(state, attention) - middle(shown.after, shown.attention)
    for their_kind, our_kind in zip(
        _kinds(shown.after, shown.attention), _kinds(state, attention), strict=True
    ):
        their_rows = np.flatnonzero(their_kind & theirs.any(1))
        our_rows = np.flatnonzero(our_kind & ours.any(1))
        count = min(len(their_rows), len(our_rows))
        order = rng.random((number, len(their_rows))).argsort(axis=1)[:, :count]
        drawn[:, our_rows[:count]] = shown.after.entities[their_rows[order]]
        drawn[: number // 2, our_rows[:count], POSITION] += shift
    return np.where(ours, clip_edits(drawn), state.entities)


def mutants(
    rng: np.random.Generator, state: EntityState, parents: np.ndarray, number: int
) -> np.ndarray:
    """(number, N, 7) of random parents (P, N, 7), a few of their movable entities put elsewhere.

    Elsewhere is anywhere in the plane, or near an entity of the scene.
    """
    drawn = parents[rng.integers(len(parents), size=number)].copy()
    movable = np.flatnonzero(state.movable & state.present)
    if len(movable):
        moves = rng.random((number, len(movable))) < (1.0 / len(movable) + 0.1)
        places = rng.uniform(-REACH, REACH, size=(number, len(movable), 2))
        hosts = rng.choice(np.flatnonzero(state.present), size=(number, len(movable)))
        near = state.positions[hosts] + rng.normal(scale=0.1, size=places.shape)
        places = np.where(rng.random((number, 1, 1)) < 0.5, places, near)
        drawn[:, movable, POSITION] = np.where(
            moves[..., None], places, drawn[:, movable, POSITION]
        )
    return clip_edits(drawn)


def regrouped(
    rng: np.random.Generator, group: np.ndarray, parents: np.ndarray, number: int
) -> np.ndarray:
    """(number, N, 7) of random parents (P, N, 7), a group (N,) bool in them laid elsewhere.

    It is shifted, turned and resized as a whole, so that what its places have to do with each other
    stays.
    """
    drawn = parents[rng.integers(len(parents), size=number)].copy()
    if not group.any():
        return drawn
    points = drawn[:, group, POSITION]
    middles = points.mean(1, keepdims=True)
    sizes = np.exp(rng.uniform(*_RESIZED, size=(number, 1, 1)))
    angles = rng.normal(scale=_TURNED, size=number)
    turns = np.array([[np.cos(angles), np.sin(angles)], [-np.sin(angles), np.cos(angles)]])
    shifts = rng.normal(scale=_SHIFTED, size=(number, 1, 2))
    turned = sizes * (points - middles) @ turns.transpose(2, 0, 1)
    drawn[:, group, POSITION] = middles + turned + shifts
    return clip_edits(drawn)


def _kinds(state: EntityState, attention: np.ndarray) -> tuple[np.ndarray, ...]:
    """(N,) bool each: the cursor, attended objects, other objects."""
    cursor = np.arange(len(state.present)) == state.cursor
    return cursor & state.present, attention & state.objects, state.objects & ~attention


def middle(state: EntityState, attention: np.ndarray) -> np.ndarray:
    """(2,) middle of the attended entities, of the plane where there is none [plane units]."""
    rows = attention & state.present
    return state.positions[rows].mean(0) if rows.any() else np.zeros(2)


def clip_edits(values: np.ndarray) -> np.ndarray:
    """Entities (..., 7) with positions and colours brought back into what is allowed."""
    inside = values.copy()
    inside[..., POSITION] = np.clip(values[..., POSITION], -REACH, REACH)
    inside[..., COLOUR] = np.clip(values[..., COLOUR], 0.0, 1.0)
    return inside


def kinds_of(state: EntityState, attention: np.ndarray) -> tuple[int, int]:
    """How many objects and how many zones are attended."""
    return (
        int(np.count_nonzero(attention & state.objects)),
        int(np.count_nonzero(attention & state.zones)),
    )


def other_attentions(
    rng: np.random.Generator, state: EntityState, attention: np.ndarray, number: int
) -> np.ndarray:
    """(C, N) bool, different attentions to as many objects and zones, at most `number` of them."""
    every = all_attentions(rng, state, kinds_of(state, attention))
    relevant = attention & (state.objects | state.zones)
    others = every[(every != relevant).any(1)]
    return others[rng.permutation(len(others))[:number]]


def all_attentions(
    rng: np.random.Generator, state: EntityState, kinds: tuple[int, int]
) -> np.ndarray:
    """(C, N) bool, every attention to so many objects and zones; none if there are too few."""
    parts = [
        _subsets(np.flatnonzero(mask), size, len(mask))
        for mask, size in zip((state.objects, state.zones), kinds, strict=True)
    ]
    both = (parts[0][:, None] | parts[1][None]).reshape(-1, len(state.present))
    if len(both) > MOST_CANDIDATES:
        return both[rng.choice(len(both), size=MOST_CANDIDATES, replace=False)]
    return both


def _subsets(rows: Sequence[int] | np.ndarray, size: int, total: int) -> np.ndarray:
    chosen = np.array(list(combinations(rows, size)), dtype=int).reshape(
        comb(len(rows), size), size
    )
    masks = np.zeros((len(chosen), total), dtype=bool)
    masks[np.arange(len(chosen))[:, None], chosen] = True
    return masks
