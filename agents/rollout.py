"""One episode of the agent in a world, measured."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import gymnasium as gym
import numpy as np

from ..envs.concept_env import ConceptEnv
from ..envs.concepts import ComposedEvent
from ..envs.progress import PHASE_RESIDUAL
from .concept_agent import ConceptAgent
from .generate import GenerateResult
from .plan import Plan, target_of


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
    """

    success: bool
    residual: float
    planned_residual: float
    steps: int
    seconds_to_plan: float
    plan: Plan
    reason: str


def roll_out(
    agent: ConceptAgent,
    env: gym.Env,
    *,
    seed: int,
    on_step: Callable[[gym.Env], object] = lambda env: None,
) -> Rollout:
    """Run one episode of a conceptgym environment from `reset(seed)` to its end.

    Args:
        agent: it has observed demonstrations.
        env: made by ``gym.make("conceptgym/…")``.
        seed: of the scene.
        on_step: called with `env` after the reset, once the first plan is made, and after every
            step: the place to take frames.
    """
    world = env.unwrapped
    if not isinstance(world, ConceptEnv):
        raise TypeError(f"env is a {type(world).__name__}, expected a conceptgym environment")
    observation, info = env.reset(seed=seed)
    on_step(env)
    start = np.ones(1, dtype=bool)
    steps, longest, ended, truncated = 0, 0.0, False, False
    while not ended:
        begin = time.perf_counter()
        action, _ = agent.predict(observation, episode_start=start if steps == 0 else None)
        longest = max(longest, time.perf_counter() - begin)
        if steps == 0:
            show_plan(world, agent.plan())
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
    )


def show_plan(world: ConceptEnv, plan: Plan | None) -> None:
    """Draw the planned position of the cursor, if the plan moves it, into the coming frames."""
    target = target_of(plan, world.state) if plan is not None else None
    world.show_plan(None if target is None else target[None])


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
