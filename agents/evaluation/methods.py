"""Who is evaluated: our agent, variants of it, rivals without learning; one way to ask them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ...envs.concepts import Concept, Event
from ...envs.concepts.composed import ComposedEvent
from ...envs.demonstrations import Demonstration
from ...envs.entities import EntityState
from ..concept_agent import ConceptAgent
from ..config import InferenceConfig
from ..ik import IKController
from ..model import ConceptModel
from ..rivals import Chance, CopyNearest, Invariants
from .recogniser import Recogniser
from .rival_solver import MakeRival, RivalSolver
from .verdicts import Plan

OURS = "ours"
_STEPS = (0, 1, 5, 50)  # on x and a; ours takes at most 20
VARIANTS: dict[str, InferenceConfig] = {
    OURS: InferenceConfig(),
    "ours-guess": InferenceConfig(code_iterations=0),
    "ours-scratch": InferenceConfig(amortised=False),
    "ours-values": InferenceConfig(amortised=False, shown_values=True),
    "ours-recognition": InferenceConfig(recognition=True),
    **{f"ours-{n}-steps": InferenceConfig(iterations=n) for n in _STEPS},
}
"""Our agent: as it is; w as first guessed; w from random codes, and from codes of which the learned
part is random; generating by descent on the energy that identifies; other numbers of steps on x
and a.
Without steps, the lowest of the starts (the scene as it is, and 15 random ones) is the answer."""
RIVALS: dict[str, MakeRival] = {
    "chance": Chance,
    "copy-nearest": lambda seed: CopyNearest(),
    "invariants": Invariants,
}
"""Rivals without learning, from a seed."""
RECOGNISER = "recogniser"
"""Is told the concept, and knows trained parameters alone: what recognising would reach."""
METHODS = (*VARIANTS, *RIVALS, RECOGNISER)
"""Everyone who is evaluated by default."""
STANDARD_ONLY = (
    *("ours-scratch", "ours-values", "ours-recognition", RECOGNISER),
    *(f"ours-{n}-steps" for n in _STEPS),
)
"""Methods that are looked at with five undisturbed demonstrations alone."""
GENERATE_ONLY = ("ours-recognition", RECOGNISER)
"""Methods of which only how they generate is looked at."""
LEVELS_OF = {RECOGNISER: (2,), "ours-scratch": (1,), "ours-values": (1,)}
"""Levels of methods that are not looked at in all of them: who knows trained parameters alone with
held-out ones, and where w starts in new scenes."""


class AgentSolver:
    """The learned agent, after it has observed."""

    def __init__(self, agent: ConceptAgent, config: InferenceConfig) -> None:
        self._agent = agent
        self._config = config

    @property
    def agent(self) -> ConceptAgent:
        """The agent, asked as this solver's method asks it; others may share it."""
        self._agent.config = self._config
        return self._agent

    def plan(self, event: Event) -> Plan:
        """Entities for each phase that was inferred, each planned from where the last one ends."""
        state, terms = event.before, None
        if isinstance(event, ComposedEvent):
            terms = list(event.attentions)
        plan: list[np.ndarray] = []
        for phase in range(self.agent.phases):
            found = self.agent.generate(state, event.attention, phase=phase, attentions=terms)
            plan.append(found.entities)
            state = state.with_entities(plan[-1])
        return plan

    def identify(self, state: EntityState) -> np.ndarray:
        """(N,) bool, the entities that are meant."""
        return self.agent.identify(state).attention


Solver = AgentSolver | RivalSolver | Recogniser


class Solvers:
    """Methods by name, for one set of demonstrations; those that agree on w share its inference."""

    def __init__(
        self,
        models: Mapping[str, ConceptModel],
        shown: Sequence[Sequence[Demonstration]],
        *,
        concept: Concept,
        seed: int,
        rivals: Mapping[str, MakeRival] = RIVALS,
        controller: IKController | None = None,
    ) -> None:
        """Prepare.

        Args:
            models: our model under `OURS`, others by their own names.
            shown: the demonstrations, of each concept that is to hold.
            concept: what they show, for who is told.
            seed: of rivals that draw.
            rivals: who answers without our model, by name.
            controller: of the arm, if our agent is to act with it.
        """
        self._models = models
        self._shown = shown
        self._concept = concept
        self._seed = seed
        self._rivals = rivals
        self._controller = controller
        self._agents: dict[tuple[str, InferenceConfig], ConceptAgent] = {}

    def get(self, method: str) -> Solver:
        """The method, after it has observed the demonstrations."""
        if method in self._rivals:
            return RivalSolver(method, self._rivals[method], self._shown, seed=self._seed)
        if method == RECOGNISER:
            return Recogniser(self._concept)
        if method in VARIANTS:
            config = VARIANTS[method]
            return AgentSolver(self._observed(OURS, config), config)
        config = self._models[method].inference
        return AgentSolver(self._observed(method, config), config)

    def _observed(self, model: str, config: InferenceConfig) -> ConceptAgent:
        # How states and attention are found is no part of the inference of w.
        usual = InferenceConfig()
        alike = replace(config, iterations=usual.iterations, recognition=usual.recognition)
        key = (model, alike)
        if key not in self._agents:
            agent = ConceptAgent(self._models[model], config=config, controller=self._controller)
            for shown in self._shown:
                agent.observe(shown, join=True)
            self._agents[key] = agent
        return self._agents[key]
