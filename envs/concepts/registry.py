"""The concepts by name, and how a user names one."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from ..errors import UnknownConceptError
from .at_distance import AtDistance
from .base import Concept
from .between import Between
from .colour import Colour
from .directional import Above, Below, LeftOf, RightOf
from .figure import Figure
from .near import Near
from .offset import Offset
from .order import ThreeInOrder, TwoInOrder
from .proximity import Closest, Furthest
from .quantity import Quantity
from .region import Region
from .shapes import Circle, Line, Square, Triangle
from .touch import Touch

CONCEPTS: dict[str, type[Concept]] = {
    concept.name: concept
    for concept in (
        *(Colour, Region, LeftOf, RightOf, Above, Below, Offset),
        *(Near, AtDistance, Between, Closest, Furthest),
        *(Touch, TwoInOrder, ThreeInOrder),
        Quantity,
        *(Line, Triangle, Square, Circle, Figure),
    )
}
"""Every concept class by its name."""


def make_concept(concept: str | Concept, **parameters: Any) -> Concept:
    """A concept from its name and parameters; a `Concept` is passed through.

    Args:
        concept: one of `CONCEPTS`, such as "left_of", or a `Concept`.
        **parameters: its parameters, such as ``distance=0.5`` [plane units], or a name or concept
            where it takes one; the class's defaults fill in the others.

    Raises:
        UnknownConceptError: on an unknown name or parameter.
        ConceptParameterError: on a parameter outside its range.
    """
    if isinstance(concept, Concept):
        if parameters:
            raise UnknownConceptError(
                f"concept={concept!r} has its parameters already, but {sorted(parameters)} are "
                "given too; pass its name with them, or the concept alone"
            )
        return concept
    if not isinstance(concept, str) or concept not in CONCEPTS:
        raise UnknownConceptError(
            f"concept={concept!r} is unknown; choose one of {', '.join(CONCEPTS)}"
        )
    known = [field.name for field in fields(CONCEPTS[concept])]
    for name in parameters:
        if name not in known:
            raise UnknownConceptError(
                f"concept '{concept}' has no parameter {name!r}; it has {known or 'none'}"
            )
    return CONCEPTS[concept](**parameters)
