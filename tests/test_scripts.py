"""The command lines: each explains itself, and small runs leave what they promise."""

from __future__ import annotations

import csv
import importlib.util
import itertools
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import zlib
from dataclasses import fields
from pathlib import Path
from types import ModuleType

import gymnasium as gym
import imageio.v3 as iio
import numpy as np
import pytest
import tyro
from agent_scenes import tiny_model
from evaluation_scenes import save_tiny

from conceptgym.agents import ConceptAgent
from conceptgym.agents.checkpoint import load_tensors
from conceptgym.agents.config import InferenceConfig
from conceptgym.agents.evaluation.evaluator import Task
from conceptgym.agents.evaluation.pages import PAGES
from conceptgym.agents.model import load_model
from conceptgym.agents.place.outcomes import PlaceOutcome
from conceptgym.agents.place.trials import Trial
from conceptgym.agents.rollout import roll_out
from conceptgym.envs import ArmPlaceEnv, record_demonstrations
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
    module, args = parse("evaluate", f"{line} --minutes 1e-9 --out {tmp_path / 'out'}")
    module.main(args)
    rows = json.loads((tmp_path / "out" / "evaluation.json").read_text())["rows"]
    assert 0 < sum(row["episodes"] for row in rows) < 1000


def test_evaluate_starts_from_what_is_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Recorded on one machine, gone on with on another: nothing is run again, nothing is lost."""
    root, weights = tmp_path / "root", save_tiny(tmp_path / "tiny.safetensors")
    (root / "docs").mkdir(parents=True)
    for page in PAGES:
        shutil.copy(FOLDER.parent / page, root / page)
    about = {"sha256": load_tensors(weights)[1]["sha256"]}
    weights.with_suffix(".json").write_text(json.dumps(about))
    line = f"--concepts above --levels 1 --methods ours chance --workers 1 --checkpoint {weights}"
    line += " --demonstrations 5 --conditions plain --arm-episodes 1"
    module, args = parse("evaluate", f"{line} --episodes 2 --record --out {tmp_path / 'one'}")
    monkeypatch.setattr(module, "_ROOT", root)
    module.main(args)
    published, pages = root / "docs" / "outcomes.jsonl", root / "docs" / "evaluation.md"
    before = published.read_bytes(), pages.read_bytes()
    more = f"{line} --start {published} --record --out {tmp_path / 'two'}"
    left: list[Task] = []
    monkeypatch.setattr(module, "_run", lambda *given: left.extend(given[-1]))
    module.main(parse("evaluate", f"{more} --episodes 2")[1])
    assert left == [] and (published.read_bytes(), pages.read_bytes()) == before
    module.main(parse("evaluate", f"{more} --episodes 3")[1])
    assert {job.episode for job, _ in left} == {2}
    report = [json.loads((tmp_path / n / "evaluation.json").read_text()) for n in ("one", "two")]
    assert report[0]["rows"] == report[1]["rows"] and len(report[0]["rows"]) == 6


PLACED = "--cells near --conditions plain --episodes 1 --workers 1"


def test_evaluate_place_writes_its_three_files_and_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Films only what fails; run again, nothing is left to do."""
    out = tmp_path / "new" / "place"
    module, args = parse("evaluate_place", f"{PLACED} --out {out} --films {tmp_path / 'films'}")
    module.main(args)
    assert {path.name for path in out.iterdir()} == {"outcomes.jsonl", "place.md", "place.json"}
    (row,) = json.loads((out / "place.json").read_text())
    assert (row["cell"], row["condition"], row["episode"], row["success"]) == (
        "near",
        "plain",
        0,
        True,
    )
    page = (out / "place.md").read_text()
    assert "| near | 90% | 100% (21–100) of 1 | – |" in page
    shown = capsys.readouterr().out.replace("\n", "")
    assert f"wrote {out}/place.md" in shown and not (tmp_path / "films").exists()
    before = {path: path.read_bytes() for path in out.iterdir()}
    left: list[Trial] = []
    monkeypatch.setattr(module, "run_trials", lambda trials, **_: left.extend(trials) or ())
    module.main(args)
    assert {path: path.read_bytes() for path in out.iterdir()} == before and left == []


