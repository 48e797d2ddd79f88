"""The six findings: what they ask can be asked, and outcomes of either kind are judged rightly."""

from __future__ import annotations

import re

import pytest
from finding_outcomes import concepts, made_up

from conceptgym.agents.evaluation.comparisons import ABLATIONS
from conceptgym.agents.evaluation.config import EvaluationConfig, has_level
from conceptgym.agents.evaluation.findings import Finding, Verdict, measure_all
from conceptgym.agents.evaluation.findings_paper import FINDINGS, GLOSSARY
from conceptgym.agents.evaluation.methods import METHODS
from conceptgym.agents.evaluation.summary import FAMILIES


def verdict(number: int, successes: dict[str, int]) -> Verdict:
    finding = FINDINGS[number - 1]
    (found,) = measure_all([finding], made_up(finding, successes))
    return found.verdict


def test_there_are_six_in_order() -> None:
    assert [finding.number for finding in FINDINGS] == [1, 2, 3, 4, 5, 6]


def test_methods_are_known_and_explained() -> None:
    asked = {name for finding in FINDINGS for name in finding.methods}
    assert asked - set(METHODS) <= set(ABLATIONS)
    assert asked == set(GLOSSARY)


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda finding: finding.title)
def test_claims_and_sentences_are_about_what_is_asked(finding: Finding) -> None:
    asked = {(group.title, bar) for group in finding.groups for bar in group.bars}
    titles = [group.title for group in finding.groups]
    assert len(titles) == len(set(titles))
    for claim in finding.claims:
        assert {(claim.group, bar) for bar in (claim.bar, claim.other) if bar} <= asked
    named = set(re.findall(r"\{(.*?)\}", finding.sentence))
    assert named <= {f"{title}/{bar.name}" for title, bar in asked}
    judged = {f"{c.group}/{bar.name}" for c in finding.claims for bar in (c.bar, c.other) if bar}
    assert judged <= named  # the sentence leaves out no rate that the verdict rests on


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda finding: finding.title)
def test_the_evaluation_asks_it(finding: Finding) -> None:
    """Every bar of every group is a cell of an evaluation of everyone."""
    config = EvaluationConfig(
        episodes=1,
        arm_episodes=1,
        demonstrations=(5,),
        conditions=("plain",),
        ablations=tuple(ABLATIONS),
    )
    cells = {
        (job.concept, job.level, cell.task, cell.method, cell.world)
        for job in config.jobs
        for cell in config.cells(job)
    }
    for group in finding.groups:
        for name in concepts(group):
            assert has_level(name, group.level)
            for bar in group.bars:
                assert (name, group.level, group.task, bar.method, bar.world) in cells


def test_every_family_is_looked_at_where_tasks_are_trained_apart() -> None:
    titles = {group.title for group in FINDINGS[1].groups}
    families = set(FAMILIES) - {"pairs", "triples"}
    assert titles == {f"{t}, {f}" for t in ("generate", "identify") for f in {"all", *families}}


@pytest.mark.parametrize(
    ("number", "successes", "expected"),
    [
        (1, {"separate_codes": 2}, Verdict.REPRODUCED),
        (1, {"ours": 12, "separate_codes": 20}, Verdict.REFUTED),
        (1, {}, Verdict.UNDECIDED),  # twenty episodes show no equality
        (2, {"generate_alone": 12, "identify_alone": 12}, Verdict.REPRODUCED),
        (2, {"identify_alone": 12, "generate_alone": 20}, Verdict.IN_PART),
        (2, {"ours": 12}, Verdict.REFUTED),
        (3, {"chance": 1}, Verdict.REPRODUCED),
        (3, {"chance": 1, "identify_alone": 5}, Verdict.IN_PART),
        (3, {"chance": 1, "identify_alone": 1}, Verdict.REFUTED),
        (4, {"ours-1-steps": 2}, Verdict.REPRODUCED),
        (4, {"ours-1-steps": 13}, Verdict.IN_PART),
        (4, {"ours-1-steps": 20}, Verdict.REFUTED),
        (5, {"no_relations": 1, "no_pairs": 1}, Verdict.REPRODUCED),
        (5, {"no_relations": 1, "no_pairs": 20}, Verdict.IN_PART),
        (5, {"no_relations": 14, "no_pairs": 20}, Verdict.IN_PART),
        (5, {"no_relations": 20, "no_pairs": 20}, Verdict.REFUTED),
        (6, {"ours": 20, "ours (arm)": 20}, Verdict.REPRODUCED),
        (6, {"ours": 20, "ours (arm)": 15}, Verdict.IN_PART),
        (6, {"ours": 20, "ours (arm)": 2}, Verdict.REFUTED),
    ],
)
def test_verdicts(number: int, successes: dict[str, int], expected: Verdict) -> None:
    assert verdict(number, successes) is expected
