"""Runs trials of the place world in several processes of one core each."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Generator, Sequence
from functools import partial

import torch

from ..envs.errors import ConfigError
from .concept_agent import ConceptAgent
from .evaluation_pool import one_thread
from .place_outcomes import PlaceOutcome, run_trial
from .place_trials import Trial

_agents: list[ConceptAgent] = []
"""This worker's own: at most one."""


def run_trials(
    trials: Sequence[Trial], *, seed: int, workers: int = 2, minutes: float = float("inf")
) -> Generator[PlaceOutcome, None, None]:
    """Outcomes of trials as they come, until all are done or the time is up.

    Raises:
        ConfigError: if `workers` is below 1.
    """
    if workers < 1:
        raise ConfigError(f"workers={workers} must be at least 1")
    if not trials:
        return
    end = time.monotonic() + 60.0 * minutes
    context = multiprocessing.get_context("spawn")
    with one_thread(), context.Pool(min(workers, len(trials)), _start) as pool:
        for outcome in pool.imap_unordered(partial(_run, seed=seed), trials):
            yield outcome
            if time.monotonic() > end:
                break


def _start() -> None:
    torch.set_num_threads(1)
    _agents[:] = [ConceptAgent.from_pretrained()]


def _run(trial: Trial, *, seed: int) -> PlaceOutcome:
    return run_trial(_agents[0], trial, seed=seed)