def made_up(trials, *, seed, workers, minutes):
    """Outcomes at once: every third fails."""
    for trial in trials:
        failed = zlib.crc32(repr(trial).encode()) % 3 == 0
        facts = {"cause": "grasp", "steps": 300} if failed else {"errors": [0.5], "steps": 200}
        yield PlaceOutcome(**vars(trial), success=not failed, disturb=trial.disturb or "", **facts)


def test_evaluate_place_killed_and_gone_on_with_finds_what_one_run_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = "--episodes 4 --cells near 'stack of two' --conditions plain disturbed"
    found = []
    for name, kills in (("whole", ()), ("parts", (5, 0, 3))):
        module, args = parse("evaluate_place", f"{line} --out {tmp_path / name}")
        for done in kills:

            def cut(trials, *, done=done, **options):
                yield from itertools.islice(made_up(trials, **options), done)
                raise KeyboardInterrupt

            monkeypatch.setattr(module, "run_trials", cut)
            with pytest.raises(KeyboardInterrupt):
                module.main(args)
            path = tmp_path / name / "outcomes.jsonl"
            path.write_bytes(path.read_bytes()[: -10 if done else None])
            assert not (tmp_path / name / "place.json").exists()
        monkeypatch.setattr(module, "run_trials", made_up)
        module.main(args)
        found.append([(tmp_path / name / file).read_text() for file in ("place.json", "place.md")])
    assert found[0] == found[1]
    assert len(json.loads(found[0][0])) == 16


def test_evaluate_place_hands_its_numbers_on_and_films(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = f"{PLACED} --seed 5 --minutes 2.5 --films {tmp_path / 'films'} --out {tmp_path / 'out'}"
    module, args = parse("evaluate_place", f"{line} --record")
    asked: list[dict] = []
    monkeypatch.setattr(module, "_ROOT", tmp_path)
    monkeypatch.setattr(module, "write_summary", lambda *_: [])

    def note(trials, **options):
        asked.append(options)
        return iter([PlaceOutcome(**vars(trials[0]), success=False, cause="grasp", steps=9)])

    def film(outcomes, folder, *, seed):
        asked.append({"failed": [each.cause for each in outcomes], "folder": folder, "seed": seed})
        return [folder / "grasp.mp4"]

    monkeypatch.setattr(module, "run_trials", note)
    monkeypatch.setattr(module, "film_failures", film)
    module.main(args)
    assert asked == [
        {"seed": 5, "workers": 1, "minutes": 2.5},
        {"failed": ["grasp"], "folder": tmp_path / "films", "seed": 5},
    ]
    (page,) = (tmp_path / "docs").iterdir()  # its folder is made, and nothing is left beside it
    assert page.name == "place.md"
    assert page.read_bytes() == (tmp_path / "out" / "place.md").read_bytes()


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("--cells nearby", "cell='nearby' is unknown; choose one of near, between,"),
        ("--conditions windy", "condition='windy' is unknown; choose one of plain,"),
        ("--episodes 0", "episodes=0 must be at least 1"),
        ("--seed -1", "seed=-1 must be a whole number of at least 0; choose one"),
        (f"{PLACED} --workers 0", "workers=0 must be at least 1"),
    ],
)
def test_evaluate_place_refuses_what_it_does_not_know(line: str, text: str, tmp_path: Path) -> None:
    module, args = parse("evaluate_place", f"{line} --out {tmp_path / 'out'}")
    with pytest.raises(ConfigError, match=f"^{re.escape(text)}"):
        module.main(args)


def test_evaluate_place_refuses_outcomes_of_another_seed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = f"{PLACED} --out {tmp_path}"
    for seed in (0, 1):
        module, args = parse("evaluate_place", f"{line} --seed {seed}")
        monkeypatch.setattr(module, "run_trials", made_up)
        if not seed:
            module.main(args)
    path = tmp_path / "outcomes.jsonl"
    digest = str(load_model(None)[1]["sha256"])[:16]
    headers = [json.dumps({"seed": seed, "weights": digest}) for seed in (0, 1)]
    expected = (
        f"{path} begins with {headers[0]!r}, expected {headers[1]!r}; use its seed and weights, or "
        "another --out"
    )
    with pytest.raises(ConfigError, match=f"^{re.escape(expected)}$"):
        module.main(args)


