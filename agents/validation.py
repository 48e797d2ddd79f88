"""Success on new instances while training: what the loss does not tell."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np

from ..envs.concepts import CONCEPTS
from ..envs.demonstrations import Demonstration
from .config import InferenceConfig
from .data import draw_event, training_families
from .generate import generate
from .identify import identify
from .infer import infer
from .model import ConceptModel
from .terms import concept_term

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


def validate(
    model: ConceptModel, *, scenes: int = 10, demonstrations: int = 5, amortised: bool = True
) -> Validation:
    """Solve `scenes` new scenes a concept and task, each from its own demonstrations.

    Args:
        model: what is to be validated.
        scenes: a concept.
        demonstrations: a scene.
        amortised: start w from the encoder's guess; see `InferenceConfig`.
    """
    model = copy.deepcopy(model).cpu()  # scenes are drawn there, and so small that it is no slower
    config = InferenceConfig(particles=8, amortised=amortised)
    generated, identified = {}, {}
    for number, name in enumerate(training_families()):
        rng = np.random.default_rng([_SEED, number])
        outcomes = [_solve(model, name, rng, demonstrations, config) for _ in range(scenes)]
        generated[name], identified[name] = np.mean(outcomes, axis=0).tolist()
    return Validation(generate=generated, identify=identified)


def _solve(
    model: ConceptModel,
    name: str,
    rng: np.random.Generator,
    demonstrations: int,
    config: InferenceConfig,
) -> tuple[bool, bool]:
    concept = CONCEPTS[name].random(rng, split="train")
    events = [draw_event(concept, rng) for _ in range(demonstrations)]
    shown = [
        Demonstration.of(np.stack([event.before.entities, event.after.entities]), event)
        for event in events
    ]
    asked = draw_event(concept, rng)
    term = concept_term(model.energy, infer(model, shown, config=config).code)
    made = generate([term], asked.before, asked.attention, config=config)
    after = asked.before.with_entities(made.entities)
    found = identify([term], asked.shown, config=config)
    same = bool(np.array_equal(found.attention, asked.answer))
    return concept.succeeds(after, asked.attention), same
