"""infer: w from demonstrations, by descent on their energy."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from ..envs.demonstrations import Demonstration
from .code import PLAIN_SIZE, Code, normalise_code
from .config import InferenceConfig
from .descent import Descent, descend
from .generate import editable_features, random_states
from .model import ConceptModel
from .noise import denoised
from .scene import Scene
from .summary import plain_codes, summarise
from .tensors import check_demonstrations, stack_demonstrations

_TOLERANCE = 1e-4  # twenty steps shorter than this leave a code of unit variance where it is
_TEMPERATURE = 0.01  # of likelihoods: half the square of 0.1 plane units, doubled
_MOST_SURPRISE = 12.0  # of one demonstration, which may be a wrong one
_RANDOM_STATES = 48
_SCREENING = 5  # steps of all random codes, before those of the most energy are left
_KEPT = 4  # one of as many goes on
_OUTLIER = 0.05  # energy at which a demonstration counts half, so that a wrong one pulls little


@dataclass(frozen=True, kw_only=True)
class InferResult:
    """A concept's codes and how they were found.

    Attributes:
        codes: (T, code_size) the code w of each phase; one for a concept without order.
        readings: (T, P, code_size) all codes that descents came to an end at, the likeliest first.
        reading_energies: (T, P) their energies, as `energy` counts them.
        surprise: (T, P) minus the log-likelihood of a demonstration under each, see `surprise`; 0
            where there is one reading.
        left_out: numbers of the demonstrations of another number of phases than most, which
            were not used.
        energy: of the demonstrations under `codes`, on average over them and the tasks; each
            counts less the larger it is, 0.05 at most, so that a wrong one pulls little.
        initial_energy: the same under the first guess.
        iterations: descent steps taken, of the phase that took most.
        reason: why the first phase's descent stopped.
    """

    codes: np.ndarray
    readings: np.ndarray
    reading_energies: np.ndarray
    surprise: np.ndarray
    left_out: tuple[int, ...] = ()
    energy: float
    initial_energy: float
    iterations: int
    reason: str

    @property
    def code(self) -> np.ndarray:
        """(code_size,) the code of the first phase."""
        return self.codes[0]


def infer(
    model: ConceptModel,
    demonstrations: Sequence[Demonstration],
    *,
    config: InferenceConfig | None = None,
) -> InferResult:
    """Find the code that gives the demonstrations the least energy.

    w* = argmin over w of the mean of ρ(E(x_k, a_k, w)), where E counts both what the editable
    entities and what the attention lacks, and ρ(E) = E / (1 + E / 0.05) lets a wrong demonstration
    pull little. Starts from the encoder's guess (or, with ``amortised=False``, from random codes,
    of which a quarter goes on after five steps and the likeliest is kept; with
    ``shown_values=True`` their learned part alone is random).
    The learned part is kept at zero mean and unit variance. Plain values read off the
    demonstrations are held: where these are noisy, their mean is nearer the truth than the least
    of the energy. Random ones descend.
    Demonstrations that come to rest several times show one phase at each rest.

    Raises:
        NoDemonstrationsError, ShapeError, NonFiniteError, MixedLayoutError: see
            `check_demonstrations`.
    """
    config = config or InferenceConfig()
    check_demonstrations(demonstrations)
    stops = [item.stops() for item in demonstrations]
    counts = Counter(len(steps) for steps in stops)
    phases = max(counts, key=lambda number: (counts[number], number))  # a rest may go unseen
    kept = [k for k, steps in enumerate(stops) if len(steps) == phases]  # others are wrong ones
    shown = [demonstrations[k] for k in kept]
    results = []
    for phase in range(phases):
        before, scenes = stack_demonstrations(shown, [stops[k][phase] for k in kept])
        results.append(_infer_phase(model, before, scenes, config, alone=phases == 1))
    return InferResult(
        codes=np.concatenate([result.codes for result in results]),
        readings=np.concatenate([result.readings for result in results]),
        reading_energies=np.concatenate([result.reading_energies for result in results]),
        surprise=np.concatenate([result.surprise for result in results]),
        left_out=tuple(k for k in range(len(stops)) if k not in kept),
        energy=float(np.mean([result.energy for result in results])),
        initial_energy=float(np.mean([result.initial_energy for result in results])),
        iterations=max(result.iterations for result in results),
        reason=results[0].reason,
    )


def _infer_phase(
    model: ConceptModel, before: Tensor, scenes: Scene, config: InferenceConfig, *, alone: bool
) -> InferResult:
    """One phase's code; where there are others, its attention answers for all of them together."""
    start = _first_guesses(model, before, scenes, config)
    shown = start[:1, -PLAIN_SIZE:] if config.amortised or config.shown_values else None

    def allowed(codes: Tensor, rows: Tensor) -> Tensor:
        codes = normalise_code(codes)
        if shown is None:
            return codes
        return torch.cat([codes[:, :-PLAIN_SIZE], shown.expand(len(codes), -1)], dim=1)

    def descended(start: Tensor, iterations: int) -> Descent:
        return descend(
            lambda codes, rows: _energy(model, scenes, codes, identified=alone),
            start,
            iterations=iterations,
            project=allowed,
            step_size=config.code_step,
            tolerance=_TOLERANCE,
        )

    if config.amortised:
        found = descended(start, config.code_iterations)
    else:
        found = _screened(descended, start, config)
    scores = torch.zeros_like(found.energy)
    if len(scores) > 1:
        scores = surprise(model, scenes, found.value, seed=config.seed)
    order = (scores if len(scores) > 1 else found.energy).argsort()
    best = int(order[0])
    return InferResult(
        codes=found.value[best][None].numpy(),
        readings=found.value[order][None].numpy(),
        reading_energies=found.energy[order][None].numpy(),
        surprise=scores[order][None].numpy(),
        energy=float(found.energy[best]),
        initial_energy=float(found.initial_energy[best]),
        iterations=found.iterations,
        reason=found.reasons[best],
    )


