"""What can be composed, and which terms attend to the same entities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from ..errors import ConceptParameterError
from ..number_checks import is_whole
from .at_distance import AtDistance
from .base import Concept
from .between import Between
from .colour import Colour
from .directional import Placed
from .figure import PointFigure
from .near import Near
from .proximity import Proximity
from .region import Region

FEWEST_TERMS, MOST_TERMS = 2, 4
CURSOR_TERMS = (Placed, AtDistance, Near, Between, Proximity)
"""Concepts about where the cursor is."""
OBJECT_TERMS = (Colour, Region, PointFigure)
"""Concepts that move or paint what they attend to."""


class RegionOfMany(Region):
    """Region as a term: shown with one to three entities, judged with up to six."""

    num_attended: ClassVar[tuple[int, int]] = (1, 6)


def set_sizes(terms: Sequence[Concept], sets: Sequence[int]) -> list[tuple[int, int]]:
    """Fewest and most entities of each set, in the order of their numbers."""
    found = []
    for number in sorted(set(sets)):
        ranges = [term.num_attended for term, its in zip(terms, sets, strict=True) if its == number]
        found.append((max(low for low, _ in ranges), min(high for _, high in ranges)))
    return found


def checked_terms(terms: Sequence[Concept]) -> tuple[Concept, ...]:
    """The terms, fit for as many entities as a figure has.

    Raises:
        ConceptParameterError: unless they are two to four that can be composed.
    """
    if not FEWEST_TERMS <= len(terms) <= MOST_TERMS:
        raise ConceptParameterError(
            f"terms of concept 'composed' are {len(terms)}, expected {FEWEST_TERMS} to "
            f"{MOST_TERMS}; compose that many concepts"
        )
    for number, term in enumerate(terms):
        if not isinstance(term, CURSOR_TERMS + OBJECT_TERMS):
            name = f"concept '{term.name}'" if isinstance(term, Concept) else repr(term)
            raise ConceptParameterError(
                f"terms[{number}] of concept 'composed' is {name}, which cannot be composed; "
                "choose concepts that place the cursor, regions, figures or colours"
            )
    return tuple(RegionOfMany(where=term.where) if type(term) is Region else term for term in terms)


def checked_sets(sets: Sequence[int], terms: Sequence[Concept]) -> tuple[int, ...]:
    """The set of each term, by default one for each about the cursor and one for all others.

    Raises:
        ConceptParameterError: unless there is one for each term, a whole number of at least 0, and
            those of one set take the same number of entities.
    """
    if not sets:
        kinds = [isinstance(term, CURSOR_TERMS) for term in terms]
        sets = [number + 1 if alone else 0 for number, alone in enumerate(kinds)]
    if len(sets) != len(terms):
        raise ConceptParameterError(
            f"sets={tuple(sets)} of concept 'composed' has {len(sets)} entries, expected "
            f"{len(terms)}; give one number for each term"
        )
    if not all(is_whole(number) and number >= 0 for number in sets):
        raise ConceptParameterError(
            f"sets={tuple(sets)} of concept 'composed' must hold whole numbers of at least 0; "
            "terms of one number share their entities"
        )
    for number, (low, high) in zip(sorted(set(sets)), set_sizes(terms, sets), strict=True):
        if low > high:
            names = ", ".join(t.name for t, its in zip(terms, sets, strict=True) if its == number)
            raise ConceptParameterError(
                f"sets={tuple(sets)} of concept 'composed': {names} take different numbers of "
                "entities; give them sets of their own"
            )
    return tuple(sets)
