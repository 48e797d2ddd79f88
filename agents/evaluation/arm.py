"""Episodes on the arm: what the physics says, and how careful the arm was."""

from __future__ import annotations

from dataclasses import dataclass

import gymnasium as gym
import numpy as np

from ...envs.arm_model import HOVER_HEIGHT
from ...envs.arm_reach import ArmReachEnv
from ...envs.concepts import Concept
from ...envs.errors import ConfigError
from ...envs.frames import plane_to_table
from ..concept_agent import ConceptAgent
from ..identify import IdentifyResult
from ..plan import target_of
from ..rollout import Rollout, roll_out

_ARM = "conceptgym/ArmReach-v0"


@dataclass(frozen=True, kw_only=True)
class ArmFacts:
    """What only the arm's episodes have.

    Attributes:
        fingertip_error: distance between planned and reached fingertip [m]; None where the plan
            moves no cursor.
        missed: identified entities that were not touched.
        joint_limit_violation: furthest any joint went beyond its limits [rad].
        table_contacts: control steps that ended with the arm touching the table.
        velocity_share: largest joint velocity as a share of its limit.
        reason: "reached", or why no path was found.
        truncated: whether the episode was cut off by the time limit.
    """

    fingertip_error: float | None
    missed: int
    joint_limit_violation: float
    table_contacts: int
    velocity_share: float
    reason: str
    truncated: bool


def act_on_arm(
    agent: ConceptAgent, concept: Concept, *, task: str, seed: int
) -> tuple[Rollout, int, ArmFacts]:
    """One episode of an agent that has observed: the roll-out, the scene's objects, the facts."""
    env = gym.make(_ARM, concept=concept, task=task)
    try:
        run = roll_out(agent, env, seed=seed)
        judge = env.unwrapped
        if not isinstance(judge, ArmReachEnv):
            raise ConfigError(f"{_ARM} made a {type(judge).__name__}, expected an ArmReachEnv")
        return run, int(judge.state.objects.sum()), _facts(judge, run)
    finally:
        env.close()


def _facts(env: ArmReachEnv, run: Rollout) -> ArmFacts:
    world, target, error, missed = env.world, target_of(run.plan, env.state), None, 0
    if target is not None:
        planned = np.append(plane_to_table(target), HOVER_HEIGHT)
        error = float(np.linalg.norm(planned - world.fingertip_in_world))
    elif isinstance(run.plan.result, IdentifyResult):
        missed = int((run.plan.result.attention & env.state.objects & ~world.touched).sum())
    return ArmFacts(
        fingertip_error=error,
        missed=missed,
        joint_limit_violation=float(world.max_joint_limit_violation),
        table_contacts=int(world.table_contacts),
        velocity_share=float(world.max_velocity_share),
        reason=run.plan.reason,
        truncated=run.reason == "truncated",
    )
