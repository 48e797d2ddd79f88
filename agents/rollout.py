"""One episode of the agent in a world, measured."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import gymnasium as gym
import numpy as np

from ..envs.arm_place import ArmPlaceEnv
from ..envs.concept_env import ConceptEnv
from ..envs.concepts import ComposedEvent
from ..envs.entities import POSITION
from ..envs.progress import PHASE_RESIDUAL
from .concept_agent import ConceptAgent
from .generate import GenerateResult
from .plan import Plan, target_of

SHOWN_FROM = 0.02
"""What a plan moves less than this is not drawn [plane units]."""


@dataclass(frozen=True, kw_only=True)
class Rollout:
    """What an episode came to.

    Attributes:
        success: `info["is_success"]` of the last step.
        residual: the residual at the end, as executed.
        planned_residual: the same as planned.
        steps: control steps.
        seconds_to_plan: the longest call of `predict` [s], which is the one that plans.
        plan: the last plan.
        reason: "terminated" or "truncated".
        fault: what is wrong with the last state, in the worlds that say.
    """

    success: bool
    residual: float
    planned_residual: float
    steps: int
    seconds_to_plan: float
    plan: Plan
    reason: str
    fault: str = ""


def roll_out(
    agent: ConceptAgent,
    env: gym.Env,
    *,
    seed: int,
    on_step: Callable[[gym.Env], object] = lambda env: None,
    energy: bool = False,
) -> Rollout:
    """Run one episode of a conceptgym environment from `reset(seed)` to its end.

    Args:
        agent: it has observed demonstrations.
        env: made by ``gym.make("conceptgym/…")``.
        seed: of the scene.
        on_step: called with `env` after the reset, once the first plan is made, and after every
            step: the place to take frames.
        energy: whether to paint the energy of the first thing that is to move onto the table, in
            the worlds that can.
    """
    world = env.unwrapped
    if not isinstance(world, ConceptEnv):
        raise TypeError(f"env is a {type(world).__name__}, expected a conceptgym environment")
    observation, info = env.reset(seed=seed)
    on_step(env)
    start = np.ones(1, dtype=bool)
    steps, longest, ended, truncated, shown = 0, 0.0, False, False, None
    while not ended:
        begin = time.perf_counter()
        action, _ = agent.predict(observation, episode_start=start if steps == 0 else None)
        longest = max(longest, time.perf_counter() - begin)
        if agent.plan() is not shown:
            shown = agent.plan()
            show_plan(world, shown)
            if energy:
                show_energy(world, agent)
            if steps == 0:
                on_step(env)
        observation, _, terminated, truncated, info = env.step(action)
        ended, steps = terminated or truncated, steps + 1
        on_step(env)
    plan = agent.plan()
    if plan is None:
        raise RuntimeError("the agent acted without a plan")
    return Rollout(
        success=bool(info["is_success"]),
        residual=float(info["residual"]),
        planned_residual=planned_residual(world, plan),
        steps=steps,
        seconds_to_plan=longest,
        plan=plan,
        reason="truncated" if truncated else "terminated",
        fault=str(info.get("fault", "")),
    )


def show_plan(world: ConceptEnv, plan: Plan | None) -> None:
    """Draw the planned positions of what the plan moves into the coming frames."""
    if isinstance(world, ArmPlaceEnv):
        rows = moved_rows(world, plan)
        found = plan.result if plan is not None and len(rows) else None
        if isinstance(found, GenerateResult):
            world.show_plan(found.entities[rows, POSITION], rows)
        else:
            world.show_plan(None)
        return
    target = target_of(plan, world.state) if plan is not None else None
    world.show_plan(None if target is None else target[None])


def show_energy(world: ConceptEnv, agent: ConceptAgent) -> None:
    """Paint the energy of the first thing that is to move onto the table, where there is one."""
    rows = moved_rows(world, agent.plan())
    if not isinstance(world, ArmPlaceEnv) or not len(rows):
        return
    event = world.event
    world.show_energy(
        agent.landscape(
            world.state,
            event.attention,
            entity=int(rows[0]),
            phase=world.phase,
            attentions=list(event.attentions) if isinstance(event, ComposedEvent) else None,
        )
    )


def moved_rows(world: ConceptEnv, plan: Plan | None) -> np.ndarray:
    """(K,) rows of the entities that a plan moves."""
    if plan is None or not isinstance(plan.result, GenerateResult):
        return np.zeros(0, dtype=int)
    away = np.abs(plan.result.entities - world.state.entities)[:, POSITION].max(axis=1)
    return np.flatnonzero(world.state.movable & (away > SHOWN_FROM))


def planned_residual(world: ConceptEnv, plan: Plan) -> float:
    """The residual that the world would have if the plan came true exactly.

    Of a concept of several phases, that of the phase that the world is in.
    """
    event = world.event
    if isinstance(plan.result, GenerateResult):
        state = world.state.with_entities(plan.result.entities)
        attention = event.attentions if isinstance(event, ComposedEvent) else event.attention
        phases = world.concept.phases
        later = max(0, len(phases) - 1 - world.phase)
        return phases[-1 - later].residual(state, attention) + PHASE_RESIDUAL * later
    present = world.state.present
    return float(np.mean(plan.result.attention[present] != event.answer[present]))
