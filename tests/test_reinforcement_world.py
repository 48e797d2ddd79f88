"""The world as vectors: rows' order means nothing, actions reach the right rows, SB3 accepts it."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stable_baselines3.common.env_checker import check_env

from conceptgym.agents.reinforcement.world import FlatWorld, Layout
from conceptgym.envs import TASKS, ParticleEnv, make_concept
from conceptgym.envs.entities import COLOUR, CURSOR, MAX_ENTITIES, POSITION, ZONE

WORLD = "conceptgym/Particle-v0"
REPRESENTATIVE = ("left_of", "between", "two_in_order", "colour", "region", "quantity", "line")
seeds = st.integers(0, 2**31)


@cache  # to look at scenes for the layout takes longer than most tests
def flat(concept: str, task: str = "generate", **options: Any) -> FlatWorld:
    return FlatWorld(gym.make(WORLD, concept=concept, task=task, **options))


def world_of(env: FlatWorld) -> ParticleEnv:
    world = env.unwrapped
    assert isinstance(world, ParticleEnv)
    return world


def shuffled(observation: dict[str, Any], order: np.ndarray) -> dict[str, Any]:
    rows = ("entities", "present", "movable", "paintable", "attention")
    return observation | {name: observation[name][order] for name in rows}


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("concept", [*REPRESENTATIVE, "triangle", "touch"])
def test_stable_baselines_accepts_the_world(concept: str, task: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(flat(concept, task))


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("concept", REPRESENTATIVE)
@settings(max_examples=8)
@given(seed=seeds)
def test_the_order_of_rows_changes_nothing(concept: str, task: str, seed: int) -> None:
    env, rng = flat(concept, task), np.random.default_rng(seed)
    env.reset(seed=seed)
    observation, order = world_of(env).observe(), rng.permutation(MAX_ENTITIES)
    other = shuffled(observation, order)
    assert np.array_equal(env.layout.flatten(observation), env.layout.flatten(other))
    action = rng.uniform(-1.0, 1.0, env.layout.action_size)
    edits = env.layout.unflatten(observation, action)
    assert np.array_equal(edits[order], env.layout.unflatten(other, action))


@pytest.mark.parametrize("concept", REPRESENTATIVE)
@settings(max_examples=8)
@given(seed=seeds)
def test_all_that_may_be_edited_can_be_and_nothing_else(concept: str, seed: int) -> None:
    env = flat(concept)
    env.reset(seed=seed)
    state = world_of(env).state
    edits = env.layout.unflatten(world_of(env).observe(), np.ones(env.layout.action_size))
    allowed = np.concatenate([[state.movable] * 2, [state.paintable] * 3]).T
    assert np.array_equal(edits != 0.0, allowed)
    assert np.array_equal(edits[allowed], np.ones(allowed.sum()))


@settings(max_examples=25)
@given(seed=seeds, concept=st.sampled_from(REPRESENTATIVE))
def test_every_entity_of_an_identify_scene_can_be_marked_alone(seed: int, concept: str) -> None:
    env = flat(concept, "identify")
    env.reset(seed=seed)
    observation, state = world_of(env).observe(), world_of(env).state
    slots, marked = env.layout.action_size, []
    for slot in range(slots):
        action = np.full(slots, -1.0)
        action[slot] = 1.0
        marked.append(env.layout.unflatten(observation, action) > 0.0)
    rows = np.array(marked)
    assert np.array_equal(rows.sum(axis=0) > 0, state.present & (np.arange(16) != state.cursor))
    assert rows.sum(axis=0).max() == 1 and rows.sum(axis=1).max() == 1


@settings(max_examples=8)
@given(seed=seeds)
def test_a_slots_place_leads_the_cursor_to_its_entity(seed: int) -> None:
    env = flat("near")
    observation, _ = env.reset(seed=seed)
    world = world_of(env)
    for _ in range(45):
        # cube roots undo the cube: full speed until near, then exactly there
        observation, *_ = env.step(np.cbrt(np.clip(observation[3:5] / 0.1, -1.0, 1.0)))
        if np.abs(observation[3:5]).max() < 1e-3:
            break
    row = int(np.flatnonzero(world.event.attention)[0])
    gap = world.state.positions[world.state.cursor] - world.state.positions[row]
    assert np.abs(gap).max() < 1e-3


def test_the_vector_holds_what_its_table_says() -> None:
    layout = flat("near").layout
    entities = np.zeros((MAX_ENTITIES, 7), dtype=np.float32)
    entities[:4, POSITION] = [(0.1, 0.2), (0.5, 0.2), (0.1, -0.6), (0.3, 0.2)]
    entities[0, CURSOR] = 1.0
    entities[1:4, COLOUR] = [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)]
    entities[3, ZONE] = 1.0
    there = np.arange(MAX_ENTITIES) < 4
    only = np.eye(MAX_ENTITIES, dtype=np.int8)
    observation = {
        "entities": entities,
        "present": there.astype(np.int8),
        "movable": only[0],
        "paintable": 0 * only[0],
        "attention": only[2],
        "task": np.int64(0),
        "phase": np.int64(1),
    }
    found = layout.flatten(observation)
    cursor, attended = [0.1, 0.2, 1 / 3], [0.0, -0.8, 0.0, 1.0, 0.0, 1.0]
    zone, other, empty = [0.2, 0.0, 1.0, 1.0], [0.4, 0.0, 0.0, 1.0], [0.0] * 4
    expected = [*cursor, *attended, *zone, *other, *empty, *other, *zone, *empty]
    assert found == pytest.approx(expected, abs=1e-6)
    assert found.dtype == np.float32


@pytest.mark.parametrize(
    ("concept", "size"),
    [
        ("left_of", 2),  # the cursor
        ("between", 2),
        ("three_in_order", 2),
        ("colour", 3 * 3),  # red, green and blue of up to three objects
        ("region", 2 * 3),  # x and y of up to three objects
        ("line", 2 * 4),
        ("quantity", 2 * 8),  # x and y of each of up to eight objects; the zone stays
    ],
)
def test_an_action_has_no_more_numbers_than_are_needed(concept: str, size: int) -> None:
    assert Layout.of(make_concept(concept), task="generate").action_size == size
    env = flat(concept)
    assert env.action_space.shape == (size,)
    assert env.observation_space.shape == (env.layout.observation_size,)


@settings(max_examples=30)
@given(share=st.floats(-1.5, 1.5))
def test_actions_are_clipped_and_cubed(share: float) -> None:
    env = flat("near")
    env.reset(seed=1)
    world = world_of(env)
    edits = env.layout.unflatten(world.observe(), np.array([share, 0.0]))
    assert edits[world.state.cursor, 0] == pytest.approx(np.clip(share, -1, 1) ** 3, abs=1e-6)


def test_rewards_and_outcomes_are_the_worlds_own() -> None:
    env, rng = flat("near"), np.random.default_rng(0)
    plain = gym.make(WORLD, concept="near")
    env.reset(seed=4)
    plain.reset(seed=4)
    for _ in range(60):
        action = rng.uniform(-1.0, 1.0, 2)
        full = env.layout.unflatten(world_of(env).observe(), action)
        assert env.step(action)[1:] == plain.step(full)[1:]


def test_larger_scenes_than_usual_show_what_there_is_room_for() -> None:
    env = flat("near", "identify", n_objects=12)
    observation, _ = env.reset(seed=0)
    assert env.observation_space.contains(observation)
    env.step(np.ones(env.layout.action_size))
    assert world_of(env).answer.sum() == env.layout.action_size == 8


def test_a_step_before_the_first_reset_is_refused() -> None:
    env = flat("near", n_objects=4)
    with pytest.raises(gym.error.ResetNeeded, match="call reset\\(\\) before using"):
        env.step(np.zeros(2))


def test_other_worlds_are_refused() -> None:
    with pytest.raises(TypeError, match="^env is a CartPoleEnv, expected a ParticleEnv$"):
        FlatWorld(gym.make("CartPole-v1"))
