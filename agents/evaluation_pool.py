"""Runs an evaluation's jobs in several processes of one thread each."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch

from ..envs.errors import ConfigError
from .evaluation import Evaluator, Outcome
from .evaluation_config import Cell, EvaluationConfig, Job

Task = tuple[Job, Sequence[Cell]]
"""An episode, and what of it is to be run."""


def run_jobs(
    config: EvaluationConfig,
    tasks: Sequence[Task],
    checkpoint: Path | str | None = None,
    ablations: Mapping[str, Path] | None = None,
    *,
    workers: int = 2,
) -> Generator[list[Outcome], None, None]:
    """The outcomes of the tasks, one after the other, as they are done.

    Raises:
        ConfigError: if `workers` is below 1.
        CheckpointError: if a checkpoint is missing, truncated or altered.
    """
    if workers < 1:
        raise ConfigError(f"workers={workers} must be at least 1")
    if workers == 1:
        evaluator = Evaluator(config, checkpoint, ablations)
        yield from (evaluator.run(*task) for task in tasks)
        return
    context = multiprocessing.get_context("spawn")
    start = (config, checkpoint, ablations)
    with _one_thread(), context.Pool(workers, _start, start) as pool:
        yield from pool.imap_unordered(_run, tasks)


_evaluators: list[Evaluator] = []
"""This worker's own: at most one."""


def _start(
    config: EvaluationConfig,
    checkpoint: Path | str | None,
    ablations: Mapping[str, Path] | None,
) -> None:
    torch.set_num_threads(1)
    _evaluators[:] = [Evaluator(config, checkpoint, ablations)]


def _run(task: Task) -> list[Outcome]:
    return _evaluators[0].run(*task)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Child processes inherit the environment: one thread each, that sleeps while it waits."""
    settings = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
