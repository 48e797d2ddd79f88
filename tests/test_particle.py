"""The particle world: what its actions do, when its episodes end, what its docstring says."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from concept_scenes import rows
from doc_tables import read_tables

from conceptgym.envs import CONCEPTS, MAX_ENTITIES, ParticleEnv, make_concept
from conceptgym.envs.particle import AT_REST, HOLD_STEPS, MAX_MOVE, MAX_PAINT, action_towards

IN_ONE_PHASE = [name for name in CONCEPTS if len(make_concept(name).phases) == 1]
"""The concepts that one state shows; test_concept_env_phases.py has those of several."""


def make(concept: str = "left_of", *, seed: int = 0, **options) -> ParticleEnv:
    """A world after its reset."""
    env = ParticleEnv(concept, **options)
    env.reset(seed=seed)
    return env


def step_to_goal(env: ParticleEnv) -> tuple[float, bool, dict]:
    """One step straight towards the scene's own solution."""
    action = action_towards(env.state, env.event.after.entities)
    _, reward, terminated, truncated, info = env.step(action)
    assert not truncated
    return reward, terminated, info


@pytest.mark.parametrize("concept", ["left_of", "colour"])
def test_the_documented_actions_do_what_the_table_says(concept: str) -> None:
    (table,) = read_tables(ParticleEnv.__doc__)
    assert [row["index"] for row in table] == ["0", "1", "2", "3", "4"]
    assert [row["meaning"] for row in table] == [
        f"change of {feature}" for feature in ("x", "y", "red", "green", "blue")
    ]
    for column, row in enumerate(table):
        for text, value in (("-1", -1.0), ("+1", 1.0)):
            env = make(concept)
            middle = env.state.entities.copy()
            middle[:, :5] = 0.5  # room on both sides
            env._state = env.state.with_entities(middle)
            action = np.zeros((MAX_ENTITIES, 5))
            action[:, column] = value
            env.step(action)
            editable = env.state.movable if column < 2 else env.state.paintable
            expected = middle.copy()
            expected[editable, column] += float(row[text])
            np.testing.assert_allclose(env.state.entities, expected, atol=1e-6)
            assert row["unit"] == ("plane units" if column < 2 else "share")


def test_the_docstrings_numbers_are_the_codes() -> None:
    text = " ".join((ParticleEnv.__doc__ or "").split())
    generate, identify = make().action_space, make(task="identify").action_space
    assert f'Action of task "generate", Box(-1, 1, {generate.shape}) float32' in text
    assert f'Action of task "identify", Box(-1, 1, {identify.shape}) float32' in text
    for space in (generate, identify):
        assert isinstance(space, gym.spaces.Box) and space.dtype == np.float32
        assert (space.low == -1.0).all() and (space.high == 1.0).all()
    limit = gym.spec("conceptgym/Particle-v0").max_episode_steps
    assert f"nothing has changed by more than {AT_REST}" in text
    assert f"terminates when that has held for {HOLD_STEPS} steps" in text
    assert f"is truncated after {limit}" in text
    assert MAX_MOVE == MAX_PAINT == 0.1


def test_nothing_but_the_editable_changes() -> None:
    for concept in CONCEPTS:
        env = make(concept)
        before = env.state
        env.step(env.action_space.sample())
        changed = env.state.entities != before.entities
        assert not changed[~before.movable, :2].any()
        assert not changed[~before.paintable, 2:5].any()
        assert not changed[:, 5:].any()


def test_actions_outside_the_box_are_clipped() -> None:
    one, other = make(), make()
    rng = np.random.default_rng(0)
    for _ in range(5):
        action = rng.uniform(-4, 4, (MAX_ENTITIES, 5))
        one.step(action)
        other.step(np.clip(action, -1, 1))
        np.testing.assert_array_equal(one.state.entities, other.state.entities)


def test_entities_stay_in_the_plane_and_colours_in_their_range() -> None:
    for concept in ("left_of", "colour"):
        env = make(concept)
        for sign in (1.0, -1.0):
            for _ in range(25):
                env.step(np.full((MAX_ENTITIES, 5), sign))
            edited = env.state.movable | env.state.paintable
            found = env.state.entities[edited][:, : 2 if concept == "left_of" else 5]
            if concept == "left_of":
                np.testing.assert_array_equal(found, np.full_like(found, sign))
            else:
                np.testing.assert_array_equal(found[:, 2:], np.full_like(found[:, 2:], sign > 0))


