"""What a failed answer did instead: which other concept, shown by the same demonstrations.

A demonstration may show several concepts at once (a cursor left of A is also near A and closest
to A). The rule by which a failure is put down to such a confusion:

1. *Shown* are the other concepts of `CONCEPTS` whose test passes at the end of every demonstration
   with the demonstrated attention. Their parameters are read off the demonstrations: the mean
   distance along the direction, the hue of the attended entities' mean colour. `SAME_OFFSET` is
   shown as well if the cursor ends each demonstration within 0.2 plane units of its mean place
   relative to the attended entities' middle; repeating it is to take the demonstration literally.
2. A failed generation that lies within twice the concept's tolerance is `IMPRECISE`, and nothing
   else. Otherwise it is put down to each shown concept whose test the final state passes, if that
   concept edits the same features (whoever paints cannot have meant a place).
3. A failed identification is put down to each shown concept that holds for the answered entities
   in the scene.
4. Only where no concept explains it, it is put down to `SAME_OFFSET` if that holds; failing that,
   an identification is `INCOMPLETE` (some of the meant entities, or none, and no others) or
   `EXCESSIVE` (all of them, and others).
5. What is left is `OTHER`: nothing that was shown.
"""

from __future__ import annotations

import colorsys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..envs.concepts import CONCEPTS, Concept
from ..envs.concepts.directional import Directional
from ..envs.demonstrations import Demonstration
from ..envs.entities import COLOUR, EntityState
from ..envs.errors import ShapeError

IMPRECISE = "imprecise"
SAME_OFFSET = "same offset"
INCOMPLETE = "incomplete"
EXCESSIVE = "excessive"
OTHER = "other"
_OFFSET_TOLERANCE = 0.2  # [plane units]


@dataclass(frozen=True, kw_only=True)
class Alternative:
    """Something that demonstrations show besides the concept that was meant.

    Attributes:
        name: a concept's, or `SAME_OFFSET`.
        holds: whether it holds in a state for attended entities (N,) bool.
        moves: whether it is about places rather than colours.
    """

    name: str
    holds: Callable[[EntityState, np.ndarray], bool]
    moves: bool


def shown_alternatives(
    concept: Concept, demonstrations: Sequence[Demonstration]
) -> tuple[Alternative, ...]:
    """What every one of the demonstrations shows, other than `concept`."""
    ends = [(item.state_at(-1), item.attention.astype(bool)) for item in demonstrations]
    others = [kind for name, kind in CONCEPTS.items() if name != concept.name]
    found = [_of_concept(_estimate(kind, ends), *ends[0]) for kind in others]
    found.append(_same_offset(ends))
    return tuple(other for other in found if all(other.holds(*end) for end in ends))


def explain_generation(
    concept: Concept,
    alternatives: Sequence[Alternative],
    *,
    state: EntityState,
    attention: np.ndarray,
) -> tuple[str, ...]:
    """What a failed generation is put down to.

    Args:
        concept: the concept that was meant.
        alternatives: what else was shown, see `shown_alternatives`.
        state: the state that the episode ended in.
        attention: (N,) bool, the attended entities.
    """
    if concept.residual(state, attention) <= 2.0 * concept.tolerance:
        return (IMPRECISE,)
    moves = _moves(concept, state, attention)
    names = [a.name for a in alternatives if a.moves == moves and a.holds(state, attention)]
    return _concepts_first(names) or (OTHER,)


def explain_identification(
    alternatives: Sequence[Alternative],
    *,
    state: EntityState,
    attention: np.ndarray,
    answer: np.ndarray,
) -> tuple[str, ...]:
    """What a failed identification is put down to.

    Args:
        alternatives: what else was shown, see `shown_alternatives`.
        state: the scene.
        attention: (N,) bool, the right answer.
        answer: (N,) bool, the one given.
    """
    names = _concepts_first([a.name for a in alternatives if a.holds(state, answer)])
    if names:
        return names
    if not (answer & ~attention).any():
        return (INCOMPLETE,)
    return (EXCESSIVE,) if not (attention & ~answer).any() else (OTHER,)


def _concepts_first(names: Sequence[str]) -> tuple[str, ...]:
    """The names without `SAME_OFFSET`, unless there is nothing else."""
    return tuple(name for name in names if name != SAME_OFFSET) or tuple(names)


def _of_concept(concept: Concept, state: EntityState, attention: np.ndarray) -> Alternative:
    def holds(state: EntityState, attention: np.ndarray) -> bool:
        try:
            return concept.succeeds(state, attention)
        except ShapeError:  # it takes another number of entities
            return False

    return Alternative(name=concept.name, holds=holds, moves=_moves(concept, state, attention))


def _moves(concept: Concept, state: EntityState, attention: np.ndarray) -> bool:
    return bool(concept.editable(state.entities, attention)[0].any())


def _estimate(kind: type[Concept], ends: Sequence[tuple[EntityState, np.ndarray]]) -> Concept:
    """The concept with the parameters that the demonstrations show, as near as its ranges allow."""
    found = {}
    if issubclass(kind, Directional):
        found["distance"] = float(np.mean([_gap(*end) @ np.array(kind.direction) for end in ends]))
    elif "hue" in kind.parameter_ranges:
        colours = [state.entities[attention, COLOUR] for state, attention in ends]
        red, green, blue = np.concatenate(colours).mean(axis=0).tolist()
        found["hue"] = 360.0 * colorsys.rgb_to_hsv(red, green, blue)[0]
    limits = kind.parameter_ranges
    return kind(**{name: float(np.clip(value, *limits[name])) for name, value in found.items()})


def _same_offset(ends: Sequence[tuple[EntityState, np.ndarray]]) -> Alternative:
    offset = np.mean([_gap(*end) for end in ends], axis=0)

    def holds(state: EntityState, attention: np.ndarray) -> bool:
        if not attention.any():
            return False
        return float(np.linalg.norm(_gap(state, attention) - offset)) <= _OFFSET_TOLERANCE

    return Alternative(name=SAME_OFFSET, holds=holds, moves=True)


def _gap(state: EntityState, attention: np.ndarray) -> np.ndarray:
    """(2,) from the middle of the attended entities to the cursor [plane units]."""
    middle = state.positions[attention].mean(axis=0)
    return (state.positions[state.cursor] - middle).astype(np.float64)
