"""The arm's world: what it shows, its resets, and how its generate episodes end."""

from __future__ import annotations

import gymnasium as gym
import mujoco
import numpy as np
import pytest
from doc_tables import describe, read_tables

from conceptgym.agents.arm_motion import Waypoint, plan_joint_path
from conceptgym.agents.ik import IKController
from conceptgym.envs import CONCEPTS, ArmReachEnv, plane_to_table, table_to_plane
from conceptgym.envs.arm_actions import ACTION_SIZE, action_from_targets
from conceptgym.envs.arm_model import CONTROL_TIMESTEP, HOVER_HEIGHT
from conceptgym.envs.arm_reach import AT_REST, HOLD_STEPS, SUBMIT_STEPS, WITHDRAWN_HEIGHT

ON_ARM = [(name, task) for name, kind in CONCEPTS.items() for task in kind.tasks_on_arm]


def make(concept: str = "between", *, seed: int = 0, **options) -> ArmReachEnv:
    """A world after its reset."""
    env = ArmReachEnv(concept, **options)
    env.reset(seed=seed)
    return env


def full_state(env: ArmReachEnv) -> np.ndarray:
    """Everything that MuJoCo integrates or starts from: warm start, controls and time included."""
    signature = int(mujoco.mjtState.mjSTATE_INTEGRATION)
    state = np.empty(mujoco.mj_stateSize(env.world.model, signature))
    mujoco.mj_getState(env.world.model, env.world.data, state, signature)
    return state


def hold(env: ArmReachEnv) -> np.ndarray:
    """The action that asks for the joints to stay."""
    return action_from_targets(env.world.data.act[:7])


def test_the_documented_observations_are_the_space() -> None:
    env = make()
    (table,) = read_tables(ArmReachEnv.__doc__)
    assert isinstance(env.observation_space, gym.spaces.Dict)
    arm = {row["key"]: row["space"] for row in table}
    shown = {key: describe(env.observation_space[key]).removesuffix(" float32") for key in arm}
    assert shown == arm
    assert list(arm) == list(env.world.arm_observation())
    particle = gym.make("conceptgym/Particle-v0").observation_space
    assert isinstance(particle, gym.spaces.Dict)
    assert set(env.observation_space.keys()) == set(particle.keys()) | set(arm)


def test_the_docstrings_numbers_are_the_codes() -> None:
    text = " ".join((ArmReachEnv.__doc__ or "").split())
    assert f"Box(-1, 1, ({ACTION_SIZE},)) float32" in text
    assert f"control rate is {1 / CONTROL_TIMESTEP:.0f} Hz" in text
    assert f"slower than {AT_REST} m/s; the episode" in text
    assert f"terminates when that has held for {HOLD_STEPS} steps" in text
    assert f"withdrawn (above {WITHDRAWN_HEIGHT} m) and slower than {AT_REST} m/s" in text
    assert f"for {SUBMIT_STEPS} steps after a touch" in text
    limit = gym.spec("conceptgym/ArmReach-v0").max_episode_steps
    assert f"Truncated after {limit} steps" in text
    assert ArmReachEnv.metadata["render_fps"] == round(1 / CONTROL_TIMESTEP)
    space = make().action_space
    assert isinstance(space, gym.spaces.Box) and space.shape == (ACTION_SIZE,)
    assert (space.low == -1.0).all() and (space.high == 1.0).all()


@pytest.mark.parametrize(("concept", "task"), ON_ARM)
def test_scenes_and_observations_agree_with_the_physics(concept: str, task: str) -> None:
    env = ArmReachEnv(concept, task=task)
    for seed in range(3):
        observation, info = env.reset(seed=seed)
        assert env.observation_space.contains(observation)
        drawn = env.event.before if task == "generate" else env.event.shown
        np.testing.assert_allclose(observation["entities"], drawn.entities, atol=1e-3)
        solved = task == "identify" and env.event.shown is env.event.after
        assert env.concept.succeeds(env.state, env.event.attention) == solved
        in_plane = table_to_plane(observation["fingertip"][:2])
        np.testing.assert_allclose(
            in_plane, observation["entities"][env.state.cursor, :2], atol=1e-5
        )
        np.testing.assert_allclose(observation["qpos"], env.world.data.qpos[:7], atol=1e-6)
        assert not observation["touched"].any() and not observation["qvel"].any()
        assert not info["is_success"]
        assert observation["attention"].any() == (task == "generate")


