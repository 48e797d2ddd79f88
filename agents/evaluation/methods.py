"""Who is evaluated: our agent, variants of it, rivals without learning; one way to ask them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace

import numpy as np

from ...envs.concepts import Concept, Event
from ...envs.concepts.composed import ComposedEvent
from ...envs.demonstrations import Demonstration
from ...envs.entities import COLOUR, PLANE_HALF_WIDTH, POSITION, EntityState, check_array
from ...envs.errors import ShapeError
from ..concept_agent import ConceptAgent
from ..config import InferenceConfig
from ..ik import IKController
from ..model import ConceptModel
from ..rivals import Chance, CopyNearest, Invariants, Rival
from .recogniser import Recogniser

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
MakeRival = Callable[[int], Rival]
"""Makes a rival from a seed."""
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
    *("ours-scratch", "ours-values", "ours-recognition"),
    *(f"ours-{n}-steps" for n in _STEPS),
)
"""Methods that are looked at with five undisturbed demonstrations alone."""
GENERATE_ONLY = ("ours-recognition", RECOGNISER)
"""Methods of which only how they generate is looked at."""
HELD_OUT_ONLY = (RECOGNISER,)
"""Methods that are looked at with held-out parameters alone."""
SINGLE_ONLY = ("copy-nearest", "invariants", RECOGNISER)
"""Methods that cannot put several concepts together."""

Plan = Sequence[np.ndarray]
"""Entities (N, 7) to bring about one after the other, one for each phase."""


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


class RivalSolver:
    """A rival that observes demonstrations; what it does to them is nobody else's business."""

    def __init__(self, name: str, rival: Rival, shown: Sequence[Demonstration]) -> None:
        """Let it observe.

        Args:
            name: what messages call it.
            rival: who answers.
            shown: the demonstrations, of which it is given copies, as of every scene.
        """
        self._name, self._rival = name, rival
        rival.observe(deepcopy(list(shown)))

    def plan(self, event: Event) -> Plan:
        """Entities for each phase that the rival saw.

        Raises:
            ShapeError, NonFiniteError: if it returns anything but arrays of entities.
        """
        plan = self._rival.plan(deepcopy(event.before), event.attention.copy())
        name = f"the plan of rival '{self._name}'"
        if not isinstance(plan, Sequence) or not plan:
            raise ShapeError(
                f"{name} is {_described(plan)}, expected a list of entity arrays, one for each "
                "phase; return [entities]"
            )
        for phase, entities in enumerate(plan):
            check_array(entities, f"{name}, phase {phase},", event.before.entities.shape)
        return [np.asarray(entities) for entities in plan]

    def identify(self, state: EntityState) -> np.ndarray:
        """(N,) bool, the entities that are meant.

        Raises:
            ShapeError, NonFiniteError: if it returns anything but a mask.
        """
        found = self._rival.identify(deepcopy(state))
        name = f"the answer of rival '{self._name}'"
        check_array(found, name, state.present.shape)
        if not np.isin(found, (0, 1)).all():
            raise ShapeError(f"{name} holds other numbers than 0 and 1; return a mask of bools")
        return np.asarray(found, dtype=bool)


def _described(value: object) -> str:
    """What messages call a value that is no list of arrays."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    return "empty" if isinstance(value, Sequence) else f"a {type(value).__name__}"


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
            return RivalSolver(method, self._rivals[method](self._seed), self._shown[0])
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


def plan_succeeds(concept: Concept, event: Event, plan: Plan) -> bool:
    """Whether a plan for an event's start makes every phase of a concept come true, in order.

    Judged on the states that the plan leads to, which Particle-v0 reaches exactly: only what may
    be edited changes, and nothing leaves the plane.
    """
    if len(plan) != len(concept.phases):
        return False
    composed = isinstance(event, ComposedEvent)
    state, attention = event.before, event.attentions if composed else event.attention
    for phase, entities in zip(concept.phases, plan, strict=True):
        state = carried_out(state, entities)
        if not phase.succeeds(state, attention):
            return False
    return True


def carried_out(state: EntityState, entities: np.ndarray) -> EntityState:
    """The state after its editable features were brought as near to `entities` as may be."""
    changed = state.entities.copy()
    moves, paints = state.movable & state.present, state.paintable & state.present
    limit = PLANE_HALF_WIDTH
    changed[moves, POSITION] = np.clip(entities[moves, POSITION], -limit, limit)
    changed[paints, COLOUR] = np.clip(entities[paints, COLOUR], 0.0, 1.0)
    return state.with_entities(changed)
