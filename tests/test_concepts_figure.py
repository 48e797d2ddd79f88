"""figure: what forms it, what does not, its parameters, and the nearest state."""

from __future__ import annotations

import json

import numpy as np
import pytest
from concept_scenes import make_scene, rows
from hypothesis import given, settings
from hypothesis import strategies as st

from conceptgym.envs import EntityState, make_concept
from conceptgym.envs.concepts.figure import Figure
from conceptgym.envs.concepts.figure_library import (
    FIGURES,
    HELD_OUT,
    NAMED,
    as_complex,
    as_pairs,
    normalised,
)
from conceptgym.envs.errors import ConceptParameterError, ShapeError

SEEDS = st.integers(0, 2**32 - 1)
few = settings(max_examples=40)
all_figures = pytest.mark.parametrize("name", FIGURES)
ASIDE = (0.9, -0.9)


def scene(points: np.ndarray) -> tuple[EntityState, np.ndarray]:
    """A scene of complex points, all attended, and one object aside."""
    state = make_scene((0.0, 0.9), [*as_pairs(points).tolist(), ASIDE])
    return state, rows(*range(1, len(points) + 1))


def residual(concept: Figure, points: np.ndarray) -> float:
    return concept.residual(*scene(points))


def random_pose(rng: np.random.Generator, low: float = 0.2, high: float = 0.6) -> complex:
    return rng.uniform(low, high) * np.exp(1j * rng.uniform(0.0, 2.0 * np.pi))


