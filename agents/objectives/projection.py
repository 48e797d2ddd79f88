"""The shipped objective: E is half the squared distance to what shows the concept.

From any start, the nearest state that shows the concept is known for a training event
(`Concept.nearest`), and so is the attention that is meant. The residuals are trained to be what
start and attention lack: then E = ½|residual|² is half a squared distance, whose gradient leads
straight to the nearest answer, also where answers form a ring or a region. No sampler runs in
training, nothing is differentiated twice, and no noise level is to be chosen.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..batches import Batch
from ..config import TrainConfig
from ..model import ConceptModel
from ..scene import Scene
from .base import Objective, Step, Terms, editable_columns, encode, sum_terms

_FLOOR = 0.03  # of a distance in the weight of its error [plane units]


@dataclass(frozen=True, kw_only=True)
class Draws:
    """What changes from step to step.

    Attributes:
        code: (B, code_size) standard normal, for the learned part of w.
    """

    code: Tensor


def draw(batch: Batch, step: Step) -> Draws:
    """The random numbers of a step."""
    return Draws(code=step.normal(len(batch.given), step.code_size))


def projection_loss(
    model: ConceptModel, batch: Batch, draws: Draws, config: TrainConfig
) -> tuple[Tensor, Terms]:
    """The loss of a batch and its terms by name."""
    codes = encode(model, batch, draws.code, config).repeat_interleave(config.queries, dim=0)
    noisy = batch.identify.replace(attention=batch.identify.attention + batch.noise)
    terms = {
        "generate": _generate_error(model, batch, codes),
        "identify": _identify_error(model, batch.identify, noisy, codes),
    }
    return sum_terms(terms, config)


def _weigh(error: Tensor, lacking: Tensor, editable: Tensor) -> Tensor:
    """Mean over scenes of squared errors, relative to how far there is to go."""
    square = (error * editable).square().sum(-1)
    far = ((lacking * editable).square().sum(-1) + 1e-8).sqrt()
    entities = editable.amax(-1).sum(-1).clamp(min=1.0)
    return ((square / (_FLOOR + far)).sum(-1) / entities.sqrt()).mean()


def _generate_error(model: ConceptModel, batch: Batch, codes: Tensor) -> Tensor:
    position, colour, _ = model.energy.residuals(batch.generate, codes)
    lacking = batch.generate.entities[..., :5] - batch.target
    found = torch.cat([position, colour], dim=-1)
    return _weigh(found - lacking, lacking, editable_columns(batch.generate))


def _identify_error(model: ConceptModel, clean: Scene, noisy: Scene, codes: Tensor) -> Tensor:
    _, _, attention = model.energy.residuals(noisy, codes)
    miss = (attention - noisy.attention + clean.attention) * clean.present
    return miss.square().sum(1).mean()


OBJECTIVE = Objective(draw=draw, loss=projection_loss)
