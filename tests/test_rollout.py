"""One measured episode: what it reports, on both worlds and when the plan is wrong."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from agent_scenes import Oracle, demonstrations, generated, identified, tiny_model

from conceptgym.agents import ConceptAgent
from conceptgym.agents.config import InferenceConfig
from conceptgym.agents.generate import GenerateResult
from conceptgym.agents.plan import Plan
from conceptgym.agents.rollout import (
    SHOWN_FROM,
    moved_rows,
    planned_residual,
    roll_out,
    show_energy,
    show_plan,
)
from conceptgym.envs import ArmPlaceEnv, EntityState, ParticleEnv, compose

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


class PlaceOracle(Oracle):
    """Looks the answers up in the one place world that it acts in."""

    def generate(
        self, state: EntityState, attention: np.ndarray, *, phase: int = 0, **_: Any
    ) -> GenerateResult:
        (world,) = self.worlds
        return generated(world.event.stops[min(phase, len(world.event.stops) - 1)].entities)


def place_world(concept: str = "near", *, task: str = "generate", seed: int = 4) -> ArmPlaceEnv:
    world = ArmPlaceEnv(concept, task=task)
    world.reset(seed=seed)
    return world


def observed_agent(concept: str = "near", *others: str) -> ConceptAgent:
    agent = ConceptAgent(tiny_model(), config=InferenceConfig(code_iterations=0))
    agent.observe(demonstrations(concept))
    for other in others:
        agent.observe(demonstrations(other), join=True)
    return agent


def answer_of(world: ArmPlaceEnv | ParticleEnv) -> Plan:
    return Plan(task="generate", result=generated(world.event.after.entities))


@pytest.mark.parametrize("concept", ["near", "triangle"])
def test_moved_rows_are_those_that_go_far_enough_and_may(concept: str) -> None:
    world = place_world(concept)
    rows = moved_rows(world, answer_of(world))
    expected = np.flatnonzero(world.event.after.movable)
    np.testing.assert_array_equal(rows, expected)
    state, (first, *rest) = world.state, rows
    for shift, seen in ((0.9 * SHOWN_FROM, False), (1.1 * SHOWN_FROM, True)):
        entities = world.event.after.entities.copy()
        entities[first, :2] = state.entities[first, :2] + (0.0, shift)
        found = moved_rows(world, Plan(task="generate", result=generated(entities)))
        np.testing.assert_array_equal(found, rows if seen else rest)
    entities = state.entities.copy()
    entities[~state.movable, :2] += 0.5
    entities[:, 2:5] = 0.0
    assert len(moved_rows(world, Plan(task="generate", result=generated(entities)))) == 0


def test_without_a_plan_and_in_an_answer_nothing_moves() -> None:
    world = place_world(task="identify")
    plan = Plan(task="identify", result=identified(world.event.answer))
    for each in (None, plan):
        assert moved_rows(world, each).shape == (0,)
        show_plan(world, answer_of(world))
        show_plan(world, each)
        assert world._plan is None


def test_planned_places_of_solid_things_are_shown_by_row() -> None:
    world = place_world("triangle")
    plan = answer_of(world)
    show_plan(world, plan)
    rows = np.flatnonzero(world.event.after.movable)
    np.testing.assert_array_equal(world._plan_rows, rows)
    assert world._plan is not None
    np.testing.assert_allclose(world._plan, world.event.after.positions[rows])
    still = Plan(task="generate", result=generated(world.state.entities))
    show_plan(world, still)
    assert world._plan is None


@pytest.mark.parametrize("concept", ["near", "triangle"])
def test_the_energy_is_that_of_the_first_thing_that_moves(
    concept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, agent = place_world(concept), observed_agent(concept)
    show_energy(world, agent)
    assert world._energy is None  # no plan yet
    monkeypatch.setattr(agent, "plan", lambda: answer_of(world))
    show_energy(world, agent)
    first = int(np.flatnonzero(world.event.after.movable)[0])
    expected = agent.landscape(world.state, world.event.attention, entity=first)
    assert world._energy is not None
    np.testing.assert_array_equal(world._energy, expected)


def test_the_energy_of_a_composition_has_attentions_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    env = gym.make("conceptgym/ArmPlaceCompose-v0", concept=compose("left_of", "near"))
    env.reset(seed=1)
    world, agent = env.unwrapped, observed_agent("left_of", "near")
    assert isinstance(world, ArmPlaceEnv)
    monkeypatch.setattr(agent, "plan", lambda: answer_of(world))
    show_energy(world, agent)
    event: Any = world.event
    expected = agent.landscape(
        world.state, event.attention, attentions=event.attentions, resolution=61
    )
    assert world._energy is not None
    np.testing.assert_array_equal(world._energy, expected)


def test_the_energy_is_that_of_the_phase(monkeypatch: pytest.MonkeyPatch) -> None:
    world, agent = place_world("two_in_order"), observed_agent("two_in_order")
    monkeypatch.setattr(agent, "plan", lambda: answer_of(world))
    painted = []
    for phase in (0, 1):
        monkeypatch.setattr(ArmPlaceEnv, "phase", phase)
        show_energy(world, agent)
        expected = agent.landscape(world.state, world.event.attention, phase=phase)
        np.testing.assert_array_equal(world._energy, expected)  # pyright: ignore
        painted.append(expected)
    assert not np.allclose(*painted)


def test_worlds_without_a_table_of_things_are_painted_nothing() -> None:
    env, world, agent = make(WORLDS[0])
    env.reset(seed=0)
    show_energy(world, agent)
    assert not hasattr(world, "_energy")


@pytest.mark.parametrize("energy", [False, True])
def test_an_episode_with_solid_things_is_measured_and_shown(energy: bool) -> None:
    env = gym.make("conceptgym/ArmPlace-v0", concept="between", n_objects=3)
    world: Any = env.unwrapped
    agent = PlaceOracle(world)
    seen: list[tuple[bool, bool]] = []

    def look(_: gym.Env) -> None:
        seen.append((world._plan is not None, world._energy is not None))

    run = roll_out(agent, env, seed=3, on_step=look, energy=energy)
    assert run.success and run.plan.reason == "reached" and len(seen) == run.steps + 2
    assert seen[0] == (False, False) and seen[1] == (True, energy)
    assert seen[-1] == (False, energy), "what is there is no plan any more"
    assert run.planned_residual == pytest.approx(0.0, abs=2e-3)
