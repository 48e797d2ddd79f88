"""The place world's physics: resets without memory, scenes at rest, and grasps by contact alone."""

from __future__ import annotations

import itertools
import pickle
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace

import mujoco
import numpy as np
import pytest
from place_scenes import full_state, go_to, grasp, lift, make_scene, make_world, shape, stay, wait

from conceptgym.envs import CONCEPTS, ROBOTS, ArmPlaceEnv, Robot
from conceptgym.envs.errors import ConfigError, NonFiniteError, ShapeError
from conceptgym.envs.place_model import PREFIX, rest_height
from conceptgym.envs.place_objects import DENSITIES, GAP, HALF_HEIGHTS, HALF_WIDTHS, KINDS
from conceptgym.envs.place_world import HOVER, OPEN, PlaceWorld

ON_TABLE = [(name, task) for name, kind in CONCEPTS.items() for task in kind.tasks_on_table]
EVERY = pytest.mark.parametrize("robot", ROBOTS.values(), ids=list(ROBOTS))
PLACES = [(0.5, 0.1), (0.5, -0.1), (0.6, 0.0)]


def least_gaps(world: PlaceWorld, count: int) -> tuple[float, float]:
    """Least signed distances between objects, and from an object to the arm [m]."""
    model, data = world.model, world.data
    mujoco.mj_kinematics(model, data)
    objects = [model.geom(f"object_{index}").id for index in range(count)]
    arm = [g for g in range(model.ngeom) if model.geom(g).name.startswith(PREFIX)]
    pairs = itertools.combinations(objects, 2), itertools.product(objects, arm)
    between, off = (
        min(mujoco.mj_geomDistance(model, data, a, b, 1.0, None) for a, b in group)
        for group in pairs
    )
    return between, off


@pytest.mark.parametrize(("concept", "task"), ON_TABLE)
def test_scenes_begin_apart_at_rest_and_in_place(concept: str, task: str) -> None:
    env = ArmPlaceEnv(concept, task=task, robot="ur5e" if task == "identify" else "panda")
    for seed in range(3):
        env.reset(seed=seed)
        scene, world = env.scene, env.world
        state = env.event.before if task == "generate" else env.event.shown
        between, off = least_gaps(world, len(scene.rows))
        assert between >= GAP - 1e-4 and off > 0.05
        poses, drawn = world.poses, scene.poses(state)
        np.testing.assert_allclose(poses[:, :3], drawn[:, :3], atol=1e-4)
        turned = np.abs(np.einsum("ij,ij->i", poses[:, 3:], drawn[:, 3:]))
        assert 2.0 * np.arccos(np.minimum(turned, 1.0)).max() < 1e-3  # upright, as headed
        assert world.object_speeds.max() < 1e-3 and world.fingertip_speed < 1e-6
        assert np.abs(world.data.qvel).max() < 1e-2 and world.data.time == 0.0
        assert not world.touched.any() and world.contacts.clear
        wait(world, 25)
        np.testing.assert_allclose(world.poses[:, :3], poses[:, :3], atol=1e-5)


@EVERY
def test_reset_is_bit_equal_whatever_came_before(robot: Robot) -> None:
    rng = np.random.default_rng(0)
    shapes = [shape("ball"), shape("cylinder"), shape()]
    scene = make_scene(PLACES, shapes)
    actions = rng.uniform(-1, 1, (30, robot.num_joints + 1))
    fresh = make_world(scene, robot=robot)
    start = full_state(fresh)
    for action in actions:
        fresh.step(action)
    used = make_world(make_scene([(0.4, 0.0), (0.5, 0.0)]), robot=robot)
    for other in (scene, make_scene(PLACES[:2], piece=False)):
        used.reset(other, other.event.before)
        used.model.geom_friction[:] = 0.1  # as a slip leaves it when it is cut off
        used.data.xfrc_applied[:] = 1.0
        for action in rng.uniform(-1, 1, (20, robot.num_joints + 1)):
            used.step(action)
    used.reset(scene, scene.event.before)
    np.testing.assert_array_equal(full_state(used), start)
    assert used.max_velocity_share == used.max_torque_share == used.contacts.peak_force == 0.0
    for action in actions:
        used.step(action)
    np.testing.assert_array_equal(full_state(used), full_state(fresh))


