"""The pool of training events, drawn on several processes and kept beside the run it serves."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from torch import Tensor

from ..envs.errors import CheckpointError
from .checkpoint import load_tensors, save_tensors
from .config import TrainConfig
from .data import EventPool, draw_family, join_families, training_families

Progress = Callable[[int], object]
_DRAWN_BY = ("seed", "instances", "events", "starts", "concepts_per_family")
_ROOT = Path(__file__).parents[1]


def cached_pool(
    path: Path,
    config: TrainConfig,
    *,
    progress: Progress = lambda done: None,
    workers: int | None = None,
) -> EventPool:
    """The pool at `path`; drawn anew and written there if that is missing, broken or another's.

    Args:
        path: a safetensors file, as large as the pool.
        config: how the pool is drawn.
        progress: called with the number of events of each family once they are drawn.
        workers: processes that draw.

    Raises:
        CheckpointError: if `path` is a folder.
    """
    if path.is_dir():  # nothing could be written there
        raise CheckpointError(f"pool {path} is a folder; name the file in it")
    origin = _origin(config)
    try:
        tensors, header = load_tensors(path, {"pool": origin})
        return EventPool(**tensors, counts=tuple(header["counts"]))
    except (CheckpointError, KeyError, TypeError):
        pool = draw_pool(config, progress=progress, workers=workers)
    tensors = {name: value for name, value in vars(pool).items() if isinstance(value, Tensor)}
    save_tensors(path, tensors, {"pool": origin, "counts": pool.counts})
    return pool


def draw_pool(
    config: TrainConfig,
    *,
    progress: Progress = lambda done: None,
    workers: int | None = None,
) -> EventPool:
    """Draw the pool, one family a process; equal to `build_pool` whatever the number of workers.

    Args:
        config: how the pool is drawn.
        progress: called with the number of events of each family once they are drawn.
        workers: processes, by default one a core.
    """
    names = training_families()
    # Not forked: the parent's tensor threads would not survive it.
    with ProcessPoolExecutor(workers or os.cpu_count(), mp_context=get_context("spawn")) as pool:
        jobs = {pool.submit(draw_family, name, config): name for name in reversed(names)}
        found = {}
        for job in as_completed(jobs):
            found[jobs[job]] = job.result()
            progress(config.instances * config.events)
    return join_families([found[name] for name in names], names, config)


def _origin(config: TrainConfig) -> dict[str, Any]:
    """All that decides what is drawn: settings, families, and the code that draws."""
    values = config.to_dict()
    sources = [*sorted((_ROOT / "envs" / "concepts").glob("*.py")), _ROOT / "agents" / "data.py"]
    code = b"\0".join(source.read_bytes() for source in sources)
    return {
        **{name: values[name] for name in _DRAWN_BY},
        "families": list(training_families()),
        "code": hashlib.sha256(code).hexdigest(),
    }
