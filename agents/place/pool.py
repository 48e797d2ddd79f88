"""Runs trials of the place world in several processes of one core each."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Generator, Sequence
from functools import partial
from itertools import chain

import torch

from ...envs.errors import ConfigError
from ..concept_agent import ConceptAgent
from ..evaluation.pool import one_thread
from .outcomes import PlaceOutcome, run_trial
from .trials import Trial

_agents: list[ConceptAgent] = []
"""This worker's own: at most one."""


def run_trials(
    trials: Sequence[Trial], *, seed: int, workers: int = 2, minutes: float = float("inf")
) -> Generator[PlaceOutcome, None, None]:
    """Outcomes of trials as they come, by lessons, until all are done or the time is up.

    Raises:
        ConfigError: if `workers` is below 1.
    """
    if workers < 1:
        raise ConfigError(f"workers={workers} must be at least 1")
    if not trials or minutes <= 0:
        return
    end = time.monotonic() + 60.0 * minutes
    context = multiprocessing.get_context("spawn")
    with one_thread(), context.Pool(min(workers, len(trials)), _start) as pool:
        run = partial(_run, seed=seed)
        for outcome in chain.from_iterable(pool.imap_unordered(run, _lessons(trials))):
            yield outcome
            if time.monotonic() > end:
                break


def _start() -> None:
    torch.set_num_threads(1)
    _agents[:] = [ConceptAgent.from_pretrained()]


def _lessons(trials: Sequence[Trial]) -> list[list[Trial]]:
    """Trials under a condition that share demonstrations, for one worker to record them once."""
    groups: dict[tuple, list[Trial]] = {}
    for trial in trials:
        groups.setdefault((trial.lesson, trial.condition), []).append(trial)
    return list(groups.values())


def _run(trials: Sequence[Trial], *, seed: int) -> list[PlaceOutcome]:
    return [run_trial(_agents[0], trial, seed=seed) for trial in trials]
