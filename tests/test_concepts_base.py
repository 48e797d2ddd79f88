"""What every concept's sampler draws, held against the judges, and what all of them refuse."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from concept_scenes import RELATIONAL, SIMPLE, events, make_scene, rows, sizes
from hypothesis import given, settings
from hypothesis import strategies as st

from conceptgym.envs import CONCEPTS, MAX_ENTITIES, Concept, Event, ParticleEnv, make_concept
from conceptgym.envs.concepts.base import with_cursor
from conceptgym.envs.concepts.sampling import CURSOR_REGION, OBJECT_REGION, OBJECT_SPACING
from conceptgym.envs.entities import COLOUR, CURSOR, POSITION
from conceptgym.envs.errors import ConceptParameterError, NonFiniteError, ShapeError

SIZES = [(name, n) for name in CONCEPTS for n in sizes(name)]
all_concepts = pytest.mark.parametrize("name", CONCEPTS)
few = settings(max_examples=25)


def draw_events(name: str, n_objects: int, count: int) -> list[tuple[Concept, Event]]:
    """Seeded events of a size, each with parameters of its own."""
    rng = np.random.default_rng(n_objects)
    kinds = [CONCEPTS[name].random(rng) for _ in range(count)]
    return [
        (concept, concept.sample(rng, n_objects=int(np.clip(n_objects, *concept.num_objects))))
        for concept in kinds
    ]


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
        assert not (moved & ~after.movable).any() and not (painted & ~after.paintable).any()
        assert moved.any() or painted.any()
        np.testing.assert_array_equal(before.entities[:, CURSOR:], after.entities[:, CURSOR:])


@pytest.mark.parametrize("name", SIMPLE)
def test_features_that_may_be_edited_are_positions_or_colours(name: str) -> None:
    """Generate moves the cursor, but colour paints the attended, and region moves them."""
    event = make_concept(name).sample(np.random.default_rng(0), n_objects=3)
    changed = event.before.entities != event.after.entities
    where = COLOUR if name == "colour" else POSITION
    edited = rows(event.after.cursor) if name in RELATIONAL else event.attention
    np.testing.assert_array_equal(changed[:, where].any(axis=1), edited)
    movable, paintable = event.after.movable, event.after.paintable
    np.testing.assert_array_equal(paintable if name == "colour" else movable, edited)
    assert not (movable if name == "colour" else paintable).any()
    changed[:, where] = False
    assert not changed.any()


@pytest.mark.parametrize(("name", "n_objects"), SIZES)
def test_scenes_are_laid_out_as_documented(name: str, n_objects: int) -> None:
    for concept, event in draw_events(name, n_objects, 10):
        count = int(np.clip(n_objects, *concept.num_objects))
        for state in (event.before, event.after):
            assert state.entities.dtype == np.float32
            assert state.objects.sum() == count
            assert state.present.sum() == count + 1 + state.zones.sum()
            assert not state.entities[~state.present].any()
            assert np.abs(state.positions[state.objects]).max() <= OBJECT_REGION + 1e-6
            assert np.abs(state.positions[state.cursor]).max() <= CURSOR_REGION + 1e-6
            assert state.colours.min() >= 0.0 and state.colours.max() <= 1.0
        low, high = concept.num_attended
        assert low <= event.attention.sum() <= high
        assert not (event.attention & ~(event.after.objects | event.after.zones)).any()


@pytest.mark.parametrize(("name", "n_objects"), [size for size in SIZES if size[0] in SIMPLE])
def test_objects_stand_apart(name: str, n_objects: int) -> None:
    """In regions somewhat closer: there is room for three in the smallest."""
    least = 0.25 if name == "region" else OBJECT_SPACING
    for _, event in draw_events(name, n_objects, 10):
        for state in (event.before, event.after):
            placed = state.positions[state.objects]
            gaps = [np.linalg.norm(a - b) for a, b in combinations(placed, 2)]
            assert min(gaps) >= least - 1e-6


@pytest.mark.parametrize("name", SIMPLE)
@few
@given(st.data())
def test_the_concept_holds_for_no_other_attention(name: str, data: st.DataObject) -> None:
    concept, event = data.draw(events(name))
    low, high = concept.num_attended
    objects = np.flatnonzero(event.after.objects).tolist()
    for size in range(low, high + 1):
        for chosen in combinations(objects, size):
            part = not (rows(*chosen) & ~event.attention).any()
            # Some of several objects in a region are in it too; no others are.
            meant = part if name == "region" else np.array_equal(rows(*chosen), event.attention)
            assert concept.succeeds(event.after, rows(*chosen)) == meant


@all_concepts
def test_the_same_seed_gives_the_same_bits(name: str) -> None:
    concept = make_concept(name)
    n_objects = concept.num_objects[1]
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
    concept = make_concept(name)
    low, high = concept.num_objects
    for n_objects in (low - 1, high + 1, low + 0.5, float(high), "a"):
        with pytest.raises(ConceptParameterError) as error:
            concept.sample(np.random.default_rng(0), n_objects=n_objects)  # type: ignore
        assert str(error.value) == (
            f"n_objects={n_objects!r} of concept '{name}' is outside [{low}, {high}]; "
            "choose a whole number in that range"
        )


@pytest.mark.parametrize("name", [name for name in CONCEPTS if name != "quantity"])
def test_a_wrong_number_of_attended_objects_is_refused(name: str) -> None:
    """All but quantity, which attends a zone."""
    concept = make_concept(name)
    low, high = concept.num_attended
    scene = make_scene((0, 0), [(0.1 * number, 0.5) for number in range(8)])
    # Row 0 is the cursor and row 15 is absent: neither counts.
    for attended in ((0, 15), tuple(range(high + 2))):
        count = len(set(attended) - {0, 15})
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
        "attention has shape (3,), expected (16,); pass an array of that shape"
    )
    with pytest.raises(NonFiniteError) as value:
        make_concept(name).residual(scene, np.full(MAX_ENTITIES, np.nan))
    assert str(value.value) == (
        "attention holds nan at index (0,); every entry must be a finite number"
    )


@all_concepts
def test_the_usual_sizes_can_be_sampled_and_are_small(name: str) -> None:
    (low, high), (fewest, most) = CONCEPTS[name].usual_objects, CONCEPTS[name].num_objects
    assert max(low, fewest) <= min(high, most) and high <= 8


@pytest.mark.parametrize(("name", "sizes"), [("between", range(2, 6)), ("furthest", range(2, 7))])
def test_a_world_asked_for_no_size_shows_the_usual_ones(name: str, sizes: range) -> None:
    env = ParticleEnv(name)
    env.reset(seed=0)
    drawn = set()
    for _ in range(60):
        env.reset()
        drawn.add(int(env.state.objects.sum()))
    assert drawn == set(sizes)


@pytest.mark.parametrize("name", [name for name in SIMPLE if CONCEPTS[name].held_out_ranges])
def test_a_fifth_of_each_range_is_held_out(name: str) -> None:
    kind = CONCEPTS[name]
    assert set(kind.held_out_ranges) == set(kind.parameter_ranges)
    for parameter, parts in kind.held_out_ranges.items():
        low, high = kind.parameter_ranges[parameter]
        assert sum(end - start for start, end in parts) == pytest.approx(0.2 * (high - low))
        assert all(low <= start < end <= high for start, end in parts)


@pytest.mark.parametrize("name", ["near", "region"])
def test_a_split_that_a_concept_lacks_is_refused(name: str) -> None:
    with pytest.raises(ConceptParameterError) as error:
        CONCEPTS[name].random(np.random.default_rng(0), split="held_out")
    assert str(error.value) == (
        f"split='held_out' is unknown for concept '{name}'; choose one of any, train"
    )


def test_a_cursor_is_put_in_the_plane_where_it_may_be_moved() -> None:
    scene = make_scene((0.1, 0.2), [(0.5, 0.5)])
    assert with_cursor(scene, np.array([0.3, 0.3])) is scene
    movable = replace(scene, movable=rows(0))
    assert with_cursor(movable, np.array([0.1, 0.2])) is movable
    moved = with_cursor(movable, np.array([3.0, -0.2]))
    np.testing.assert_allclose(moved.positions[0], (CURSOR_REGION, -0.2))
    np.testing.assert_array_equal(moved.entities[1:], scene.entities[1:])
