"""Processes: they give what one process gives, and a run can be left and gone on with."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from evaluation_scenes import save_tiny, small

from conceptgym.agents.evaluation.config import EvaluationConfig
from conceptgym.agents.evaluation.evaluator import Outcome, Task
from conceptgym.agents.evaluation.pool import _CELLS, LANES, _chunks, run_tasks
from conceptgym.envs.errors import ConfigError


def tasks_of(config: EvaluationConfig) -> list[Task]:
    return [(job, config.cells(job)) for job in config.jobs]


def key(item: Outcome) -> tuple[object, ...]:
    return tuple(vars(item).values())


def test_outcomes_do_not_depend_on_the_workers(tmp_path: Path) -> None:
    path, config = save_tiny(tmp_path / "tiny.safetensors"), small(demonstrations=(2,), episodes=2)
    found = []
    for workers in (1, 2):
        parts = list(run_tasks(config, tasks_of(config), path, workers=workers))
        assert sum(done for done, _ in parts) == len(config.jobs)
        found.append([item for _, part in parts for item in part])
    assert sorted(map(key, found[0])) == sorted(map(key, found[1]))
    assert len(found[0]) == sum(len(cells) for _, cells in tasks_of(config)) > 0


def test_a_run_can_be_left(tmp_path: Path) -> None:
    path = save_tiny(tmp_path / "tiny.safetensors")
    config = small(methods=("chance",), episodes=10 * LANES)
    runs = run_tasks(config, tasks_of(config), path, workers=1)
    done, part = next(runs)
    assert 0 < done < len(config.jobs) and len(part) > 0
    runs.close()


@pytest.mark.parametrize(("episodes", "workers"), [(1, 3), (40, 2), (300, 2)])
def test_every_worker_gets_some_of_the_tasks_and_none_very_many(
    episodes: int, workers: int
) -> None:
    tasks = tasks_of(small(demonstrations=(1, 2, 5), episodes=episodes))
    chunks = list(_chunks(tasks, workers))
    assert [task for chunk in chunks for task in chunk] == tasks
    assert len(chunks) >= min(workers, len(tasks))
    largest = max(len(cells) for _, cells in tasks)
    assert all(sum(len(cells) for _, cells in chunk) < _CELLS + largest for chunk in chunks)


def test_no_workers_is_an_error() -> None:
    with pytest.raises(ConfigError, match=re.escape("workers=0 must be at least 1")):
        next(run_tasks(small(), [], workers=0))
