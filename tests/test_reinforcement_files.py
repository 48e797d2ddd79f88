"""Results on disk: nothing is lost, nothing is mixed, the report says what the files say."""

from __future__ import annotations

import csv
import importlib.util
import json
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
import tyro

from conceptgym.agents.reinforcement.files import PolicyFile, read_policies, write_report
from conceptgym.agents.reinforcement.learner import Point, ReinforcementConfig
from conceptgym.agents.wilson import wilson_interval
from conceptgym.envs.errors import ConfigError, UnknownConceptError

SCRIPT = Path(__file__).parents[1] / "scripts" / "train_rl.py"
CONFIG = ReinforcementConfig(steps=300)


def point(steps: int, successes: int, *, confirms: bool = False) -> Point:
    return Point(
        steps=steps, successes=successes, episodes=10, seconds=steps / 8, confirms=confirms
    )


def policy(folder: Path, concept: str = "near", **options: Any) -> PolicyFile:
    return PolicyFile(folder, concept=concept, task="generate", config=CONFIG, **options)


def filled(folder: Path, *points: Point, concept: str = "near") -> PolicyFile:
    made = policy(folder, concept)
    for each in points:
        made.add(each)
    made.finish()
    return made


def test_what_was_added_is_read_again(tmp_path: Path) -> None:
    first = policy(tmp_path)
    first.add(point(100, 2))
    cut_off = policy(tmp_path)
    assert cut_off.points == [point(100, 2)] and not cut_off.done
    first.add(point(100, 9, confirms=True))
    first.finish()
    again = policy(tmp_path)
    assert again.points == first.points and again.done
    assert not policy(tmp_path, "between").points, "another policy has another file"


def test_a_training_that_was_cut_off_begins_again(tmp_path: Path) -> None:
    policy(tmp_path).add(point(100, 2))
    again = policy(tmp_path)
    again.restart()
    again.add(point(100, 3))
    assert policy(tmp_path).points == [point(100, 3)]


def test_another_training_does_not_go_into_the_same_file(tmp_path: Path) -> None:
    made = filled(tmp_path, point(100, 2))
    other = ReinforcementConfig(steps=400)
    with pytest.raises(ConfigError) as error:
        PolicyFile(tmp_path, concept="near", task="generate", config=other)
    assert str(error.value) == (
        f"{made.path} is about a policy trained with steps=300, not 400; "
        "choose another folder, or delete the file"
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Expecting value: line 1 column 1 (char 0)"),
        ("{}", "'concept'"),
        ("[]", "list indices must be integers or slices, not str"),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, text: str, reason: str) -> None:
    path = filled(tmp_path, point(100, 2)).path
    path.write_text(text)
    for read in (policy, read_policies):
        with pytest.raises(ConfigError) as error:
            read(tmp_path)
        assert str(error.value) == (
            f"{path} is damaged ({reason}); delete it, and its policy is trained anew"
        )


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_that_is_none_is_refused(seed: int) -> None:
    with pytest.raises(ConfigError) as error:
        ReinforcementConfig(seed=seed)
    assert str(error.value) == (
        f"ReinforcementConfig.seed={seed} must be at least 0 and below 2**32"
    )


def test_the_price_is_that_of_the_first_confirmed_success(tmp_path: Path) -> None:
    lucky = filled(tmp_path, point(100, 9), point(100, 8, confirms=True), point(200, 7))
    assert lucky.price is None
    lucky.add(point(300, 10))
    lucky.add(point(300, 9, confirms=True))
    assert lucky.price == 300


def test_the_report_says_what_the_files_say(tmp_path: Path) -> None:
    filled(tmp_path, point(100, 5), point(200, 10), point(200, 9, confirms=True))
    filled(tmp_path, point(1300, 2), point(1300, 1, confirms=True), concept="between")
    written = write_report(tmp_path, read_policies(tmp_path))
    assert [path.name for path in written] == [f"reinforcement.{s}" for s in ("json", "csv", "md")]
    with written[1].open() as file:
        rows = list(csv.DictReader(file))
    assert [(r["concept"], r["steps"], r["success"], r["confirms"]) for r in rows] == [
        ("between", "1300", "0.2", "False"),
        ("between", "1300", "0.1", "True"),
        ("near", "100", "0.5", "False"),
        ("near", "200", "1.0", "False"),
        ("near", "200", "0.9", "True"),
    ]
    low, high = wilson_interval(9, 10)
    assert (float(rows[4]["low"]), float(rows[4]["high"])) == pytest.approx((low, high), abs=1e-4)
    report = json.loads(written[0].read_text())
    assert [entry["price"] for entry in report] == [None, 200]
    assert ReinforcementConfig.from_dict(report[0]["config"]) == CONFIG
    near, between = written[2].read_text().splitlines()[2:]
    assert between == "| between | generate | PPO | 1,300 | not reached | 10.0 (2-40) | 162 | 56 |"
    assert near == "| near | generate | PPO | 200 | 200 | 90.0 (60-98) | 25 | 66 |"


def test_a_report_of_nothing_is_empty(tmp_path: Path) -> None:
    written = write_report(tmp_path, read_policies(tmp_path))
    assert json.loads(written[0].read_text()) == []
    assert len(written[2].read_text().splitlines()) == 2


def run_script(line: str) -> None:
    """Call the script's main with a command line."""
    spec = importlib.util.spec_from_file_location("scripts_train_rl", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look themselves up there
    spec.loader.exec_module(module)
    module.main(tyro.cli(module.Args, args=shlex.split(line)))


def test_the_script_trains_what_is_not_trained_yet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = (
        f"--concepts near between --out {tmp_path} --train.steps 200 --train.every 200 "
        "--train.episodes 2 --train.confirm 2 --train.rollout 200 --train.batch 50"
    )
    run_script(line)
    shown = capsys.readouterr().out
    assert "near, generate: 200 steps, success" in shown and "| between | generate | PPO |" in shown
    files = {path: path.read_bytes() for path in (tmp_path / "policies").iterdir()}
    assert {path.name for path in files} == {"near-generate.json", "between-generate.json"}
    (tmp_path / "policies" / "near-generate.json").unlink()
    run_script(line)
    shown = capsys.readouterr().out
    assert "near, generate: 200 steps" in shown and "between, generate:" not in shown
    found = json.loads((tmp_path / "policies" / "near-generate.json").read_text())
    before = json.loads(files[tmp_path / "policies" / "near-generate.json"])
    for entry in (*found["points"], *before["points"]):
        entry.pop("seconds")
    assert found == before, "the same seed gives the same evaluations"


@pytest.mark.parametrize(
    ("line", "kind", "text"),
    [
        ("--tasks paint", ConfigError, "^tasks holds 'paint'; choose from generate, identify$"),
        ("--concepts nearby", UnknownConceptError, "^concept='nearby' is unknown; choose one of"),
    ],
)
def test_the_script_refuses_what_it_does_not_know(
    tmp_path: Path, line: str, kind: type[Exception], text: str
) -> None:
    with pytest.raises(kind, match=text):
        run_script(f"{line} --out {tmp_path}")
    assert not list(tmp_path.iterdir())
