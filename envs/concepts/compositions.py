"""The compositions of the benchmark: pairs and triples of concepts that were shown one by one."""

from __future__ import annotations

import numpy as np

from ..errors import UnknownConceptError
from .composed import Composed, compose
from .registry import CONCEPTS

_BESIDE = ("left_of", "right_of", "above", "below", "offset")
_SHAPES = ("line", "triangle", "square", "circle")

PAIRS: dict[str, tuple[tuple[str, ...], ...]] = {
    "beside + near": (_BESIDE, ("near",)),
    "beside + at_distance": (_BESIDE, ("at_distance",)),
    "at_distance + at_distance": (("at_distance",), ("at_distance",)),
    "closest + at_distance": (("closest",), ("at_distance",)),
    "furthest + near": (("furthest",), ("near",)),
    "between + colour": (("between",), ("colour",)),
    "region + colour": (("region",), ("colour",)),
    "figure + colour": (_SHAPES, ("colour",)),
    "figure + region": (_SHAPES, ("region",)),
}
"""Names of the concepts that each term is drawn from; see `Composed` for what attends to what."""
TRIPLES: dict[str, tuple[tuple[str, ...], ...]] = {
    "three distances": (("at_distance",),) * 3,
    "beside + at_distance + near": (_BESIDE, ("at_distance",), ("near",)),
    "figure + colour + region": (_SHAPES, ("colour",), ("region",)),
    "between + colour + region": (("between",), ("colour",), ("region",)),
}
"""The same of three terms."""
COMPOSITIONS = {**PAIRS, **TRIPLES}


def random_composition(name: str, rng: np.random.Generator, *, split: str = "any") -> Composed:
    """A composition of the benchmark with its concepts and their parameters drawn.

    Args:
        name: one of `COMPOSITIONS`.
        rng: the source of randomness.
        split: "train" for parameters that training may use, "any" for all.

    Raises:
        UnknownConceptError: on an unknown name.
        ConceptParameterError: on another split.
    """
    if name not in COMPOSITIONS:
        raise UnknownConceptError(
            f"composition={name!r} is unknown; choose one of {', '.join(COMPOSITIONS)}"
        )
    kinds = [CONCEPTS[str(rng.choice(names))] for names in COMPOSITIONS[name]]
    return compose(*(kind.random(rng, split=split) for kind in kinds))
