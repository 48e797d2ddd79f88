"""Runs an evaluation in several processes of one core each."""

from __future__ import annotations

import math
import multiprocessing
import os
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing.synchronize import Lock
from pathlib import Path

import torch

from ...envs.errors import ConfigError
from .config import EvaluationConfig
from .energies import energies
from .evaluator import Evaluator, Outcome, Task
from .own_methods import with_own

LANES = 48
"""Episodes side by side in a process."""
_CELLS = 16 * LANES  # questions that a process is given at once: what a kill may lose
# glibc gives every thread a heap of its own and returns large blocks at once; tensors that go from
# lane to lane then cost a page fault each 4 kB, a fifth of the time. Other systems ignore these.
_ONE_HEAP = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(2**30),
    "MALLOC_TRIM_THRESHOLD_": str(2**32),
    "MALLOC_TOP_PAD_": str(2**26),
}


def run_tasks(
    config: EvaluationConfig,
    tasks: Sequence[Task],
    checkpoint: Path | str | None = None,
    ablations: Mapping[str, Path] | None = None,
    *,
    rivals: Mapping[str, str] | None = None,
    workers: int = 2,
    compiled: bool = False,
) -> Generator[tuple[int, list[Outcome]], None, None]:
    """How many tasks were done, and their outcomes, again and again until all are done.

    Raises:
        ConfigError: if `workers` is below 1, or a rival of one's own cannot be loaded.
        CheckpointError: if a checkpoint is missing, truncated or altered.
    """
    if workers < 1:
        raise ConfigError(f"workers={workers} must be at least 1")
    with_own(rivals or {})  # here, where it is read
    chunks = _chunks(tasks, workers)
    if workers == 1:
        found = energies(compiled=compiled)
        evaluator = Evaluator(
            config, checkpoint, ablations, rivals=rivals, lanes=LANES, energies=found
        )
        yield from ((len(chunk), evaluator.run_all(chunk)) for chunk in chunks)
        return
    context = multiprocessing.get_context("spawn")
    start = (config, checkpoint, ablations, rivals, compiled, context.Lock())
    with one_thread(), context.Pool(workers, _start, start) as pool:
        yield from pool.imap_unordered(_run, chunks)


def _chunks(tasks: Sequence[Task], workers: int) -> Iterator[list[Task]]:
    """Tasks in their order, some at a time: a part for each worker, and never very many cells."""
    total = sum(len(cells) for _, cells in tasks)
    most = min(_CELLS, math.ceil(total / workers))
    chunk, size = [], 0
    for task in tasks:
        chunk.append(task)
        size += len(task[1])
        if size >= most:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


_evaluators: list[Evaluator] = []
"""This worker's own: at most one."""


def _start(
    config: EvaluationConfig,
    checkpoint: Path | str | None,
    ablations: Mapping[str, Path] | None,
    rivals: Mapping[str, str] | None,
    compiled: bool,
    turn: Lock,
) -> None:
    torch.set_num_threads(1)
    found = energies(compiled=compiled, turn=turn)
    _evaluators[:] = [
        Evaluator(config, checkpoint, ablations, rivals=rivals, lanes=LANES, energies=found)
    ]


def _run(tasks: Sequence[Task]) -> tuple[int, list[Outcome]]:
    return len(tasks), _evaluators[0].run_all(tasks)


@contextmanager
def one_thread() -> Iterator[None]:
    """Child processes inherit the environment: one thread each, that sleeps while it waits."""
    settings = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"} | _ONE_HEAP
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
