"""Success on new instances while training: what the loss does not tell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..envs.concepts import CONCEPTS, Concept, Event
from ..envs.demonstrations import Demonstration
from .config import InferenceConfig
from .generate import generate
from .identify import identify
from .infer import infer
from .model import ConceptModel

_SEED = 777_000  # apart from training's seeds


@dataclass(frozen=True, kw_only=True)
class Validation:
    """Share of new scenes solved, by concept.

    Attributes:
        generate: by concept name, identify: likewise.
    """

    generate: dict[str, float]
    identify: dict[str, float]

    @property
    def scalars(self) -> dict[str, float]:
        """Every share and both means, by a name for TensorBoard."""
        tasks = {"generate": self.generate, "identify": self.identify}
        shares = {f"{task}/{name}": v for task, part in tasks.items() for name, v in part.items()}
        means = {f"{task}/mean": float(np.mean(list(p.values()))) for task, p in tasks.items()}
        return shares | means


def validate(model: ConceptModel, *, scenes: int = 10, demonstrations: int = 5) -> Validation:
    """Solve `scenes` new scenes a concept and task, each from its own demonstrations."""
    generated, identified = {}, {}
    for number, name in enumerate(CONCEPTS):
        rng = np.random.default_rng([_SEED, number])
        outcomes = [_solve(model, name, rng, demonstrations) for _ in range(scenes)]
        generated[name], identified[name] = np.mean(outcomes, axis=0).tolist()
    return Validation(generate=generated, identify=identified)


def _solve(
    model: ConceptModel, name: str, rng: np.random.Generator, demonstrations: int
) -> tuple[bool, bool]:
    concept = CONCEPTS[name].random(rng)
    shown = [_demonstrate(_draw(concept, rng)) for _ in range(demonstrations)]
    asked = _draw(concept, rng)
    config = InferenceConfig(particles=8)
    code = infer(model, shown, config=config).code
    made = generate(model.energy, asked.before, asked.attention, code=code, config=config)
    after = asked.before.with_entities(made.entities)
    found = identify(model.energy, asked.after, code=code, config=config)
    same = bool(np.array_equal(found.attention, asked.attention))
    return concept.succeeds(after, asked.attention), same


def _draw(concept: Concept, rng: np.random.Generator) -> Event:
    low, high = concept.num_objects
    return concept.sample(rng, n_objects=int(rng.integers(low, high + 1)))


def _demonstrate(event: Event) -> Demonstration:
    return Demonstration(
        trajectory=np.stack([event.before.entities, event.after.entities]),
        attention=event.attention,
        present=event.after.present,
        movable=event.after.movable,
        paintable=event.after.paintable,
    )