@all_figures
@few
@given(seed=SEEDS)
def test_the_figure_holds_in_any_pose_and_order(name: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    concept = Figure(points=name)
    points = rng.permutation(random_pose(rng) * concept.template + complex(*rng.normal(size=2)))
    assert residual(concept, points) == pytest.approx(0.0, abs=1e-5)


@few
@given(SEEDS, st.integers(3, 6))
def test_the_residual_of_any_points_is_the_same_in_any_pose(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    drawn = rng.normal(size=(count, 2)) + np.arange(count)[:, None]
    concept = Figure(points=normalised(drawn))
    points = concept.template + 0.1 * as_complex(rng.normal(size=(count, 2)))
    expected = residual(concept, 0.5 * points)
    posed = rng.permutation(random_pose(rng, 0.3) * points + complex(*rng.normal(size=2)))
    assert residual(concept, posed) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("name", ["L", "zigzag"])
def test_the_mirror_image_is_another_figure(name: str) -> None:
    concept = Figure(points=name)
    mirrored = Figure(points=tuple((-x, y) for x, y in FIGURES[name]))
    assert residual(concept, 0.4 * concept.template.conj()) > 2 * concept.tolerance
    assert residual(mirrored, 0.4 * concept.template.conj()) < 1e-5


@all_figures
@few
@given(seed=SEEDS)
def test_clumps_fail(name: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    concept = Figure(points=name)
    tight = 0.03 * as_complex(rng.normal(size=(len(concept.template), 2)))
    assert residual(concept, tight) > 2 * concept.tolerance
    assert residual(concept, np.full(len(tight), 0.2 + 0.1j)) == pytest.approx(1.0, abs=1e-5)
    halves = np.where(np.arange(len(tight)) % 2, 0.4, -0.4) + 0.05 * tight
    assert residual(concept, halves) > concept.tolerance  # two heaps, large as a whole


@pytest.mark.parametrize(
    ("name", "points"),
    [
        ("line", [0, 1, 2, 4]),
        ("line", [0, 1, 3.2, 4.2]),
        ("line", [0, 1, 2 + 1j, 3 + 1j]),
        ("square", [0, 2, 2 + 1j, 1j]),
        ("square", [0, 1, 1.5 + 1j, 0.5 + 1j]),
        ("triangle", [0, 1, 0.5 + 0.5j]),
        ("triangle", [0, 1, 2]),
        ("V", [0, 1, 2, 3, 4]),
    ],
)
def test_wrong_spacing_fails(name: str, points: list[complex]) -> None:
    placed = np.array(points, dtype=complex)
    placed *= 0.4 / np.abs(placed - placed.mean()).mean()
    assert not Figure(points=name).succeeds(*scene(placed))


@few
@given(SEEDS, st.floats(0.0, 0.3), st.floats(0.2, 0.6))
def test_a_pattern_orthogonal_to_the_square_is_all_misfit(
    seed: int, share: float, size: float
) -> None:
    concept = Figure(points="square")
    rng = np.random.default_rng(seed)
    # The alternating pattern has no mean and no overlap with the square: no pose takes it up.
    pattern = np.exp(1j * rng.uniform(0.0, 2.0 * np.pi)) * np.array([1.0, -1.0, 1.0, -1.0])
    points = size * (concept.template + share * pattern)
    assert residual(concept, points) == pytest.approx(share, abs=1e-5)
    assert concept.succeeds(*scene(points)) == (share <= 0.2) or abs(share - 0.2) < 1e-4


@all_figures
@pytest.mark.parametrize(
    ("size", "expected"), [(0.5, 0.0), (0.18, 0.0), (0.15, 1 / 6), (0.14, 2 / 9), (0.09, 0.5)]
)
def test_small_figures_lack_size(name: str, size: float, expected: float) -> None:
    concept = Figure(points=name)
    assert residual(concept, size * concept.template) == pytest.approx(expected, abs=1e-5)


def test_as_many_as_the_figure_has_points_are_attended() -> None:
    state, attention = scene(0.4 * Figure(points="square").template)
    with pytest.raises(ShapeError) as caught:
        Figure(points="pentagon").residual(state, attention)
    assert str(caught.value) == (
        "attention marks 4 objects, but concept 'figure' takes 5 to 5; mark that many"
    )


@all_figures
def test_parameters_survive_a_round_trip(name: str) -> None:
    concept = make_concept("figure", points=name)
    again = make_concept("figure", **concept.parameters)
    assert again == concept and hash(again) == hash(concept)
    assert make_concept("figure", **json.loads(json.dumps(concept.parameters))) == concept
    assert concept.parameters == {"points": FIGURES[name]}
    assert concept.held_out == (name in HELD_OUT)
    count = len(FIGURES[name])
    assert concept.num_attended == (count, count)
    assert concept.num_objects == (count + 1, 7 if count == 3 else 12)  # one stands by


def test_the_class_says_what_the_default_figure_says() -> None:
    default = Figure()
    assert Figure.num_attended == default.num_attended
    assert Figure.num_objects == default.num_objects
    assert default.points == FIGURES["square"]


def test_bad_points_are_refused_on_making() -> None:
    with pytest.raises(ConceptParameterError, match="is no figure of the library"):
        make_concept("figure", points="star")


def test_too_few_objects_are_refused() -> None:
    with pytest.raises(ConceptParameterError) as caught:
        Figure(points="circle").sample(np.random.default_rng(0), n_objects=6)
    assert str(caught.value) == (
        "n_objects=6 of concept 'figure' is outside [7, 12]; choose a whole number in that range"
    )


def test_the_splits_do_not_meet() -> None:
    rng = np.random.default_rng(0)
    train = [Figure.random(rng, split="train") for _ in range(100)]
    held_out = [Figure.random(rng, split="held_out") for _ in range(140)]
    assert not any(concept.held_out for concept in train)
    assert all(concept.held_out for concept in held_out)
    drawn = [concept.parameters["points"] for concept in held_out]
    assert all(drawn.count(FIGURES[name]) >= 8 for name in HELD_OUT)  # 20 expected
    shares = np.mean([Figure.random(rng).held_out for _ in range(400)])
    assert 0.13 < shares < 0.27
    assert Figure.splits() == ("any", "train", "held_out")


def test_an_unknown_split_is_refused() -> None:
    with pytest.raises(ConceptParameterError) as caught:
        Figure.random(np.random.default_rng(0), split="test")
    assert str(caught.value) == (
        "split='test' is unknown for concept 'figure'; choose one of any, train, held_out"
    )


def random_start(rng: np.random.Generator, count: int) -> tuple[EntityState, np.ndarray]:
    return scene(as_complex(rng.uniform(-1.0, 1.0, size=(count, 2))))


@few
@given(SEEDS)
def test_the_nearest_state_holds_the_figure_exactly(seed: int) -> None:
    rng = np.random.default_rng(seed)
    concept = Figure.random(rng)
    assert isinstance(concept, Figure)
    state, attention = random_start(rng, len(concept.template))
    near = concept.nearest(state, attention)
    assert concept.residual(near, attention) < 1e-5
    assert np.abs(near.positions[attention]).max() <= 0.95 + 1e-6
    placed = as_complex(near.positions[attention])
    assert 0.22 - 1e-6 <= np.sqrt((np.abs(placed - placed.mean()) ** 2).mean()) <= 0.5 + 1e-6
    np.testing.assert_array_equal(near.entities[~attention], state.entities[~attention])
    np.testing.assert_array_equal(near.colours, state.colours)
    assert concept.nearest(near, attention) is near
    np.testing.assert_array_equal(near.entities, concept.nearest(state, attention).entities)


@few
@given(SEEDS)
def test_no_other_figure_is_nearer(seed: int) -> None:
    """Against many figures: at random, and all around the one found."""
    rng = np.random.default_rng(seed)
    concept = Figure.random(rng)
    assert isinstance(concept, Figure)
    template, count = concept.template, len(concept.template)
    points = 0.6 * as_complex(rng.uniform(-1.0, 1.0, size=(count, 2)))  # the nearest is inside
    state, attention = scene(points)
    found = as_complex(concept.nearest(state, attention).positions[attention])
    least = (np.abs(found - points) ** 2).sum()
    turns = np.exp(1j * rng.uniform(0.0, 2.0 * np.pi, size=4000))
    sizes = rng.uniform(0.22, 0.5, size=4000)
    centres = points.mean() + 0.1 * as_complex(rng.normal(size=(4000, 2)))
    shuffled = rng.permuted(np.tile(template, (4000, 1)), axis=1)
    others = (turns * sizes)[:, None] * shuffled + centres[:, None]
    assert (np.abs(others - points) ** 2).sum(axis=1).min() >= least - 1e-6
    middle = found.mean()
    size = np.sqrt((np.abs(found - middle) ** 2).mean())
    grown = np.clip(size * (1.0 + 0.01 * rng.normal(size=4000)), 0.22, 0.5) / size
    nudged = (
        middle
        + (0.01 * as_complex(rng.normal(size=(4000, 2))))[:, None]
        + (grown * np.exp(0.01j * rng.normal(size=4000)))[:, None] * (found - middle)
    )
    assert (np.abs(nudged - points) ** 2).sum(axis=1).min() >= least - 1e-6


@few
@given(SEEDS, st.floats(0.3, 0.5))
def test_small_moves_off_a_figure_are_undone(seed: int, size: float) -> None:
    rng = np.random.default_rng(seed)
    concept = Figure(points="square")
    pattern = 0.1 * np.array([1.0, -1.0, 1.0, -1.0])  # no pose takes it up
    figure = size * np.exp(1j * rng.uniform(0.0, 6.0)) * concept.template
    state, attention = scene(figure + size * pattern)
    found = as_complex(concept.nearest(state, attention).positions[attention])
    np.testing.assert_allclose(found, figure, atol=1e-6)


@all_figures
def test_one_spot_in_a_corner_spreads_to_the_least_figure_inside(name: str) -> None:
    concept = Figure(points=name)
    state, attention = scene(np.full(len(concept.template), 1.0 + 1.0j))
    near = concept.nearest(state, attention)
    assert concept.residual(near, attention) < 1e-5
    placed = near.positions[attention]
    np.testing.assert_allclose(placed.max(axis=0), 0.95, atol=1e-6)


@all_figures
def test_only_the_attended_move(name: str) -> None:
    concept = Figure(points=name)
    event = concept.sample(np.random.default_rng(0), n_objects=7)
    np.testing.assert_array_equal(event.after.movable, event.attention)
    assert not event.after.paintable.any()
    moved = (event.before.entities != event.after.entities).any(axis=1)
    np.testing.assert_array_equal(moved, event.attention)
    assert concept.nearest(event.after, event.attention) is event.after


@few
@given(SEEDS)
def test_before_the_attended_lie_apart_and_form_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    concept = Figure.random(rng)
    event = concept.sample(rng, n_objects=int(rng.integers(concept.num_objects[0], 8)))
    assert concept.residual(event.before, event.attention) > 1.5 * concept.tolerance
    placed = as_complex(event.before.positions[event.before.objects])
    away = np.abs(placed[:, None] - placed) + np.eye(len(placed))
    assert away.min() >= 0.2 - 1e-6
    assert np.abs(event.before.positions).max() <= 0.95


def test_named_figures_are_no_held_out_ones() -> None:
    assert not any(Figure(points=name).held_out for name in NAMED)
    assert Figure(points=normalised([(x, -2 * y) for x, y in FIGURES["line"]])).held_out is False
