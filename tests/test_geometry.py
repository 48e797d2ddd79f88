"""Figures: against complex numbers, brute force over orders, and the world's own nearest state."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
import torch
from agent_scenes import rotation
from hypothesis import given, settings
from hypothesis import strategies as st

from conceptgym.agents.geometry import (
    SIZES,
    SLOTS,
    Alignment,
    align,
    best_orders,
    cross,
    dot,
    find_figure,
    turn,
    used_slots,
)
from conceptgym.envs import EntityState, Event
from conceptgym.envs.concepts.figure import Figure
from conceptgym.envs.concepts.figure_library import as_pairs

SEEDS = st.integers(0, 2**16)
quick = settings(max_examples=25)
CHIRAL = ("L", "zigzag")


def far_first(points: np.ndarray) -> np.ndarray:
    """The same points with the two furthest apart in front, as templates have them."""
    apart = np.abs(points[:, None] - points)
    first, second = divmod(int(apart.argmax()), len(points))
    rest = [k for k in range(len(points)) if k not in (first, second)]
    return points[[first, second, *rest]]


def template_of(points: np.ndarray) -> torch.Tensor:
    """(1, SLOTS, 2) of complex points (k,)."""
    template = torch.zeros(1, SLOTS, 2, dtype=torch.float64)
    template[0, : len(points)] = torch.from_numpy(as_pairs(points))
    return template


def pairs(points: np.ndarray) -> torch.Tensor:
    """(1, k, 2) of complex points (k,)."""
    return torch.from_numpy(as_pairs(points))[None]


def number_of(points: np.ndarray) -> torch.Tensor:
    return torch.tensor([float(len(points))], dtype=torch.float64)


def random_figure(seed: int) -> tuple[Figure, np.ndarray, np.random.Generator]:
    rng = np.random.default_rng(seed)
    figure = Figure.random(rng)
    assert isinstance(figure, Figure)
    return figure, far_first(figure.template), rng


def aligned(state: EntityState, attention: np.ndarray, template: np.ndarray) -> Alignment:
    return align(
        torch.from_numpy(state.positions.astype(np.float64))[None],
        torch.from_numpy(attention.astype(np.float64))[None],
        template_of(template),
        number_of(template),
    )


def scattered(seed: int, *, within: float) -> tuple[Figure, np.ndarray, Event, EntityState]:
    """A figure's event, and its scene with the attended entities anywhere in a square."""
    figure, template, rng = random_figure(seed)
    event = figure.sample(rng, n_objects=min(len(template) + 3, figure.num_objects[1]))
    places = rng.uniform(-within, within, size=(len(template), 2))
    (rows,) = event.attention.nonzero()
    return figure, template, event, event.before.moved(rows, places)


def least_movement(points: np.ndarray, template: np.ndarray) -> float:
    """Least sum of squared moves over all orders, rotations and allowed sizes; plane unbounded."""
    about, found = points - points.mean(), []
    for order in permutations(range(len(points))):
        figure = template[list(order)]
        factor = np.vdot(figure, about) / np.vdot(figure, figure).real
        size = np.clip(abs(factor), *SIZES)
        found.append(np.sum(np.abs(factor / abs(factor) * size * figure - about) ** 2))
    return float(min(found))


@quick
@given(seed=SEEDS)
def test_vectors_multiply_as_complex_numbers_do(seed: int) -> None:
    draw = np.random.default_rng(seed)
    one, other = (draw.normal(size=5) + 1j * draw.normal(size=5) for _ in range(2))
    product = np.conj(one) * other
    np.testing.assert_allclose(dot(pairs(one), pairs(other))[0].numpy(), product.real)
    np.testing.assert_allclose(cross(pairs(one), pairs(other))[0].numpy(), product.imag)
    torch.testing.assert_close(turn(pairs(one), pairs(other)), pairs(one * other))


def test_as_many_slots_are_used_as_there_are_points() -> None:
    found = used_slots(torch.tensor([0.0, 2.0, 3.4, 6.0, 9.0]))
    assert found.sum(1).tolist() == [0.0, 2.0, 3.0, 6.0, 6.0]
    assert (found.diff(dim=1) <= 0).all()


