"""Small models, scenes and agents that the tests of agents/ share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from conceptgym.agents.code import Code
from conceptgym.agents.concept_agent import ConceptAgent
from conceptgym.agents.config import EnergyConfig, InferenceConfig, TrainConfig
from conceptgym.agents.generate import GenerateResult
from conceptgym.agents.geometry import SLOTS
from conceptgym.agents.identify import IdentifyResult
from conceptgym.agents.model import ConceptModel
from conceptgym.agents.scene import Scene
from conceptgym.agents.tensors import scene_of, to_tensor
from conceptgym.envs import CONCEPTS, ConceptEnv, Demonstration, EntityState, Event
from conceptgym.envs.entities import CURSOR, NUM_FEATURES, ZONE

TINY = EnergyConfig(width=8, code_size=4)
SHORT = TrainConfig(
    steps=3, instances=2, events=9, concepts_per_family=2, most_demonstrations=3, warm_up_steps=2
)
ORDER, PLACES = 10, slice(11, 35)
"""Columns of the nodes' features: ranks, which have no gradient, and absolute places."""
REST = 3
"""Steps that a demonstration of several phases rests at each stop."""
QUICK = InferenceConfig(particles=3, iterations=4, code_iterations=2)
"""Descents of a few steps: enough where only who asks for what is tested."""


def tiny_model(seed: int = 0) -> ConceptModel:
    """An untrained model, frozen as `load_model` leaves it."""
    torch.manual_seed(seed)
    return ConceptModel(TINY).requires_grad_(False).eval()


def random_scene(seed: int, *, count: int = 2, number: int = 6, rows: int = 9) -> Scene:
    """`count` scenes of `number` entities in `rows` rows, float64, with masks of all kinds."""
    draw = torch.Generator().manual_seed(seed)

    def uniform(*shape: int) -> torch.Tensor:
        return torch.rand(*shape, generator=draw, dtype=torch.float64)

    entities = uniform(count, number, NUM_FEATURES)
    entities[..., :2] = 2.0 * entities[..., :2] - 1.0
    entities[..., [CURSOR, ZONE]] = 0.0
    entities[:, 1, CURSOR] = 1.0
    masks = [(uniform(count, number) < 0.6).double() for _ in range(2)]
    parts = [entities, uniform(count, number), torch.ones(count, number).double(), *masks]
    found, attention, present, movable, paintable = (pad_rows(part, rows) for part in parts)
    return Scene(
        entities=found, attention=attention, present=present, movable=movable, paintable=paintable
    )


def random_codes(seed: int, *, count: int = 2, size: int = TINY.code_size) -> torch.Tensor:
    """Codes (count, size + PLAIN_SIZE) of plain values that demonstrations may have, float64."""
    draw = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(count, *shape, generator=draw, dtype=torch.float64)

    number = torch.randint(3, SLOTS + 1, (count, 1), generator=draw)
    used = (torch.arange(SLOTS) < number)[..., None].double()
    template = normal(SLOTS, 2) * used
    template = (template - template.sum(1, keepdim=True) / number[..., None]) * used
    radius = (template.square().sum((1, 2)) / number[:, 0]).sqrt()
    return Code(
        what=normal(size),
        offset=0.3 * normal(2),
        distance=0.3 * normal(1).abs(),
        place=0.4 * normal(2),
        spread=0.2 * normal(2).abs(),
        colour=normal(3).sigmoid(),
        touched=normal(3).sigmoid(),
        inside=0.1 * torch.randint(0, 4, (count, 1), generator=draw).double(),
        number=0.1 * number.double(),
        template=(template / radius[:, None, None]).flatten(1),
    ).join()


def attending(scene: Scene, codes: torch.Tensor, *, noise: float = 0.0) -> Scene:
    """The scenes with as many of their objects attended as the codes ask for, in random rows."""
    count = Code.split(codes).count.round()[:, None]
    objects = scene.objects * scene.attention  # random numbers
    rank = objects.argsort(dim=1, descending=True).argsort(dim=1)
    attention = (rank < count).to(scene.attention.dtype) * scene.objects
    return scene.replace(attention=attention + noise * (scene.attention - 0.5) * scene.present)


def pad_rows(values: torch.Tensor, rows: int) -> torch.Tensor:
    """(B, N, ...) with zero rows up to `rows`."""
    extra = torch.zeros_like(values[:, :1]).expand(-1, rows - values.shape[1], *values.shape[2:])
    return torch.cat([values, extra], dim=1)


def permuted(scene: Scene, order: list[int]) -> Scene:
    """The scenes with their rows in another order."""
    return scene.map(lambda value: value[:, order])


def weight_of(module: torch.nn.Module, name: str) -> torch.Tensor:
    """A parameter by its dotted name, to be written to."""
    return module.get_parameter(name).data


def rows_of(scene: Scene, rows: Sequence[int]) -> Scene:
    """Some of a batch's scenes."""
    return scene.take(torch.tensor(rows))


