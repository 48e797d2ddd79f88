"""Potentials: half squared violations, felt by what may be moved only, in line with differences."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
import pytest
import torch
from agent_scenes import random_scene, turned
from hypothesis import given, settings
from hypothesis import strategies as st

from conceptgym.agents.config import InferenceConfig
from conceptgym.agents.generate import generate
from conceptgym.agents.potentials import (
    keep_apart,
    keep_in_ring,
    keep_out_band,
    keep_out_disc,
    minimum_distance,
    wall,
)
from conceptgym.agents.scene import Scene
from conceptgym.agents.terms import Term
from conceptgym.envs import MAX_ENTITIES, EntityState, make_concept
from conceptgym.envs.errors import ConfigError, NonFiniteError, ShapeError

SEEDS = st.integers(0, 10_000)
TERMS: dict[str, Callable[[], Term]] = {
    "disc": lambda: keep_out_disc((0.1, -0.2), 0.9, weight=2.0),
    "band": lambda: keep_out_band((-0.6, -0.3), (0.5, 0.4), 0.7),
    "wall": lambda: wall((0.1, 0.2), (1.0, -2.0), weight=0.5),
    "distance": lambda: minimum_distance(0.8, weight=3.0),
    "ring": lambda: keep_in_ring((-0.2, 0.3), 0.5, 0.8, weight=2.0),
    "apart": lambda: keep_apart(np.full(MAX_ENTITIES, 0.35), 0.1, weight=2.0),
}
SIZES = np.array([0.2, 0.3, 0.0, 0.25, 0.15, 0.0, 0.3, 0.1, 0.2])


def radii(*values: float) -> np.ndarray:
    """Those of the first rows; the others hold nothing solid."""
    return np.pad(np.asarray(values, dtype=np.float64), (0, MAX_ENTITIES - len(values)))


def scene_of_two(first: tuple[float, float], second: tuple[float, float]) -> Scene:
    """A movable cursor and a fixed object, float64."""
    entities = torch.zeros(1, 2, 7, dtype=torch.float64)
    entities[0, :, :2] = torch.tensor([first, second], dtype=torch.float64)
    entities[0, 0, 5] = 1.0
    ones, cursor = torch.ones(1, 2).double(), entities[..., 5]
    return Scene(
        entities=entities, attention=1 - cursor, present=ones, movable=cursor, paintable=0 * ones
    )


def gradient(term: Term, scene: Scene) -> torch.Tensor:
    entities = scene.entities.clone().requires_grad_(True)
    (found,) = torch.autograd.grad(term(scene.replace(entities=entities)).sum(), entities)
    return found


@pytest.mark.parametrize("name", TERMS)
@settings(max_examples=20)
@given(seed=SEEDS)
def test_gradients_are_those_of_differences(name: str, seed: int) -> None:
    term, scene = TERMS[name](), random_scene(seed)
    editable = torch.zeros_like(scene.entities)
    editable[..., :2] = (scene.movable * scene.present)[..., None]
    found, step = gradient(term, scene), 1e-6
    for index in torch.nonzero(editable).tolist():
        moved = []
        for sign in (-1, 1):
            entities = scene.entities.clone()
            entities[*index] += sign * step
            moved.append(float(term(scene.replace(entities=entities)).sum()))
        assert found[*index] == pytest.approx((moved[1] - moved[0]) / (2 * step), abs=1e-4)


@pytest.mark.parametrize("name", TERMS)
@settings(max_examples=20)
@given(seed=SEEDS)
def test_only_positions_of_what_may_be_moved_are_pushed(name: str, seed: int) -> None:
    scene = random_scene(seed)
    found = gradient(TERMS[name](), scene)
    assert torch.all(found[..., 2:] == 0)
    assert torch.all(found[(scene.movable * scene.present) == 0] == 0)


@pytest.mark.parametrize("name", TERMS)
@settings(max_examples=20)
@given(seed=SEEDS)
def test_rows_count_one_by_one_and_their_order_does_not(name: str, seed: int) -> None:
    term, scene = TERMS[name](), random_scene(seed, rows=9)
    energy = term(scene)
    assert energy.shape == (2,) and torch.all(energy >= 0)
    order = torch.randperm(9, generator=torch.Generator().manual_seed(seed))
    torch.testing.assert_close(term(scene.map(lambda value: value[:, order])), energy)
    torch.testing.assert_close(term(scene.map(lambda value: value[:1])), energy[:1])
    nothing = scene.replace(movable=torch.zeros_like(scene.movable))
    assert torch.all(term(nothing) == 0)


@pytest.mark.parametrize(
    ("term", "violation"),
    [
        (keep_out_disc((0.0, 0.0), 0.3), 0.1),  # 0.2 from the centre
        (keep_out_disc((0.0, 0.0), 0.2), 0.0),
        (keep_out_band((-0.5, 0.1), (0.5, 0.1), 0.15), 0.05),  # 0.1 above it
        (keep_out_band((-0.5, 0.0), (-0.1, 0.0), 0.5), 0.2),  # 0.3 from its end
        (keep_in_ring((0.0, 0.0), 0.3, 0.5), 0.1),  # too near to the centre
        (keep_in_ring((0.0, 0.0), 0.0, 0.15), 0.05),  # too far from it
        (keep_in_ring((0.0, 0.0), 0.1, 0.3), 0.0),
        (wall((0.5, 0.0), (3.0, 0.0)), 0.3),
        (wall((0.5, 0.7), (-1.0, 0.0)), 0.0),
        (wall((0.0, 0.2), (0.0, 1.0)), 0.2),
        (minimum_distance(0.5), 0.2),  # the object is 0.3 to the right
        (minimum_distance(0.3), 0.0),
        (keep_apart(radii(0.2, 0.15), 0.05), 0.1),
        (keep_apart(radii(0.2, 0.15), 0.0), 0.05),
        (keep_apart(radii(0.15, 0.1), 0.05), 0.0),
        (keep_apart(radii(0.2, 0.0), 5.0), 0.0),  # the object is not solid
    ],
)
def test_the_energy_is_half_the_squared_violation(term: Term, violation: float) -> None:
    scene = scene_of_two((0.2, 0.0), (0.5, 0.0))
    assert float(term(scene)) == pytest.approx(0.5 * violation**2, abs=1e-9)


@pytest.mark.parametrize(
    ("make", "given"),
    [
        (lambda point: keep_out_disc(point, 0.3), (0.0, 0.0)),
        (lambda point: keep_out_band(point, (0.0, 0.1), 0.3), (0.0, 0.0)),
        (lambda point: keep_in_ring(point, 0.3, 0.5), (0.0, 0.0)),
        (lambda point: wall(point, (1.0, 0.0)), (0.5, 0.0)),
        (lambda sizes: keep_apart(sizes, 0.0), radii(0.2, 0.15)),
    ],
)
def test_a_term_keeps_its_arrays(
    make: Callable[[np.ndarray], Term], given: Sequence[float]
) -> None:
    array = np.array(given, dtype=np.float64)
    scene, term = scene_of_two((0.2, 0.0), (0.5, 0.0)), make(array)
    before = float(term(scene))
    array[:] = 0.9
    assert before > 0.0 and float(term(scene)) == before


def test_a_full_step_leaves_the_disc() -> None:
    """As half a squared distance, it is undone by a step of one gradient."""
    term, scene = keep_out_disc((0.0, 0.0), 0.4), scene_of_two((0.1, 0.2), (0.9, 0.9))
    moved = scene.entities - gradient(term, scene)
    assert float(torch.linalg.vector_norm(moved[0, 0, :2])) == pytest.approx(0.4)


@pytest.mark.parametrize("name", TERMS)
def test_gradients_are_finite_where_the_direction_is_open(name: str) -> None:
    scene = scene_of_two((0.1, -0.2), (0.1, -0.2))  # at the disc's centre, and on one another
    assert torch.isfinite(gradient(TERMS[name](), scene)).all()


def test_pairs_of_movable_entities_count_once_and_zones_not() -> None:
    scene = scene_of_two((0.0, 0.0), (0.3, 0.0))
    both = scene.replace(movable=torch.ones_like(scene.movable))
    term = minimum_distance(0.5)
    assert float(term(both)) == pytest.approx(float(term(scene)))
    pushed = gradient(term, both)
    torch.testing.assert_close(pushed[0, 0, :2], -pushed[0, 1, :2])
    entities = scene.entities.clone()
    entities[0, 1, 6] = 1.0
    assert float(term(scene.replace(entities=entities))) == 0.0


@settings(max_examples=20)
@given(seed=SEEDS)
def test_solid_things_of_many_sizes_keep_apart(seed: int) -> None:
    """Each pair counts half its squared overlap, if either may be moved and both are solid."""
    scene, gap = random_scene(seed), 0.3
    energy = keep_apart(radii(*SIZES), gap)(scene)
    movable = ((scene.movable * scene.present) > 0.5).numpy()
    expected = np.zeros(2)
    for batch in range(2):
        places = scene.positions[batch].numpy()
        for one in range(9):
            for other in range(one):
                if min(SIZES[one], SIZES[other]) > 0 and movable[batch, [one, other]].any():
                    away = np.linalg.norm(places[one] - places[other])
                    overlap = max(0.0, SIZES[one] + SIZES[other] + gap - away)
                    expected[batch] += 0.5 * overlap**2
    np.testing.assert_allclose(energy.numpy(), expected, atol=1e-6)


@settings(max_examples=20)
@given(seed=SEEDS, angle=st.floats(-3.0, 3.0), shift=st.tuples(*[st.floats(-1.0, 1.0)] * 2))
def test_keeping_apart_depends_on_distances_only(
    seed: int, angle: float, shift: tuple[float, float]
) -> None:
    """Turned, shifted, mirrored, or with its rows and radii in another order: the same."""
    scene, term = random_scene(seed), keep_apart(radii(*SIZES), 0.3)
    energy = term(scene)
    around = turned(scene, angle)
    entities = around.entities.clone()
    entities[..., :2] += torch.tensor(shift, dtype=torch.float64)
    torch.testing.assert_close(term(around.replace(entities=entities)), energy)
    entities[..., 0] *= -1
    torch.testing.assert_close(term(around.replace(entities=entities)), energy)
    order = np.random.default_rng(seed).permutation(9)
    shuffled = scene.map(lambda value: value[:, torch.from_numpy(order)])
    torch.testing.assert_close(keep_apart(radii(*SIZES[order]), 0.3)(shuffled), energy)


def test_what_is_not_solid_feels_nothing() -> None:
    scene = random_scene(1)
    pushed = gradient(keep_apart(radii(*SIZES), 5.0), scene)
    assert torch.all(pushed[:, SIZES == 0] == 0)
    assert (pushed != 0).any()
    assert torch.all(keep_apart(radii(), 5.0)(scene) == 0)


def test_both_things_that_may_be_moved_give_way_alike() -> None:
    scene = scene_of_two((0.0, 0.0), (0.3, 0.0))
    both = scene.replace(movable=torch.ones_like(scene.movable))
    term = keep_apart(radii(0.2, 0.2), 0.1)
    assert float(term(both)) == pytest.approx(float(term(scene)))
    pushed = gradient(term, both)
    torch.testing.assert_close(pushed[0, 0, :2], -pushed[0, 1, :2])
    assert pushed[0, 0, 0] > 0  # downhill is away from the other
    moved = scene.entities - gradient(term, scene)
    assert float(term(scene.replace(entities=moved))) == pytest.approx(0.0, abs=1e-12)


def test_things_on_one_another_are_parted() -> None:
    scene = scene_of_two((0.1, 0.2), (0.1, 0.2))
    term = keep_apart(radii(0.2, 0.2), 0.1)
    moved = scene.entities - gradient(term, scene)
    assert float(term(scene.replace(entities=moved))) == pytest.approx(0.0, abs=1e-9)


def test_it_takes_scenes_that_show_fewer_rows() -> None:
    scene = random_scene(2)
    longer, usual = keep_apart(radii(*SIZES, 0.4, 0.4), 0.2), keep_apart(radii(*SIZES), 0.2)
    torch.testing.assert_close(longer(scene), usual(scene))


@pytest.mark.parametrize("weight", [0.0, 0.5, 10.0])
def test_the_weight_is_a_factor(weight: float) -> None:
    scene = random_scene(3)
    for plain, weighted in (
        (keep_out_disc((0, 0), 1.0), keep_out_disc((0, 0), 1.0, weight=weight)),
        (keep_out_band((0, 0), (1, 1), 1), keep_out_band((0, 0), (1, 1), 1, weight=weight)),
        (wall((0, 0), (1, 0)), wall((0, 0), (1, 0), weight=weight)),
        (minimum_distance(1.0), minimum_distance(1.0, weight=weight)),
        (keep_apart(radii(*SIZES), 0.2), keep_apart(radii(*SIZES), 0.2, weight=weight)),
    ):
        torch.testing.assert_close(weighted(scene), weight * plain(scene))


def test_the_plan_keeps_out_of_the_disc_and_still_shows_the_concept() -> None:
    """At a distance from an object, where the nearest such place is kept out of."""
    concept = make_concept("at_distance", distance=0.5)
    entities = np.zeros((MAX_ENTITIES, 7), dtype=np.float32)
    entities[0, [0, 5]] = 0.8, 1.0
    attention = np.arange(MAX_ENTITIES) == 1
    present, movable = np.arange(MAX_ENTITIES) < 2, np.arange(MAX_ENTITIES) == 0
    nothing = np.zeros(MAX_ENTITIES, dtype=bool)
    state = EntityState(entities=entities, present=present, movable=movable, paintable=nothing)

    def distance(scene: Scene) -> torch.Tensor:
        gap = scene.positions[:, 0] - scene.positions[:, 1]
        return 0.5 * (torch.linalg.vector_norm(gap, dim=-1) - 0.5).square()

    disc = keep_out_disc((0.5, 0), 0.3)
    for terms, starts, blocked in (([distance], 1, True), ([distance, disc], 16, False)):
        config = InferenceConfig(particles=starts)  # one: from where the cursor is
        made = state.with_entities(generate(terms, state, attention, config=config).entities)
        away = float(np.linalg.norm(made.positions[0] - (0.5, 0.0)))
        assert concept.succeeds(made, attention)
        assert (away < 0.25) is blocked


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (
            lambda: keep_out_disc((0, 0, 0), 0.1),
            ShapeError,
            "centre has shape (3,), expected (2,); pass an array of that shape",
        ),
        (
            lambda: keep_out_disc((0, math.nan), 0.1),
            NonFiniteError,
            "centre holds nan at index (1,); every entry must be a finite number",
        ),
        (
            lambda: keep_out_disc((0, 0), 0.0),
            ConfigError,
            "radius=0.0 must be a number above 0; give it in plane units",
        ),
        (
            lambda: keep_out_band((0, 0), (1, 1), -1),
            ConfigError,
            "half_width=-1 must be a number above 0; give it in plane units",
        ),
        (
            lambda: wall((0, 0), (0, 0)),
            ConfigError,
            "normal=(0, 0) has no direction; give one that points to the side to be on",
        ),
        (
            lambda: wall((0, 0), (1, 0), weight=-1),
            ConfigError,
            "weight=-1 must be a number of at least 0; 1 is usual",
        ),
        (
            lambda: keep_in_ring((0, 0), 0.5, 0.5),
            ConfigError,
            "inner=0.5 and outer=0.5 must be 0 <= inner < outer; give plane units",
        ),
        (
            lambda: keep_in_ring((0, 0), "a", 1.0),  # pyright: ignore[reportArgumentType]
            ConfigError,
            "inner='a' and outer=1.0 must be 0 <= inner < outer; give plane units",
        ),
        (
            lambda: keep_out_disc(("a", "b"), 1.0),  # pyright: ignore[reportArgumentType]
            ShapeError,
            "centre holds entries of dtype <U1, expected numbers; pass an array of numbers",
        ),
        (
            lambda: keep_apart(radii() - 0.5, 0.0),
            ConfigError,
            "radii holds -0.5, but each must be at least 0; give plane units, and 0 for what is "
            "not solid",
        ),
        *(
            (
                lambda gap=gap: keep_apart(radii(0.1), gap),
                ConfigError,
                f"gap={gap!r} must be a number of at least 0; give it in plane units",
            )
            for gap in cast("list[float]", [-0.5, math.inf, math.nan, "0.1"])
        ),
        (
            lambda: keep_apart(radii(0.1, np.nan), 0.0),
            NonFiniteError,
            "radii holds nan at index (1,); every entry must be a finite number",
        ),
        (
            lambda: keep_apart(np.zeros(2), 0.0),
            ShapeError,
            "radii has shape (2,), expected (16,); pass an array of that shape",
        ),
        (
            lambda: keep_apart("abc", 0.0),  # pyright: ignore[reportArgumentType]
            ShapeError,
            "radii has shape (), expected (16,); pass an array of that shape",
        ),
        (
            lambda: keep_apart(radii(), 0.0, weight=-1),
            ConfigError,
            "weight=-1 must be a number of at least 0; 1 is usual",
        ),
        (
            lambda: minimum_distance("0.3"),  # pyright: ignore[reportArgumentType]
            ConfigError,
            "distance='0.3' must be a number above 0; give it in plane units",
        ),
        (
            lambda: minimum_distance(math.inf),
            ConfigError,
            "distance=inf must be a number above 0; give it in plane units",
        ),
    ],
)
def test_bad_arguments_are_refused(
    make: Callable[[], Any], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind) as caught:
        make()
    assert str(caught.value) == message
