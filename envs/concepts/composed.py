"""composed: several concepts at once, each for its own attended entities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..entities import MAX_ENTITIES, EntityState, check_array
from ..errors import ConceptParameterError
from .base import Concept, Event
from .colour import Colour
from .composed_scenes import draw_after, draw_before
from .composed_terms import checked_sets, checked_terms, set_sizes
from .proximity import Proximity
from .registry import make_concept

_MOST_OBJECTS = 12
_USUAL_MOST = 8
_DRAWS = 1000
_CYCLES = 60
_TO_SPARE = 0.75  # residual up to which all terms hold with room to spare
_STARTS = tuple((x, y) for x in (-0.6, 0.0, 0.6) for y in (-0.6, 0.0, 0.6))


@dataclass(frozen=True, kw_only=True)
class ComposedEvent(Event):
    """A scene of a composition.

    Attributes:
        attentions: (T, MAX_ENTITIES) bool, each term's attended entities, in the terms' order;
            `attention` is their union.
    """

    attentions: np.ndarray

    def __post_init__(self) -> None:
        super().__post_init__()
        check_array(self.attentions, "attentions", (len(self.attentions), MAX_ENTITIES))


@dataclass(frozen=True, kw_only=True)
class Composed(Concept):
    """Two to four concepts hold at once, each for entities of its own.

    It judges, and draws scenes; it is never demonstrated as a whole. Where other concepts take an
    attention (MAX_ENTITIES,), it takes one for each term, (T, MAX_ENTITIES). What may be edited is
    all that a term edits.

    Residual [tolerances]: the largest of the terms' residuals, each as a share of its tolerance.

    Attributes:
        terms: the concepts. Those that place the cursor (left_of, right_of, above, below, offset,
            near, at_distance, between, closest, furthest) and those that move or paint what they
            attend to (colour, region, figures) can be composed.
        sets: for each term the number of the set of entities that it attends to; terms of one
            number share theirs. By default every term about the cursor has its own, and all others
            share one.
        name, num_objects, usual_objects, tasks_on_table: of a composition at hand these follow
            from its terms.
    """

    name: ClassVar[str] = "composed"
    description: ClassVar[str] = "several concepts hold at once, each for its own entities"
    tolerance: ClassVar[float] = 1.0
    tasks_on_arm: ClassVar[tuple[str, ...]] = ()
    terms: tuple[Concept, ...]
    sets: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        terms = checked_terms(self.terms)
        sets = checked_sets(self.sets, terms)
        ranked = any(isinstance(term, Proximity) for term in terms)  # among others, not just two
        fewest = max(2, sum(low for low, _ in set_sizes(terms, sets)) + ranked)
        derived: dict[str, Any] = {
            "terms": terms,
            "sets": sets,
            "name": " + ".join(term.name for term in terms),
            "num_objects": (fewest, _MOST_OBJECTS),
            "usual_objects": (fewest, max(fewest, _USUAL_MOST)),
            "tasks_on_table": () if any(isinstance(t, Colour) for t in terms) else ("generate",),
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)
        super().__post_init__()

    @property
    def held_out(self) -> bool:
        """Whether a term has a parameter where training never looks."""
        return any(term.held_out for term in self.terms)

    @classmethod
    def random(cls, rng: np.random.Generator, *, split: str = "any") -> Concept:
        """Refused: a composition has no terms of its own.

        Raises:
            ConceptParameterError: always.
        """
        raise ConceptParameterError(
            "concept 'composed' has no terms of its own to draw; draw a composition with "
            "conceptgym.envs.concepts.compositions.random_composition(...)"
        )

    def sample(self, rng: np.random.Generator, *, n_objects: int) -> ComposedEvent:
        """Draw a scene with `n_objects` objects, in which all terms can hold.

        In `after` every term holds as clearly as its own `nearest` asks for. In `before` not all
        hold, and none of the terms brings all about alone, see `sufficient`; those that leave the
        cursor a single place (left_of and its like, between) may.

        Raises:
            ConceptParameterError: if `n_objects` is outside `num_objects`, or no such scene was
                found.
        """
        self.check_objects(n_objects)
        for _ in range(_DRAWS):
            drawn = draw_after(rng, self.terms, self.sets, n_objects)
            if drawn is None:
                continue
            after, attentions = drawn
            before = draw_before(rng, self, after, attentions)
            if before is not None:
                return ComposedEvent(
                    before=before,
                    after=after,
                    attention=np.logical_or.reduce(attentions, axis=0),
                    attentions=attentions,
                )
        raise ConceptParameterError(
            f"no scene of {n_objects} objects in which '{self.name}' can hold was found in "
            f"{_DRAWS} draws; choose terms that agree, or fewer objects"
        )

    def sample_after(
        self, rng: np.random.Generator, n_objects: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Entities in which all terms hold, and the union of what they attend to."""
        after = self.sample(rng, n_objects=n_objects)
        count = np.count_nonzero(after.after.present)
        return after.after.entities[:count], after.attention[:count]

    def residual(self, state: EntityState, attention: np.ndarray) -> float:
        return float(self.residuals(state, attention).max())

    def succeeds(self, state: EntityState, attention: np.ndarray) -> bool:
        return all(term.succeeds(state, rows) for term, rows in self._pairs(attention))

    def residuals(self, state: EntityState, attentions: np.ndarray) -> np.ndarray:
        """(T,) each term's residual, as a share of its tolerance."""
        pairs = self._pairs(attentions)
        return np.array([term.residual(state, rows) / term.tolerance for term, rows in pairs])

    def sufficient(self, state: EntityState, attentions: np.ndarray) -> np.ndarray:
        """(T,) bool, the terms whose own nearest state would make all terms hold."""
        pairs = self._pairs(attentions)
        return np.array(
            [self.succeeds(term.nearest(state, rows), attentions) for term, rows in pairs]
        )

    def nearest(self, state: EntityState, attention: np.ndarray) -> EntityState:
        """A state near `state` in which all terms hold with room to spare, if one was found.

        The terms' own nearest states are gone to in turn, over and over, from the state itself; if
        that does not help, with the cursor at nine other places, and the nearest is taken. If
        nothing helps, it is the state of the least residual that was seen.
        """
        first = self._cycle(state, attention)
        if self.residual(first, attention) <= _TO_SPARE or not state.movable[state.cursor]:
            return first
        row = np.array([state.cursor])
        others = [self._cycle(state.moved(row, np.array([at])), attention) for at in _STARTS]
        found = [end for end in others if self.residual(end, attention) <= _TO_SPARE]
        if found:
            return min(found, key=lambda end: _distance(end, state))
        return min([first, *others], key=lambda end: self.residual(end, attention))

    def _cycle(self, state: EntityState, attentions: np.ndarray) -> EntityState:
        for _ in range(_CYCLES):
            if self.residual(state, attentions) <= _TO_SPARE:
                break
            for term, rows in self._pairs(attentions):
                state = term.nearest(state, rows)
        return state

    def _pairs(self, attentions: np.ndarray) -> list[tuple[Concept, np.ndarray]]:
        check_array(attentions, "attentions", (len(self.terms), MAX_ENTITIES))
        return list(zip(self.terms, np.asarray(attentions, dtype=bool), strict=True))


def compose(*terms: str | Concept, sets: Sequence[int] = ()) -> Composed:
    """Several concepts at once: ``compose("left_of", Near())``.

    Args:
        *terms: two to four concepts or names of concepts.
        sets: which terms share their attended entities, see `Composed`.

    Raises:
        UnknownConceptError: on an unknown name.
        ConceptParameterError: on terms that cannot be composed.
    """
    return Composed(terms=tuple(make_concept(term) for term in terms), sets=tuple(sets))


def _distance(one: EntityState, other: EntityState) -> float:
    return float(np.linalg.norm(one.entities - other.entities))
