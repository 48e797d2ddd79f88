"""The command lines: each explains itself, and small runs leave what they promise."""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from types import ModuleType

import imageio.v3 as iio
import numpy as np
import pytest
import tyro
from evaluation_scenes import save_tiny

from conceptgym.envs import record_demonstrations
from conceptgym.envs.errors import ConfigError, UnknownConceptError

FOLDER = Path(__file__).parents[1] / "scripts"
SCRIPTS = sorted(path.stem for path in FOLDER.glob("*.py"))


def load(name: str) -> ModuleType:
    """The script as a module, its main not called."""
    spec = importlib.util.spec_from_file_location(f"scripts_{name}", FOLDER / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look themselves up there
    spec.loader.exec_module(module)
    return module


def parse(name: str, line: str):
    """The script as a module, and its arguments from a command line."""
    module = load(name)
    return module, tyro.cli(module.Args, args=shlex.split(line))


@pytest.mark.parametrize("name", SCRIPTS)
def test_help_describes_every_flag(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    module = load(name)
    with pytest.raises(SystemExit) as stop:
        tyro.cli(module.Args, args=["--help"], description=module.__doc__)
    assert stop.value.code == 0
    text = capsys.readouterr().out
    for field in fields(module.Args):
        assert f"--{field.name.replace('_', '-')}" in text or f"{field.name} options" in text


@pytest.mark.parametrize("name", SCRIPTS)
def test_docstrings_name_the_command(name: str) -> None:
    text = load(name).__doc__ or ""
    assert f"python scripts/{name}.py" in text or f"make {name}" in text


def test_a_script_runs_from_another_folder(tmp_path: Path) -> None:
    found = subprocess.run(
        [sys.executable, str(FOLDER / "render.py"), "--concept", "nearby"],
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert found.returncode == 1
    assert found.stderr.startswith("error: concept='nearby' is unknown; choose one of colour,")
    assert "Traceback" not in found.stderr


def test_evaluate_writes_its_three_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "evaluation"
    weights = save_tiny(tmp_path / "tiny.safetensors")
    line = "--concepts above --levels 1 --methods ours chance --demonstrations 5 --workers 1"
    line += f" --episodes 2 --arm-episodes 1 --conditions plain --checkpoint {weights}"
    module, args = parse("evaluate", f"{line} --out {out}")
    module.main(args)
    assert {path.name for path in out.iterdir()} == {
        "evaluation.json",
        "evaluation.csv",
        "evaluation.md",
        "outcomes.jsonl",
    }
    report = json.loads((out / "evaluation.json").read_text())
    assert report["config"]["episodes"] == 2 and report["config"]["concepts"] == ["above"]
    cells = {(r["method"], r["world"], r["task"]): r["episodes"] for r in report["rows"]}
    assert cells == {
        ("ours", "particle", "generate"): 2,
        ("ours", "particle", "identify"): 2,
        ("ours", "arm", "generate"): 1,
        ("ours", "arm", "identify"): 1,
        ("chance", "particle", "generate"): 2,
        ("chance", "particle", "identify"): 2,
    }
    with (out / "evaluation.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 6
    shown = capsys.readouterr().out
    assert "Success by concept [%]" in shown and "above" in shown


def test_evaluate_goes_on_where_it_was_left(tmp_path: Path) -> None:
    """Killed within a line, run for no time, run on: the table is that of a run in one piece."""
    weights = save_tiny(tmp_path / "tiny.safetensors")
    line = "--concepts near square --levels 1 --methods chance copy-nearest --conditions plain"
    line += f" --demonstrations 1 5 --episodes 3 --workers 1 --checkpoint {weights}"
    for name in ("whole", "parts"):
        module, args = parse("evaluate", f"{line} --out {tmp_path / name}")
        module.main(args)
    path = tmp_path / "parts" / "outcomes.jsonl"
    path.write_bytes(path.read_bytes()[:-700])
    module.main(args)
    whole, parts = (tmp_path / name / "evaluation.csv" for name in ("whole", "parts"))
    assert sorted(parts.read_text().splitlines()) == sorted(whole.read_text().splitlines())


def test_evaluate_stops_when_its_time_is_up(tmp_path: Path) -> None:
    weights = save_tiny(tmp_path / "tiny.safetensors")
    line = f"--methods chance --conditions plain --workers 1 --checkpoint {weights}"
    module, args = parse("evaluate", f"{line} --minutes 0 --out {tmp_path / 'out'}")
    module.main(args)
    rows = json.loads((tmp_path / "out" / "evaluation.json").read_text())["rows"]
    assert 0 < sum(row["episodes"] for row in rows) < 1000


@pytest.mark.parametrize("entry", ["weights.safetensors", "=weights.safetensors", "name="])
def test_evaluate_wants_names_for_other_weights(entry: str) -> None:
    _, args = parse("evaluate", f"--ablation {entry}")
    text = f"ablation='{entry}' must be NAME=PATH, such as mine=a.safetensors"
    with pytest.raises(ConfigError, match=re.escape(text)):
        _ = args.ablations


def test_evaluate_refuses_what_it_does_not_know() -> None:
    _, args = parse("evaluate", "--concepts nearby")
    with pytest.raises(UnknownConceptError, match="concepts holds 'nearby'; choose from colour,"):
        _ = args.config


def test_render_holds_both_ends_and_marks_the_plan(tmp_path: Path) -> None:
    path = tmp_path / "new" / "near.gif"
    line = f"--concept near --world particle --demonstrations 2 --out {path}"
    module, args = parse("render", line)
    module.main(args)
    frames = iio.imread(path)
    assert frames.shape[1:] == (480, 480, 3)
    assert len(frames) > module.FIRST + module.LAST
    first, last = frames[: module.FIRST], frames[-module.LAST :]
    assert np.ptp(first.astype(int), axis=0).max() == 0
    assert np.ptp(last.astype(int), axis=0).max() == 0
    planned = frames[module.FIRST : 2 * module.FIRST]
    assert np.ptp(planned.astype(int), axis=0).max() == 0
    violet = np.abs(frames.astype(int) - (124, 77, 240)).sum(axis=-1) < 60
    assert violet[0].sum() == 0 and violet[module.FIRST].sum() > 20, "the plan comes second"


def test_films_of_both_worlds_stand_side_by_side() -> None:
    module = load("render")
    short = [np.full((4, 4, 3), k, dtype=np.uint8) for k in (1, 2)]
    long = [np.full((6, 8, 3), k, dtype=np.uint8) for k in (3, 4, 5)]
    frames = list(module.joined([short, long]))
    assert len(frames) == 2 * module.FIRST + 1 + module.LAST
    assert frames[0].shape == (6, 4 + 8 + 8, 3)
    seen = [(int(frame[3, 0, 0]), int(frame[3, -1, 0])) for frame in frames]
    scene, plan, acting = np.split(seen, [module.FIRST, 2 * module.FIRST])
    assert np.array_equal(np.unique(scene, axis=0), [(1, 3)])
    assert np.array_equal(np.unique(plan, axis=0), [(2, 4)])
    assert np.array_equal(np.unique(acting, axis=0), [(2, 5)])


def test_parameters_of_render_may_be_numbers_and_names() -> None:
    _, args = parse("render", "--concept near --parameters distance 0.5 where inside")
    assert args.parameters == {"distance": 0.5, "where": "inside"}


def test_the_demos_video_shows_the_plane_alone_without_an_arm(tmp_path: Path) -> None:
    module, args = parse("demo", f"--out {tmp_path} --video a.gif")
    demos = record_demonstrations(concept="near", episodes=1)
    plane, arm = (
        module.Film([np.full((*size, 3), 9, dtype=np.uint8)] * 2) for size in ((480, 480), (64, 96))
    )
    shown = len(module.demonstration_frames(demos))
    for films, width in (({"particle": plane}, 480), ({"particle": plane, "arm": arm}, 584)):
        frames = iio.imread(module._write_video(args, demos, films))
        assert frames.shape == (shown + 2 + module.HOLD, 480, width, 3)


def test_render_refuses_other_kinds_of_files(tmp_path: Path) -> None:
    line = f"--world particle --demonstrations 1 --out {tmp_path / 'a.avi'}"
    module, args = parse("render", line)
    with pytest.raises(ConfigError, match="path ends in '.avi', allowed are"):
        module.main(args)


def test_benchmark_writes_its_numbers(tmp_path: Path) -> None:
    path = tmp_path / "new" / "benchmark.json"
    module, args = parse("benchmark", f"--repeats 1 --scenes 1 --targets 8 --out {path}")
    module.main(args)
    report = json.loads(path.read_text())
    assert report["machine"]["cores"] >= 1
    arm = report[module.ARM]
    assert [(row["task"], row["objects"]) for row in arm] == [
        *[(task, n) for task in ("generate", "identify") for n in (3, 5, 8)],
        ("all", None),
    ]
    assert all(0 < row["fastest"] < 1.5 for row in arm)
    (target, way) = report["Inverse kinematics"]
    assert target["within 1 mm"] == "8 of 8" and way["velocity"] <= 1.0
