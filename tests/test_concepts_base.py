"""What every concept's sampler draws, held against the judges, and what all of them refuse."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from concept_scenes import events, make_scene, rows
from hypothesis import given, settings
from hypothesis import strategies as st

from conceptgym.envs import CONCEPTS, MAX_ENTITIES, Concept, Event, make_concept
from conceptgym.envs.concepts.sampling import CURSOR_REGION, OBJECT_REGION, OBJECT_SPACING
from conceptgym.envs.entities import COLOUR, POSITION
from conceptgym.envs.errors import ConceptParameterError, NonFiniteError, ShapeError

SIZES = [
    (name, n) for name, kind in CONCEPTS.items() for n in range(*np.add(kind.num_objects, (0, 1)))
]
all_concepts = pytest.mark.parametrize("name", CONCEPTS)
few = settings(derandomize=True, deadline=None, max_examples=25)


def draw_events(name: str, n_objects: int, count: int) -> list[tuple[Concept, Event]]:
    """Seeded events of a size, each with parameters of its own."""
    rng = np.random.default_rng(n_objects)
    kinds = [CONCEPTS[name].random(rng) for _ in range(count)]
    return [(concept, concept.sample(rng, n_objects=n_objects)) for concept in kinds]


@pytest.mark.parametrize(("name", "n_objects"), SIZES)
def test_the_samplers_scenes_pass_the_independent_test(name: str, n_objects: int) -> None:
    for concept, event in draw_events(name, n_objects, 25):
        assert concept.succeeds(event.after, event.attention)
        assert not concept.succeeds(event.before, event.attention)


@pytest.mark.parametrize(("name", "n_objects"), SIZES)
def test_before_and_after_differ_only_in_what_may_be_edited(name: str, n_objects: int) -> None:
    for _, event in draw_events(name, n_objects, 25):
        before, after = event.before, event.after
        for mask in ("present", "movable", "paintable"):
            np.testing.assert_array_equal(getattr(before, mask), getattr(after, mask))
        moved = (before.positions != after.positions).any(axis=1)
        painted = (before.colours != after.colours).any(axis=1)
        np.testing.assert_array_equal(moved, after.movable)
        np.testing.assert_array_equal(painted, after.paintable)
        np.testing.assert_array_equal(before.entities[:, 5], after.entities[:, 5])


def test_features_that_may_be_edited_are_positions_or_colours() -> None:
    """Generate moves the cursor; only colour paints, and paints the attended."""
    for name in CONCEPTS:
        event = make_concept(name).sample(np.random.default_rng(0), n_objects=3)
        changed = event.before.entities != event.after.entities
        where = COLOUR if name == "colour" else POSITION
        edited = event.attention if name == "colour" else rows(event.after.cursor)
        np.testing.assert_array_equal(changed[:, where].any(axis=1), edited)
        changed[:, where] = False
        assert not changed.any()


@pytest.mark.parametrize(("name", "n_objects"), SIZES)
def test_scenes_are_laid_out_as_documented(name: str, n_objects: int) -> None:
    for _, event in draw_events(name, n_objects, 10):
        for state in (event.before, event.after):
            assert state.entities.dtype == np.float32
            assert state.present.sum() == n_objects + 1 and state.objects.sum() == n_objects
            assert not state.entities[~state.present].any()
            assert np.abs(state.positions[state.objects]).max() <= OBJECT_REGION + 1e-6
            assert np.abs(state.positions[state.cursor]).max() <= CURSOR_REGION + 1e-6
            assert state.colours.min() >= 0.0 and state.colours.max() <= 1.0
            placed = state.positions[state.objects]
            gaps = [np.linalg.norm(a - b) for a, b in combinations(placed, 2)]
            assert min(gaps) >= OBJECT_SPACING - 1e-6
        low, high = CONCEPTS[name].num_attended
        assert low <= event.attention.sum() <= high
        assert not (event.attention & ~event.after.objects).any()


@all_concepts
@few
@given(st.data())
def test_the_concept_holds_for_no_other_attention(name: str, data: st.DataObject) -> None:
    concept, event = data.draw(events(name))
    low, high = concept.num_attended
    objects = np.flatnonzero(event.after.objects).tolist()
    for size in range(low, high + 1):
        for chosen in combinations(objects, size):
            meant = np.array_equal(rows(*chosen), event.attention)
            assert concept.succeeds(event.after, rows(*chosen)) == meant


@all_concepts
def test_the_same_seed_gives_the_same_bits(name: str) -> None:
    concept, n_objects = make_concept(name), CONCEPTS[name].num_objects[1]
    one, same, other = (
        concept.sample(np.random.default_rng(seed), n_objects=n_objects) for seed in (3, 3, 4)
    )
    for state in ("before", "after"):
        for array in ("entities", "present", "movable", "paintable"):
            found = getattr(getattr(same, state), array)
            np.testing.assert_array_equal(found, getattr(getattr(one, state), array))
    np.testing.assert_array_equal(one.attention, same.attention)
    assert (one.after.entities != other.after.entities).any()


@all_concepts
def test_sizes_out_of_range_are_refused(name: str) -> None:
    low, high = CONCEPTS[name].num_objects
    for n_objects in (low - 1, high + 1):
        with pytest.raises(ConceptParameterError) as error:
            make_concept(name).sample(np.random.default_rng(0), n_objects=n_objects)
        assert str(error.value) == (
            f"n_objects={n_objects} of concept '{name}' is outside [{low}, {high}]; "
            "choose a number in that range"
        )


@all_concepts
def test_a_wrong_number_of_attended_objects_is_refused(name: str) -> None:
    concept = make_concept(name)
    low, high = concept.num_attended
    scene = make_scene((0, 0), [(0.5, 0.5), (-0.5, 0.5), (-0.5, -0.5), (0.5, -0.5)])
    # Row 0 is the cursor and row 8 is absent: neither counts.
    for attended in ((0, 8), tuple(range(high + 2))):
        count = len(set(attended) - {0, 8})
        with pytest.raises(ShapeError) as error:
            concept.residual(scene, rows(*attended))
        assert str(error.value) == (
            f"attention marks {count} objects, but concept '{name}' takes {low} to {high}; "
            "mark that many"
        )


@all_concepts
def test_attentions_of_other_shapes_and_nan_are_refused(name: str) -> None:
    scene = make_scene((0, 0), [(0.5, 0.5), (-0.5, 0.5)])
    with pytest.raises(ShapeError) as shape:
        make_concept(name).succeeds(scene, np.ones(3, dtype=bool))
    assert str(shape.value) == (
        "attention has shape (3,), expected (9,); pass an array of that shape"
    )
    with pytest.raises(NonFiniteError) as value:
        make_concept(name).residual(scene, np.full(MAX_ENTITIES, np.nan))
    assert str(value.value) == (
        "attention holds nan at index (0,); every entry must be a finite number"
    )
