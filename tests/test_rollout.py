"""One measured episode: what it reports, on both worlds and when the plan is wrong."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from agent_scenes import Oracle, generated, identified

from conceptgym.agents.generate import GenerateResult
from conceptgym.agents.plan import Plan
from conceptgym.agents.rollout import planned_residual, roll_out, show_plan
from conceptgym.envs import EntityState, ParticleEnv, compose

WORLDS = ("conceptgym.envs:conceptgym/Particle-v0", "conceptgym.envs:conceptgym/ArmReach-v0")


def make(env_id: str, **options: Any) -> tuple[gym.Env, Any, Oracle]:
    env = gym.make(env_id, **options)
    return env, env.unwrapped, Oracle(env.unwrapped)  # type: ignore[arg-type]


@pytest.mark.parametrize("env_id", WORLDS)
@pytest.mark.parametrize("task", ["generate", "identify"])
def test_a_right_plan_succeeds(env_id: str, task: str) -> None:
    env, world, agent = make(env_id, task=task, n_objects=3)
    seen: list[gym.Env] = []
    run = roll_out(agent, env, seed=4, on_step=seen.append)
    assert run.success and run.reason == "terminated"
    assert run.planned_residual == pytest.approx(0.0, abs=2e-3)
    assert run.residual == world.residual() <= world.concept.tolerance
    assert run.plan.task == task and run.plan is agent.plan()
    assert seen == [env] * (run.steps + 2)
    assert 0.0 < run.seconds_to_plan < 60.0


class Mistaken(Oracle):
    """Leads the cursor into a corner."""

    def generate(self, state: EntityState, attention: np.ndarray, **options: Any) -> GenerateResult:
        entities = state.entities.copy()
        entities[state.cursor, :2] = 1.0
        return generated(entities)


def test_a_wrong_plan_is_truncated_and_its_residuals_say_so() -> None:
    env, world, _ = make(WORLDS[0])
    run = roll_out(Mistaken(world), env, seed=4)
    assert not run.success and run.reason == "truncated" and run.steps == 60
    assert run.planned_residual > world.concept.tolerance
    assert run.residual == pytest.approx(run.planned_residual, abs=1e-5)


@pytest.mark.parametrize("task", ["generate", "identify"])
@pytest.mark.parametrize("concept", ["touch", "two_in_order", "quantity"])
def test_phases_and_answers_of_their_own_are_judged_as_the_world_does(
    concept: str, task: str
) -> None:
    env, world, agent = make(WORLDS[0], concept=concept, task=task)
    run = roll_out(agent, env, seed=4)
    assert run.success
    assert run.residual == pytest.approx(run.planned_residual, abs=1e-3)
    assert run.residual <= world.concept.tolerance


def test_compositions_are_judged_by_all_their_terms() -> None:
    concept = compose("near", "colour")
    env, world, agent = make("conceptgym/ParticleCompose-v0", concept=concept)
    run = roll_out(agent, env, seed=3)
    assert run.success and run.residual == pytest.approx(run.planned_residual, abs=1e-3)
    left = Plan(task="generate", result=generated(world.event.before.entities))
    assert planned_residual(world, left) > 1.0


def test_a_plan_for_the_last_phase_first_fails_and_its_residual_counts_what_is_left() -> None:
    class Hasty(Oracle):
        def generate(self, state: EntityState, attention: np.ndarray, **_: Any) -> GenerateResult:
            return generated(self.event_of(state).stops[-1].entities)

    env, world, _ = make(WORLDS[0], concept="two_in_order")
    run = roll_out(Hasty(world), env, seed=4)
    assert not run.success and run.reason == "terminated"
    first, _ = world.concept.phases
    planned = first.residual(world.event.stops[-1], world.event.attention) + 1.0
    assert run.planned_residual == pytest.approx(planned, abs=1e-6)
    assert run.residual == pytest.approx(planned, abs=1e-3)


def test_the_seed_alone_decides_the_scene() -> None:
    env, world, agent = make(WORLDS[0])
    first = roll_out(agent, env, seed=4)
    scene = world.event.before.entities
    other = roll_out(agent, env, seed=5)
    again = roll_out(agent, env, seed=4)
    assert np.array_equal(world.event.before.entities, scene)
    assert (again.residual, again.steps) == (first.residual, first.steps)
    assert other.residual != first.residual


def test_the_planned_place_is_in_every_frame_but_the_first() -> None:
    env, world, agent = make(WORLDS[0])
    plans: list[np.ndarray | None] = []
    roll_out(agent, env, seed=4, on_step=lambda _: plans.append(world._plan))
    goal = world.event.after
    assert plans.pop(0) is None
    for plan in plans:
        assert plan is not None
        np.testing.assert_allclose(plan, goal.positions[[goal.cursor]])
    show_plan(world, None)
    assert world._plan is None


def test_the_planned_residual_of_an_answer_is_its_share_of_mistakes() -> None:
    world = ParticleEnv("between", task="identify", n_objects=4)
    world.reset(seed=0)
    answer = world.event.attention.copy()
    present = np.flatnonzero(world.state.present)
    for mistakes in range(3):
        plan = Plan(task="identify", result=identified(answer))
        assert planned_residual(world, plan) == pytest.approx(mistakes / 5)
        answer = answer.copy()
        answer[present[mistakes]] ^= True


def test_other_environments_are_refused() -> None:
    env, _, agent = make(WORLDS[0])
    with pytest.raises(TypeError) as caught:
        roll_out(agent, gym.make("CartPole-v1"), seed=0)
    assert str(caught.value) == "env is a CartPoleEnv, expected a conceptgym environment"
    env.close()
