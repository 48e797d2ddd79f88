"""A trial of the place world: what is shown and measured, and what a failure is put down to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from agent_scenes import generated, identified
from pick_place_scenes import CONTROLLERS, Wish
from place_outcome_scenes import placed
from place_scenes import put

from conceptgym.agents.concept_agent import ConceptAgent
from conceptgym.agents.generate import GenerateResult
from conceptgym.agents.manipulation.pick_place import Outcome
from conceptgym.agents.manipulation.policy import Attempt, PlacePolicy
from conceptgym.agents.place import outcomes as place_outcomes
from conceptgym.agents.place.outcomes import (
    CAUSES,
    PlaceOutcome,
    act,
    cause_of,
    make_world,
    prepare,
    run_trial,
)
from conceptgym.agents.place.trials import Trial
from conceptgym.agents.plan import Plan
from conceptgym.envs import ArmPlaceEnv, Demonstration
from conceptgym.envs.concepts import make_concept
from conceptgym.envs.entities import POSITION
from conceptgym.envs.frames import plane_to_table

DONE = str(Outcome.DONE)
PLAIN = Trial(0, "near", "plain")


class Idle:
    """Stands for an agent: does nothing, and says so."""

    def __init__(self, env: gym.Env) -> None:
        self.action = np.zeros(env.action_space.shape or ())
        self.starts: list[Any] = []
        self.shown: list[bool] = []

    def predict(
        self, observation: Any, *, episode_start: np.ndarray | None = None
    ) -> tuple[np.ndarray, None]:
        self.starts.append(episode_start)
        return self.action, None

    def policy(self) -> None:
        return None

    def plan(self) -> Plan:
        return Plan(task="generate", result=generated(np.zeros((16, 7))), reason="idle")


def idle_world(trial: Trial, *, steps: int = 4, **options: Any) -> tuple[Any, gym.Env]:
    concept, _, _ = prepare(trial, seed=0)
    env = make_world(trial, concept, max_episode_steps=steps, **options)
    return Idle(env), env


def place_world(task: str = "generate", **options: Any) -> ArmPlaceEnv:
    env = ArmPlaceEnv("near", task=task, n_objects=3, **options)
    env.reset(seed=0)
    return env


def policy_with(*attempts: tuple[str, str]) -> PlacePolicy:
    policy = PlacePolicy(Wish({}), CONTROLLERS.__getitem__)
    policy.attempts = [Attempt(stage=stage, outcome=outcome) for stage, outcome in attempts]
    return policy


@pytest.mark.parametrize(
    ("attempts", "cause"),
    [
        ((), "plan"),
        ((("transport", DONE),), "plan"),
        ((("plan", "no room to park"),), "plan"),
        ((("grasp", Outcome.MISSED),), "grasp"),
        ((("grasp", Outcome.CROWDED), ("transport", Outcome.DROPPED)), "transport"),
        ((("transport", Outcome.DROPPED), ("grasp", Outcome.UNREACHABLE)), "grasp"),
        ((("placement", Outcome.UNREACHABLE), ("transport", DONE)), "placement"),
        ((("grasp", Outcome.MISSED), ("plan", "no order")), "plan"),
    ],
)
def test_the_last_stage_that_did_not_come_off_is_the_cause(
    attempts: Sequence[tuple[str, str]], cause: str
) -> None:
    assert cause_of(place_world(), policy_with(*attempts)) == cause
    assert cause in CAUSES


def test_a_disturbance_that_has_happened_is_the_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = policy_with(("grasp", Outcome.MISSED))
    world = place_world(disturb="push")
    assert not world.disturbed and cause_of(world, policy) == "grasp"
    monkeypatch.setattr(ArmPlaceEnv, "disturbed", True)
    assert cause_of(world, policy) == "disturbance"


@pytest.mark.parametrize("right", [True, False])
def test_touching_is_to_blame_only_where_the_answer_is_right(right: bool) -> None:
    world = place_world("identify")
    policy = policy_with(("touch", "out of reach"))
    answer = world.event.answer if right else ~world.event.answer
    policy.plan = Plan(task="identify", result=identified(answer))
    assert cause_of(world, policy) == ("touch" if right else "plan")
    policy.plan = None
    assert cause_of(world, policy) == "plan"


def test_in_the_plane_it_is_always_the_plan() -> None:
    agent, env = idle_world(Trial(0, "near", "plane"))
    assert cause_of(env.unwrapped, agent.policy()) == "plan"
    assert cause_of(place_world(), None) == "plan"  # an agent that has not acted


@pytest.mark.parametrize("condition", ["plain", "disturbed", "ur5e", "plane"])
def test_an_episode_is_run_to_its_end_and_measured(condition: str) -> None:
    trial = Trial(2, "near", condition)
    agent, env = idle_world(trial)
    seen: list[gym.Env] = []
    outcome = act(agent, env, trial, scene=5, on_step=seen.append)
    assert seen == [env] * (2 + 4)  # the scene, the scene with its plan, and every step
    assert (outcome.cell, outcome.condition, outcome.episode) == ("near", condition, 2)
    assert (outcome.steps, outcome.success, outcome.cause) == (4, False, "plan")
    assert (outcome.reason, outcome.fault, outcome.errors) == ("idle", "", [])
    assert outcome.disturb == ("move" if condition == "disturbed" else "")
    assert agent.starts[0].all() and agent.starts[1:] == [None] * 3
    world = env.unwrapped
    if isinstance(world, ArmPlaceEnv):
        assert outcome.velocity_share == world.world.max_velocity_share
        assert outcome.torque_share == world.world.max_torque_share > 0.0
    else:
        assert outcome.torque_share == outcome.velocity_share == 0.0


def test_an_object_that_leaves_the_table_is_named() -> None:
    agent, env = idle_world(PLAIN, steps=50)
    world = env.unwrapped
    assert isinstance(world, ArmPlaceEnv)

    def drop(_: gym.Env) -> None:
        piece = world.scene.piece
        assert piece is not None
        put(world, piece, (5.0, 0.0, -0.1))

    outcome = act(agent, env, PLAIN, scene=5, on_step=drop)
    assert outcome.fault == "fallen" and not outcome.success and outcome.steps == 1


def test_a_trial_is_shown_run_and_measured() -> None:
    agent = ConceptAgent.from_pretrained()
    outcome = run_trial(agent, PLAIN)
    assert outcome.success and outcome.cause == outcome.fault == outcome.disturb == ""
    assert outcome.reason == "reached" and 50 < outcome.steps < 1000
    assert len(outcome.errors) == 1 and 0.0 <= outcome.errors[0] < 2.0  # [mm]
    assert 0.1 < outcome.velocity_share <= 1.0 and 0.0 < outcome.torque_share <= 1.0
    assert outcome.joint_limit_violation == outcome.self_contacts == outcome.table_contacts == 0
    assert 0.5 < outcome.peak_force < 100.0
    assert agent.inferred is None and agent.policy() is None  # another like it was shown it


def test_errors_are_those_between_planned_and_executed_places() -> None:
    agent, (concept, (shown,), scene) = ConceptAgent.from_pretrained(), prepare(PLAIN, seed=0)
    agent.observe(shown)
    env = make_world(PLAIN, concept)
    outcome = act(agent, env, PLAIN, scene=scene)
    world, plan = env.unwrapped, agent.plan()
    assert isinstance(world, ArmPlaceEnv) and world.scene.piece is not None and plan is not None
    assert isinstance(plan.result, GenerateResult)
    planned = plane_to_table(plan.result.entities[world.state.cursor, POSITION])
    error = np.linalg.norm(world.world.poses[world.scene.piece, :2] - planned)
    np.testing.assert_allclose(outcome.errors, [1e3 * error], atol=0.05)  # [mm]
    assert outcome == run_trial(ConceptAgent.from_pretrained(), PLAIN)


def test_outcomes_do_not_depend_on_what_was_run_before() -> None:
    """Episodes that share demonstrations share an agent, and arms their controllers."""
    agent = ConceptAgent.from_pretrained()
    some = [Trial(0, "near", "plain"), *(Trial(1, "near", way) for way in ("plain", "plane"))]
    outcomes = [run_trial(agent, trial) for trial in some]
    again = [run_trial(agent, trial) for trial in reversed(some)]
    assert again == outcomes[::-1]
    assert run_trial(agent, some[1], seed=1) != outcomes[1]
    assert len({(outcome.steps, *outcome.errors) for outcome in outcomes}) == len(some)


def test_identify_trials_touch() -> None:
    outcome = run_trial(ConceptAgent.from_pretrained(), Trial(0, "identify left_of", "ur5e"))
    assert outcome.success and outcome.errors == [] and outcome.steps < 300


def test_terms_are_shown_one_by_one_and_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[tuple[int, bool]] = []

    class Listener:
        def fresh(self) -> Listener:
            return self

        def observe(self, demonstrations: list[Demonstration], *, join: bool = False) -> None:
            shown.append((len(demonstrations), join))

    worlds: list[Any] = []

    def note(agent: Any, env: gym.Env, trial: Trial, *, scene: int) -> PlaceOutcome:
        worlds.append((env.unwrapped, scene))
        return placed()

    monkeypatch.setattr(place_outcomes, "act", note)
    trial = Trial(0, "near + square", "plain")
    run_trial(Listener(), trial)  # pyright: ignore[reportArgumentType]
    assert shown == [(5, False), (5, True)]
    ((world, scene),) = worlds
    assert world.concept.name == "near + square" and scene == trial.seeds(0)[2]


def test_demonstrations_are_recorded_once_for_the_episodes_that_share_them() -> None:
    (first,), (again,) = (prepare(Trial(k, "between", "plain"), seed=0)[1] for k in (0, 4))
    assert all(one is two for one, two in zip(first, again, strict=True))
    concept, (other,), _ = prepare(Trial(5, "between", "plain"), seed=0)
    assert concept == make_concept("between") and other[0] is not first[0]


def test_an_outcome_is_a_row_of_plain_values() -> None:
    agent, env = idle_world(Trial(1, "near", "disturbed"))
    outcome = act(agent, env, Trial(1, "near", "disturbed"), scene=1)
    assert PlaceOutcome(**json.loads(json.dumps(outcome.row()))) == outcome