NAMED = {
    "ablation": "NAME=PATH, such as mine=a.safetensors",
    "rival": "NAME=MODULE:CLASS, such as mine=my_agent:MyAgent",
}


@pytest.mark.parametrize("flag", NAMED)
@pytest.mark.parametrize("entry", ["value", "=value", "name="])
def test_evaluate_wants_names_for_other_weights_and_methods(flag: str, entry: str) -> None:
    _, args = parse("evaluate", f"--{flag} {entry}")
    text = f"{flag}='{entry}' must be {NAMED[flag]}"
    with pytest.raises(ConfigError, match=f"^{re.escape(text)}$"):
        args.config  # noqa: B018


@pytest.mark.parametrize("flag", NAMED)
def test_evaluate_wants_different_names(flag: str) -> None:
    _, args = parse("evaluate", f"--{flag} mine=a:A mine=b:B")
    with pytest.raises(
        ConfigError, match=f"^{flag} names 'mine' twice; give each a name of its own$"
    ):
        args.config  # noqa: B018


def test_evaluate_refuses_what_it_does_not_know() -> None:
    _, args = parse("evaluate", "--concepts nearby")
    with pytest.raises(UnknownConceptError, match="concepts holds 'nearby'; choose from colour,"):
        _ = args.config


@pytest.mark.parametrize(
    "line",
    [
        "--concepts near --levels 2",
        "--worlds arm --methods chance",
        "--levels 4 --methods recogniser",
    ],
)
def test_evaluate_says_that_nothing_is_asked_for(line: str) -> None:
    _, args = parse("evaluate", line)
    with pytest.raises(ConfigError, match="^nothing is asked for: none of these methods has a"):
        _ = args.config


@pytest.mark.parametrize("minutes", ["-1", "nan"])
@pytest.mark.parametrize("name", ["evaluate", "evaluate_place"])
def test_evaluations_refuse_times_that_are_none(name: str, minutes: str, tmp_path: Path) -> None:
    module, args = parse(name, f"--minutes {minutes} --out {tmp_path / 'out'}")
    text = f"minutes={float(minutes)} must be at least 0; 0 only reports what there is"
    with pytest.raises(ConfigError, match=f"^{re.escape(text)}$"):
        module.main(args)
    assert not list(tmp_path.iterdir())


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
        module.Film(frames=[np.full((*size, 3), 9, np.uint8)] * 2)
        for size in ((480, 480), (64, 96))
    )
    shown = len(module.demonstration_frames(demos))
    for films, width in (({"particle": plane}, 480), ({"particle": plane, "arm": arm}, 584)):
        frames = iio.imread(module._write_video(args, demos, films))
        assert frames.shape == (shown + 2 + module.HOLD, 480, width, 3)


