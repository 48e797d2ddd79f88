"""Scenes in which several concepts can hold at once.

They are drawn from their end: the cursor first, then around it the entities that each term attends
to, where the term holds, then the rest. What does not fit is drawn again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from ..entities import MAX_ENTITIES, EntityState
from .at_distance import AtDistance
from .base import Concept
from .between import Between
from .colour import Colour
from .composed_terms import CURSOR_TERMS, OBJECT_TERMS, set_sizes
from .directional import Placed
from .figure import PointFigure
from .figure_library import as_pairs
from .near import Near
from .proximity import Proximity
from .region import Region
from .sampling import (
    CURSOR_REGION,
    LEAST_TRAVEL,
    MOST_IN_GROUP,
    OBJECT_REGION,
    assemble,
    hue_to_rgb,
)

_SPACING = 0.25  # [plane units], between objects, but for those of one figure
_HUE_GAP = 45.0  # [degrees], of other objects from a colour that is asked for
_REGION_MARGIN = 0.05  # [plane units], from a region's border
_CLEAR = 1e-3  # what a term's nearest state may still change in an after-state
_CANDIDATES = 128
_STARTS = 6
# Ranges that are drawn from [plane units], inside what the concepts' nearest states aim at.
_NEAR = (0.16, 0.29)
_HALF_SEPARATION = (0.22, 0.7)
_CLOSEST, _FURTHEST = (0.1, 0.5), (0.6, 1.8)
_FIGURE_SIZES = (0.23, 0.45)
_LEAD = 0.11


class Judge(Protocol):
    """What draws of a start need to know of a composition."""

    @property
    def terms(self) -> tuple[Concept, ...]:
        """The composed concepts."""
        ...

    def succeeds(self, state: EntityState, attention: np.ndarray) -> bool:
        """Whether all terms hold."""
        ...

    def sufficient(self, state: EntityState, attentions: np.ndarray) -> np.ndarray:
        """(T,) bool, the terms that bring all about alone."""
        ...


def draw_after(
    rng: np.random.Generator, terms: Sequence[Concept], sets: Sequence[int], n_objects: int
) -> tuple[EntityState, np.ndarray] | None:
    """A state in which all terms hold clearly, and the attentions (T, N); None if a draw failed."""
    cursor = rng.uniform(-OBJECT_REGION, OBJECT_REGION, size=2)
    sizes = _draw_sizes(rng, set_sizes(terms, sets), n_objects)
    placed, owners = np.empty((0, 2)), []
    for number, size in zip(sorted(set(sets)), sizes, strict=True):
        members = [term for term, its in zip(terms, sets, strict=True) if its == number]
        figure = any(isinstance(term, PointFigure) for term in members)
        places = _first_free(_candidates(rng, members, cursor, size), placed, figure=figure)
        if places is None:
            return None
        placed, owners = np.concatenate([placed, places]), [*owners, *[number] * size]
    for _ in range(n_objects - len(placed)):
        places = rng.uniform(-OBJECT_REGION, OBJECT_REGION, size=(_CANDIDATES, 1, 2))
        places = places[_behind(places[:, 0], placed, np.array(owners), terms, sets, cursor)]
        place = _first_free(places, placed, figure=False)
        if place is None:
            return None
        placed, owners = np.concatenate([placed, place]), [*owners, -1]
    hues = _draw_hues(rng, terms, sets, np.array(owners))
    entities = assemble(cursor, placed, np.array([hue_to_rgb(hue) for hue in hues]))
    attended = np.array([[False, *(owner == its for owner in owners)] for its in sets])
    return _shuffled(rng, terms, entities, attended)


def draw_before(
    rng: np.random.Generator, composition: Judge, after: EntityState, attentions: np.ndarray
) -> EntityState | None:
    """A state that differs in what may be edited, from which no term alone leads to all.

    Terms that leave the cursor one place may; None if no such state was found.
    """
    terms = composition.terms
    open_terms = np.array([not isinstance(term, (Placed, Between)) for term in terms])
    row = np.array([after.cursor])
    for _ in range(_STARTS):
        state = after
        for term, attention in zip(terms, attentions, strict=True):
            if isinstance(term, OBJECT_TERMS):
                state = term.sample_before(rng, state, attention)
        if after.movable[after.cursor]:
            start = rng.uniform(-CURSOR_REGION, CURSOR_REGION, size=2)
            if np.hypot(*(start - after.positions[after.cursor])) < LEAST_TRAVEL:
                continue
            state = state.moved(row, start[None])
        if composition.succeeds(state, attentions):
            continue
        if not (composition.sufficient(state, attentions) & open_terms).any():
            return state
    return None


def _draw_sizes(
    rng: np.random.Generator, ranges: Sequence[tuple[int, int]], n_objects: int
) -> list[int]:
    """How many entities each set has; together at most `n_objects`."""
    room = n_objects - sum(low for low, _ in ranges)
    sizes = []
    for low, high in ranges:
        most = max(low, min(high, MOST_IN_GROUP, low + room))
        sizes.append(int(rng.integers(low, most + 1)))
        room -= sizes[-1] - low
    return sizes


def _candidates(
    rng: np.random.Generator, members: Sequence[Concept], cursor: np.ndarray, size: int
) -> np.ndarray:
    """Places (K, size, 2) for a set of entities, at which its terms hold or may hold."""
    low, high = np.full(2, -OBJECT_REGION), np.full(2, OBJECT_REGION)
    for term in members:
        if isinstance(term, Region):
            low = np.maximum(low, term.box[0] + _REGION_MARGIN)
            high = np.minimum(high, term.box[1] - _REGION_MARGIN)
    for term in members:
        if isinstance(term, CURSOR_TERMS):
            places = cursor + _draw_around(rng, term)
        elif isinstance(term, PointFigure):
            places = _draw_figures(rng, term.template, low, high)
        else:
            continue
        return places[np.all((places >= low) & (places <= high), axis=(1, 2))]
    return rng.uniform(low, high, size=(_CANDIDATES, size, 2))


def _draw_around(rng: np.random.Generator, term: Concept) -> np.ndarray:
    """Places (K, size, 2) relative to the cursor at which a term about it holds."""
    angles = rng.uniform(0.0, 2.0 * np.pi, size=_CANDIDATES)
    unit = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    if isinstance(term, Placed):
        return np.broadcast_to(-term.offset, (1, 1, 2))
    if isinstance(term, AtDistance):
        return (term.distance * unit)[:, None]
    closest = isinstance(term, Proximity) and term.sign > 0
    choices = _NEAR if isinstance(term, Near) else _CLOSEST if closest else _FURTHEST
    if isinstance(term, Between):
        arm = rng.uniform(*_HALF_SEPARATION, size=(_CANDIDATES, 1)) * unit
        return np.stack([arm, -arm], axis=1)
    return (rng.uniform(*choices, size=(_CANDIDATES, 1)) * unit)[:, None]


def _draw_figures(
    rng: np.random.Generator, template: np.ndarray, low: np.ndarray, high: np.ndarray
) -> np.ndarray:
    """The figure (K, size, 2) in random poses that fit the box, at a random place in it."""
    turns = np.exp(1j * rng.uniform(0.0, 2.0 * np.pi, size=(_CANDIDATES, 1)))
    posed = rng.uniform(*_FIGURE_SIZES, size=(_CANDIDATES, 1)) * turns * template
    points = as_pairs(posed)
    first, last = low - points.min(axis=1), high - points.max(axis=1)
    fits = (first <= last).all(axis=1)
    centres = rng.uniform(first[fits], last[fits])
    return points[fits] + centres[:, None]


def _first_free(candidates: np.ndarray, placed: np.ndarray, *, figure: bool) -> np.ndarray | None:
    """The first of the candidates (K, size, 2) that keeps the spacing, (size, 2)."""
    gaps = np.linalg.norm(candidates[:, :, None] - placed, axis=-1)
    free = (gaps >= _SPACING).all(axis=(1, 2))
    if not figure and candidates.shape[1] > 1:
        inner = np.linalg.norm(candidates[:, :, None] - candidates[:, None], axis=-1)
        upper = np.triu_indices(candidates.shape[1], 1)
        free &= (inner[:, *upper] >= _SPACING).all(axis=1)
    found = np.flatnonzero(free)
    return candidates[found[0]] if len(found) else None


def _behind(
    places: np.ndarray,
    placed: np.ndarray,
    owners: np.ndarray,
    terms: Sequence[Concept],
    sets: Sequence[int],
    cursor: np.ndarray,
) -> np.ndarray:
    """Which of the places (K, 2) leave the lead to those that are to be closest or furthest."""
    away = np.linalg.norm(places - cursor, axis=-1)
    free = np.ones(len(places), dtype=bool)
    for term, its in zip(terms, sets, strict=True):
        if isinstance(term, Proximity):
            leader = float(np.linalg.norm(placed[owners == its][0] - cursor))
            free &= term.sign * (away - leader) >= _LEAD
    return free


def _draw_hues(
    rng: np.random.Generator, terms: Sequence[Concept], sets: Sequence[int], owners: np.ndarray
) -> np.ndarray:
    """Hues (n,) [degrees]: those asked for, and others clear of all that are."""
    asked = {its: t.hue for t, its in zip(terms, sets, strict=True) if isinstance(t, Colour)}
    hues = rng.uniform(0.0, 360.0, size=(_CANDIDATES, len(owners)))
    turn = np.abs((hues[..., None] - list(asked.values()) + 180.0) % 360.0 - 180.0)
    first = np.argmax((turn >= _HUE_GAP).all(axis=-1), axis=0)
    drawn = hues[first, np.arange(len(owners))]
    return np.array([asked.get(int(its), hue) for its, hue in zip(owners, drawn, strict=True)])


def _shuffled(
    rng: np.random.Generator, terms: Sequence[Concept], entities: np.ndarray, attended: np.ndarray
) -> tuple[EntityState, np.ndarray] | None:
    """The state with its rows in random order, if all terms hold clearly in it."""
    count = len(entities)
    order = rng.permutation(count)
    rows = np.zeros((MAX_ENTITIES, entities.shape[1]), dtype=np.float32)
    attentions = np.zeros((len(terms), MAX_ENTITIES), dtype=bool)
    rows[:count], attentions[:, :count] = entities[order], attended[:, order]
    pairs = list(zip(terms, attentions, strict=True))
    edits = [term.editable(rows, attention) for term, attention in pairs]
    movable, paintable = np.logical_or.reduce(edits, axis=0)
    present = np.arange(MAX_ENTITIES) < count
    state = EntityState(entities=rows, present=present, movable=movable, paintable=paintable)
    for term, attention in pairs:
        change = np.abs(term.nearest(state, attention).entities - rows).max()
        if change > _CLEAR or not term.succeeds(state, attention):
            return None
    return state, attentions