@pytest.mark.parametrize("count", [3, 4, 5, 6])
@pytest.mark.parametrize("seed", range(3))
def test_the_best_order_is_that_of_brute_force(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    points, figure = (rng.normal(size=count) + 1j * rng.normal(size=count) for _ in range(2))
    points, figure = points - points.mean(), figure - figure.mean()
    held = rng.permutation(SLOTS)[:count]  # the points stand in any of the rows
    rows = torch.zeros(1, SLOTS, 2, dtype=torch.float64)
    rows[0, held] = pairs(points)[0]
    valid = torch.zeros(1, SLOTS, dtype=torch.float64)
    valid[0, held] = 1.0
    order = best_orders(rows, template_of(figure), valid, used_slots(number_of(figure)))[0]
    assert sorted(order.tolist()) == list(range(SLOTS))
    slots = order[held].numpy()
    assert slots.max() < count  # a point takes a slot that is used
    best = max(abs(np.vdot(figure[list(p)], points)) for p in permutations(range(count)))
    assert abs(np.vdot(figure[slots], points)) == pytest.approx(best)


@quick
@given(seed=SEEDS)
def test_no_order_rotation_or_size_moves_less(seed: int) -> None:
    _, template, event, state = scattered(seed, within=0.2)
    found = aligned(state, event.attention, template)
    (rows,) = event.attention.nonzero()
    points = state.positions[rows].astype(np.float64) @ np.array([1.0, 1.0j])
    moved = (found.target[0].numpy() - state.positions)[rows]
    expected = least_movement(points, template)
    assert (moved**2).sum() == pytest.approx(expected, rel=1e-5, abs=1e-6)
    target = found.target[0, rows].numpy() @ np.array([1.0, 1.0j])
    size = np.sqrt(np.mean(np.abs(target - target.mean()) ** 2))
    assert SIZES[0] - 1e-6 <= size <= SIZES[1] + 1e-6
    misfit = np.sqrt(expected / len(points)) / size
    assert float(found.misfit[0]) == pytest.approx(misfit, abs=2e-3)


@quick
@given(seed=SEEDS)
def test_it_is_the_nearest_state_that_the_world_knows(seed: int) -> None:
    figure, template, event, state = scattered(seed, within=0.2)
    found = aligned(state, event.attention, template).target[0].numpy()
    nearest = figure.nearest(state, event.attention)
    np.testing.assert_allclose(found, nearest.positions, atol=2e-5)
    others = ~event.attention
    assert np.array_equal(found[others], state.positions[others].astype(np.float64))


@quick
@given(seed=SEEDS)
def test_it_stays_in_the_plane_and_forms_the_figure_anywhere(seed: int) -> None:
    figure, template, event, state = scattered(seed, within=1.0)
    target = aligned(state, event.attention, template).target[0].numpy()
    assert np.abs(target[event.attention]).max() <= 0.95 + 1e-6
    moved = state.moved(np.arange(len(target)), target)
    assert figure.residual(moved, event.attention) <= 1e-3


@quick
@given(seed=SEEDS, angle=st.floats(-3.0, 3.0), x=st.floats(-0.1, 0.1))
def test_it_turns_and_shifts_with_the_scene(seed: int, angle: float, x: float) -> None:
    _, template, event, state = scattered(seed, within=0.15)
    candidates = torch.from_numpy(event.attention.astype(np.float64))[None]
    places = torch.from_numpy(state.positions.astype(np.float64))[None]
    shift = torch.tensor([x, -x], dtype=torch.float64)
    arguments = candidates, template_of(template), number_of(template)
    one = align(places, *arguments)
    other = align(places @ rotation(angle).T + shift, *arguments)
    torch.testing.assert_close(other.misfit, one.misfit)
    torch.testing.assert_close(other.target, one.target @ rotation(angle).T + shift)


@quick
@given(seed=SEEDS, angle=st.floats(-3.0, 3.0))
def test_how_the_template_is_turned_and_ordered_does_not_matter(seed: int, angle: float) -> None:
    _, template, event, state = scattered(seed, within=0.2)
    order = np.random.default_rng(seed).permutation(len(template))
    other = (template * np.exp(1j * angle))[order]
    one, two = (aligned(state, event.attention, each) for each in (template, other))
    torch.testing.assert_close(two.target, one.target, atol=1e-6, rtol=0)


def test_what_has_no_candidates_stays_as_it_is() -> None:
    places = torch.rand(2, 8, 2, dtype=torch.float64)
    found = align(
        places,
        torch.zeros(2, 8, dtype=torch.float64),
        template_of(far_first(Figure().template)).expand(2, -1, -1),
        torch.tensor([4.0, 0.0], dtype=torch.float64),
    )
    assert torch.equal(found.target, places)
    assert torch.isfinite(found.misfit).all()


def hidden(
    figure: Figure, seed: int, *, mirrored: bool = False
) -> tuple[Event, torch.Tensor, torch.Tensor]:
    """A scene that hides a figure: its event, and what `find_figure` says of it."""
    event = figure.sample(np.random.default_rng(seed), n_objects=len(figure.template) + 2)
    template = far_first(figure.template.conj() if mirrored else figure.template)
    membership, misfit = find_figure(
        torch.from_numpy(event.shown.positions.astype(np.float64))[None],
        torch.from_numpy(event.shown.objects.astype(np.float64))[None],
        template_of(template),
        number_of(template),
    )
    return event, membership[0], misfit[0]


@pytest.mark.parametrize("seed", range(20))
def test_a_hidden_figure_is_found(seed: int) -> None:
    figure, template, _ = random_figure(seed)
    if len(template) == 3:  # scenes of triangles hold few objects
        figure = Figure()
    event, membership, misfit = hidden(figure, seed)
    assert np.array_equal(membership.numpy() > 0.5, event.attention)  # softly: others come near
    assert misfit < 1e-3


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("points", CHIRAL)
def test_a_mirror_image_is_another_figure(points: str, seed: int) -> None:
    _, membership, misfit = hidden(Figure(points=points), seed)
    _, mirrored, other = hidden(Figure(points=points), seed, mirrored=True)
    assert misfit < 1e-3 < 0.1 < other
    assert not torch.allclose(membership, mirrored, atol=0.1)


@quick
@given(seed=SEEDS, angle=st.floats(-3.0, 3.0), order=st.permutations(range(9)))
def test_the_search_turns_and_sorts_with_the_scene(
    seed: int, angle: float, order: list[int]
) -> None:
    rng = np.random.default_rng(seed)
    places = torch.from_numpy(rng.uniform(-0.9, 0.9, size=(1, 9, 2)))
    candidates = torch.from_numpy((rng.random((1, 9)) < 0.8).astype(np.float64))
    template = far_first(random_figure(seed)[1])
    arguments = template_of(template), number_of(template)
    membership, misfit = find_figure(places, candidates, *arguments)
    there = (places @ rotation(angle).T)[:, order]
    other, same = find_figure(there, candidates[:, order], *arguments)
    torch.testing.assert_close(same, misfit)
    torch.testing.assert_close(other, membership[:, order])
    assert (membership >= 0.0).all() and (membership <= 1.0 + 1e-9).all()
    assert not membership[candidates == 0.0].any()


def test_figures_too_small_to_count_are_not_found() -> None:
    """A square of RMS radius 0.1 is a square, but no figure of the least size."""
    square = far_first(Figure().template)
    one = torch.ones(1, SLOTS, dtype=torch.float64)
    one[0, 4:] = 0.0
    misfits = []
    for size in (0.1, 0.3):
        places = torch.zeros(1, SLOTS, 2, dtype=torch.float64)
        places[0, :4] = pairs(size * square)[0]
        misfits.append(float(find_figure(places, one, template_of(square), number_of(square))[1]))
    assert misfits[1] < 1e-3 < 1.0 < misfits[0]