def test_random_actions_stay_in_the_observation_space() -> None:
    env = make("near", n_objects=8)
    rng = np.random.default_rng(0)
    for _ in range(60):
        observation, *_ = env.step(rng.choice([-1.0, 1.0], ACTION_SIZE))
        assert env.observation_space.contains(observation)


def test_speeds_and_fingers_that_overshoot_are_clipped() -> None:
    """Full speed back and forth throws joints beyond three times their velocity limits."""
    env, beyond = make("near", n_objects=3), 0
    rng = np.random.default_rng(2)
    for step in range(400):
        if step % 15 == 0:
            action = rng.choice([-1.0, 1.0], ACTION_SIZE)
        observation, *_ = env.step(action)
        assert env.observation_space.contains(observation)
        beyond += not env.observation_space.contains({**observation, **env.world.arm_observation()})
    assert beyond


def test_reset_is_bit_equal_in_all_that_the_physics_hold() -> None:
    fresh, used = make("near", seed=5), make("near", seed=1)
    rng = np.random.default_rng(0)
    for seed in (5, 2, 5):
        for _ in range(12):
            used.step(rng.uniform(-1, 1, ACTION_SIZE))
        used.reset(seed=seed)
    np.testing.assert_array_equal(full_state(used), full_state(fresh))
    data = used.world.data
    assert data.time == 0.0 and not data.qvel.any() and not data.ctrl.any()
    for action in rng.uniform(-1, 1, (10, ACTION_SIZE)):
        assert fresh.step(action)[1] == used.step(action)[1]
    np.testing.assert_array_equal(full_state(used), full_state(fresh))


def test_actions_outside_the_box_are_clipped() -> None:
    one, other = make(), make()
    for action in np.random.default_rng(0).uniform(-4, 4, (5, ACTION_SIZE)):
        one.step(action)
        other.step(np.clip(action, -1, 1))
        np.testing.assert_array_equal(full_state(one), full_state(other))


@pytest.mark.parametrize("concept", ["left_of", "between", "furthest"])
def test_generate_ends_after_five_steps_at_rest_where_it_holds(
    concept: str, controller: IKController
) -> None:
    env = make(concept, seed=2)
    solution = env.event.after.positions[env.event.after.cursor]
    goal = np.append(plane_to_table(solution), HOVER_HEIGHT)
    path = plan_joint_path(
        controller, env.world.data.qpos[:7], [Waypoint(position_in_world=goal, dwell=50)]
    )
    held, terminated, info = 0, False, {}
    for action in path.actions:
        _, reward, terminated, truncated, info = env.step(action)
        right = env.concept.succeeds(env.state, env.event.attention)
        holds = right and env.world.fingertip_speed <= AT_REST
        held = held + 1 if holds else 0
        assert terminated == (held == HOLD_STEPS)
        assert info["is_success"] == terminated == (reward > 0.0) and not truncated
        if terminated:
            break
    assert terminated and info["is_success"]
    found = env.state.positions[env.state.cursor]
    np.testing.assert_allclose(found, solution, atol=0.025)  # [plane units], 5 mm


def test_passing_through_is_no_success(controller: IKController) -> None:
    """The fingertip crosses the place at speed: the concept holds, but never at rest."""
    env = make("left_of", seed=2)
    here, there = env.state.positions[env.state.cursor], env.event.after.positions[env.state.cursor]
    beyond = there + 0.25 * (there - here) / np.linalg.norm(there - here)
    path = plan_joint_path(
        controller,
        env.world.data.qpos[:7],
        [Waypoint(position_in_world=np.append(plane_to_table(beyond), HOVER_HEIGHT), speed=0.6)],
    )
    held = []
    for action in path.actions:
        _, _, terminated, _, info = env.step(action)
        held.append(env.concept.succeeds(env.state, env.event.attention))
        assert not terminated and not info["is_success"]
    assert any(held)


def test_it_is_truncated_at_its_limit() -> None:
    limit = 20
    env = gym.make("conceptgym/ArmReach-v0", concept="near", max_episode_steps=limit)
    env.reset(seed=0)
    assert isinstance(env.unwrapped, ArmReachEnv)
    ends = [env.step(hold(env.unwrapped))[2:4] for _ in range(limit)]
    assert ends == [(False, False)] * (limit - 1) + [(False, True)]
