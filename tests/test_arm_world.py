"""The arm's physics: resets without memory, contacts, limits, and what is read back."""

from __future__ import annotations

import re
from dataclasses import replace

import mujoco
import numpy as np
import pytest

from conceptgym.envs.arm_actions import ACTION_SIZE, action_from_targets
from conceptgym.envs.arm_model import (
    CONTROL_TIMESTEP,
    HOVER_HEIGHT,
    MAX_OBJECTS,
    SUBSTEPS,
    VELOCITY_LIMITS,
)
from conceptgym.envs.arm_start import qpos_at_fingertip
from conceptgym.envs.arm_world import ArmWorld
from conceptgym.envs.entities import CURSOR, MAX_ENTITIES, NUM_FEATURES, ZONE, EntityState
from conceptgym.envs.errors import ConfigError, NonFiniteError, ShapeError
from conceptgym.envs.frames import plane_to_table


def make_scene(n_objects: int, seed: int) -> EntityState:
    """Objects on a jittered grid, the cursor in a random row at a random place."""
    rng = np.random.default_rng(seed)
    grid = np.array([[x, y] for x in (-0.7, 0.0, 0.7) for y in (-0.7, 0.0, 0.7)])
    rows = rng.permutation(MAX_ENTITIES)[: n_objects + 1]
    entities = np.zeros((MAX_ENTITIES, NUM_FEATURES), dtype=np.float32)
    entities[rows, :2] = rng.permutation(grid)[: n_objects + 1] + rng.uniform(-0.2, 0.2, 2)
    entities[rows, 2:5] = rng.uniform(size=(n_objects + 1, 3))
    entities[rows[-1], 5] = 1.0
    present = np.isin(np.arange(MAX_ENTITIES), rows)
    movable = np.arange(MAX_ENTITIES) == rows[-1]
    return EntityState(
        entities=entities, present=present, movable=movable, paintable=np.zeros_like(present)
    )


def full_state(world: ArmWorld) -> np.ndarray:
    """Everything that MuJoCo integrates or warm-starts from, controls and time included."""
    signature = int(mujoco.mjtState.mjSTATE_INTEGRATION)
    state = np.empty(mujoco.mj_stateSize(world.model, signature))
    mujoco.mj_getState(world.model, world.data, state, signature)
    return state


def go_to(world: ArmWorld, target: np.ndarray, *, steps: int) -> None:
    """Command a straight line of the fingertip, then hold its end for a second."""
    start = world.fingertip_in_world
    for share in np.append(np.linspace(0, 1, steps), np.ones(25)):
        world.step(action_from_targets(qpos_at_fingertip(start + share * (target - start))))


@pytest.fixture(scope="module")
def world() -> ArmWorld:
    return ArmWorld()


