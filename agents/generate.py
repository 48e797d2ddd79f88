"""generate: states x from a code w and an attention a, by descent on the energy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..envs.entities import COLOUR, PLANE_HALF_WIDTH, POSITION, EntityState
from .config import InferenceConfig
from .descent import Descent, descend
from .scene import Scene
from .tensors import check_attended, scene_of
from .terms import Term, check_gradients, total_energy

_ALIKE = 5e-4  # energies this near to the least are as good: half the square of 0.03 plane units
_NEARBY = 8  # states that are tried around each candidate
_MISS = 0.04  # standard deviation of their distances from it [plane units, share]


@dataclass(frozen=True, kw_only=True)
class GenerateResult:
    """Entities for which the concept should hold, and how they were found.

    Attributes:
        entities: (N, 7) the best candidate; only editable features differ from the scene's. Of
            those with about the least energy it is the one that small errors would spoil the
            least: around which the energy stays low, and the attended entities recognisable.
        energy: its energy.
        initial_energy: the energy of the start that it came from.
        candidates: (P, N, 7) where all descents ended, the best first.
        energies: (P,) their energies.
        iterations: descent steps taken.
        reason: why the best descent stopped.
    """

    entities: np.ndarray
    energy: float
    initial_energy: float
    candidates: np.ndarray
    energies: np.ndarray
    iterations: int
    reason: str

    @classmethod
    def known(cls, entities: np.ndarray, *, reason: str) -> GenerateResult:
        """Entities (N, 7) that nobody had to search for, with an energy of 0."""
        return cls(
            entities=entities,
            energy=0.0,
            initial_energy=0.0,
            candidates=entities[None],
            energies=np.zeros(1),
            iterations=0,
            reason=reason,
        )


def generate(
    terms: Sequence[Term],
    state: EntityState,
    attention: np.ndarray,
    *,
    config: InferenceConfig | None = None,
) -> GenerateResult:
    """Find states of the editable entities that give the scene the least energy.

    Descends from the scene as it is and from random starts side by side, and keeps to the plane
    and to valid colours.

    Args:
        terms: what to minimise the sum of; mostly one `concept_term`.
        state: the scene; `movable` and `paintable` say what may be edited.
        attention: (N,) which entities take part.
        config: particles, iterations, seed.

    Raises:
        ShapeError, NonFiniteError: on an attention of another shape, NaN or infinity, or that
            marks no entity; on NaN or infinity of a term of one's own, or in its gradient.
    """
    config = config or InferenceConfig()
    scenes = scene_of(state, attention).repeat(config.particles)
    check_attended(attention, state.present, "attention")
    editable = editable_features(scenes)
    start = random_starts(scenes.entities, config)

    def project(entities: Tensor, rows: Tensor) -> Tensor:
        return torch.where(editable[rows], clamp_to_plane(entities), scenes.entities[rows])

    def scenes_of(entities: Tensor, rows: Tensor) -> Scene:
        return scenes.take(rows).replace(entities=entities)

    found = descend(
        lambda entities, rows: total_energy(terms, scenes_of(entities, rows)),
        start,
        iterations=config.iterations,
        project=project,
        check=lambda entities, rows: check_gradients(
            terms, scenes_of(entities, rows), editable[rows]
        ),
    )
    order = _preference(terms, scenes, found, project, seed=config.seed)
    best = int(order[0])
    candidates = np.repeat(state.entities[None], config.particles, axis=0)
    candidates[:, : start.shape[1]] = found.value[order].numpy()
    return GenerateResult(
        entities=candidates[0].copy(),
        energy=float(found.energy[best]),
        initial_energy=float(found.initial_energy[best]),
        candidates=candidates,
        energies=found.energy[order].numpy(),
        iterations=found.iterations,
        reason=found.reasons[best],
    )


@torch.no_grad()
def _preference(
    terms: Sequence[Term],
    scenes: Scene,
    found: Descent,
    project: Callable[[Tensor, Tensor], Tensor],
    *,
    seed: int,
) -> Tensor:
    """The order (P,) of candidates: those as good as the lowest by their risk, then the others.

    The risk is the mean energy around a candidate, asked both ways: what the states around lack,
    and whether these are the entities that would be identified in them. A learned energy is
    blurred where its zeros end, and an arm does not arrive exactly.
    """
    order = found.energy.argsort(stable=True)
    alike = int((found.energy <= found.energy.min() + _ALIKE).sum())
    rows = order[:alike].repeat_interleave(_NEARBY)
    generator = torch.Generator().manual_seed(seed)
    misses = _MISS * torch.randn((_NEARBY, *found.value.shape[1:]), generator=generator)
    nearby = project(found.value[rows] + misses.repeat(alike, 1, 1), rows)
    around = scenes.take(rows).replace(entities=nearby)
    energy = total_energy(terms, around) + total_energy(terms, around.as_static())
    risk = energy.view(alike, _NEARBY).mean(1)
    return torch.cat([order[:alike][risk.argsort(stable=True)], order[alike:]])


def editable_features(scene: Scene) -> Tensor:
    """(B, N, 7) bool, the features that may change."""
    fixed = torch.zeros_like(scene.movable)
    columns = [scene.movable] * 2 + [scene.paintable] * 3 + [fixed] * 2
    return torch.stack(columns, dim=-1) > 0.5


def clamp_to_plane(entities: Tensor) -> Tensor:
    """Entities (..., 7) with positions in the plane and valid colours."""
    inside = entities.clone()
    inside[..., POSITION].clamp_(-PLANE_HALF_WIDTH, PLANE_HALF_WIDTH)
    inside[..., COLOUR].clamp_(0.0, 1.0)
    return inside


def random_starts(entities: Tensor, config: InferenceConfig) -> Tensor:
    """(P, N, 7) the entities as they are in the first, elsewhere uniform positions and colours.

    The projection puts back what is fixed.
    """
    start = random_states(entities, torch.Generator().manual_seed(config.seed))
    start[0] = entities[0]
    return start


def random_states(entities: Tensor, generator: torch.Generator) -> Tensor:
    """Uniform positions in the plane and uniform colours, of the shape of `entities` (..., 7)."""
    drawn = torch.rand(entities.shape, generator=generator)
    drawn[..., POSITION] = PLANE_HALF_WIDTH * (2.0 * drawn[..., POSITION] - 1.0)
    return drawn
