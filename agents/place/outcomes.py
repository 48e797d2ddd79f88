"""One trial of the place world, run and measured, and what went wrong in it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

import gymnasium as gym
import numpy as np

from ...envs.arm_place import ArmPlaceEnv
from ...envs.concept_env import ConceptEnv
from ...envs.concepts import Composed, Concept
from ...envs.demonstrations import Demonstration, record_demonstrations
from ..arm_demonstrations import record_on_arm
from ..concept_agent import ConceptAgent
from ..identify import IdentifyResult
from ..manipulation.pick_place import Outcome
from ..manipulation.policy import PlacePolicy
from ..rollout import roll_out
from .trials import ARM_CONDITIONS, CELLS, DEMONSTRATIONS, Trial

CAUSES = ("plan", "grasp", "transport", "placement", "touch", "disturbance")
"""What a failure is put down to, see `cause_of`."""


@dataclass(frozen=True, kw_only=True)
class PlaceOutcome:
    """What a trial came to.

    Attributes:
        cell, condition, episode: the trial.
        success: whether the settled state was judged a success.
        steps: control steps.
        cause: what a failure is put down to, one of `CAUSES`; empty for a success.
        fault: what was wrong with the last state, see `Verdict.fault`.
        reason: what the agent said at the end.
        errors: distances between planned and executed places of what was placed [mm].
        disturb: what was to happen, if anything.
        happened: whether it did before the episode ended.
        joint_limit_violation: [rad]; velocity_share, torque_share: largest, of the limits.
        table_contacts, self_contacts, link_contacts: control steps, see `ContactWatch`.
        peak_force: largest contact force between hand and object [N].
    """

    cell: str
    condition: str
    episode: int
    success: bool
    steps: int
    cause: str = ""
    fault: str = ""
    reason: str = ""
    errors: list[float] = field(default_factory=list)
    disturb: str = ""
    happened: bool = False
    joint_limit_violation: float = 0.0
    velocity_share: float = 0.0
    torque_share: float = 0.0
    table_contacts: int = 0
    self_contacts: int = 0
    link_contacts: int = 0
    peak_force: float = 0.0

    @property
    def trial(self) -> Trial:
        """Whose outcome it is."""
        return Trial(self.episode, self.cell, self.condition)

    def row(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


def run_trial(agent: ConceptAgent, trial: Trial, *, seed: int = 0) -> PlaceOutcome:
    """Show the concept to an agent like this one, run the episode, and measure it."""
    concept, shown, scene = prepare(trial, seed=seed)
    env = make_world(trial, concept)
    try:
        return act(_taught(agent, trial, seed, shown), env, trial, scene=scene)
    finally:
        env.close()


def _taught(
    agent: ConceptAgent, trial: Trial, seed: int, shown: list[list[Demonstration]]
) -> ConceptAgent:
    """An agent that has observed; those of the last few sets of demonstrations are kept."""
    known = _known.setdefault(agent, OrderedDict())
    key = (seed, trial.lesson)
    if key not in known:
        taught = agent.fresh()
        teach(taught, shown)
        known[key] = taught
        while len(known) > _MOST_KNOWN:
            known.popitem(last=False)
    return known[key]


def teach(agent: ConceptAgent, shown: list[list[Demonstration]]) -> None:
    """Show it one term after another; they are to hold at once."""
    for number, demonstrations in enumerate(shown):
        agent.observe(demonstrations, join=number > 0)


_known: WeakKeyDictionary[ConceptAgent, OrderedDict[tuple, ConceptAgent]] = WeakKeyDictionary()
_MOST_KNOWN = 2 * len(CELLS)


def prepare(trial: Trial, *, seed: int) -> tuple[Concept, list[list[Demonstration]], int]:
    """The trial's concept, its demonstrations (a list a term), and the scene's seed."""
    parameters, demonstrations, scene = trial.seeds(seed)
    concept = CELLS[trial.cell].draw(np.random.default_rng(parameters))
    terms = concept.terms if isinstance(concept, Composed) else (concept,)
    shown = [
        _shown(term, demonstrations + number, trial.on_arm) for number, term in enumerate(terms)
    ]
    return concept, shown, scene


@lru_cache(maxsize=4 * len(CELLS))  # episodes share them
def _shown(concept: Concept, seed: int, on_arm: bool) -> list[Demonstration]:
    if on_arm:
        return record_on_arm(concept, episodes=DEMONSTRATIONS, seed=seed)
    return record_demonstrations(concept=concept, episodes=DEMONSTRATIONS, seed=seed)


def make_world(trial: Trial, concept: Concept, **options: Any) -> gym.Env:
    """The trial's environment."""
    cell = CELLS[trial.cell]
    if trial.condition in ARM_CONDITIONS:
        robot = "ur5e" if trial.condition == "ur5e" else "panda"
        options |= {"robot": robot, "kinds": cell.kinds, "disturb": trial.disturb}
    return gym.make(trial.world, concept=concept, task=cell.task, **options)


def act(
    agent: ConceptAgent,
    env: gym.Env,
    trial: Trial,
    *,
    scene: int,
    on_step: Callable[[gym.Env], object] = lambda env: None,
) -> PlaceOutcome:
    """One episode of an agent that has observed; `on_step` as in `roll_out`."""
    run = roll_out(agent, env, seed=scene, on_step=on_step)
    world, policy = env.unwrapped, agent.policy()
    facts = _facts(world, policy) if isinstance(world, ArmPlaceEnv) else {}
    return PlaceOutcome(
        cell=trial.cell,
        condition=trial.condition,
        episode=trial.episode,
        success=run.success,
        steps=run.steps,
        cause="" if run.success else cause_of(world, policy),
        fault=run.fault,
        reason=run.plan.reason,
        disturb=trial.disturb or "",
        **facts,
    )


def _facts(world: ArmPlaceEnv, policy: Any) -> dict[str, Any]:
    physics, contacts = world.world, world.world.contacts
    errors = policy.placement_errors() if isinstance(policy, PlacePolicy) else []
    return {
        "happened": world.disturbed,
        "errors": [round(1e3 * error, 3) for error in errors],
        "joint_limit_violation": physics.max_joint_limit_violation,
        "velocity_share": physics.max_velocity_share,
        "torque_share": physics.max_torque_share,
        "table_contacts": contacts.table_contacts,
        "self_contacts": contacts.self_contacts,
        "link_contacts": contacts.link_contacts,
        "peak_force": contacts.peak_force,
    }


def cause_of(world: ConceptEnv | Any, policy: Any) -> str:
    """What a failure is put down to.

    The disturbance, where one has happened; else the stage of the last attempt that did not come
    off, or that the end of the episode cut short; else, as everything planned was carried out, the
    plan.
    """
    if isinstance(world, ArmPlaceEnv) and world.disturbed:
        return "disturbance"
    if not isinstance(policy, PlacePolicy):
        return "plan"
    if world.task == "identify":
        found = policy.plan.result if policy.plan is not None else None
        if not isinstance(found, IdentifyResult):
            return "plan"
        return "touch" if np.array_equal(found.attention, world.event.answer) else "plan"
    failed = [attempt.stage for attempt in policy.attempts if attempt.outcome != Outcome.DONE]
    return policy.stage or (failed[-1] if failed else "plan")
