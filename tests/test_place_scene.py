"""Scenes of the place world: room between solid entities, and shapes that tell nothing."""

from __future__ import annotations

import numpy as np
import pytest
from place_scenes import make_scene, shape

from conceptgym.envs import CONCEPTS, compose, make_concept
from conceptgym.envs.frames import METRES_PER_PLANE_UNIT, plane_to_table
from conceptgym.envs.place_model import rest_height
from conceptgym.envs.place_objects import GAP, KINDS
from conceptgym.envs.place_scene import (
    ON_TOP,
    SPACING,
    PlaceScene,
    draw_place_scene,
    moves_cursor,
)

ON_TABLE = [(name, task) for name, kind in CONCEPTS.items() for task in kind.tasks_on_table]


def draw(concept: str, task: str, *, seed: int = 0, n_objects: int = 7, **options) -> PlaceScene:
    rng = np.random.default_rng(seed)
    kinds = options.pop("kinds", KINDS)
    return draw_place_scene(
        rng, make_concept(concept), n_objects=n_objects, task=task, kinds=kinds, **options
    )


@pytest.mark.parametrize(("concept", "task"), ON_TABLE)
def test_solid_entities_keep_apart_and_stand_on_the_table(concept: str, task: str) -> None:
    for seed in range(8):
        scene = draw(concept, task, seed=seed)
        start = scene.event.before if task == "generate" else scene.event.shown
        places = start.positions[scene.rows]
        gaps = np.linalg.norm(places[:, None] - places, axis=-1) + 9.0 * np.eye(len(places))
        assert gaps.min() >= SPACING - 1e-6
        radii = np.array([s.radius for s in scene.shapes])
        room = METRES_PER_PLANE_UNIT * gaps - radii[:, None] - radii
        assert room.min() >= GAP - 1e-6
        heights = scene.poses(start)[:, 2]
        np.testing.assert_allclose(heights, [rest_height(s) for s in scene.shapes])


@pytest.mark.parametrize("concept", CONCEPTS)
def test_the_piece_is_the_cursor_where_the_concept_moves_it(concept: str) -> None:
    kind = CONCEPTS[concept]
    scene = draw(concept, kind.tasks_on_table[0])
    state = scene.event.before
    moved = bool(state.movable[state.cursor])
    assert moves_cursor(make_concept(concept)) == moved == (scene.piece is not None)
    solid = set(np.flatnonzero(state.objects).tolist()) | ({state.cursor} if moved else set())
    assert scene.rows.tolist() == sorted(solid) and len(scene.shapes) == len(solid)
    if scene.piece is not None:
        assert scene.rows[scene.piece] == state.cursor


@pytest.mark.parametrize("terms", [("left_of", "near"), ("line", "region"), ("line", "near")])
def test_compositions_move_the_cursor_where_a_term_does(terms: tuple[str, ...]) -> None:
    assert moves_cursor(compose(*terms)) == ({"left_of", "near"} & set(terms) != set())


@pytest.mark.parametrize("concept", ["touch", "two_in_order", "three_in_order"])
def test_a_piece_ends_on_the_middle_of_a_flat_object(concept: str) -> None:
    """Its centre lies well within what it stands on: it does not tip."""
    for seed in range(20):
        scene = draw(concept, "generate", seed=seed)
        assert scene.piece is not None
        assert "ball" not in {s.kind for s in scene.shapes}
        for stop in scene.event.stops:
            poses = scene.poses(stop)
            away = np.linalg.norm(poses[:, :2] - poses[scene.piece, :2], axis=1)
            below = int(np.argsort(away)[1])
            assert away[below] < min(scene.shapes[below].half_width, METRES_PER_PLANE_UNIT * ON_TOP)
            stack = 2.0 * rest_height(scene.shapes[below])
            assert poses[scene.piece, 2] == pytest.approx(
                stack + rest_height(scene.shapes[scene.piece])
            )


def test_poses_are_places_on_the_table_and_headings() -> None:
    shapes = [shape(height=0.015), shape("ball")]
    scene = make_scene([(0.4, 0.1), (0.6, -0.1)], shapes)
    poses = scene.poses(scene.event.before)
    np.testing.assert_allclose(poses[:, :2], [(0.4, 0.1), (0.6, -0.1)], atol=1e-7)
    np.testing.assert_allclose(poses[:, 2], [0.015, 0.012])
    np.testing.assert_allclose(poses[:, 3:], [[1, 0, 0, 0]] * 2)
    drawn = draw("near", "generate")
    poses, yaws = drawn.poses(drawn.event.before), [s.yaw for s in drawn.shapes]
    np.testing.assert_allclose(2.0 * np.arctan2(poses[:, 6], poses[:, 3]), yaws)
    np.testing.assert_allclose(
        poses[:, :2], plane_to_table(drawn.event.before.positions[drawn.rows])
    )


def test_the_same_generator_draws_the_same_scene() -> None:
    one, other = draw("between", "generate", seed=3), draw("between", "generate", seed=3)
    assert one.shapes == other.shapes and one.piece == other.piece
    np.testing.assert_array_equal(one.event.before.entities, other.event.before.entities)
    np.testing.assert_array_equal(one.event.after.entities, other.event.after.entities)


@pytest.mark.parametrize(
    ("concept", "task"),
    [("closest", "generate"), ("line", "identify"), ("two_in_order", "generate")],
)
def test_shapes_tell_nothing_of_what_is_attended(concept: str, task: str) -> None:
    """Kinds, widths, heights, masses and headings are alike in attended objects and others."""
    attended: list[list[float]] = []
    others: list[list[float]] = []
    rng = np.random.default_rng(5)
    for _ in range(250):
        scene = draw_place_scene(rng, make_concept(concept), n_objects=6, task=task, kinds=KINDS)
        for row, s in zip(scene.rows, scene.shapes, strict=True):
            if scene.event.before.objects[row]:
                measures = [s.half_width, s.half_height, s.mass, s.yaw]
                kinds = [float(s.kind == kind) for kind in KINDS]
                chosen = attended if scene.event.attention[row] else others
                chosen.append([*measures, *kinds])
    one, other = np.array(attended), np.array(others)
    assert len(one) >= 250 and len(other) >= 250
    error = np.sqrt(one.var(axis=0) / len(one) + other.var(axis=0) / len(other))
    gap = np.abs(one.mean(axis=0) - other.mean(axis=0))
    assert np.all(gap <= 3.5 * error + 1e-12), (gap / np.maximum(error, 1e-12)).round(1)


def test_a_concept_whose_scenes_never_keep_apart_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conceptgym.envs.place_scene._TRIES", 3)
    monkeypatch.setattr("conceptgym.envs.place_scene.SPACING", 3.0)
    with pytest.raises(RuntimeError, match="no event of concept 'between' keeps its objects apart"):
        draw("between", "generate")
