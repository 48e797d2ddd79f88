"""Concepts of several phases in both worlds: what is seen, what succeeds, and what is too early."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import gymnasium as gym
import numpy as np
import pytest
from stable_baselines3.common.env_checker import check_env

from conceptgym.agents.arm_motion import Waypoint, plan_joint_path
from conceptgym.agents.ik import IKController
from conceptgym.envs import (
    MAX_ENTITIES,
    ArmReachEnv,
    Concept,
    ConceptEnv,
    EntityState,
    ParticleEnv,
    make_concept,
    plane_to_table,
)
from conceptgym.envs.arm_model import HOVER_HEIGHT
from conceptgym.envs.concept_env import SUCCESS_BONUS
from conceptgym.envs.concepts import Near
from conceptgym.envs.errors import ConceptParameterError
from conceptgym.envs.particle import AT_REST, HOLD_STEPS, action_towards
from conceptgym.envs.progress import MAX_PHASES, PHASE_RESIDUAL

STILL = np.zeros((MAX_ENTITIES, 5), dtype=np.float32)
both_worlds = pytest.mark.parametrize("world", [ParticleEnv, ArmReachEnv])


@dataclass(frozen=True, kw_only=True)
class Endless(Near):
    """A concept of too many phases."""

    name: ClassVar[str] = "endless"

    @property
    def phases(self) -> tuple[Concept, ...]:
        return (Near(),) * (MAX_PHASES + 1)


@both_worlds
def test_too_many_phases_are_refused(world: type[ConceptEnv]) -> None:
    with pytest.raises(ConceptParameterError) as error:
        world(Endless())
    assert str(error.value) == ("concept 'endless' has 4 phases; an episode can have 1 to 3")


# In the plane


def go(env: gym.Env, goal: EntityState) -> list[tuple]:
    """Step until the cursor is where `goal` has it."""
    world, steps = particle(env), []
    while np.abs(world.state.entities - goal.entities).max() > AT_REST:
        steps.append(env.step(action_towards(world.state, goal.entities)))
    return steps


def particle(env: gym.Env) -> ParticleEnv:
    assert isinstance(env.unwrapped, ParticleEnv)
    return env.unwrapped


def make(concept: str = "three_in_order", *, seed: int = 0, **options: Any) -> gym.Env:
    env = gym.make("conceptgym/Particle-v0", concept=concept, **options)
    env.reset(seed=seed)
    return env


@pytest.mark.parametrize("concept", ["two_in_order", "three_in_order"])
def test_in_order_succeeds(concept: str) -> None:
    env = make(concept)
    for seed in range(20):
        env.reset(seed=seed)
        stops = particle(env).event.stops
        for number, stop in enumerate(stops):
            steps = go(env, stop) + [env.step(STILL) for _ in range(HOLD_STEPS)]
            phases = [int(observation["phase"]) for observation, *_ in steps]
            assert phases == [number] * (len(steps) - 1) + [number + 1]
            ended = [terminated for _, _, terminated, _, _ in steps]
            assert ended == [False] * (len(steps) - 1) + [number + 1 == len(stops)]
            assert not any(truncated for *_, truncated, _ in steps)
            assert [info["is_success"] for *_, info in steps] == ended


@pytest.mark.parametrize("wrong", [1, 2])
def test_out_of_order_fails(wrong: int) -> None:
    env = make(render_mode="rgb_array")
    world = particle(env)
    steps = go(env, world.event.stops[wrong])
    assert not any(terminated for _, _, terminated, _, _ in steps)
    for number in range(HOLD_STEPS):
        observation, reward, terminated, _, info = env.step(STILL)
        assert terminated == (number == HOLD_STEPS - 1)
    assert not info["is_success"] and reward == -info["residual"] < 0.0
    assert observation["phase"] == 0
    assert world._status == "out of order"
    env.reset(seed=0)
    assert world._status == "" and env.step(STILL)[2] is False


def test_passing_through_a_later_one_is_fine() -> None:
    env = make()
    event = particle(env).event
    passed = []
    for state in (event.stops[2], event.stops[1], event.stops[0]):
        steps = go(env, state)
        passed += [any(p.succeeds(particle(env).state, event.attention) for p in make_phases(env))]
        assert not any(terminated for _, _, terminated, _, _ in steps)
    assert all(passed)
    for stop in event.stops:
        go(env, stop)
        for _ in range(HOLD_STEPS):
            *_, info = env.step(STILL)
    assert info["is_success"]


def make_phases(env: gym.Env) -> tuple[Concept, ...]:
    return particle(env).concept.phases


@both_worlds
@pytest.mark.parametrize("concept", ["touch", "two_in_order", "three_in_order"])
@pytest.mark.parametrize("task", ["generate", "identify"])
def test_reward_terms_sum_and_phases_are_seen(
    world: type[ConceptEnv], concept: str, task: str
) -> None:
    env = world(concept, task=task)
    env.action_space.seed(0)
    for seed in range(2):
        observation, info = env.reset(seed=seed)
        remaining = len(env.concept.phases) - 1 if task == "generate" else 0
        assert observation["phase"] == 0 and info["residual"] > PHASE_RESIDUAL * remaining
        for _ in range(8):
            observation, reward, terminated, _, info = env.step(env.action_space.sample())
            assert env.observation_space.contains(observation)
            assert observation["phase"] == env.phase
            terms = info["reward_terms"]
            assert reward == sum(terms.values())
            assert terms["residual"] == -info["residual"] == -env.residual()
            assert terms["success"] == SUCCESS_BONUS * info["is_success"]
            if terminated:
                break


def test_the_reward_of_a_whole_episode_adds_up() -> None:
    env = make()
    seen = []
    for stop in particle(env).event.stops:
        seen += go(env, stop) + [env.step(STILL) for _ in range(HOLD_STEPS)]
        assert seen[-1][4]["residual"] == particle(env).residual()
    total = sum(reward for _, reward, *_ in seen)
    residuals = sum(info["residual"] for *_, info in seen)
    assert total == pytest.approx(SUCCESS_BONUS - residuals)
    assert sum(info["is_success"] for *_, info in seen) == 1


@both_worlds
def test_resets_are_bit_equal_whatever_phase_came_before(world: type[ConceptEnv]) -> None:
    def begin(env: ConceptEnv) -> list[np.ndarray]:
        shown = [env.reset(seed=3)[0]]
        for value in (0.0, 0.3, -0.5):
            shown.append(env.step(np.full(env.action_space.shape or (), value))[0])
        return [np.asarray(value) for observation in shown for value in observation.values()]

    fresh, used = world("two_in_order"), world("two_in_order")
    for seed in (4, None):
        used.reset(seed=seed)
        for number in (0, 1):
            put(used, used.event.stops[number])
            for _ in range(2 * used.hold_steps):
                used._advance(at_rest=True)
            assert used.phase == number + 1
        used.reset()
        put(used, used.event.stops[1])
        for _ in range(used.hold_steps):
            used._advance(at_rest=True)
        assert used._progress.out_of_order
    for found, expected in zip(begin(used), begin(fresh), strict=True):
        np.testing.assert_array_equal(found, expected)


def put(env: ConceptEnv, state: EntityState) -> None:
    """Set the state that is judged, past the physics."""
    env._state = state


def test_identify_shows_a_scene_whose_cursor_is_anywhere() -> None:
    env = make("two_in_order", task="identify")
    world = particle(env)
    observation, _ = env.reset(seed=1)
    np.testing.assert_array_equal(observation["entities"], world.event.shown.entities)
    marked = np.where(world.event.attention, 1.0, -1.0)
    observation, reward, terminated, _, info = env.step(marked)
    assert terminated and info["is_success"] and reward == SUCCESS_BONUS
    assert observation["phase"] == 0


def test_identifying_a_touch_is_to_name_the_touched() -> None:
    env = make("touch", task="identify")
    for marked, right in (("answer", True), ("attention", False)):
        env.reset(seed=1)
        mask = getattr(particle(env).event, marked)
        assert env.step(np.where(mask, 1.0, -1.0))[4]["is_success"] == right


@both_worlds
@pytest.mark.parametrize("concept", ["touch", "three_in_order"])
def test_stable_baselines_takes_it(world: type[ConceptEnv], concept: str) -> None:
    for task in ("generate", "identify"):
        check_env(world(concept, task=task), skip_render_check=True)


# On the arm


def arm_actions(env: ArmReachEnv, order: list[int]) -> np.ndarray:
    """(T, 8) actions that hover at the stops of these numbers, in turn."""
    stops = [env.event.stops[number] for number in order]
    above = partial(Waypoint, dwell=30)
    path = plan_joint_path(
        IKController(),
        env.world.data.qpos[:7],
        [
            above(
                position_in_world=np.append(
                    plane_to_table(stop.positions[stop.cursor]), HOVER_HEIGHT
                )
            )
            for stop in stops
        ],
    )
    assert path.reached
    return path.actions


@pytest.mark.parametrize("seed", [0, 7])
def test_the_arm_touches_three_in_order(seed: int) -> None:
    env = ArmReachEnv(make_concept("three_in_order"))
    env.reset(seed=seed)
    phases, terminated, info = [], False, {}
    for action in arm_actions(env, [0, 1, 2]):
        observation, _, terminated, _, info = env.step(action)
        phases.append(int(observation["phase"]))
        if terminated:
            break
    assert terminated and info["is_success"]
    assert sorted(set(phases)) == [0, 1, 2, 3] and phases == sorted(phases)
    limit = gym.spec("conceptgym/ArmReach-v0").max_episode_steps
    assert limit is not None and len(phases) < limit / 2


def test_the_arm_fails_out_of_order() -> None:
    env = ArmReachEnv("three_in_order")
    env.reset(seed=0)
    for action in arm_actions(env, [0, 2]):
        observation, _, terminated, _, info = env.step(action)
        if terminated:
            break
    assert terminated and not info["is_success"] and observation["phase"] == 1
    assert env._status == "out of order"
