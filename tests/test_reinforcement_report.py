"""The report says what the files say, and the page what is recorded."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from reinforcement_policies import CONFIG, SHOWN, filled, point, policy

from conceptgym.agents.model import load_model
from conceptgym.agents.reinforcement.files import read_policies
from conceptgym.agents.reinforcement.learner import ALGORITHMS, ReinforcementConfig
from conceptgym.agents.reinforcement.report import (
    PAGE,
    RECORD,
    policy_table,
    record_report,
    write_report,
)
from conceptgym.agents.wilson import as_percent, wilson_interval
from conceptgym.envs.concepts import CONCEPTS, TASKS
from conceptgym.envs.errors import ConfigError

ROOT = Path(__file__).parents[1]
RECORDED = json.loads((ROOT / "docs" / RECORD).read_text(encoding="utf-8"))
PPO = {task: [each for each in RECORDED["ppo"] if each["task"] == task] for task in TASKS}

LEARNED = {task: [each for each in PPO[task] if each["price"]] for task in TASKS}


def test_the_report_says_what_the_files_say(tmp_path: Path) -> None:
    filled(tmp_path, point(100, 5), point(200, 10), point(200, 9, confirms=True)).compare(SHOWN)
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
    rest = "| 10.0% (1.8–40.4) | 162 | – | – |"
    assert between == f"| between | generate | PPO | 1,300 | not reached {rest}"
    rest = "| 90.0% (59.6–98.2) | 25 | 90.0% (59.6–98.2) | 66 |"
    assert near == f"| near | generate | PPO | 200 | 200 {rest}"


def test_a_report_of_nothing_is_empty(tmp_path: Path) -> None:
    written = write_report(tmp_path, read_policies(tmp_path))
    assert json.loads(written[0].read_text()) == []
    assert len(written[2].read_text().splitlines()) == 2


def test_recording_renews_an_algorithms_table_and_keeps_the_others(tmp_path: Path) -> None:
    page = tmp_path / PAGE
    page.parent.mkdir()
    page.write_text("a\n<!-- table: ppo -->\nold\n<!-- /table -->\nb\n")
    (page.parent / RECORD).write_text('{"sac": []}')
    filled(tmp_path, point(100, 5), point(100, 4, confirms=True))
    policies = read_policies(tmp_path)
    for _ in range(2):  # and does so again
        written = record_report(tmp_path, policies, algorithm="ppo")
        assert written == [page.parent / RECORD, page]
        found = json.loads(written[0].read_text())
        assert found["sac"] == []
        assert [each["confirms"] for each in found["ppo"][0]["evaluations"]] == [False, True]
        assert page.read_text().count("| near | generate | PPO | 100 | not reached | 40.0% ") == 1
        assert "old" not in page.read_text() and page.read_text().endswith("b\n")
    before = written[0].read_bytes()
    page.write_text("no place")
    with pytest.raises(ConfigError, match="^docs/reinforcement.md has 0 places for the table 'pp"):
        record_report(tmp_path, policies, algorithm="ppo")
    assert (written[0].read_bytes(), page.read_text()) == (before, "no place")


def test_nothing_that_is_published_is_lost_or_mixed(tmp_path: Path) -> None:
    folder, page = tmp_path / "out", tmp_path / PAGE
    page.parent.mkdir()
    page.write_text("<!-- table: ppo -->\n<!-- /table -->\n")
    both = [filled(folder, point(100, 5), concept=concept) for concept in ("near", "between")]
    record_report(tmp_path, both, algorithm="ppo")
    before = [path.read_bytes() for path in (page, page.parent / RECORD)]
    unfinished, other = policy(folder), policy(folder, "between")
    unfinished.done, other.config = False, ReinforcementConfig(steps=400)
    for policies, text in [
        (
            both[:1],
            "record would lose 1 published policies, such as between, generate; train them into "
            "the same folder",
        ),
        ([unfinished], f"{unfinished.path} is not trained to its end; run the same command again"),
        (
            [both[0], other],
            f"{other.path} is about another configuration than {both[0].path}; record from a "
            "folder of one configuration",
        ),
    ]:
        with pytest.raises(ConfigError) as error:
            record_report(tmp_path, policies, algorithm="ppo")
        assert str(error.value) == text
    assert [path.read_bytes() for path in (page, page.parent / RECORD)] == before


def test_the_page_says_what_is_recorded() -> None:
    page = (ROOT / PAGE).read_text(encoding="utf-8")
    assert sorted(RECORDED) == sorted(ALGORITHMS)
    for entries in RECORDED.values():
        assert policy_table(entries) in page


def words(page: str) -> str:
    return " ".join((ROOT / page).read_text(encoding="utf-8").replace("**", "").split())


def test_the_page_counts_what_was_learned() -> None:
    many = f"{len(LEARNED['generate'])} of {len(CONCEPTS)} concepts were learned to generate"
    steps = {task: [each["price"] for each in LEARNED[task]] for task in TASKS}
    spans = {task: f"{min(steps[task]):,} to {max(steps[task]):,}" for task in TASKS}
    times = [each["price"] / each["shown"]["steps"] for each in LEARNED["generate"]]
    low, high = (10 * round(number / 10) for number in (min(times), max(times)))
    assert (
        f"{many}, in {spans['generate']} environment steps, {low} to {high} times the steps in "
        f"five demonstrations; {len(LEARNED['identify'])} to identify, in {spans['identify']}."
    ) in words(PAGE)


def test_the_readme_counts_what_was_learned() -> None:
    rates = {}
    for task in TASKS:
        right, all_ = (
            sum(each["shown"][name] for each in PPO[task]) for name in ("successes", "episodes")
        )
        rates[task] = as_percent(right / all_, *wilson_interval(right, all_))
    assert (
        f"PPO, one policy each, learns {len(LEARNED['generate'])} of {len(CONCEPTS)} concepts to "
        f"generate and {len(LEARNED['identify'])} to identify with at most 60,000 environment "
        f"steps; in the same scenes our agent, shown five demonstrations, generates "
        f"{rates['generate']} and identifies {rates['identify']}"
    ) in words("README.md")


def test_every_concept_has_a_price_and_the_shipped_weights_beside_it() -> None:
    priced = [(each["concept"], task) for task in TASKS for each in PPO[task]]
    assert sorted(priced) == sorted((concept, task) for concept in CONCEPTS for task in TASKS)
    weights = load_model(None)[1]["sha256"]
    for each in (entry for entries in RECORDED.values() for entry in entries):
        judged, shown = each["evaluations"][-1], each["shown"]
        assert each["done"] and judged["confirms"] and shown["weights"] == weights
        assert judged["episodes"] == shown["episodes"] == each["config"]["confirm"]
