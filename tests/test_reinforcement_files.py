"""Results on disk: nothing is lost, nothing is mixed, nothing is asked twice."""

from __future__ import annotations

import importlib.util
import json
import shlex
import sys
from pathlib import Path

import pytest
import tyro
from reinforcement_policies import SHOWN, filled, point, policy

from conceptgym.agents.reinforcement.files import PolicyFile, read_policies
from conceptgym.agents.reinforcement.learner import ReinforcementConfig
from conceptgym.envs.errors import ConfigError, UnknownConceptError

SCRIPT = Path(__file__).parents[1] / "scripts" / "train_rl.py"


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


def test_what_our_agent_made_of_demonstrations_is_read_again(tmp_path: Path) -> None:
    made = filled(tmp_path, point(100, 2))
    before = json.loads(made.path.read_text())
    made.compare(SHOWN)
    assert policy(tmp_path).shown == SHOWN and policy(tmp_path).points == made.points
    del before["shown"]  # as in files of before there was a comparison
    made.path.write_text(json.dumps(before))
    assert policy(tmp_path).shown is None


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


def test_a_file_of_another_version_is_named(tmp_path: Path) -> None:
    path = filled(tmp_path, point(100, 2)).path
    path.write_text(path.read_text().replace('"discount"', '"old"'))
    with pytest.raises(ConfigError) as error:
        read_policies(tmp_path)
    assert str(error.value).startswith(
        f"{path} is about a policy of another version: ReinforcementConfig has no key 'old'"
    )
    assert str(error.value).endswith("; choose another folder, or delete the file")


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
        f"--no-ours --concepts near between --out {tmp_path} --train.steps 200 --train.every 200 "
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


def test_the_script_asks_our_agent_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = (
        f"--concepts near --tasks identify --out {tmp_path} --train.steps 50 --train.rollout 40 "
        "--train.batch 20 --train.episodes 2 --train.confirm 2"
    )
    run_script(line)
    assert "near, identify, ours: success in 2 of 2 scenes" in capsys.readouterr().out
    run_script(line)
    shown = capsys.readouterr().out
    assert "ours:" not in shown and "| 100.0% (34.2–100.0) |" in shown
    path = tmp_path / "policies" / "near-identify.json"
    path.write_text(path.read_text().replace('"weights": "', '"weights": "0'))
    run_script(line)
    assert "ours: success" in capsys.readouterr().out, "other weights are asked anew"


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