@EVERY
def test_the_arm_begins_above_the_cursor_or_at_home(robot: Robot) -> None:
    home = make_world(robot=robot)
    np.testing.assert_allclose(home.fingertip_in_world, [0.45, 0.0, 0.25], atol=2e-4)
    assert home.opening == pytest.approx(OPEN, abs=1e-4)
    scene = make_scene(PLACES, piece=False)
    state = scene.event.before.moved(np.array([3]), np.array([[0.5, 0.25]]))
    world = PlaceWorld(robot)
    world.reset(scene, state, opening=0.0)
    np.testing.assert_allclose(world.fingertip_in_world, [0.45, 0.1, HOVER], atol=2e-4)
    assert world.opening == pytest.approx(0.0, abs=1e-4)
    np.testing.assert_allclose(world.entity_state().positions[3], [0.5, 0.25], atol=2e-3)


def test_the_entity_state_follows_the_objects() -> None:
    scene = make_scene(PLACES)
    world = make_world(scene)
    np.testing.assert_allclose(
        world.entity_state().entities, scene.event.before.entities, atol=1e-5
    )
    grasp(world, 2)
    lift(world)
    go_to(world, (0.45, 0.05, 0.1), opening=0.0)
    moved = world.entity_state()
    np.testing.assert_allclose(moved.positions[2], [0.25, 0.25], atol=0.02)  # the cursor
    np.testing.assert_allclose(moved.positions[:2], scene.event.before.positions[:2], atol=1e-4)
    for name in ("present", "movable", "paintable"):
        np.testing.assert_array_equal(getattr(moved, name), getattr(scene.event.before, name))


@EVERY
@pytest.mark.parametrize("kind", KINDS)
def test_a_closed_hand_holds_what_it_lifts(robot: Robot, kind: str) -> None:
    """The largest and heaviest, and the smallest and lightest, for two seconds."""
    for half, height, density in zip(HALF_WIDTHS, HALF_HEIGHTS, DENSITIES, strict=True):
        made = shape(kind, half=half, height=height)
        made = replace(made, mass=made.mass * density / 1000.0)
        world = make_world(make_scene(PLACES[:2], [made, shape()]), robot=robot)
        other = world.poses[1].copy()
        grasp(world, 0)
        assert world.contacts.holding.tolist() == [True, False]
        sunk = 2.0 * half - world.opening
        assert 0.0 < sunk < 0.002  # both pads press, and give way by less than 1 mm each
        in_hand = world.poses[0, :3] - world.fingertip_in_world
        lift(world)
        wait(world, 50)
        assert world.poses[0, 2] > rest_height(made) + 0.095
        np.testing.assert_allclose(
            world.poses[0, :3] - world.fingertip_in_world, in_hand, atol=1e-3
        )
        assert world.contacts.link_contacts == world.contacts.table_contacts == 0
        np.testing.assert_allclose(world.poses[1], other, atol=1e-6)
        wait(world, 25, opening=OPEN)
        assert world.poses[0, 2] < 0.03 and world.contacts.clear


def test_an_object_held_while_the_arm_is_swung_stays_in_the_hand() -> None:
    world = make_world(make_scene(PLACES[:2], [shape("ball"), shape()]))
    grasp(world, 0)
    lift(world)
    in_hand = world.poses[0, :3] - world.fingertip_in_world
    go_to(world, (0.4, -0.12, 0.2), opening=0.0, steps=15)  # as fast as the joints may
    np.testing.assert_allclose(world.poses[0, :3] - world.fingertip_in_world, in_hand, atol=1e-3)
    assert world.max_velocity_share < 1.0


