"""The page: its numbers are the counted ones, its commands ask for them, it invents nothing."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import tyro
from evaluation_scenes import outcomes
from finding_outcomes import DEFAULT, EPISODES, made_up
from test_scripts import load

from conceptgym.agents.evaluation.commands import Run
from conceptgym.agents.evaluation.findings import Finding, Measured, Verdict, measure_all
from conceptgym.agents.evaluation.findings_page import (
    commands,
    findings_page,
    sentence,
    write_findings,
)
from conceptgym.agents.evaluation.findings_paper import FINDINGS
from conceptgym.agents.figures.codes import FIND, MAKE, Codes
from conceptgym.agents.wilson import wilson_interval

EVERY = pytest.mark.parametrize("finding", FINDINGS, ids=lambda finding: finding.title)


def measured(finding: Finding, *, without: tuple[str, ...] = ()) -> Measured:
    (found,) = measure_all([finding], made_up(finding, without=without))
    return found


def codes() -> Codes:
    names = ("near", "colour", "red", "red")
    values = np.array([(0.0, 0.0), (3.0, 0.0), (3.0, 0.0), (3.0, 1.0)])
    return Codes(values=values, concepts=names, ways=(MAKE, MAKE, MAKE, FIND))


@EVERY
def test_the_sentences_numbers_are_counted(finding: Finding) -> None:
    found = measured(finding)
    text = sentence(found)
    assert "{" not in text and text.endswith(".")
    numbers = re.findall(r"([\d.]+)% \(([\d.]+)-([\d.]+); (\d+) of (\d+)\)", text)
    assert len(numbers) == finding.sentence.count("{")
    for share, low, high, successes, episodes in numbers:
        counts = int(successes), int(episodes)
        assert counts[0] * EPISODES == DEFAULT * counts[1]
        ends = [f"{100 * end:.1f}" for end in wilson_interval(*counts)]
        assert [share, low, high] == [f"{100 * counts[0] / counts[1]:.1f}", *ends]


def test_one_sentence_in_full() -> None:
    finding = FINDINGS[4]
    found = made_up(finding, {"ours": 19, "no_relations": 3, "no_pairs": 17})
    text = sentence(measure_all([finding], found)[0])
    assert text == (
        "Trained for the same time each, the energy with learned relations (`ours`) forms shapes "
        "in 95.0% (88.8-97.8; 95 of 100) of scenes, one in which nothing relates entities "
        "(`no_relations`) in 15.0% (9.3-23.3; 15 of 100), and one with closed forms in the place "
        "of learned relations (`no_pairs`) in 85.0% (76.7-90.7; 85 of 100)."
    )


@EVERY
def test_who_is_missing_is_named(finding: Finding) -> None:
    claim = finding.claims[-1]
    found = measured(finding, without=(claim.bar.name,))
    assert found.verdict is Verdict.NOT_MEASURED
    assert sentence(found) == f"No outcomes on the same questions: `{claim.bar.name}`."
    section = findings_page([found], Run()).partition(f"## {finding.number}. ")[2]
    assert not re.search(r"\d%", section)
    assert all(name in section for name in finding.methods)  # in the command


def test_what_is_only_shown_beside_may_be_missing() -> None:
    found = measured(FINDINGS[2], without=("ours-recognition",))
    assert found.verdict is not Verdict.NOT_MEASURED
    assert "(`ours-recognition`), (not measured)." in sentence(found)


@EVERY
def test_the_commands_ask_for_it(finding: Finding) -> None:
    """Read as the script reads them, each of a level, they ask what the finding is about."""
    cells: set[tuple[str, ...]] = set()
    levels = sorted({group.level for group in finding.groups})
    for level, line in zip(levels, commands(measured(finding), Run(seed=3)), strict=True):
        ask = shlex.split(line)
        assert ask[:2] == ["python", "scripts/evaluate.py"]
        args = tyro.cli(load("evaluate").Args, args=ask[2:])
        assert (args.levels, args.seed, args.episodes) == ((level,), 3, EPISODES)
        cells |= {
            (job.concept, job.level, cell.task, cell.method, cell.world)
            for job in args.config.jobs
            for cell in args.config.cells(job)
        }
    wanted = {(i.concept, i.level, i.task, i.method, i.world) for i in made_up(finding)}
    assert wanted <= cells


def test_a_levels_command_asks_for_its_own_number_of_episodes() -> None:
    finding = FINDINGS[3]
    fewer = [item for item in made_up(finding) if item.level == 1 or item.episode < 3]
    (found,) = measure_all([finding], fewer)
    for line, episodes in zip(commands(found, Run()), (EPISODES, 3), strict=True):
        assert f" --episodes {episodes}" in line


def test_the_page_names_everyone_and_every_verdict() -> None:
    found = [measured(finding) for finding in FINDINGS]
    text = findings_page(found, Run(), codes())
    for one in found:
        section = text.partition(f"## {one.finding.number}. {one.finding.title}\n")[2]
        section = section.partition("\n## ")[0]
        assert f"**Verdict: {one.verdict}.** {sentence(one)}" in section
        assert all(name in section for name in one.finding.methods)
        assert all(group.name in section for group in one.finding.groups)
        assert one.finding.claim in section and one.finding.note in section
        assert f"| {one.finding.number}. {one.finding.claim} | {one.verdict} |" in text
        for verdict, line in zip(one.verdicts, _table(section, "what must hold"), strict=True):
            assert line.endswith(f"| {verdict} |")


def _table(text: str, first: str) -> list[str]:
    """The rows of the table whose first column has this name."""
    lines = text.partition(f"| {first} |")[2].split("\n\n")[0].splitlines()
    return lines[2:]


def test_the_distance_between_codes() -> None:
    found = [measured(FINDINGS[0])]
    text = findings_page(found, Run(), codes())
    # the distances between near, colour and red are 3, 3 and 0; making and finding are 1 apart
    assert "lie 0.50 of the mean distance between two concepts apart for the same hue" in text
    assert "Of 1 codes of finding red 1 lie nearer to making things a colour" in text
    assert "was not measured" in findings_page(found, Run())


def test_files_without_any_of_the_methods(tmp_path: Path) -> None:
    page, picture = write_findings(tmp_path / "new", outcomes(1, 2, method="invariants"), Run())
    assert (page.name, picture.name) == ("findings.md", "findings.png")
    text = page.read_text()
    assert text.count("| not measured |") == len(FINDINGS)
    assert f"]({picture.name})" in text and picture.is_file()
