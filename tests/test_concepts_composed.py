"""Compositions: judged term by term; scenes in which all hold, and no open term suffices."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from concept_scenes import make_scene, reordered, rows
from hypothesis import given, settings
from hypothesis import strategies as st

from conceptgym.envs import MAX_ENTITIES, compose, make_concept
from conceptgym.envs.concepts import Composed, ComposedEvent, Near, RightOf
from conceptgym.envs.concepts.compositions import COMPOSITIONS, random_composition
from conceptgym.envs.entities import COLOUR, POSITION
from conceptgym.envs.errors import ConceptParameterError, ShapeError, UnknownConceptError

few = settings(max_examples=6)
SEEDS = st.integers(0, 2**32 - 1)
SINGLE_PLACE = {"left_of", "right_of", "above", "below", "offset", "between"}


def draw(name: str, seed: int) -> tuple[Composed, ComposedEvent]:
    rng = np.random.default_rng(seed)
    concept = random_composition(name, rng)
    low, high = concept.usual_objects
    return concept, concept.sample(rng, n_objects=int(rng.integers(low, high + 1)))


def both(*attentions: np.ndarray) -> np.ndarray:
    return np.stack(attentions)


@pytest.mark.parametrize("name", COMPOSITIONS)
@few
@given(seed=SEEDS)
def test_all_terms_hold_clearly_after_and_not_all_before(name: str, seed: int) -> None:
    concept, event = draw(name, seed)
    for term, attention in zip(concept.terms, event.attentions, strict=True):
        assert term.residual(event.after, attention) <= 0.6 * term.tolerance
        change = term.nearest(event.after, attention).entities - event.after.entities
        assert np.abs(change).max() <= 1e-3
    assert concept.succeeds(event.after, event.attentions)
    assert not concept.succeeds(event.before, event.attentions)
    assert concept.residual(event.before, event.attentions) > 1.0


@pytest.mark.parametrize("name", COMPOSITIONS)
@few
@given(seed=SEEDS)
def test_before_and_after_differ_in_what_a_term_edits_only(name: str, seed: int) -> None:
    concept, event = draw(name, seed)
    before, after = event.before, event.after
    pairs = list(zip(concept.terms, event.attentions, strict=True))
    edits = [term.editable(after.entities, attention) for term, attention in pairs]
    movable, paintable = (np.any([edit[i] for edit in edits], axis=0) for i in (0, 1))
    for state in (before, after):
        assert np.array_equal(state.movable, movable) and np.array_equal(state.paintable, paintable)
    changed = before.entities != after.entities
    assert not changed[~movable, POSITION].any() and not changed[~paintable, COLOUR].any()
    assert not changed[:, 5:].any()
    assert np.array_equal(event.attention, event.attentions.any(axis=0))
    assert np.abs(before.positions).max() <= 0.95


@pytest.mark.parametrize("name", COMPOSITIONS)
@few
@given(seed=SEEDS)
def test_no_open_term_brings_all_about_alone(name: str, seed: int) -> None:
    concept, event = draw(name, seed)
    enough = concept.sufficient(event.before, event.attentions)
    names = [term.name for term in concept.terms]
    for term, attention, found in zip(concept.terms, event.attentions, enough, strict=True):
        alone = term.nearest(event.before, attention)
        assert concept.succeeds(alone, event.attentions) == found
    assert not any(
        found for name, found in zip(names, enough, strict=True) if name not in SINGLE_PLACE
    )


@pytest.mark.parametrize("name", COMPOSITIONS)
@few
@given(seed=SEEDS)
def test_nearest_makes_all_hold_and_leaves_it_so(name: str, seed: int) -> None:
    concept, event = draw(name, seed)
    found = concept.nearest(event.before, event.attentions)
    assert concept.succeeds(found, event.attentions)
    assert concept.residual(found, event.attentions) <= 0.75
    assert concept.nearest(found, event.attentions) is found
    changed = found.entities != event.before.entities
    assert not changed[~event.before.movable, POSITION].any()


@pytest.mark.parametrize("name", ["closest + at_distance", "figure + colour + region"])
@few
@given(seed=SEEDS)
def test_the_order_of_rows_and_of_terms_means_nothing(name: str, seed: int) -> None:
    concept, event = draw(name, seed)
    order = np.random.default_rng(seed).permutation(MAX_ENTITIES)
    state, attentions = reordered(event.before, order), event.attentions[:, order]
    expected = concept.residual(event.before, event.attentions)
    assert concept.residual(state, attentions) == pytest.approx(expected, abs=1e-5)
    turned = Composed(terms=concept.terms[::-1], sets=concept.sets[::-1])
    assert turned.residual(event.before, event.attentions[::-1]) == expected


def test_the_residual_is_the_largest_share_of_a_tolerance() -> None:
    concept = compose(make_concept("left_of", distance=0.4), "near")
    state = make_scene((0.0, 0.0), [(0.45, 0.0), (0.0, 0.325)])
    attentions = both(rows(1), rows(2))
    # 0.05 beside the one place, of 0.1; 0.1 beyond the middle of near, of 0.125
    np.testing.assert_allclose(concept.residuals(state, attentions), [0.5, 0.8], atol=1e-5)
    assert concept.residual(state, attentions) == pytest.approx(0.8, abs=1e-5)
    assert concept.succeeds(state, attentions)
    further = make_scene((0.0, 0.0), [(0.45, 0.0), (0.0, 0.4)])
    assert concept.residual(further, attentions) == pytest.approx(1.4, abs=1e-5)
    assert not concept.succeeds(further, attentions)


def test_terms_judge_their_own_entities_alone() -> None:
    concept = compose(make_concept("at_distance", distance=0.5), "near")
    objects = [(0.5, 0.0), (0.0, 0.2), (-0.7, 0.6)]
    attentions = both(rows(1), rows(2))
    state = make_scene((0.0, 0.0), objects)
    moved = make_scene((0.0, 0.0), [*objects[:2], (0.6, 0.6)])
    assert concept.residual(state, attentions) == concept.residual(moved, attentions)
    assert not concept.succeeds(state, attentions[::-1])


def test_a_figure_of_blue_entities() -> None:
    """Six on a circle, painted alike: colours are judged on as many entities as the figure has."""
    concept = compose("circle", make_concept("colour", hue=240.0))
    event = concept.sample(np.random.default_rng(0), n_objects=8)
    assert np.array_equal(event.attentions[0], event.attentions[1])
    assert event.attention.sum() == 6 and concept.succeeds(event.after, event.attentions)
    other = int(np.flatnonzero(event.after.objects & ~event.attention)[0])
    entities = event.after.entities.copy()
    entities[other, COLOUR] = make_concept("colour", hue=240.0).rgb  # type: ignore[attr-defined]
    assert not concept.succeeds(event.after.with_entities(entities), event.attentions)


def test_what_follows_from_the_terms() -> None:
    concept = compose("between", "colour", "region")
    assert concept.name == "between + colour + region"
    assert concept.sets == (1, 0, 0)
    assert concept.num_objects == (3, 12) and concept.usual_objects == (3, 8)
    assert compose("circle", "region", "between", "near").usual_objects == (9, 9)
    assert compose("furthest", "near").num_objects == (3, 12)
    assert not compose("near", "between").held_out
    assert compose(make_concept("at_distance", distance=0.55), "near").held_out


def test_sets_say_who_shares_entities() -> None:
    apart = compose("region", "colour", sets=(0, 1))
    event = apart.sample(np.random.default_rng(1), n_objects=6)
    assert not (event.attentions[0] & event.attentions[1]).any()
    alike = compose("near", "colour", sets=(3, 3))
    event = alike.sample(np.random.default_rng(1), n_objects=6)
    assert np.array_equal(event.attentions[0], event.attentions[1])
    assert alike.succeeds(event.after, event.attentions)


def test_events_follow_from_the_seed() -> None:
    one, other = (draw("figure + region", 7)[1] for _ in range(2))
    assert np.array_equal(one.before.entities, other.before.entities)
    assert np.array_equal(one.attentions, other.attentions)
    different = draw("figure + region", 8)[1]
    assert not np.array_equal(one.before.entities, different.before.entities)


@pytest.mark.parametrize("name", COMPOSITIONS)
def test_scenes_of_the_fewest_and_the_most_objects_can_be_drawn(name: str) -> None:
    concept = random_composition(name, np.random.default_rng(3))
    for n_objects in concept.num_objects:
        event = concept.sample(np.random.default_rng(0), n_objects=n_objects)
        assert event.after.objects.sum() == n_objects


TOO_FEW = "terms of concept 'composed' are 1, expected 2 to 4; compose that many concepts"
NOT_PLACED = (
    "terms[1] of concept 'composed' is concept 'touch', which cannot be composed; "
    "choose concepts that place the cursor, regions, figures or colours"
)
SHARED = (
    "sets=(0, 0) of concept 'composed': between, near take different numbers of entities; "
    "give them sets of their own"
)


@pytest.mark.parametrize(
    ("terms", "sets", "message"),
    [
        (["near"], (), TOO_FEW),
        (["near"] * 5, (), TOO_FEW.replace("1", "5", 1)),
        (["near", "touch"], (), NOT_PLACED),
        (["between", "near"], (0, 0), SHARED),
        (
            ["near", "near"],
            (0,),
            "sets=(0,) of concept 'composed' has 1 entries, expected 2; "
            "give one number for each term",
        ),
        *(
            (
                ["near", "near"],
                sets,
                f"sets={sets} of concept 'composed' must hold whole numbers of at least 0; "
                "terms of one number share their entities",
            )
            for sets in ((-1, 0), (0.5, "a"), (True, 0))
        ),
    ],
)
def test_what_cannot_be_composed_is_refused(terms: list[str], sets: Any, message: str) -> None:
    with pytest.raises(ConceptParameterError) as caught:
        compose(*terms, sets=sets)
    assert str(caught.value) == message


def test_something_that_is_no_concept_is_refused() -> None:
    with pytest.raises(ConceptParameterError) as caught:
        Composed(terms=("near", Near()))  # pyright: ignore[reportArgumentType]
    assert str(caught.value) == NOT_PLACED.replace("terms[1]", "terms[0]").replace(
        "concept 'touch'", "'near'"
    )
    with pytest.raises(UnknownConceptError, match=r"^concept='nearer' is unknown; choose one of "):
        compose("near", "nearer")


def test_terms_that_contradict_each_other_have_no_scene() -> None:
    concept = compose("left_of", RightOf(), sets=(0, 0))
    with pytest.raises(ConceptParameterError) as caught:
        concept.sample(np.random.default_rng(0), n_objects=3)
    assert str(caught.value) == (
        "no scene of 3 objects in which 'left_of + right_of' can hold was found in 1000 draws; "
        "choose terms that agree, or fewer objects"
    )


def test_a_number_of_objects_out_of_range_is_refused() -> None:
    with pytest.raises(ConceptParameterError) as caught:
        compose("square", "colour").sample(np.random.default_rng(0), n_objects=3)
    assert str(caught.value) == (
        "n_objects=3 of concept 'square + colour' is outside [4, 12]; "
        "choose a whole number in that range"
    )


def test_one_attention_for_all_terms_is_refused() -> None:
    concept, event = draw("region + colour", 0)
    with pytest.raises(ShapeError) as caught:
        concept.residual(event.after, event.attention)
    assert str(caught.value) == (
        "attentions has shape (16,), expected (2, 16); pass an array of that shape"
    )
    with pytest.raises(ShapeError, match=r"^attentions has shape \(2, 5\), expected \(2, 16\); "):
        replace(event, attentions=event.attentions[:, :5])


def test_a_composition_has_no_terms_of_its_own_to_draw() -> None:
    with pytest.raises(ConceptParameterError) as caught:
        Composed.random(np.random.default_rng(0))
    assert str(caught.value) == (
        "concept 'composed' has no terms of its own to draw; draw a composition with "
        "conceptgym.envs.concepts.compositions.random_composition(...)"
    )
