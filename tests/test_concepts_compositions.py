"""The benchmark's compositions: of two and three terms, from what is shown one by one."""

from __future__ import annotations

import numpy as np
import pytest

from conceptgym.envs.concepts import CONCEPTS
from conceptgym.envs.concepts.compositions import (
    COMPOSITIONS,
    PAIRS,
    TRIPLES,
    random_composition,
)
from conceptgym.envs.errors import ConceptParameterError, UnknownConceptError


def test_pairs_have_two_terms_and_triples_three() -> None:
    assert {len(terms) for terms in PAIRS.values()} == {2}
    assert {len(terms) for terms in TRIPLES.values()} == {3}
    assert {**PAIRS, **TRIPLES} == COMPOSITIONS and not PAIRS.keys() & TRIPLES.keys()


@pytest.mark.parametrize("name", COMPOSITIONS)
def test_terms_are_drawn_from_the_names(name: str) -> None:
    seen = [set() for _ in COMPOSITIONS[name]]
    for seed in range(40):
        concept = random_composition(name, np.random.default_rng(seed))
        for names, term in zip(seen, concept.terms, strict=True):
            names.add(term.name)
            assert isinstance(term, CONCEPTS[term.name])
    assert seen == [set(names) for names in COMPOSITIONS[name]]


@pytest.mark.parametrize("name", COMPOSITIONS)
def test_training_parameters_are_not_held_out(name: str) -> None:
    drawn = [random_composition(name, np.random.default_rng(s), split="train") for s in range(40)]
    assert not any(concept.held_out for concept in drawn)


def test_parameters_differ_and_follow_from_the_seed() -> None:
    drawn = [random_composition("figure + colour", np.random.default_rng(s)) for s in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_an_unknown_composition_is_refused() -> None:
    with pytest.raises(UnknownConceptError) as caught:
        random_composition("near", np.random.default_rng(0))
    assert str(caught.value) == (
        f"composition='near' is unknown; choose one of {', '.join(COMPOSITIONS)}"
    )


def test_an_unknown_split_is_refused() -> None:
    with pytest.raises(ConceptParameterError, match=r"^split='test' is unknown for concept "):
        random_composition("beside + near", np.random.default_rng(0), split="test")
