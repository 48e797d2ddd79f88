"""A bank of codes met in training: where other readings of ambiguous demonstrations begin.

The encoder gives one guess of w. What else the demonstrations might mean is looked for by descents
on w that begin at the learned parts of a few dozen codes, spread over all that training met; they
carry no names. The plain values are the demonstrations' own.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .batches import draw_batch
from .config import TrainConfig
from .data import EventPool
from .model import ConceptModel

BANK_SIZE = 48
_BATCHES = 12
_ROUNDS = 20


@torch.no_grad()
def build_bank(
    model: ConceptModel, pool: EventPool, config: TrainConfig, *, size: int = BANK_SIZE
) -> Tensor:
    """The learned parts of `size` codes, (size, learned_size), by k-means over training's codes."""
    width = model.energy.config.learned_size
    found = []
    for step in range(_BATCHES):
        batch = draw_batch(pool, config, step=step)
        found.append(model.encoder(batch.demos, batch.given, batch.summary)[:, :width])
    return k_means(torch.cat(found), size)


def k_means(points: Tensor, size: int) -> Tensor:
    """Centres (size, D) of points (M, D): furthest-first, then Lloyd's rounds."""
    chosen = [0]
    nearest = (points - points[0]).square().sum(1)
    while len(chosen) < min(size, len(points)):
        chosen.append(int(nearest.argmax()))
        nearest = torch.minimum(nearest, (points - points[chosen[-1]]).square().sum(1))
    centres = points[chosen].clone()
    for _ in range(_ROUNDS):
        owner = torch.cdist(points, centres).argmin(1)
        for number in range(len(centres)):
            members = points[owner == number]
            if len(members):
                centres[number] = members.mean(0)
    return centres