@pytest.mark.parametrize("seed", range(3))
def test_reset_is_bit_equal_whatever_came_before(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scene = make_scene(3 + seed, seed)
    actions = rng.uniform(-1, 1, (20, ACTION_SIZE))
    fresh = ArmWorld()
    fresh.reset(scene)
    start = full_state(fresh)
    for action in actions:
        fresh.step(action)

    used = ArmWorld()
    for other in (make_scene(3 + seed, 100), make_scene(8, 101), make_scene(3 + seed, 102)):
        used.reset(other)
        for action in rng.uniform(-1, 1, (30, ACTION_SIZE)):
            used.step(action)
    used.reset(scene)
    np.testing.assert_array_equal(full_state(used), start)
    assert used.data.time == 0.0 and not used.touched.any()
    assert used.max_joint_limit_violation == used.table_contacts == used.max_velocity_share == 0
    for action in actions:
        used.step(action)
    np.testing.assert_array_equal(full_state(used), full_state(fresh))
    np.testing.assert_array_equal(used.data.site_xpos, fresh.data.site_xpos)


@pytest.mark.parametrize("n_objects", [1, 3, 8])
def test_entity_state_reads_the_scene_back(world: ArmWorld, n_objects: int) -> None:
    scene = make_scene(n_objects, n_objects)
    world.reset(scene)
    found = world.entity_state()
    np.testing.assert_allclose(found.entities, scene.entities, atol=1e-6)
    for name in ("present", "movable", "paintable"):
        np.testing.assert_array_equal(getattr(found, name), getattr(scene, name))
    assert world.fingertip_in_world[2] == pytest.approx(HOVER_HEIGHT, abs=1e-6)
    assert world.fingertip_speed == 0.0


def test_objects_wear_their_entities_colours(world: ArmWorld) -> None:
    scene = make_scene(4, 0)
    world.reset(scene)
    for index, row in enumerate(np.flatnonzero(scene.objects)):
        rgba = world.model.geom(f"object_{index}").rgba
        np.testing.assert_allclose(rgba, [*scene.colours[row], 1.0], atol=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_pressing_an_object_from_above_touches_it_and_nothing_else(
    world: ArmWorld, seed: int
) -> None:
    scene = make_scene(5, seed)
    world.reset(scene)
    row = int(np.flatnonzero(scene.objects)[seed])
    place = plane_to_table(scene.positions[row])
    go_to(world, np.append(place, HOVER_HEIGHT), steps=60)
    assert not world.touched.any()
    go_to(world, np.append(place, 0.027), steps=40)
    np.testing.assert_array_equal(np.flatnonzero(world.touched), [row])
    go_to(world, np.append(place, HOVER_HEIGHT), steps=40)
    np.testing.assert_array_equal(np.flatnonzero(world.touched), [row])
    assert world.arm_observation()["touched"].tolist() == world.touched.astype(int).tolist()
    assert world.table_contacts == 0
    moved = world.entity_state().positions[row] - scene.positions[row]
    assert np.linalg.norm(moved) < 0.02  # [plane units]: pressing barely shifts a cube


def test_hovering_touches_nothing(world: ArmWorld) -> None:
    scene = make_scene(8, 5)
    world.reset(scene)
    for row in np.flatnonzero(scene.objects):
        go_to(world, np.append(plane_to_table(scene.positions[row]), HOVER_HEIGHT), steps=25)
    assert not world.touched.any()
    np.testing.assert_allclose(
        world.entity_state().positions[scene.objects], scene.positions[scene.objects], atol=1e-4
    )


def test_driving_into_the_table_is_counted(world: ArmWorld) -> None:
    scene = make_scene(1, 0)
    world.reset(scene)
    go_to(world, np.append(plane_to_table(scene.positions[scene.cursor]), -0.01), steps=30)
    assert world.table_contacts > 0


class RecordingWorld(ArmWorld):
    """An arm world that notes the joint velocities of every sub-step."""

    peak = np.zeros(7)

    def _advance(self) -> None:
        for _ in range(SUBSTEPS):
            mujoco.mj_step(self.model, self.data)
            self.peak = np.maximum(self.peak, np.abs(self.data.qvel[:7]) / VELOCITY_LIMITS)


@pytest.mark.parametrize("hold", [1, 10, 50])
def test_velocity_and_joint_limits_hold_whatever_is_asked(hold: int) -> None:
    """Every sub-step of free motion; `hold`: steps between new random targets."""
    world = RecordingWorld()
    rng = np.random.default_rng(hold)
    for seed in range(4):
        world.reset(make_scene(1, seed))
        world.model.geom_contype[:] = world.model.geom_conaffinity[:] = 0  # free motion
        for _ in range(100 // hold):
            action = rng.choice([-1.0, 1.0], ACTION_SIZE) * rng.uniform(0, 1.5, ACTION_SIZE)
            for _ in range(hold):
                world.step(action)
        assert world.max_joint_limit_violation < 2e-3
    assert world.peak.max() < 1.0
    assert world.max_velocity_share <= world.peak.max()


def test_fingertip_speed_is_the_derivative_of_its_position(world: ArmWorld) -> None:
    world.reset(make_scene(2, 1))
    action = action_from_targets(qpos_at_fingertip(np.array([0.6, 0.1, 0.2])))
    for _ in range(5):
        world.step(action)
    step = 1e-6
    qpos, before = world.data.qpos.copy(), world.fingertip_in_world
    speed = world.fingertip_speed
    mujoco.mj_integratePos(world.model, qpos, world.data.qvel, step)
    world.data.qpos[:] = qpos
    mujoco.mj_kinematics(world.model, world.data)
    travelled = np.linalg.norm(world.fingertip_in_world - before)
    assert speed == pytest.approx(travelled / step, rel=1e-3)
    assert speed > 0.01


def test_gripper_opens_as_far_as_asked(world: ArmWorld) -> None:
    scene = make_scene(1, 2)
    world.reset(scene)
    assert world.arm_observation()["gripper"] == pytest.approx(0.0, abs=1e-6)
    qpos = world.data.qpos[:7].copy()
    for opening in (0.08, 0.03):
        for _ in range(40):
            world.step(action_from_targets(qpos, opening))
        assert world.arm_observation()["gripper"][0] == pytest.approx(opening, abs=1e-3)
    np.testing.assert_allclose(world.data.qpos[:7], qpos, atol=1e-3)


def test_a_target_within_one_step_is_the_next_set_point(world: ArmWorld) -> None:
    world.reset(make_scene(1, 3))
    qpos = world.data.qpos[:7] + 0.5 * CONTROL_TIMESTEP * VELOCITY_LIMITS
    world.step(action_from_targets(qpos))
    np.testing.assert_allclose(world.data.act[:7], qpos, atol=1e-6)
    world.step(action_from_targets(qpos + 3 * CONTROL_TIMESTEP * VELOCITY_LIMITS))
    np.testing.assert_allclose(
        world.data.act[:7], qpos + 0.92 * CONTROL_TIMESTEP * VELOCITY_LIMITS, atol=1e-6
    )


def test_bad_actions(world: ArmWorld) -> None:
    world.reset(make_scene(1, 0))
    action = np.zeros(ACTION_SIZE)
    action[3] = np.nan
    with pytest.raises(NonFiniteError) as value_error:
        world.step(action)
    assert str(value_error.value) == (
        "action holds nan at index (3,); every entry must be a finite number"
    )
    with pytest.raises(ShapeError) as shape_error:
        world.step(np.zeros(7))
    assert str(shape_error.value) == (
        "action has shape (7,), expected (8,); pass an array of that shape"
    )


def test_bad_scenes(world: ArmWorld) -> None:
    scene = make_scene(2, 0)
    cursor = np.arange(MAX_ENTITIES) == scene.cursor
    with pytest.raises(ConfigError) as no_objects:
        world.reset(replace(scene, present=cursor))
    assert str(no_objects.value) == (
        "entity_state holds 1 cursors and 0 objects; the arm world needs 1 cursor and 1 to 8 "
        "objects"
    )
    with pytest.raises(ConfigError) as no_cursor:
        world.reset(replace(scene, present=scene.present & ~cursor))
    assert str(no_cursor.value) == (
        "entity_state holds 0 cursors and 2 objects; the arm world needs 1 cursor and 1 to 8 "
        "objects"
    )


def test_more_objects_than_the_table_takes(world: ArmWorld) -> None:
    world.reset(make_scene(MAX_OBJECTS, 0))
    full = np.arange(MAX_ENTITIES) <= MAX_OBJECTS + 1
    entities = make_scene(1, 0).entities * 0.0
    entities[0, CURSOR] = 1.0
    crowded = EntityState(entities=entities, present=full, movable=~full, paintable=~full)
    with pytest.raises(ConfigError) as error:
        world.reset(crowded)
    assert str(error.value) == (
        "entity_state holds 1 cursors and 9 objects; the arm world needs 1 cursor and 1 to 8 "
        "objects"
    )


def test_zones_are_refused(world: ArmWorld) -> None:
    scene = make_scene(3, 0)
    entities = scene.entities.copy()
    entities[np.flatnonzero(scene.objects)[:2], ZONE] = 1.0
    with pytest.raises(ConfigError) as error:
        world.reset(scene.with_entities(entities))
    assert str(error.value) == (
        "entity_state holds 2 zones; the arm's table has none: leave them out, or use "
        "conceptgym/Particle-v0"
    )


def test_nothing_can_be_read_before_a_reset() -> None:
    with pytest.raises(ConfigError) as error:
        ArmWorld().entity_state()
    assert str(error.value) == "the arm world holds no scene; call reset(entity_state) first"


def test_moving_entities_equals_making_the_state_anew() -> None:
    scene = make_scene(4, 3)
    rows, places = np.flatnonzero(scene.present), np.linspace(-1, 1, 10).reshape(5, 2)
    assert scene.cursor in rows and scene.objects.sum() == 4  # asked for before, and kept
    found = scene.moved(rows, places)
    entities = scene.entities.copy()
    entities[rows, :2] = places
    anew = scene.with_entities(entities)
    np.testing.assert_array_equal(found.entities, anew.entities)
    assert found.cursor == anew.cursor and found.entities.dtype == anew.entities.dtype
    for name in ("objects", "present", "movable", "paintable"):
        np.testing.assert_array_equal(getattr(found, name), getattr(anew, name))


def test_moving_entities_to_nowhere_is_an_error() -> None:
    scene = make_scene(3, 0)
    text = "entities holds nan at index (0, 0); every entry must be a finite number"
    with pytest.raises(NonFiniteError, match=re.escape(text)):
        scene.moved(np.array([0, 1]), np.array([[np.nan, 0.0], [0.0, 0.0]]))
