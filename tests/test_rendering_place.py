"""The place world's pictures, by both ways of drawing: ghosts, energy, trays and the piece."""

import gymnasium as gym
import mujoco
import numpy as np
import pytest
from rendering_scenes import near
from test_rendering_arm import BACKENDS

import conceptgym.envs  # noqa: F401  # registers the ids
from conceptgym.envs.arm_place import ArmPlaceEnv
from conceptgym.envs.errors import ConfigError, ShapeError
from conceptgym.envs.frames import plane_to_table
from conceptgym.envs.place_model import TRAY_RADIUS
from conceptgym.envs.rendering import offscreen, theme
from conceptgym.envs.rendering.arm_markers import ATTENDED_GAP
from conceptgym.envs.rendering.camera import Pinhole

SIZE = (240, 320)


def make(concept: str, *, backend: str, robot: str = "panda", camera: str = "close", **options):
    env = gym.make(
        "conceptgym/ArmPlace-v0",
        concept=concept,
        robot=robot,
        backend=backend,
        camera=camera,
        frame_size=SIZE,
        render_mode="rgb_array",
        **options,
    )
    world = env.unwrapped
    assert isinstance(world, ArmPlaceEnv)
    world.reset(seed=1)
    return world


@pytest.fixture(params=BACKENDS)
def backend(request):
    return request.param


def frame_of(world: ArmPlaceEnv) -> np.ndarray:
    frame = world.render()
    assert isinstance(frame, np.ndarray) and frame.shape == (*SIZE, 3)
    return frame


def pixel_of(world: ArmPlaceEnv, point_in_world, camera: str = "close") -> tuple[int, int]:
    """Row and column at which a point [m] is seen."""
    model, data = world.world.model, world.world.data
    pinhole = Pinhole.of(model, data, name=camera, size=SIZE)
    column, row = pinhole.project(np.array([point_in_world]))[0][0]
    return int(row), int(column)


def free_place(world: ArmPlaceEnv) -> np.ndarray:
    """The place [plane units] of a grid that is furthest from all entities."""
    line = np.linspace(-0.8, 0.8, 17)
    places = np.stack(np.meshgrid(line, line[:9]), axis=-1).reshape(-1, 2)  # the near half
    present = world.state.positions[world.state.present]
    away = np.linalg.norm(places[:, None] - present, axis=-1).min(axis=1)
    return places[away.argmax()]


def patch(frame: np.ndarray, pixel: tuple[int, int], reach: int = 2) -> np.ndarray:
    """(3,) mean colour around a pixel."""
    row, column = pixel
    area = frame[row - reach : row + reach + 1, column - reach : column + reach + 1]
    return area.reshape(-1, 3).astype(float).mean(axis=0)


@pytest.mark.parametrize("robot", ["panda", "ur5e"])
def test_ghosts_of_planned_objects_stand_where_they_are_planned(backend, robot):
    world = make("square", backend=backend, robot=robot)
    row = int(np.flatnonzero(world.state.movable)[0])
    colour, place = world.state.colours[row], free_place(world)
    before = frame_of(world)
    world.show_plan(place[None], np.array([row]))
    after = frame_of(world)
    pixel = pixel_of(world, [*plane_to_table(place), 0.012])
    shift = patch(after, pixel, 1) - patch(before, pixel, 1)
    assert np.abs(shift).max() > 20
    towards = 255 * colour - patch(before, pixel, 1)
    assert shift @ towards > 0.8 * np.linalg.norm(shift) * np.linalg.norm(towards)
    assert near(after, theme.PLAN, 70).sum() > near(before, theme.PLAN, 70).sum()
    world.close()


def test_a_plan_without_rows_is_the_cursors(backend):
    world = make("between", backend=backend)
    place = free_place(world)
    world.show_plan(place[None])
    plain = frame_of(world)
    world.show_plan(place[None], np.array([world.state.cursor]))
    np.testing.assert_array_equal(frame_of(world), plain)
    world.show_plan(None)
    assert (frame_of(world) != plain).any()
    world.close()


def test_a_piece_that_is_planned_onto_an_object_stands_on_it():
    world = make("touch", backend="raycast")
    target = world.event.stops[0].positions[world.state.cursor]
    poses = world.scene.poses(world.state.moved(np.array([world.state.cursor]), target[None]))
    piece = world.scene.piece
    assert piece is not None and poses[piece, 2] > 2 * world.scene.shapes[piece].half_height
    before = frame_of(world)
    world.show_plan(target[None])
    pixel = pixel_of(world, [*plane_to_table(target), poses[piece, 2]])
    assert np.abs(patch(frame_of(world), pixel, 1) - patch(before, pixel, 1)).max() > 20
    world.close()