def as_single(scene: Scene) -> Scene:
    """The scenes in float32."""
    return scene.map(lambda value: value.float())


def rotation(angle: float) -> torch.Tensor:
    """The matrix R that turns a column vector by an angle [radians], float64."""
    cos, sin = np.cos(angle), np.sin(angle)
    return torch.tensor([[cos, -sin], [sin, cos]], dtype=torch.float64)


def turned(scene: Scene, angle: float) -> Scene:
    """The scenes turned about the plane's middle [radians]."""
    entities = scene.entities.clone()
    entities[..., :2] = entities[..., :2] @ rotation(angle).T.to(entities.dtype)
    return scene.replace(entities=entities)


def draw_event(concept: str = "between", *, seed: int = 0, n_objects: int = 3) -> Event:
    """An event of a concept with its default parameters; more objects if it needs more."""
    kind = CONCEPTS[concept]
    number = int(np.clip(n_objects, *kind.num_objects))
    return kind().sample(np.random.default_rng(seed), n_objects=number)


def demonstration(event: Event) -> Demonstration:
    """What an event shows: its start and its end, or its start and a rest at every stop."""
    stops = [state.entities for state in event.stops]
    if len(stops) > 1:
        stops = [entities for entities in stops for _ in range(REST)]
    return Demonstration.of(np.stack([event.before.entities, *stops]), event)


def demonstrations(concept: str = "between", count: int = 3) -> list[Demonstration]:
    """`count` demonstrations of a concept."""
    return [demonstration(draw_event(concept, seed=seed)) for seed in range(count)]


def fixed_demonstrations(concept: str) -> list[Demonstration]:
    """Demonstrations in which nothing could be moved or painted."""
    return [
        replace(demo, movable=np.zeros_like(demo.movable), paintable=np.zeros_like(demo.paintable))
        for demo in demonstrations(concept)
    ]


def observed_agent(concept: str = "between", config: InferenceConfig = QUICK) -> ConceptAgent:
    """An agent of an untrained model that has observed three demonstrations."""
    agent = ConceptAgent(tiny_model(), config=config)
    agent.observe(demonstrations(concept))
    return agent


def learned_energy(
    agent: ConceptAgent, event: Event, code: np.ndarray, attention: np.ndarray
) -> float:
    """E(x, a, w) of an event's start, straight from the model."""
    scene = scene_of(event.before, attention)
    return float(agent.model.energy(scene, to_tensor(code)[None])[0])


def generated(entities: np.ndarray) -> GenerateResult:
    """A result of `generate` that says `entities` (16, 7)."""
    return GenerateResult.known(entities, reason="converged")


def identified(attention: np.ndarray) -> IdentifyResult:
    """A result of `identify` that says `attention` (16,)."""
    return IdentifyResult(
        attention=attention,
        strength=attention.astype(np.float32),
        energy=0.0,
        initial_energy=0.0,
        iterations=0,
        reason="converged",
    )


class ScriptedPlanner:
    """Answers with what it was given, and records what it is asked.

    Attributes:
        asked: how often.
        phases, attentions: of each question to generate.
    """

    def __init__(self, result: GenerateResult | IdentifyResult) -> None:
        self.result = result
        self.asked = 0
        self.phases: list[int] = []
        self.attentions: list[Sequence[np.ndarray] | None] = []

    def generate(
        self,
        state: EntityState,
        attention: np.ndarray,
        *,
        phase: int = 0,
        attentions: Sequence[np.ndarray] | None = None,
    ) -> GenerateResult:
        self.asked += 1
        self.phases.append(phase)
        self.attentions.append(attentions)
        assert isinstance(self.result, GenerateResult)
        return self.result

    def identify(self, state: EntityState) -> IdentifyResult:
        self.asked += 1
        assert isinstance(self.result, IdentifyResult)
        return self.result


class Oracle(ConceptAgent):
    """An agent that looks the answers up in the worlds it acts in, matching scenes by objects."""

    def __init__(self, *worlds: ConceptEnv) -> None:
        super().__init__(tiny_model(), config=InferenceConfig(code_iterations=0))
        self.worlds = worlds
        self.asked = 0
        self.observe(demonstrations(count=1))  # of anything, so that it acts

    def event_of(self, state: EntityState) -> Event:
        self.asked += 1
        gaps = [
            np.abs((world.event.after.positions - state.positions)[state.objects]).max()
            if np.array_equal(world.event.after.objects, state.objects)
            else np.inf
            for world in self.worlds
        ]
        return self.worlds[int(np.argmin(gaps))].event

    def generate(
        self,
        state: EntityState,
        attention: np.ndarray,
        *,
        phase: int = 0,
        attentions: Sequence[np.ndarray] | None = None,
    ) -> GenerateResult:
        return generated(self.event_of(state).stops[phase].entities)

    def identify(self, state: EntityState) -> IdentifyResult:
        return identified(self.event_of(state).answer)
