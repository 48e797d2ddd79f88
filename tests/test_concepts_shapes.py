"""line, triangle, square, circle: figures of the library under names of their own."""

from __future__ import annotations

import numpy as np
import pytest
from concept_scenes import make_scene, rows
from hypothesis import given, settings
from hypothesis import strategies as st

from conceptgym.envs import CONCEPTS, make_concept
from conceptgym.envs.concepts.figure_library import FIGURES, as_complex
from conceptgym.envs.concepts.shapes import Circle, Line, Square, Triangle

SHAPES = {
    "line": (Line, 4),
    "triangle": (Triangle, 3),
    "square": (Square, 4),
    "circle": (Circle, 6),
}
all_shapes = pytest.mark.parametrize("name", SHAPES)


@all_shapes
def test_shapes_are_known_by_name(name: str) -> None:
    kind, count = SHAPES[name]
    concept = make_concept(name)
    assert type(concept) is kind is CONCEPTS[name]
    assert concept.parameters == {} and not concept.held_out
    assert concept.splits() == ("any", "train")
    assert concept.num_attended == (count, count)
    assert concept.num_objects == (count + 1, 7 if count == 3 else 12)  # one stands by
    assert concept.tasks_on_arm == ("identify",)


@all_shapes
@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_shape_judges_and_moves_as_the_figure_of_its_name(name: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape, figure = make_concept(name), make_concept("figure", points=name)
    count = SHAPES[name][1]
    points = 0.4 * np.array(FIGURES[name]) + rng.normal(size=(count, 2)) * rng.uniform(0.0, 0.3)
    state = make_scene((0.0, 0.0), np.clip(points, -1.0, 1.0).tolist())
    attention = rows(*range(1, count + 1))
    assert shape.residual(state, attention) == figure.residual(state, attention)
    by_shape, by_figure = (kind.nearest(state, attention) for kind in (shape, figure))
    np.testing.assert_array_equal(by_shape.entities, by_figure.entities)


@pytest.mark.parametrize(
    ("name", "points"),
    [
        ("line", [(-0.6, -0.6), (0.6, 0.6), (-0.2, -0.2), (0.2, 0.2)]),
        ("triangle", [(0.0, 0.0), (0.6, 0.0), (0.3, 0.3 * np.sqrt(3))]),
        ("square", [(0.0, 0.3), (0.0, -0.3), (0.3, 0.0), (-0.3, 0.0)]),
        ("circle", [(0.4 * np.cos(a), 0.4 * np.sin(a)) for a in np.arange(6) * np.pi / 3]),
    ],
)
def test_hand_made_shapes_hold_and_break(name: str, points: list[tuple[float, float]]) -> None:
    concept = make_concept(name)
    attention = rows(*range(1, len(points) + 1))
    assert concept.residual(make_scene((0.9, 0.9), points), attention) < 1e-5
    broken = [(points[0][0] + 0.35, points[0][1] - 0.35), *points[1:]]
    assert not concept.succeeds(make_scene((0.9, 0.9), broken), attention)


def test_the_wrong_ring_is_no_circle() -> None:
    """Six on a circle, bunched on one side, and a ring of five about a middle."""
    attention = rows(*range(1, 7))
    angles = np.radians([0, 40, 80, 120, 160, 200])
    bunched = 0.4 * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    assert not Circle().succeeds(make_scene((0.9, 0.9), bunched.tolist()), attention)
    ring = 0.4 * np.array(FIGURES["pentagon"])
    centred = np.concatenate([ring, [[0.0, 0.0]]])
    assert not Circle().succeeds(make_scene((0.9, 0.9), centred.tolist()), attention)


@all_shapes
def test_every_size_of_scene_is_drawn(name: str) -> None:
    concept = make_concept(name)
    rng = np.random.default_rng(0)
    for n_objects in range(concept.num_objects[0], concept.num_objects[1] + 1):
        event = concept.sample(rng, n_objects=n_objects)
        assert event.after.objects.sum() == n_objects
        assert event.attention.sum() == len(as_complex(FIGURES[name]))
        assert concept.residual(event.after, event.attention) < 1e-5
        assert not concept.succeeds(event.before, event.attention)
