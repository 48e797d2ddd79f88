"""The pool kept beside a run: equal to one drawn at once, drawn anew when it does not fit."""

from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from agent_scenes import SHORT

from conceptgym.agents.config import TrainConfig
from conceptgym.agents.data import EventPool, draw_family, join_families
from conceptgym.agents.pool_cache import cached_pool, draw_pool
from conceptgym.envs.errors import CheckpointError

MODULE = import_module("conceptgym.agents.pool_cache")
NAMES = ("near", "colour")


@pytest.fixture(autouse=True)
def _few_families(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MODULE, "training_families", lambda: NAMES)


def drawn_at_once(config: TrainConfig = SHORT) -> EventPool:
    return join_families([draw_family(name, config) for name in NAMES], NAMES, config)


def equal(one: EventPool, other: EventPool) -> bool:
    return one.counts == other.counts and all(
        torch.equal(value, getattr(other, name))
        for name, value in vars(one).items()
        if isinstance(value, torch.Tensor)
    )


@pytest.fixture
def drawings(monkeypatch: pytest.MonkeyPatch) -> list[TrainConfig]:
    """The configuration of every pool that is drawn, without other processes."""
    found: list[TrainConfig] = []

    def draw(config: TrainConfig, **_: Any) -> EventPool:
        found.append(config)
        return drawn_at_once(config)

    monkeypatch.setattr(MODULE, "draw_pool", draw)
    return found


def test_a_pool_of_several_processes_is_the_pool_of_one() -> None:
    done: list[int] = []
    assert equal(draw_pool(SHORT, progress=done.append, workers=2), drawn_at_once())
    assert done == [SHORT.instances * SHORT.events] * len(NAMES)


def test_a_pool_is_drawn_once(tmp_path: Path, drawings: list[TrainConfig]) -> None:
    path = tmp_path / "new" / "pool.safetensors"
    first = cached_pool(path, SHORT)
    longer = replace(SHORT, steps=9, learning_rate=1.0, objective="unrolled")
    assert equal(cached_pool(path, longer), first) and equal(first, drawn_at_once())
    assert drawings == [SHORT]


@pytest.mark.parametrize(
    "change",
    [{"seed": 1}, {"instances": 3}, {"events": 10}, {"starts": 2}, {"concepts_per_family": 1}],
)
def test_another_configurations_pool_is_drawn_anew(
    tmp_path: Path, drawings: list[TrainConfig], change: dict[str, int]
) -> None:
    path, other = tmp_path / "pool.safetensors", replace(SHORT, **change)
    cached_pool(path, SHORT)
    assert equal(cached_pool(path, other), drawn_at_once(other))
    cached_pool(path, other)
    assert drawings == [SHORT, other]


@pytest.mark.parametrize("spoil", ["truncated", "altered", "empty", "not a pool's"])
def test_a_broken_pool_is_drawn_anew(
    tmp_path: Path, drawings: list[TrainConfig], spoil: str
) -> None:
    path = tmp_path / "pool.safetensors"
    first = cached_pool(path, SHORT)
    data = path.read_bytes()
    if spoil == "truncated":
        path.write_bytes(data[: len(data) // 2])
    elif spoil == "altered":
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    elif spoil == "empty":
        path.write_bytes(b"")
    else:
        MODULE.save_tensors(path, {"a": torch.zeros(1)}, {"pool": MODULE._origin(SHORT)})
    assert equal(cached_pool(path, SHORT), first)
    assert equal(cached_pool(path, SHORT), first)
    assert len(drawings) == 2


def test_a_folder_is_refused_before_anything_is_drawn(
    tmp_path: Path, drawings: list[TrainConfig]
) -> None:
    with pytest.raises(CheckpointError) as error:
        cached_pool(tmp_path, SHORT)
    assert str(error.value) == f"pool {tmp_path} is a folder; name the file in it"
    assert not drawings


def test_a_pool_that_other_code_drew_is_drawn_anew(
    tmp_path: Path, drawings: list[TrainConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "pool.safetensors"
    cached_pool(path, SHORT)
    read = Path.read_bytes
    monkeypatch.setattr(
        Path, "read_bytes", lambda self: read(self) + b"#" * (self.name == "near.py")
    )
    cached_pool(path, SHORT)
    assert len(drawings) == 2
