"""What the place world shows: its table against the code, and the physics against what is seen."""

from __future__ import annotations

import numpy as np
import pytest
from doc_tables import describe, read_tables
from gymnasium import spaces
from place_scenes import put

from conceptgym.envs import ROBOTS, ArmPlaceEnv, table_to_plane
from conceptgym.envs import place_spaces as module
from conceptgym.envs.entities import MAX_ENTITIES
from conceptgym.envs.errors import ConfigError
from conceptgym.envs.place_objects import KINDS
from conceptgym.envs.place_spaces import MOST_NOISE, check_noise, place_spaces
from conceptgym.envs.spaces import entity_spaces

(TABLE,) = read_tables(module.__doc__)


def make(concept: str = "near", *, seed: int = 0, **options) -> ArmPlaceEnv:
    env = ArmPlaceEnv(concept, **options)
    env.reset(seed=seed)
    return env


@pytest.mark.parametrize("robot", ROBOTS)
def test_the_documented_observations_are_the_space(robot: str) -> None:
    env = make(robot=robot)
    n = str(env.robot.num_joints)
    documented = {row["key"]: row["space"].replace("(n,)", f"({n},)") for row in TABLE}
    found = place_spaces(env.world)
    shown = {key: describe(space).removesuffix(" float32") for key, space in found.items()}
    assert shown == documented
    assert isinstance(env.observation_space, spaces.Dict)
    assert set(env.observation_space.keys()) == set(entity_spaces()) | set(documented)
    for key in ("qpos", "qvel", "gripper", "fingertip", "poses", "half_extents"):
        assert env.observation_space[key].dtype == np.float32


def test_what_is_seen_is_what_is_there() -> None:
    env = make(seed=3, kinds=KINDS)
    world, scene = env.world, env.scene
    seen, rows = env.observe(), env.scene.rows
    np.testing.assert_allclose(seen["poses"][rows], world.poses, atol=1e-6)
    in_plane = table_to_plane(seen["poses"][rows, :2])
    np.testing.assert_allclose(in_plane, seen["entities"][rows, :2], atol=1e-5)
    for row, shape in zip(rows, scene.shapes, strict=True):
        np.testing.assert_allclose(seen["half_extents"][row], shape.half_extents, atol=1e-7)
        assert seen["round"][row] == (shape.kind != "cube")
    assert np.flatnonzero(seen["solid"]).tolist() == rows.tolist()
    n = env.robot.num_joints
    np.testing.assert_allclose(seen["qpos"], world.data.qpos[:n], atol=1e-6)
    np.testing.assert_allclose(seen["gripper"], [world.opening], atol=1e-6)
    np.testing.assert_allclose(seen["fingertip"], world.fingertip_in_world, atol=1e-6)
    others = np.setdiff1d(np.arange(MAX_ENTITIES), rows)
    for key in ("poses", "half_extents", "solid", "round", "touched"):
        assert not seen[key][others].any()


def test_an_object_far_away_is_still_in_the_space() -> None:
    env = make(observation_noise=MOST_NOISE)
    put(env, 0, (9.0, 0.5, 40.0))
    observation, _, terminated, _, info = env.step(np.zeros(8))
    assert env.observation_space.contains(observation)
    assert terminated and info["fault"].startswith("fallen") and not info["is_success"]


@pytest.mark.parametrize("robot", ROBOTS)
def test_whatever_the_arm_is_made_to_do_stays_in_the_space(robot: str) -> None:
    env = make("line", robot=robot, n_objects=8)
    rng = np.random.default_rng(1)
    for step in range(90):
        if step % 10 == 0:
            action = rng.choice([-1.0, 1.0], env.robot.num_joints + 1)
        assert env.observation_space.contains(env.step(action)[0])  # pyright: ignore


def test_noise_changes_the_places_alone() -> None:
    clean, noisy = make(), make(observation_noise=0.005)
    rng = np.random.default_rng(0)
    gaps = []
    for _ in range(20):
        action = rng.uniform(-0.2, 0.2, 8)
        one, other = clean.step(action)[0], noisy.step(action)[0]
        rows = clean.scene.rows
        for key, value in one.items():
            if key not in ("entities", "poses"):
                np.testing.assert_array_equal(value, other[key], err_msg=key)
        np.testing.assert_array_equal(one["entities"][:, 2:], other["entities"][:, 2:])
        np.testing.assert_array_equal(one["poses"][:, 3:], other["poses"][:, 3:])
        absent = np.setdiff1d(np.arange(MAX_ENTITIES), rows)
        assert not other["entities"][absent].any() and not other["poses"][absent].any()
        np.testing.assert_allclose(  # both keys see the same place
            table_to_plane(other["poses"][rows, :2]), other["entities"][rows, :2], atol=1e-5
        )
        gaps.append(other["poses"][rows, :3] - one["poses"][rows, :3])
        np.testing.assert_array_equal(clean.world.data.qpos, noisy.world.data.qpos)
        assert clean.residual() == noisy.residual()
    assert np.std(gaps) == pytest.approx(0.005, rel=0.2) and abs(np.mean(gaps)) < 1e-3


def test_noise_is_seeded_anew_by_every_reset() -> None:
    one, other = make(observation_noise=0.01, seed=4), make(observation_noise=0.01, seed=9)
    first = one.reset(seed=4)[0]
    other.step(np.zeros(8))
    again = other.reset(seed=4)[0]
    np.testing.assert_array_equal(first["poses"], again["poses"])
    later = [env.step(np.zeros(8))[0]["poses"] for env in (one, other)]
    np.testing.assert_array_equal(*later)
    assert not np.array_equal(later[0], first["poses"])


@pytest.mark.parametrize("noise", [-0.001, 0.021, float("nan"), "0.01", None, False])
def test_noise_that_is_refused(noise: object) -> None:
    with pytest.raises(ConfigError) as error:
        check_noise(noise)
    assert str(error.value) == f"observation_noise={noise!r} must be a number from 0 to 0.02 [m]"
