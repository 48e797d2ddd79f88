"""Success on unseen scenes, episode by episode.

The protocol, for each concept, level and episode number k:

1. The concept's parameters are drawn anew (`Concept.random`): from those of training, or at level 2
   from those that are held out.
2. Demonstrations are drawn, each of 2 to 8 objects. Fewer demonstrations are the first of the more.
   *jitter-2*, *jitter-5*: every entity of every demonstration is shifted, once for all its states,
   uniformly by up to 0.04 or 0.1 plane units along each axis, 2% or 5% of the world. *noise-2*,
   *noise-5*: by normal noise of that standard deviation. *wrong*: one of the five shows another
   concept, drawn at random.
3. A method observes them, and is given nothing else.
   At level 4 it observes two or three concepts one by one, each from its own demonstrations, and
   is asked for all of them at once; only generation is asked for.
4. An unseen scene is drawn for each task: of 2 to 8 objects, at level 3 of 9 to 12.
   - *generate*: the method is given the scene and which entities are attended, and plans a state.
     It succeeds if the concept's test passes in the planned state, of which only what may be edited
     counts. Concepts of several phases are planned phase by phase, each from the state that the
     last one leads to, and all phases must pass.
   - *identify*: the method says which entities are meant, and succeeds if it is the exact set.
   These verdicts are Particle-v0's, which reaches planned states exactly
   (tests/test_evaluation_worlds.py steps it).
5. With the arm our agent acts through `predict` in ArmReach-v0 until the episode ends, and
   ``info["is_success"]`` counts, judged on the physical state.

Every seed is derived from ``SeedSequence([seed, concept, k, purpose of the level])``. Parameters,
demonstrations and scenes depend on neither method nor condition, so comparisons are paired.
Training draws from ``default_rng([training seed, concept's name])``: no scene was trained on.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...envs.entities import EntityState
from ..ik import IKController
from ..model import ConceptModel, load_model
from .arm import ArmFacts, act_on_arm
from .config import Cell, EvaluationConfig, Job, Purpose
from .energies import Energies
from .lanes import Lanes
from .methods import OURS, AgentSolver, Solver, Solvers
from .own_methods import with_own
from .scenes import Episode, draw_episode
from .verdicts import plan_succeeds

Task = tuple[Job, Sequence[Cell]]
"""An episode, and what of it is to be run."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One answer.

    Attributes:
        concept, level, demonstrations, condition, method, world, task: the cell that it counts in.
        episode: its number.
        variant: which figure or number, where there are few.
        objects: in the scene that was asked about.
        success: whether it was right.
        arm: None in the particle world.
    """

    concept: str
    level: int
    demonstrations: int
    condition: str
    method: str
    world: str
    task: str
    episode: int
    variant: str
    objects: int
    success: bool
    arm: ArmFacts | None = None


class Evaluator:
    """Runs episodes; each has the same outcomes, whatever ran before it or beside it."""

    def __init__(
        self,
        config: EvaluationConfig,
        checkpoint: Path | str | None = None,
        ablations: Mapping[str, Path] | None = None,
        *,
        rivals: Mapping[str, str] | None = None,
        lanes: int = 1,
        energies: Energies | None = None,
    ) -> None:
        """Prepare.

        Args:
            config: what to evaluate.
            checkpoint: our weights, by default the shipped ones.
            ablations: other weights by name.
            rivals: methods of one's own by name, as `with_own` takes them.
            lanes: episodes that `run_all` runs side by side.
            energies: how those compute their energies, by default uncompiled.
        """
        self.config = config
        self._lanes = Lanes(lanes, energies)
        self._own = threading.local()
        self._rivals = with_own(rivals or {})
        models = {OURS: load_model(checkpoint)[0]}
        models |= {name: load_model(path)[0] for name, path in (ablations or {}).items()}
        self._models = models
        self._shared = {name: self._lanes.share(model) for name, model in models.items()}

    def run_all(self, tasks: Sequence[Task]) -> list[Outcome]:
        """The outcomes of several episodes, or parts of them, run side by side."""
        found = self._lanes.map(lambda task: self._run(*task, models=self._shared), tasks)
        return [outcome for outcomes in found for outcome in outcomes]

    def run(self, job: Job, cells: Sequence[Cell] | None = None) -> list[Outcome]:
        """The outcomes of an episode's cells, by default of all that are due."""
        cells = self.config.cells(job) if cells is None else cells
        return self._run(job, cells, models=self._models)

    def _run(
        self, job: Job, cells: Sequence[Cell], *, models: Mapping[str, ConceptModel]
    ) -> list[Outcome]:
        seed = job.seed_for(Purpose.METHOD, self.config.seed)
        outcomes: list[Outcome] = []
        for number, condition in dict.fromkeys(cell.setting for cell in cells):
            episode = draw_episode(job, seed=self.config.seed, demonstrations=number)
            shown = episode.disturbed(condition)
            solvers = Solvers(
                models,
                shown,
                concept=episode.concept,
                seed=seed,
                rivals=self._rivals,
                controller=self._controller(),
            )
            here = [cell for cell in cells if cell.setting == (number, condition)]
            outcomes += self._try(job, episode, solvers, here)
        return outcomes

    def _controller(self) -> IKController | None:
        """The thread's own."""
        if "arm" not in self.config.worlds or self.config.arm_episodes == 0:
            return None
        if not hasattr(self._own, "controller"):
            self._own.controller = IKController()
        return self._own.controller

    def _try(
        self, job: Job, episode: Episode, solvers: Solvers, cells: Sequence[Cell]
    ) -> Iterator[Outcome]:
        for method in dict.fromkeys(cell.method for cell in cells):
            solver = solvers.get(method)
            for cell in cells:
                if cell.method != method:
                    continue
                if cell.world == "arm":
                    yield self._act(job, episode, solver, cell)
                else:
                    yield _answer(job, episode, solver, cell)

    def _act(self, job: Job, episode: Episode, solver: Solver, cell: Cell) -> Outcome:
        if not isinstance(solver, AgentSolver):
            raise TypeError(f"method {cell.method!r} cannot act with the arm")
        seed = job.scene_seed(self.config.seed, world=cell.world, task=cell.task)
        run, objects, facts = act_on_arm(solver.agent, episode.concept, task=cell.task, seed=seed)
        return _outcome(job, episode, cell, objects=objects, success=run.success, arm=facts)


def _answer(job: Job, episode: Episode, solver: Solver, cell: Cell) -> Outcome:
    concept, event = episode.concept, episode.questions[cell.task]
    if cell.task == "generate":
        plan = solver.plan(event)
        success = plan_succeeds(concept, event, plan)
    else:
        found = solver.identify(_unmarked(event.shown))
        success = bool(np.array_equal(found & event.shown.present, event.answer))
    objects = int(event.shown.objects.sum())
    return _outcome(job, episode, cell, objects=objects, success=success)


def _unmarked(state: EntityState) -> EntityState:
    """A scene to identify in: the masks of what a demonstrator may edit would tell who is meant."""
    nothing = np.zeros_like(state.present)
    return replace(state, movable=nothing, paintable=nothing)


def _outcome(
    job: Job,
    episode: Episode,
    cell: Cell,
    *,
    objects: int,
    success: bool,
    arm: ArmFacts | None = None,
) -> Outcome:
    return Outcome(
        concept=job.concept,
        level=job.level,
        demonstrations=cell.demonstrations,
        condition=cell.condition,
        method=cell.method,
        world=cell.world,
        task=cell.task,
        episode=job.episode,
        variant=episode.variant,
        objects=objects,
        success=success,
        arm=arm,
    )
