"""Checkpoints: what is written comes back, and every kind of broken file has its own message."""

import json
import os
import re
from pathlib import Path
from typing import NoReturn

import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from conceptgym.agents.checkpoint import FORMAT, load_tensors, save_tensors
from conceptgym.envs.errors import CheckpointError

TENSORS = {
    "weight": torch.arange(12, dtype=torch.float32).reshape(3, 4).T,  # not contiguous
    "scalar": torch.tensor(3.5),
    "empty": torch.zeros(0, 2),
    "count": torch.tensor([1, 2], dtype=torch.int64),
    "half": torch.tensor([0.5, -1.0], dtype=torch.bfloat16),
}
HEADER = {"energy": {"width": 8}, "range": (0.1, 2.0), "step": 7}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    target = tmp_path / "runs" / "one.safetensors"
    save_tensors(target, TENSORS, HEADER)
    return target


def check_refused(path: Path, text: str) -> None:
    with pytest.raises(CheckpointError, match=f"^{re.escape(text)}$"):
        load_tensors(path)


def test_what_was_saved_comes_back(path: Path) -> None:
    tensors, header = load_tensors(path)
    assert tensors.keys() == TENSORS.keys()
    for name, value in TENSORS.items():
        assert tensors[name].dtype == value.dtype
        assert torch.equal(tensors[name], value)
    assert {name: header[name] for name in HEADER} == json.loads(json.dumps(HEADER))
    assert header["format"] == FORMAT
    assert os.listdir(path.parent) == [path.name]


def test_the_same_tensors_give_the_same_bytes(path: Path) -> None:
    first = path.read_bytes()
    save_tensors(path, TENSORS, HEADER)
    assert path.read_bytes() == first


def test_a_missing_file(tmp_path: Path) -> None:
    path = tmp_path / "none.safetensors"
    check_refused(path, f"checkpoint {path} does not exist; check the path or train one")
    check_refused(tmp_path, f"checkpoint {tmp_path} is a folder; name the file in it")
    assert os.listdir(tmp_path) == []


def test_a_path_may_be_a_text(path: Path) -> None:
    save_tensors(str(path), {"weight": torch.ones(2)}, {"step": 9})
    assert load_tensors(str(path))[1]["step"] == 9
    missing = str(path) + "x"
    with pytest.raises(CheckpointError, match="does not exist; check the path or train one$"):
        load_tensors(missing)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.7, 0.999])
def test_a_truncated_file(path: Path, share: float) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(CheckpointError) as caught:
        load_tensors(path)
    assert re.fullmatch(
        rf"checkpoint {re.escape(str(path))} cannot be read \(.+\); it is truncated or not a "
        "safetensors file: fetch or train it again",
        str(caught.value),
    )


def test_a_file_of_another_kind(path: Path) -> None:
    path.write_text("<html>404</html>")
    with pytest.raises(CheckpointError, match="it is truncated or not a safetensors file"):
        load_tensors(path)


def test_altered_tensors(path: Path) -> None:
    whole = bytearray(path.read_bytes())
    whole[-1] ^= 1
    path.write_bytes(whole)
    text = "does not match its own digest; it was altered: fetch or train it again"
    check_refused(path, f"checkpoint {path} {text}")


@settings(max_examples=120)
@given(place=st.floats(0.0, 1.0, exclude_max=True), bit=st.integers(0, 7))
def test_no_flipped_bit_changes_a_tensor_or_the_header_unseen(
    tmp_path_factory: pytest.TempPathFactory, place: float, bit: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "flipped.safetensors"
    save_tensors(path, TENSORS, HEADER)
    whole = bytearray(path.read_bytes())
    whole[int(place * len(whole))] ^= 1 << bit
    path.write_bytes(whole)
    try:
        tensors, header = load_tensors(path)
    except CheckpointError:
        return
    assert {name: header[name] for name in HEADER} == HEADER
    assert tensors.keys() == TENSORS.keys()
    assert all(torch.equal(tensors[name], value) for name, value in TENSORS.items())


@pytest.mark.parametrize("header", [None, "", "{", "[1]", "3", "null"])
def test_a_safetensors_file_of_someone_else(path: Path, header: str | None) -> None:
    metadata = None if header is None else {"header": header}
    safetensors.torch.save_file({"a": torch.ones(2)}, path, metadata=metadata)
    text = "has no readable header; it was not written by conceptgym"
    check_refused(path, f"checkpoint {path} {text}")


@pytest.mark.parametrize("number", [None, 0, 2])
def test_another_format(path: Path, number: int | None) -> None:
    metadata = {"header": json.dumps({"format": number})}
    safetensors.torch.save_file({"a": torch.ones(2)}, path, metadata=metadata)
    text = "this version reads 1; install the conceptgym release that wrote it"
    check_refused(path, f"checkpoint {path} has format {number}, {text}")


def test_another_configuration(path: Path) -> None:
    assert load_tensors(path, {"range": (0.1, 2.0), "step": 7})[1]["step"] == 7
    for expected, text in (
        ({"step": 8}, "step=7, expected 8"),
        ({"name": "x"}, "name=None, expected 'x'"),
        ({"energy": {"width": 16}}, "energy.width=8, expected 16"),
        ({"energy": {"width": 8, "rounds": 2}}, "energy.rounds=None, expected 2"),
        ({"range": (0.1, 3.0)}, "range=[0.1, 2.0], expected [0.1, 3.0]"),
    ):
        with pytest.raises(CheckpointError) as caught:
            load_tensors(path, expected)
        end = "use its own configuration or another path"
        assert str(caught.value) == f"checkpoint {path} has {text}; {end}"


class DiskFullError(OSError):
    """Stands for whatever interrupts a save."""


@pytest.mark.parametrize("where", ["os.fsync", "pathlib.Path.replace", "pathlib.Path.open"])
def test_an_interrupted_save_leaves_the_old_file_alone(
    path: Path, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> NoReturn:
        raise DiskFullError

    old = path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(where, fail)
        with pytest.raises(DiskFullError):
            save_tensors(path, {"weight": torch.zeros(3)}, HEADER)
    assert path.read_bytes() == old
    assert os.listdir(path.parent) == [path.name]


def test_what_a_killed_save_left_behind_is_overwritten(path: Path) -> None:
    part = path.with_name(path.name + ".part")
    part.write_bytes(path.read_bytes()[:50])
    assert load_tensors(path)[1]["step"] == 7
    save_tensors(path, TENSORS, HEADER | {"step": 8})
    assert load_tensors(path)[1]["step"] == 8
    assert os.listdir(path.parent) == [path.name]
