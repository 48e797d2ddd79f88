"""Disturbances: what they do, to what, when, and that they leave nothing behind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from place_scenes import full_state, go_to, grasp, lift, make_scene, make_world, shape, stay

from conceptgym.envs import ArmPlaceEnv
from conceptgym.envs.disturb import (
    DISTURBANCES,
    FIRST_STEP,
    LAST_STEP,
    LIFTED,
    PUSH_DISTANCES,
    PUSH_STEPS,
    SLIP_STEPS,
    Push,
    Slip,
    check_disturb,
    draw_disturbance,
)
from conceptgym.envs.errors import ConfigError
from conceptgym.envs.place_model import FINGER_GEOMS
from conceptgym.envs.place_world import PlaceWorld


def watch(env: ArmPlaceEnv, *, steps: int = LAST_STEP + 60) -> dict[str, Any]:
    """Hold still; when the disturbance began, and which objects moved how far."""
    start, began, faults = env.world.poses, -1, set()
    for step in range(1, steps + 1):
        info = env.step(stay(env.world))[4]
        faults.add(info["fault"])
        if began < 0 and env._disturbance is not None and env._disturbance.happened:
            began = step
    away = np.linalg.norm((env.world.poses - start)[:, :3], axis=1)
    tilt = np.abs(env.world.poses[:, 4:6] - start[:, 4:6]).max(axis=1)
    return {"began": began, "away": away, "tilt": tilt, "faults": faults}


@pytest.mark.parametrize("kind", ["cube", "cylinder", "ball"])
def test_a_push_moves_one_object_and_no_other(kind: str) -> None:
    for seed in range(6):
        env = ArmPlaceEnv("left_of", disturb="push", kinds=(kind,))
        env.reset(seed=seed)
        found = watch(env)
        assert FIRST_STEP <= found["began"] <= LAST_STEP
        pushed = found["away"] > 1e-4
        assert np.count_nonzero(pushed) == 1
        (distance,) = found["away"][pushed]
        assert 0.8 * PUSH_DISTANCES[0] < distance < 1.25 * PUSH_DISTANCES[1]
        if kind != "ball":
            assert found["tilt"].max() < 0.01  # it slid, and did not topple
        assert found["faults"] == {""}  # its place is excused
        assert env.world.object_speeds.max() < 0.01 and not env.world.data.xfrc_applied.any()
        assert env.verdict.sound


def test_a_push_goes_about_as_far_as_was_drawn() -> None:
    scene = make_scene([(0.6, 0.0), (0.45, 0.15)])
    for seed in range(6):
        push = Push(scene, np.random.default_rng(seed), candidates=np.array([0]))
        world = make_world(scene)
        start = world.poses[0, :2]
        for _ in range(LAST_STEP + 50):
            world.step(stay(world))
            push.act(world)
        moved = world.poses[0, :2] - start
        np.testing.assert_allclose(moved, push._way, atol=0.01)
        assert PUSH_DISTANCES[0] <= np.linalg.norm(push._way) <= PUSH_DISTANCES[1]
        assert PUSH_STEPS == 10


def test_a_push_waits_until_the_hand_is_away() -> None:
    scene = make_scene([(0.45, 0.0), (0.45, 0.04)])  # right under the hand
    world = make_world(scene)
    push = Push(scene, np.random.default_rng(0), candidates=np.arange(2))
    for _ in range(LAST_STEP + 20):
        world.step(stay(world))
        assert not len(push.act(world))
    assert not push.happened
    go_to(world, (0.45, -0.2, 0.2), opening=0.0)
    for _ in range(15):  # it looks now and then
        push.act(world)
    assert push.happened


def test_move_pushes_what_the_concept_refers_to() -> None:
    for seed in range(6):
        env = ArmPlaceEnv("between", disturb="move")
        env.reset(seed=seed)
        found = watch(env)
        (index,) = np.flatnonzero(found["away"] > 1e-4)
        row = env.scene.rows[index]
        assert env.event.attention[row] and not env.event.before.movable[row]
        assert found["faults"] == {""}


def test_move_pushes_anything_where_all_that_is_meant_may_be_moved() -> None:
    env = ArmPlaceEnv("line", disturb="move")
    env.reset(seed=0)
    assert np.count_nonzero(watch(env)["away"] > 1e-4) == 1


def slipping(seed: int, kind: str = "cube") -> tuple[PlaceWorld, Slip]:
    """A world whose hand has lifted an object, and a slip that waits for it."""
    scene = make_scene([(0.5, 0.1), (0.5, -0.1)], [shape(kind), shape()])
    world, slip = make_world(scene), Slip(scene, np.random.default_rng(seed))
    assert not len(slip.act(world))
    grasp(world, 0)
    lift(world)
    return world, slip


@pytest.mark.parametrize("kind", ["cube", "cylinder", "ball"])
def test_a_slip_drops_what_is_held_and_gives_the_grip_back(kind: str) -> None:
    world, slip = slipping(1, kind)
    fingers = [world.model.geom(name).id for name in FINGER_GEOMS]
    friction = world.model.geom_friction.copy()
    assert world.contacts.holding[0] and world.fingertip_in_world[2] > LIFTED
    steps, excused = 0, np.zeros(0)
    while not slip.happened:
        world.step(stay(world))
        excused = slip.act(world)
        steps += 1
    assert SLIP_STEPS[0] <= steps <= SLIP_STEPS[1] and excused.tolist() == [0, 1]
    assert world.model.geom_friction[fingers].max() < 1e-3
    for _ in range(25):
        world.step(stay(world))
        slip.act(world)
    assert world.poses[0, 2] < 0.05 and not world.contacts.holding.any()
    np.testing.assert_array_equal(world.model.geom_friction, friction)
    assert not world.model.geom_priority.any()
    grasp(world, 0)
    lift(world)
    for _ in range(60):  # it happens once
        world.step(stay(world))
        slip.act(world)
    assert world.contacts.holding[0] and world.poses[0, 2] > 0.08


def test_a_slip_waits_for_a_lift() -> None:
    env = ArmPlaceEnv("left_of", disturb="slip")
    env.reset(seed=0)
    found = watch(env)
    assert found["began"] == -1 and found["away"].max() < 1e-4


@pytest.mark.parametrize("disturb", DISTURBANCES)
def test_the_same_seed_is_disturbed_bit_by_bit_alike(disturb: str) -> None:
    one, other = (ArmPlaceEnv("near", disturb=disturb) for _ in range(2))
    other.reset(seed=8)
    watch(other, steps=60)
    for env in (one, other):
        env.reset(seed=2)
        watch(env, steps=LAST_STEP + 20)
    np.testing.assert_array_equal(full_state(one.world), full_state(other.world))
    plain = ArmPlaceEnv("near")
    plain.reset(seed=2)
    one.reset(seed=2)
    np.testing.assert_array_equal(full_state(one.world), full_state(plain.world))


def test_seeds_differ_in_when_and_what() -> None:
    scene = make_scene([(0.5, 0.1), (0.5, -0.1), (0.6, 0.0)])
    pushes = [draw_disturbance("push", np.random.default_rng(s), scene) for s in range(40)]
    assert all(isinstance(push, Push) for push in pushes)
    times = {push._first_step for push in pushes}
    assert len(times) > 25 and min(times) >= FIRST_STEP and max(times) < LAST_STEP


@pytest.mark.parametrize("disturb", ["nudge", "", ["push"], 1])
def test_disturbances_that_are_refused(disturb: Any) -> None:
    with pytest.raises(ConfigError) as error:
        check_disturb(disturb)
    assert str(error.value) == (
        f"disturb={disturb!r} is unknown; choose one of push, slip, move, or None"
    )
