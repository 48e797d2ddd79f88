"""scripts/ablate.py from end to end, with a tiny variant."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from agent_scenes import SHORT
from agent_scenes import TINY as TINY_ENERGY
from test_scripts import load

from conceptgym.agents.checkpoint import load_tensors
from conceptgym.agents.config import TrainConfig
from conceptgym.agents.data import EventPool
from conceptgym.agents.trainer import Trainer

DESIGN = (TINY_ENERGY, SHORT)


class KilledError(Exception):
    """Stands for whatever ends a run."""


@pytest.fixture
def ablate(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """The script, with tiny designs and a pool that both runs of a test share."""
    module = load("ablate")
    drawn = module.cached_pool
    monkeypatch.setattr(
        module, "cached_pool", lambda path, config, **kwargs: drawn(path, SHORT, workers=1)
    )
    monkeypatch.setattr(module, "SHIPPED", DESIGN)
    monkeypatch.setattr(module, "VARIANTS", {"tiny": DESIGN})
    return module


def run(ablate: Any, out: Path, *, killed_at: int | None = None) -> None:
    """Run the script for the time of two steps; it is killed after a step, if one is given."""
    save = Trainer.save

    def note(trainer: Trainer, path: Path) -> None:
        save(trainer, path)
        if trainer.step == killed_at:
            raise KilledError

    args = ablate.Args(
        steps=2,
        only=("tiny",),
        out=out,
        pool=out.parent / "pool.safetensors",
        save_every=0.0,
        fast=False,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "save", note)
        if killed_at is None:
            ablate.main(args)
        else:
            with pytest.raises(KilledError):
                ablate.main(args)


def test_a_killed_run_goes_on_with_the_steps_it_was_given(
    ablate: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, killed_at, speed in (("parts", 4, 3.0), ("parts", None, 9.0), ("whole", None, 3.0)):
        monkeypatch.setattr(ablate, "_relative_speed", lambda *args, speed=speed: speed)
        run(ablate, tmp_path / name, killed_at=killed_at)
    files = [tmp_path / name / "tiny.safetensors" for name in ("parts", "whole")]
    parts, whole = (load_tensors(path) for path in files)
    assert parts[1]["step"] == parts[1]["train"]["steps"] == 6
    assert parts[0].keys() == whole[0].keys()
    for key, value in whole[0].items():
        torch.testing.assert_close(parts[0][key], value, rtol=0, atol=0)
    assert not list(tmp_path.glob("*/tiny.checkpoint.safetensors"))


def test_a_finished_variant_is_left_alone(
    ablate: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tiny.safetensors").write_text("finished")
    monkeypatch.setattr(ablate, "train", None)
    ablate.main(ablate.Args(out=tmp_path, only=("tiny",), pool=tmp_path / "pool.safetensors"))
    assert (tmp_path / "tiny.safetensors").read_text() == "finished"
    assert "tiny.safetensors is there already" in capsys.readouterr().out


@pytest.mark.parametrize(("steps", "warm_up"), [(8000, 300), (800, 30), (1, 1), (0, 1)])
def test_the_schedule_is_stretched(ablate: Any, steps: int, warm_up: int) -> None:
    found = ablate.stretched(TrainConfig(steps=8000, warm_up_steps=300), steps)
    assert (found.steps, found.warm_up_steps) == (max(1, steps), warm_up)


def test_steps_are_timed_beside_those_of_the_shipped_design(
    ablate: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variant whose steps take four times as long is given a quarter of them."""
    pool = ablate.cached_pool(tmp_path / "pool.safetensors", SHORT)
    args = ablate.Args(out=tmp_path, fast=False)
    assert 0.2 < ablate._relative_speed("tiny", args, pool) < 5.0  # the same design, twice
    compiling, turns = [60.0, 90.0] * ablate._FIRST, [2.0, 8.0] * ablate._PROBE
    times = itertools.chain(compiling, turns)
    monkeypatch.setattr(ablate, "_seconds", lambda run: next(times))
    assert ablate._relative_speed("tiny", args, pool) == 0.25
    assert next(times, None) is None


def test_each_design_is_timed_and_trained_with_its_own_batches(
    ablate: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variant with a quarter of the batch does not make the shipped design's smaller."""
    usual, small = TrainConfig(concepts_per_family=4), TrainConfig(concepts_per_family=1)
    monkeypatch.setattr(ablate, "SHIPPED", (TINY_ENERGY, usual))
    monkeypatch.setattr(ablate, "VARIANTS", {"small": (TINY_ENERGY, small)})
    pool = ablate.cached_pool(tmp_path / "pool.safetensors", SHORT)
    pool = replace(pool, counts=(8,) * len(pool.counts))
    asked: list[tuple[int, int]] = []

    def run(trainer: Trainer, events: EventPool) -> Iterator[None]:
        asked.append((trainer.config.concepts_per_family, max(events.counts)))
        return iter(())

    monkeypatch.setattr(Trainer, "run", run)
    monkeypatch.setattr(ablate, "_seconds", lambda run: 1.0)
    args = ablate.Args(steps=2, out=tmp_path, fast=False)
    ablate.train("small", args, pool, checkpoint=tmp_path / "none.safetensors")
    assert asked == [(4, 8), (1, 2), (1, 2)]
