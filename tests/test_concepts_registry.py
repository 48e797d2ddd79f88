"""The concepts by name: nothing is missing, and what cannot be named is refused."""

from __future__ import annotations

import numpy as np
import pytest
from concept_scenes import SIMPLE

from conceptgym.envs import CONCEPTS, Concept, concepts, make_concept
from conceptgym.envs.concepts import LeftOf
from conceptgym.envs.errors import UnknownConceptError

NAMES = (
    "colour, region, left_of, right_of, above, below, offset, near, at_distance, between, closest, "
    "furthest, touch, two_in_order, three_in_order, quantity, line, triangle, square, circle, "
    "figure"
)


def leaves(kind: type[Concept]) -> set[type[Concept]]:
    """Sub-classes of conceptgym's own that have none themselves."""
    below = {child for child in kind.__subclasses__() if child.__module__.startswith("conceptgym.")}
    return set().union(*map(leaves, below)) if below else {kind}


def test_the_registry_holds_every_concept() -> None:
    assert ", ".join(CONCEPTS) == NAMES
    # Compositions are made of concepts; they have no name to ask for them by.
    assert {kind.name for kind in leaves(Concept)} - {"composed"} == set(CONCEPTS)
    for name, kind in CONCEPTS.items():
        assert kind.name == name and kind.description
        assert kind.__name__ in concepts.__all__


@pytest.mark.parametrize("name", SIMPLE)
def test_parameters_are_those_of_the_ranges_and_choices(name: str) -> None:
    concept = make_concept(name)
    assert set(concept.parameters) == {*concept.parameter_ranges, *concept.parameter_choices}
    drawn = CONCEPTS[name].random(np.random.default_rng(0)).parameters
    for key, values in concept.parameter_choices.items():
        assert drawn[key] in values
        assert [make_concept(name, **{key: value}).parameters[key] for value in values] == [*values]
    for key, (low, high) in concept.parameter_ranges.items():
        assert low <= drawn[key] <= high
        at_the_ends = [make_concept(name, **{key: end}).parameters[key] for end in (low, high)]
        assert at_the_ends == [low, high]


def test_a_concept_is_passed_through() -> None:
    concept = LeftOf(distance=0.5)
    assert make_concept(concept) is concept
    assert make_concept("left_of", distance=0.5) == concept


@pytest.mark.parametrize("concept", ["inside", "Near", "", None, 3, LeftOf])
def test_unknown_concepts_are_refused(concept: object) -> None:
    with pytest.raises(UnknownConceptError) as error:
        make_concept(concept)  # type: ignore[arg-type]
    assert str(error.value) == f"concept={concept!r} is unknown; choose one of {NAMES}"


@pytest.mark.parametrize(
    ("concept", "known"), [("near", "none"), ("left_of", "['distance']"), ("region", "['where']")]
)
def test_unknown_parameters_are_refused(concept: str, known: str) -> None:
    with pytest.raises(UnknownConceptError) as error:
        make_concept(concept, radius=0.2)
    assert str(error.value) == f"concept '{concept}' has no parameter 'radius'; it has {known}"


def test_parameters_beside_a_made_concept_are_refused() -> None:
    with pytest.raises(UnknownConceptError) as error:
        make_concept(LeftOf(distance=0.5), distance=0.4)
    assert str(error.value) == (
        "concept=LeftOf(distance=0.5) has its parameters already, but ['distance'] are given too; "
        "pass its name with them, or the concept alone"
    )
