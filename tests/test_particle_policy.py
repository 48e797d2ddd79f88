"""Acting in the plane: straight to the plan, and a new plan when the scene has changed."""

import numpy as np
import pytest
from agent_scenes import Oracle, ScriptedPlanner, draw_event, generated, identified

from conceptgym.agents.particle_policy import ParticlePolicy
from conceptgym.envs import MAX_ENTITIES, EntityState, ParticleEnv
from conceptgym.envs.errors import NonFiniteError
from conceptgym.envs.spaces import Observation, entity_observation

EVENT = draw_event(seed=1)
STATE = EVENT.before


def observe(state: EntityState = STATE, task: str = "generate") -> Observation:
    return entity_observation(state, EVENT.attention, task)


def moved(row: int, amount: float) -> EntityState:
    return STATE.moved(np.array([row]), STATE.positions[[row]] + amount)


def make_policy(task: str = "generate") -> tuple[ParticlePolicy, ScriptedPlanner]:
    result = generated(EVENT.after.entities) if task == "generate" else identified(EVENT.attention)
    planner = ScriptedPlanner(result)
    return ParticlePolicy(planner), planner


@pytest.mark.parametrize("concept", ["between", "colour", "furthest"])
def test_the_plan_is_carried_out(concept: str) -> None:
    env = ParticleEnv(concept)
    observation, _ = env.reset(seed=3)
    planner = ScriptedPlanner(generated(env.event.after.entities))
    policy = ParticlePolicy(planner)
    terminated, steps, info = False, 0, {}
    while not terminated and steps < 60:
        observation, _, terminated, _, info = env.step(policy.act(observation))
        steps += 1
    assert info["is_success"] and terminated
    np.testing.assert_allclose(observation["entities"], planner.result.entities, atol=1e-5)  # type: ignore[union-attr]
    assert planner.asked == 1
    assert policy.plan is not None and policy.plan.reached and policy.plan.reason == "reached"


def test_the_answer_is_given_in_one_step() -> None:
    policy, planner = make_policy("identify")
    action = policy.act(observe(task="identify"))
    assert action.dtype == np.float32 and action.shape == (MAX_ENTITIES,)
    assert np.array_equal(action > 0, EVENT.attention)
    assert planner.asked == 1


def test_actions_lie_in_the_action_space() -> None:
    for task in ("generate", "identify"):
        env = ParticleEnv("between", task=task)
        env.reset(seed=0)
        policy, _ = make_policy(task)
        assert env.action_space.contains(policy.act(observe(task=task)))


def test_the_plan_stays_while_the_agent_moves_the_cursor() -> None:
    policy, planner = make_policy()
    policy.act(observe())
    plan = policy.plan
    for amount in (0.1, 0.2, 0.4):
        policy.act(observe(moved(STATE.cursor, amount)))
    row = int(np.flatnonzero(STATE.objects)[0])
    policy.act(observe(moved(row, 0.01)))  # within what counts as standing still
    assert planner.asked == 1 and policy.plan is plan


def test_a_moved_object_is_planned_for_anew() -> None:
    policy, planner = make_policy()
    policy.act(observe())
    row = int(np.flatnonzero(STATE.objects)[0])
    policy.act(observe(moved(row, 0.2)))
    assert planner.asked == 2
    policy.act(observe(moved(row, 0.2)))  # where it stands now
    assert planner.asked == 2
    policy.act(observe())
    assert planner.asked == 3


def test_an_object_that_creeps_is_noticed() -> None:
    policy, planner = make_policy()
    row = int(np.flatnonzero(STATE.objects)[0])
    for step in range(8):
        policy.act(observe(moved(row, 0.01 * step)))
    assert planner.asked == 2


def test_another_attention_is_planned_for_anew() -> None:
    policy, planner = make_policy()
    policy.act(observe())
    other = observe()
    other["attention"] = np.roll(other["attention"], 1)
    policy.act(other)
    assert planner.asked == 2


def test_the_next_phase_is_planned_for_once() -> None:
    policy, planner = make_policy()
    policy.act(observe())
    for _ in range(2):
        policy.act(observe() | {"phase": np.int64(1)})
    assert planner.phases == [0, 1]


def test_phases_are_carried_out_one_after_the_other() -> None:
    env = ParticleEnv("two_in_order")
    observation, _ = env.reset(seed=1)
    oracle = Oracle(env)
    policy = ParticlePolicy(oracle)
    terminated, steps, info = False, 0, {}
    while not terminated and steps < 90:
        observation, _, terminated, _, info = env.step(policy.act(observation))
        steps += 1
    assert info["is_success"] and oracle.asked == 2


def test_a_bad_observation_leaves_the_plan_alone() -> None:
    policy, planner = make_policy()
    policy.act(observe())
    plan = policy.plan
    bad = observe()
    bad["entities"][0, 0] = np.nan
    with pytest.raises(NonFiniteError, match=r"^entities holds nan at index \(0, 0\)"):
        policy.act(bad)
    policy.act(observe())
    assert planner.asked == 1 and policy.plan is plan
