"""Runs an evaluation in several processes of one core each."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch

from ..envs.errors import ConfigError
from .evaluation import Evaluator, Outcome, Task
from .evaluation_config import EvaluationConfig

LANES = 16
"""Episodes side by side in a process."""
_CHUNK = 4 * LANES  # tasks that a process is given at once: what a kill may lose


def run_tasks(
    config: EvaluationConfig,
    tasks: Sequence[Task],
    checkpoint: Path | str | None = None,
    ablations: Mapping[str, Path] | None = None,
    *,
    workers: int = 2,
) -> Generator[tuple[int, list[Outcome]], None, None]:
    """How many tasks were done, and their outcomes, again and again until all are done.

    Raises:
        ConfigError: if `workers` is below 1.
        CheckpointError: if a checkpoint is missing, truncated or altered.
    """
    if workers < 1:
        raise ConfigError(f"workers={workers} must be at least 1")
    chunks = [tasks[start : start + _CHUNK] for start in range(0, len(tasks), _CHUNK)]
    if workers == 1:
        evaluator = Evaluator(config, checkpoint, ablations, lanes=LANES)
        yield from ((len(chunk), evaluator.run_all(chunk)) for chunk in chunks)
        return
    context = multiprocessing.get_context("spawn")
    start = (config, checkpoint, ablations)
    with _one_thread(), context.Pool(workers, _start, start) as pool:
        yield from pool.imap_unordered(_run, chunks)


_evaluators: list[Evaluator] = []
"""This worker's own: at most one."""


def _start(
    config: EvaluationConfig,
    checkpoint: Path | str | None,
    ablations: Mapping[str, Path] | None,
) -> None:
    torch.set_num_threads(1)
    _evaluators[:] = [Evaluator(config, checkpoint, ablations, lanes=LANES)]


def _run(tasks: Sequence[Task]) -> tuple[int, list[Outcome]]:
    return len(tasks), _evaluators[0].run_all(tasks)


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