@pytest.mark.parametrize("concept", IN_ONE_PHASE)
def test_an_episode_ends_after_three_steps_at_rest(concept: str) -> None:
    env = make(concept, seed=3)
    held, terminated = 0, False
    for _ in range(60):
        before = env.state.entities
        reward, terminated, info = step_to_goal(env)
        at_rest = np.abs(env.state.entities - before).max() <= AT_REST
        holds = env.concept.succeeds(env.state, env.event.attention) and at_rest
        held = held + 1 if holds else 0
        assert terminated == (held == HOLD_STEPS)
        assert info["is_success"] == terminated == (reward > 0.0)
        if terminated:
            break
    assert terminated
    np.testing.assert_allclose(env.state.entities, env.event.after.entities, atol=1e-6)


def test_moving_on_starts_the_hold_again() -> None:
    env = make()
    while not np.array_equal(env.state.entities, env.event.after.entities):
        step_to_goal(env)
    step_to_goal(env)
    rush = np.zeros((MAX_ENTITIES, 5))
    rush[env.state.cursor, 0] = 0.5  # 0.05: still right, but not at rest
    _, _, terminated, _, info = env.step(rush)
    assert not terminated and not info["is_success"]
    assert env.concept.succeeds(env.state, env.event.attention)
    ends = [env.step(np.zeros((MAX_ENTITIES, 5)))[2] for _ in range(HOLD_STEPS)]
    assert ends == [False] * (HOLD_STEPS - 1) + [True]


def test_doing_nothing_is_truncated_without_success() -> None:
    env = gym.make("conceptgym/Particle-v0", concept="closest")
    env.reset(seed=0)
    still = np.zeros((MAX_ENTITIES, 5), dtype=np.float32)
    for step in range(1, 61):
        _, reward, terminated, truncated, info = env.step(still)
        assert not terminated and not info["is_success"] and float(reward) < 0.0
        assert truncated == (step == 60)


@pytest.mark.parametrize("concept", CONCEPTS)
def test_identify_takes_the_answer_and_nothing_else(concept: str) -> None:
    env = make(concept, task="identify")
    right = env.event.answer
    present = np.flatnonzero(env.state.present)
    for flipped in (None, *present):
        env.reset(seed=0)
        answer = right.copy()
        if flipped is not None:
            answer[flipped] = ~answer[flipped]
        _, reward, terminated, truncated, info = env.step(np.where(answer, 0.3, -0.3))
        assert terminated and not truncated
        assert info["is_success"] == (flipped is None)
        wrong = 0.0 if flipped is None else 1.0 / len(present)
        assert info["residual"] == pytest.approx(wrong)
        assert reward == pytest.approx((flipped is None) - wrong)
        np.testing.assert_array_equal(env.answer, answer)


def test_absent_rows_of_an_answer_do_not_count() -> None:
    env = make("near", task="identify", n_objects=3)
    action = np.where(env.event.answer | ~env.state.present, 1.0, -1.0)
    assert env.step(action)[4]["is_success"]


def test_what_it_gives_out_is_a_copy() -> None:
    env = make("near", task="identify", n_objects=3)
    env.step(np.where(env.event.answer, 1.0, -1.0))
    env.answer[:] = False
    assert env.mismatch() == 0.0
    for task in ("generate", "identify"):
        env = make("near", task=task, n_objects=3)
        begun = env.event.before if task == "generate" else env.event.shown
        env.state.entities[:] = env.state.present[:] = 0
        assert begun.entities.any() and begun.present.any()


def test_marking_everything_or_nothing_fails() -> None:
    for concept in CONCEPTS:
        env = make(concept, task="identify")
        for value in (-1.0, 0.0, 1.0):  # 0 is not above 0
            env.reset(seed=1)
            assert not env.step(np.full(MAX_ENTITIES, value))[4]["is_success"]


def test_identify_starts_where_the_concept_holds_and_generate_where_not() -> None:
    for concept in CONCEPTS:
        env = make(concept, task="identify")
        solved = env.concept.succeeds(env.state, env.event.attention)
        assert solved == (env.event.shown is env.event.after)  # orders show no state of their own
        assert solved or concept not in IN_ONE_PHASE
        env = make(concept)
        assert not env.concept.succeeds(env.state, env.event.attention)


def test_action_towards_goes_straight_and_arrives() -> None:
    env = make(n_objects=3)
    state, goal = env.state, env.state.entities.copy()
    goal[state.cursor, :2] += (0.3, -0.12)
    action = action_towards(state, goal)
    assert action.dtype == np.float32 and np.abs(action).max() == 1.0
    np.testing.assert_allclose(action[state.cursor, :2], [1.0, -0.4], atol=1e-6)
    assert not action[~rows(state.cursor)].any()
    near = state.entities.copy()
    near[state.cursor, 0] += 0.04
    np.testing.assert_allclose(action_towards(state, near)[state.cursor, 0], 0.4, atol=1e-5)