def test_a_sleeping_object_wakes_when_it_is_pulled_or_bumped() -> None:
    world = make_world(make_scene([(0.5, 0.1), (0.5, -0.1)]))
    wait(world, 10)
    assert not world.data.body_awake[world.model.body("object_0").id]
    start = world.poses[:, :2].copy()
    body = world.model.body("object_1").id
    world.data.xfrc_applied[body, 0] = 2.0 * 9.81 * world.model.body_mass[body]
    wait(world, 3)
    world.data.xfrc_applied[body] = 0.0
    assert world.poses[1, 0] - start[1, 0] > 0.005
    go_to(world, (0.5, 0.05, 0.012), opening=0.0)
    go_to(world, (0.5, 0.12, 0.012), opening=0.0)  # against its side
    assert world.poses[0, 1] - start[0, 1] > 0.02
    assert world.touched[0] and not world.touched[1]


@pytest.mark.parametrize("copied", [deepcopy, lambda world: pickle.loads(pickle.dumps(world))])
@pytest.mark.parametrize("awake", [False, True])
def test_a_copy_goes_on_alike(copied: Callable[[PlaceWorld], PlaceWorld], awake: bool) -> None:
    """Objects asleep, and one in the hand."""
    world = make_world(make_scene(PLACES))
    wait(world, 10)
    if awake:
        grasp(world, 1)
    other = copied(copied(world))
    for each in (world, other):
        lift(each) if awake else grasp(each, 1)
    np.testing.assert_array_equal(world.data.qpos, other.data.qpos)
    np.testing.assert_array_equal(world.data.qvel, other.data.qvel)
    np.testing.assert_array_equal(world.contacts.holding, other.contacts.holding)
    assert world.contacts.holding[1]


def test_what_leaves_the_table_falls() -> None:
    world = make_world(make_scene([(0.5, 0.1), (0.84, 0.0)]))
    body = world.model.body("object_1").id
    world.data.xfrc_applied[body, 0] = 3.0 * 9.81 * world.model.body_mass[body]
    wait(world, 25)
    assert world.poses[1, 2] < -0.3


def test_fingertip_speed_is_the_derivative_of_its_position() -> None:
    world = make_world()
    for _ in range(5):
        world.step(np.full(8, 0.3))
    step = 1e-6
    before, speed, qpos = world.fingertip_in_world, world.fingertip_speed, world.data.qpos.copy()
    mujoco.mj_integratePos(world.model, qpos, world.data.qvel, step)
    world.data.qpos[:] = qpos
    mujoco.mj_kinematics(world.model, world.data)
    travelled = np.linalg.norm(world.fingertip_in_world - before)
    assert speed == pytest.approx(travelled / step, rel=1e-3) and speed > 0.01


def test_bad_actions() -> None:
    world = make_world()
    with pytest.raises(NonFiniteError) as not_finite:
        world.step(np.array([*np.zeros(7), np.inf]))
    assert str(not_finite.value) == (
        "action holds inf at index (7,); every entry must be a finite number"
    )
    with pytest.raises(ShapeError) as shaped:
        world.step(np.zeros(7))
    assert str(shaped.value) == "action has shape (7,), expected (8,); pass an array of that shape"
    one, other = make_world(), make_world()
    one.step(np.full(8, 4.0))
    other.step(np.ones(8))
    np.testing.assert_array_equal(full_state(one), full_state(other))


def test_nothing_can_be_read_before_a_reset() -> None:
    for name in (
        *("model", "data", "poses", "opening", "fingertip_in_world", "fingertip_speed"),
        *("object_speeds", "velocity_addresses", "touched"),
    ):
        with pytest.raises(ConfigError) as error:
            getattr(PlaceWorld(), name)
        assert str(error.value) == (
            "the place world holds no scene; call reset(scene, state) first"
        )


def test_staying_is_staying() -> None:
    world = make_world()
    start = world.data.qpos.copy()
    for _ in range(50):
        world.step(stay(world))
    np.testing.assert_allclose(world.data.qpos, start, atol=1e-6)