def _screened(
    descended: Callable[[Tensor, int], Descent], start: Tensor, config: InferenceConfig
) -> Descent:
    """Descents from random codes: most lead nowhere, as a few steps tell."""
    if config.code_iterations <= _SCREENING:
        return descended(start, config.code_iterations)
    first = descended(start, _SCREENING)
    kept = first.energy.argsort(stable=True)[: max(config.readings, len(start) // _KEPT)]
    found = descended(first.value[kept], config.code_iterations - _SCREENING)
    return replace(
        found,
        initial_energy=first.initial_energy[kept],
        iterations=first.iterations + found.iterations,
    )


def _energy(model: ConceptModel, scenes: Scene, codes: Tensor, *, identified: bool) -> Tensor:
    """(M,) mean of ρ(E) over K demonstrations under each of M codes, and of who is meant."""
    number = len(scenes.present)
    repeated = scenes.repeat(len(codes))  # each demonstration under every code
    under = codes.repeat(number, 1)  # (K * M, C), demonstration-major
    found = model.energy(repeated, under)
    if identified:
        # Where a figure hides is costly to differentiate; how it is formed tells enough.
        fixed = Code.split(under).with_fixed_figure().join()
        found = found + model.energy(repeated.as_static(), fixed)
    found = found.view(number, len(codes))
    return (found / (1.0 + found / _OUTLIER)).mean(0)


@torch.no_grad()
def surprise(model: ConceptModel, scenes: Scene, codes: Tensor, *, seed: int = 0) -> Tensor:
    """How unlikely K demonstrations (B = K scenes) are under each of P codes, (P,).

    Mean over demonstrations of E(x, a, w) / T + log mean_r exp(-E(x_r, a, w) / T), with x_r random
    states of what may be edited: a code under which anything would do explains nothing. What the
    attention lacks counts besides. The temperature T stands for a miss of 0.1 plane units.
    """
    count = len(scenes.present)
    generator = torch.Generator().manual_seed(seed)
    several = scenes.repeat(_RANDOM_STATES)
    drawn = random_states(several.entities, generator)
    several = several.replace(
        entities=torch.where(editable_features(several), drawn, several.entities)
    )
    found = []
    for code in codes:
        shown = model.energy(scenes, code.expand(count, -1))
        chance = model.energy(several, code.expand(len(several.present), -1))
        chance = torch.logsumexp(-chance.view(count, -1) / _TEMPERATURE, dim=1)
        known = model.energy(scenes.as_static(), code.expand(count, -1))
        score = (shown + known) / _TEMPERATURE + chance - math.log(_RANDOM_STATES)
        found.append(score.clamp(max=_MOST_SURPRISE).mean())
    return torch.stack(found)


def _first_guesses(
    model: ConceptModel, before: Tensor, scenes: Scene, config: InferenceConfig
) -> Tensor:
    """(P, code_size) where the descents on w begin."""
    given = torch.ones(1, len(scenes.present))
    generator = torch.Generator().manual_seed(config.seed)
    if not config.amortised:
        start = torch.randn(config.particles, model.energy.code_size, generator=generator)
        start[:, -PLAIN_SIZE:] *= 0.5
        if config.shown_values:
            start[:, -PLAIN_SIZE:] = plain_codes(summarise(before, scenes, given), given)
        return start
    with torch.no_grad():
        summary = summarise(before, scenes, given)
        guess = denoised(model.encoder(scenes, given, summary), scenes, summary)
    start = guess.repeat(config.code_particles, 1)
    others = model.bank[: config.code_particles - 1]
    start[1 : 1 + len(others), :-PLAIN_SIZE] = others
    rest = start[1 + len(others) :, :-PLAIN_SIZE]
    rest += torch.randn(rest.shape, generator=generator)
    return start