@pytest.mark.parametrize("square", [True, False])
def test_the_demo_reports_what_it_did(
    square: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A concept of the plane alone, and the square that is built beside it unless left out."""
    weights = save_tiny(tmp_path / "tiny.safetensors")
    line = f"--concept quantity --episodes 1 --checkpoint {weights} --video a.gif"
    module, args = parse("demo", f"{line} --out {tmp_path / 'out'}" + " --no-square" * (not square))
    assert args.square == square
    built: list[Path] = []

    def build(args, agent):
        env = gym.make("conceptgym/Particle-v0", concept="near")
        agent.observe(record_demonstrations(concept="near", episodes=1))
        built.append(args.out / "square.gif")
        return ("generate", roll_out(agent, env, seed=0)), 0.25, built[0]

    monkeypatch.setattr(module, "build_square", build)
    monkeypatch.setattr(module, "_draw", lambda args, *_: args.out / "energy.png")  # takes seconds
    module.main(args)
    assert len(built) == square
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"a.gif", "demo.json"}
    shown = capsys.readouterr().out.replace("\n", "")
    names = ["a.gif", "energy.png"] + ["square.gif"] * square + ["demo.json"]
    assert [Path(path).name for path in shown.split("wrote ")[1:]] == names
    numbers = json.loads((tmp_path / "out" / "demo.json").read_text())
    assert numbers["concept"] == "quantity" and numbers["demonstrations"] == 1
    worlds = ["particle"] + ["arm, four cubes"] * square
    assert list(numbers["worlds"]) == worlds
    if square:
        assert numbers["worlds"]["arm, four cubes"]["seconds_to_infer"] == 0.25
    assert all(row["task"] == "generate" for row in numbers["worlds"].values())


def test_the_demo_films_a_square_of_four_cubes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, args = parse("demo", f"--out {tmp_path / 'new'} --video a.gif --episodes 2 --seed 3")
    worlds: list[ArmPlaceEnv] = []

    def run(agent, env, *, seed, on_step, energy):
        env.reset(seed=seed)
        worlds.append(env.unwrapped)
        assert energy and agent.inferred is not None
        for _ in range(7):
            on_step(env)
        return "the run"

    monkeypatch.setattr(module, "roll_out", run)
    agent = ConceptAgent(tiny_model(), config=InferenceConfig(code_iterations=0))
    found, seconds, path = module.build_square(args, agent)
    assert 0.0 < seconds < 60.0
    assert found == ("generate", "the run") and path == tmp_path / "new" / "a_square.gif"
    (world,) = worlds
    assert world.concept.name == "square" and world.task == "generate"
    assert {shape.kind for shape in world.scene.shapes} == {"cube"}
    assert world.event.attention.sum() == 4 and world.state.objects.sum() == 5
    assert len(iio.imread(path)) == 7 // 3 + 1 + module.HOLD  # the end is always shown


def test_render_shows_solid_things_grasped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "near.mp4"
    line = f"--concept near --world place --every 50 --seed 1 --robot ur5e --out {path}"
    module, args = parse("render", line)
    assert args.worlds == ("place",)
    films: list[list[np.ndarray]] = []
    film = module.film

    def kept(*arguments, **options):
        run, frames = film(*arguments, **options)
        films.append(frames)
        return run, frames

    monkeypatch.setattr(module, "film", kept)
    module.main(args)
    text = capsys.readouterr().out
    steps = re.match(r"place: success after (\d+) steps", text)
    assert steps is not None and text.endswith(f"wrote {path}\n")
    (frames,) = films
    shot = int(steps[1]) + 2
    assert len(frames) == 2 + shot // 50 + (shot % 50 > 0)  # scene, plan, every 50th, the end
    shown = iio.imread(path)
    assert shown.shape[1:] == (480, 640, 3)
    assert len(shown) == 2 * (module.FIRST - 1) + len(frames) + module.LAST
    different = np.abs(frames[1].astype(int) - frames[0]).max(axis=-1) > 20
    assert different.mean() > 0.02, "the energy on the table and a ghost"


def test_render_wants_a_frame_now_and_then() -> None:
    module, args = parse("render", "--world place --every 0")
    with pytest.raises(ConfigError, match="^every=0 must be at least 1, one frame a control step$"):
        module.main(args)


@pytest.mark.parametrize(
    ("name", "line"), [("render", "--out {}/a.avi"), ("demo", "--out {} --video a.avi")]
)
def test_other_kinds_of_films_are_refused_before_any_is_made(
    name: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, args = parse(name, line.format(tmp_path))
    monkeypatch.setattr(module, "ConceptAgent", None)
    with pytest.raises(ConfigError, match="^path ends in '.avi', allowed are"):
        module.main(args)


def test_benchmark_refuses_a_seed_that_is_none() -> None:
    module, args = parse("benchmark", "--seed -1")
    with pytest.raises(ConfigError) as error:
        module.main(args)
    assert str(error.value) == "seed=-1 must be a whole number of at least 0; 0 is usual"


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
