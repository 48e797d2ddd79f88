"""What a failed answer did instead: which other concept, shown by the same demonstrations.

A demonstration may show several concepts at once (a cursor left of A is also near A and closest
to A). The rule by which a failure is put down to such a confusion:

1. *Shown* are the other concepts of `CONCEPTS` whose test passes at the end of every demonstration
   with the demonstrated attention. Their parameters are read off the demonstrations: the mean
   distance along the direction, the hue of the attended entities' mean colour.
2. A failed generation that lies within twice the concept's tolerance is `IMPRECISE`, and nothing
   else. Otherwise it is put down to each shown concept whose test the final state passes, if that
   concept edits the same features (whoever paints cannot have meant a place).
3. A failed identification is put down to each shown concept that holds for the answered entities
   in the scene; failing that it is `INCOMPLETE` (some of the meant entities, or none, and no
   others) or `EXCESSIVE` (all of them, and others).
4. What is left is `OTHER`: no concept that was shown.
"""

from __future__ import annotations

import colorsys
from collections.abc import Sequence

import numpy as np

from ..envs.concepts import CONCEPTS, Concept
from ..envs.concepts.directional import Directional
from ..envs.demonstrations import Demonstration
from ..envs.entities import COLOUR, POSITION, EntityState
from ..envs.errors import ShapeError

IMPRECISE = "imprecise"
INCOMPLETE = "incomplete"
EXCESSIVE = "excessive"
OTHER = "other"


def shown_alternatives(
    concept: Concept, demonstrations: Sequence[Demonstration]
) -> tuple[Concept, ...]:
    """The concepts other than `concept` that every one of the demonstrations shows as well."""
    ends = [(_end(item), np.asarray(item.attention, dtype=bool)) for item in demonstrations]
    others = [kind for name, kind in CONCEPTS.items() if name != concept.name]
    estimates = [_estimate(kind, demonstrations) for kind in others]
    return tuple(other for other in estimates if all(_holds(other, *end) for end in ends))


def explain_generation(
    concept: Concept,
    alternatives: Sequence[Concept],
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
    edits = concept.editable(state.entities, attention)
    names = [
        other.name
        for other in alternatives
        if all(map(np.array_equal, other.editable(state.entities, attention), edits))
        and _holds(other, state, attention)
    ]
    return tuple(names) or (OTHER,)


def explain_identification(
    alternatives: Sequence[Concept],
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
    names = [other.name for other in alternatives if _holds(other, state, answer)]
    if names:
        return tuple(names)
    if not (answer & ~attention).any():
        return (INCOMPLETE,)
    if not (attention & ~answer).any():
        return (EXCESSIVE,)
    return (OTHER,)


def _end(demonstration: Demonstration) -> EntityState:
    return EntityState(
        entities=demonstration.after,
        present=demonstration.present,
        movable=demonstration.movable,
        paintable=demonstration.paintable,
    )


def _holds(concept: Concept, state: EntityState, attention: np.ndarray) -> bool:
    """Whether the test passes; it does not where the concept takes another number of entities."""
    try:
        return concept.succeeds(state, attention)
    except ShapeError:
        return False


def _estimate(kind: type[Concept], demonstrations: Sequence[Demonstration]) -> Concept:
    """The concept with the parameters that the demonstrations show, as near as its ranges allow."""
    found = {}
    if issubclass(kind, Directional):
        gaps = [_gap(item) @ np.array(kind.direction) for item in demonstrations]
        found["distance"] = float(np.mean(gaps))
    elif "hue" in kind.parameter_ranges:
        colours = [item.after[item.attention.astype(bool), COLOUR] for item in demonstrations]
        red, green, blue = np.concatenate(colours).mean(axis=0).tolist()
        found["hue"] = 360.0 * colorsys.rgb_to_hsv(red, green, blue)[0]
    return kind(
        **{
            name: float(np.clip(value, *kind.parameter_ranges[name]))
            for name, value in found.items()
        }
    )


def _gap(demonstration: Demonstration) -> np.ndarray:
    """(2,) from the middle of the attended entities to the cursor at the end [plane units]."""
    end = _end(demonstration)
    attended = end.entities[demonstration.attention.astype(bool), POSITION]
    return (end.positions[end.cursor] - attended.mean(axis=0)).astype(np.float64)
