"""scripts/train.py from end to end, with a tiny model."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from test_scripts import parse

from conceptgym.agents.checkpoint import load_tensors
from conceptgym.agents.model import load_model
from conceptgym.envs.errors import ConfigError

TINY = (
    "--device cpu --no-fast --workers 1 --energy.width 8 --energy.code-size 4 --train.steps 4 "
    "--train.instances 2 --train.events 9 --train.concepts-per-family 2 "
    "--train.most-demonstrations 3 --train.warm-up-steps 2"
)


class KilledError(Exception):
    """Stands for whatever ends a run."""


def train(line: str, *, until: int | None = None) -> None:
    """Run the script; it is killed after a step, if one is given."""
    module, args = parse("train", f"{TINY} {line}")
    report = module._report

    def note(args: Any, trainer: Any, progress: Any, writer: Any) -> None:
        report(args, trainer, progress, writer)
        if progress.step == until:
            raise KilledError

    setattr(module, "_report", note)  # noqa: B010
    if until is None:
        module.main(args)
        return
    with pytest.raises(KilledError):
        module.main(args)


@pytest.mark.parametrize(
    ("flag", "text"),
    [
        (
            "--validate-every 0",
            "validate_every=0 must be a whole number of at least 1; a large one validates seldom",
        ),
        (
            "--validate-scenes 0",
            "validate_scenes=0 must be a whole number of at least 1; a large one validates seldom",
        ),
        ("--device abacus", "device='abacus' cannot be used ("),
    ],
)
def test_flags_that_cannot_be_are_refused_before_anything_is_made(
    flag: str, text: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=f"^{re.escape(text)}"):
        train(f"--out {tmp_path / 'run'} {flag}")
    assert not list(tmp_path.iterdir())


def test_a_run_resumes_validates_and_exports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("conceptgym.agents.validation.training_families", lambda: ("near",))
    often = "--save-every 0 --validate-every 2 --validate-scenes 1"
    pool = tmp_path / "pool.safetensors"
    for name, until in (("parts", 3), ("parts", None), ("whole", None)):
        files = f"--out {tmp_path / name} --pool {pool} --export {tmp_path / name}.safetensors"
        train(f"{often} {files}", until=until)
    assert f"resumed {tmp_path / 'parts' / 'checkpoint.safetensors'} at step 3" in (
        capsys.readouterr().out
    )
    parts, whole = (load_tensors(tmp_path / f"{name}.safetensors") for name in ("parts", "whole"))
    assert parts[1]["step"] == whole[1]["step"] == 4
    for key, value in whole[0].items():
        torch.testing.assert_close(parts[0][key], value, rtol=0, atol=0)
    model, _ = load_model(tmp_path / "parts.safetensors")
    assert model.energy.config.width == 8
    events = EventAccumulator(str(tmp_path / "parts"))
    events.Reload()
    marks = {name: events.Scalars(f"success/{name}") for name in ("generate/near", "identify/mean")}
    assert [mark.step for mark in marks["generate/near"]] == [2, 4]
    assert all(0.0 <= mark.value <= 1.0 for found in marks.values() for mark in found)
