"""Success of the agent on unseen scenes, episode by episode.

The protocol, for each concept and each episode number k:

1. The concept's parameters are drawn anew (`Concept.random`), so hue and distance differ between
   episodes.
2. Demonstrations are recorded by stepping Particle-v0 with the scripted demonstrator. Fewer
   demonstrations are the first of the more.
3. The agent infers w from them, and is given nothing else.
4. Per world and task an unseen scene is drawn by ``env.reset(seed=…)``, and the agent acts through
   `predict` until the episode ends. It succeeds if the last ``info["is_success"]`` is true, which
   the environment judges on its final state. Both worlds and tasks act on the same w.

Every seed is derived from ``SeedSequence([seed, concept, k, purpose])``, with one purpose each for
parameters, demonstrations, and either world's scenes of either task; scenes do not depend on the
number of demonstrations or on how w was inferred, so those comparisons are paired. Training draws
its events from ``default_rng([training seed, family])`` and never resets an environment, and a
scene's seed is at least 2³¹: no scene was trained on or demonstrated.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import gymnasium as gym
import numpy as np
import torch

from ..envs.arm_model import HOVER_HEIGHT
from ..envs.arm_reach import ArmReachEnv
from ..envs.concept_env import ConceptEnv
from ..envs.concepts import CONCEPTS, TASKS, Concept
from ..envs.demonstrations import Demonstration, record_demonstrations
from ..envs.errors import ConfigError
from ..envs.frames import plane_to_table
from .concept_agent import ConceptAgent
from .config import InferenceConfig
from .confusion import explain_generation, explain_identification, shown_alternatives
from .evaluation_config import WORLDS, EvaluationConfig, Job
from .identify import IdentifyResult
from .ik import IKController
from .model import load_model
from .plan import target_of
from .rollout import Rollout, roll_out


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
    """

    fingertip_error: float | None
    missed: int
    joint_limit_violation: float
    table_contacts: int
    velocity_share: float
    reason: str


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One episode in one world and task.

    Attributes:
        concept, world, task, demonstrations, code_iterations, episode: which one it was.
        success: judged by the environment at the end; truncated: cut off by the time limit.
        confusions: what a failure is put down to, see `confusion`; empty on success.
        seconds_to_infer, seconds_to_plan: [s].
        energy_before, energy_after: of the demonstrations, around the descent on w.
        arm: None in the particle world.
    """

    concept: str
    world: str
    task: str
    demonstrations: int
    code_iterations: int
    episode: int
    success: bool
    truncated: bool
    confusions: tuple[str, ...]
    seconds_to_infer: float
    seconds_to_plan: float
    energy_before: float
    energy_after: float
    arm: ArmFacts | None


class Evaluator:
    """Runs jobs; each gives the same outcomes, times apart, whatever ran before it."""

    def __init__(self, config: EvaluationConfig, checkpoint: Path | str | None = None) -> None:
        self.config = config
        self._model = load_model(checkpoint)[0]
        self._controller = IKController()  # building it is no part of the time to plan

    def run(self, job: Job) -> list[Outcome]:
        """Every world, task, number of demonstrations and descent on w that is due."""
        config = self.config
        rng = np.random.default_rng(job.parameter_seed(config.seed))
        concept = CONCEPTS[job.concept].random(rng)
        seed, most = job.demonstration_seed(config.seed), max(config.demonstrations)
        shown = record_demonstrations(concept=concept, episodes=most, seed=seed)
        outcomes: list[Outcome] = []
        for number in config.demonstrations:
            for iterations in config.code_iterations:
                outcomes += self._try(job, concept, shown[:number], iterations)
        return outcomes

    def _try(
        self, job: Job, concept: Concept, shown: Sequence[Demonstration], iterations: int
    ) -> Iterator[Outcome]:
        """Infer w, then act in every world and task."""
        inference = InferenceConfig(code_iterations=iterations)
        agent = ConceptAgent(self._model, config=inference, controller=self._controller)
        begin = time.perf_counter()
        inferred = agent.observe(shown)
        seconds_to_infer = time.perf_counter() - begin
        for world, task in self._due(job, concept, iterations):
            seed = job.scene_seed(self.config.seed, world=world, task=task)
            run, judge = _roll_out(agent, concept, world=world, task=task, seed=seed)
            yield Outcome(
                concept=job.concept,
                world=world,
                task=task,
                demonstrations=len(shown),
                code_iterations=iterations,
                episode=job.episode,
                success=run.success,
                truncated=run.reason == "truncated",
                confusions=() if run.success else _explain(concept, shown, judge),
                seconds_to_infer=seconds_to_infer,
                seconds_to_plan=run.seconds_to_plan,
                energy_before=inferred.initial_energy,
                energy_after=inferred.energy,
                arm=_arm_facts(judge, run) if isinstance(judge, ArmReachEnv) else None,
            )

    def _due(self, job: Job, concept: Concept, iterations: int) -> list[tuple[str, str]]:
        """The worlds and tasks of an episode."""
        config = self.config
        due = [("particle", task) for task in TASKS]
        if job.episode < config.arm_episodes and iterations == config.code_iterations[0]:
            due += [("arm", task) for task in concept.tasks_on_arm]
        return [(world, task) for world, task in due if world in config.worlds]


def _roll_out(
    agent: ConceptAgent, concept: Concept, *, world: str, task: str, seed: int
) -> tuple[Rollout, ConceptEnv]:
    env = gym.make(WORLDS[world], concept=concept, task=task)
    run = roll_out(agent, env, seed=seed)
    judge = env.unwrapped
    if not isinstance(judge, ConceptEnv):
        raise ConfigError(f"world {world!r} is no conceptgym environment")
    return run, judge


def _explain(
    concept: Concept, shown: Sequence[Demonstration], judge: ConceptEnv
) -> tuple[str, ...]:
    others = shown_alternatives(concept, shown)
    state, event = judge.state, judge.event
    if judge.task == "generate":
        return explain_generation(concept, others, state=state, attention=event.attention)
    return explain_identification(others, state=state, attention=event.answer, answer=judge.answer)


def _arm_facts(env: ArmReachEnv, run: Rollout) -> ArmFacts:
    world, target, error, missed = env.world, target_of(run.plan, env.state), None, 0
    if target is not None:
        planned = np.append(plane_to_table(target), HOVER_HEIGHT)
        error = float(np.linalg.norm(planned - world.fingertip_in_world))
    elif isinstance(run.plan.result, IdentifyResult):
        missed = int((run.plan.result.attention & env.state.objects & ~world.touched).sum())
    return ArmFacts(
        fingertip_error=error,
        missed=missed,
        joint_limit_violation=world.max_joint_limit_violation,
        table_contacts=world.table_contacts,
        velocity_share=world.max_velocity_share,
        reason=run.plan.reason,
    )


def run_jobs(
    config: EvaluationConfig, checkpoint: Path | str | None = None, *, workers: int = 2
) -> Iterator[list[Outcome]]:
    """The outcomes of `config.jobs`, in their order, from processes of one thread each.

    Raises:
        ConfigError: if `workers` is below 1.
        CheckpointError: if the checkpoint is missing, truncated or altered.
    """
    if workers < 1:
        raise ConfigError(f"workers={workers} must be at least 1")
    load_model(checkpoint)  # a bad one is better found here than by every worker
    context = multiprocessing.get_context("spawn")
    with _one_thread(), context.Pool(workers, _start, (config, checkpoint)) as pool:
        yield from pool.imap(_run, config.jobs)


_evaluators: list[Evaluator] = []
"""This worker's own: at most one."""


def _start(config: EvaluationConfig, checkpoint: Path | str | None) -> None:
    torch.set_num_threads(1)
    _evaluators[:] = [Evaluator(config, checkpoint)]


def _run(job: Job) -> list[Outcome]:
    return _evaluators[0].run(job)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Child processes inherit the environment: one thread each, that sleeps while it waits."""
    settings = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