@pytest.mark.parametrize("camera", ["front", "top", "close"])
def test_the_energys_low_place_is_painted_where_it_is_on_the_table(backend, camera):
    """Plane right is world +y, plane up is world -x: one dip, off both axes."""
    world = make("between", backend=backend, camera=camera)
    place = free_place(world)
    line = np.linspace(-1, 1, 41)
    along_x, along_y = np.meshgrid(line, line)
    energy = 1 - np.exp(-((along_x - place[0]) ** 2 + (along_y - place[1]) ** 2) / 0.02)
    before = frame_of(world).astype(float)
    world.show_energy(energy)
    darker = (before - frame_of(world)).mean(axis=-1)
    pixel = pixel_of(world, [*plane_to_table(place), 0.0], camera)
    weight = np.where(darker > 25, darker, 0.0)
    middle = np.argwhere(weight > 0).T @ weight[weight > 0] / weight.sum()
    np.testing.assert_allclose(middle, pixel, atol=5)
    world.show_energy(None)
    np.testing.assert_array_equal(frame_of(world), before)
    world.close()


def test_an_episodes_energy_and_plan_are_gone_in_the_next(backend):
    world = make("between", backend=backend)
    world.reset(seed=2)
    plain = frame_of(world)
    world.reset(seed=1)
    world.show_energy(np.add.outer(np.arange(5.0), np.arange(5.0)))
    world.show_plan(free_place(world)[None])
    frame_of(world)
    world.reset(seed=2)
    np.testing.assert_array_equal(frame_of(world), plain)
    world.close()


def test_both_ways_of_drawing_show_the_same():
    if len(BACKENDS) < 2:
        pytest.skip("no OpenGL here")
    frames = []
    for name in BACKENDS:
        world = make("between", backend=name)
        world.show_plan(free_place(world)[None])
        world.show_energy(np.add.outer(np.arange(9.0), np.arange(9.0) ** 2))
        frames.append(frame_of(world).astype(float))
        world.close()
    assert np.abs(frames[0] - frames[1]).mean() < 12


def ring_share(world: ArmPlaceEnv, place: np.ndarray, radius: float) -> float:
    """How much of a ring on the table around a place [plane units] is amber, of what can be."""
    angle = np.linspace(0, 2 * np.pi, 60)
    circle = radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    amber = near(frame_of(world), theme.ATTENDED, 45)
    points = np.column_stack([plane_to_table(place) + circle, np.full(60, 0.002)])
    pixels = np.array([pixel_of(world, point) for point in points])
    return float(np.mean([amber[r - 1 : r + 2, c - 1 : c + 2].any() for r, c in pixels]))


def test_the_attended_tray_is_ringed(backend):
    world = make("quantity", backend=backend)
    world.reset(seed=2)
    attended = world.event.attention & world.state.zones
    for row in np.flatnonzero(world.state.zones):
        share = ring_share(world, world.state.positions[row], TRAY_RADIUS + ATTENDED_GAP)
        assert share > 0.7 if attended[row] else share < 0.2
    world.close()


def test_attended_objects_of_any_size_are_ringed(backend):
    world = make("square", backend=backend)
    world.reset(seed=4)
    attended = world.event.attention
    for row, shape in zip(world.scene.rows, world.scene.shapes, strict=True):
        share = ring_share(world, world.state.positions[row], shape.radius + ATTENDED_GAP)
        assert share > 0.5 if attended[row] else share < 0.4
    world.close()


def test_resets_keep_one_opengl_context(monkeypatch):
    if "opengl" not in BACKENDS:
        pytest.skip("no OpenGL here")
    made = []
    wrapped = mujoco.MjrContext

    def counted(*args):
        made.append(args)
        return wrapped(*args)

    monkeypatch.setattr(offscreen.mujoco, "MjrContext", counted)
    world = make("between", backend="opengl")
    for seed in range(4):
        world.reset(seed=seed)
        frame_of(world)
    assert len(made) == 1
    world.close()


def test_bad_energies_and_plans_are_refused():
    world = make("between", backend="raycast")
    with pytest.raises(ShapeError, match=r"^energy has shape \(2, 3\)"):
        world.show_energy(np.zeros((2, 3)))
    with pytest.raises(ConfigError, match=r"^rows holds 15, where no entity is"):
        world.show_plan(np.zeros((1, 2)), np.array([15]))
    world.close()
