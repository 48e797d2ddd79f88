"""docs/readings.md: it says that a method does not help where it does not."""

from __future__ import annotations

import numpy as np
import pytest

from conceptgym.agents.readings.diversity import Diversity
from conceptgym.agents.readings.measured import Answers, Successes
from conceptgym.agents.readings.page import ambiguity_table, answers_table, verdicts


@pytest.mark.parametrize(
    ("solved", "text"),
    [
        (95, "- several against one: +45.0 points, **helps**.\n"),
        (5, "- several against one: -45.0 points, **harms**.\n"),
        (55, "- several against one: +5.0 points, **no clear difference**.\n"),
        (50, "- several against one: +0.0 points, **no clear difference**.\n"),
    ],
)
def test_the_verdict_follows_the_numbers(solved: int, text: str) -> None:
    found = [
        Successes(concept="near", cases=60, solved={"one": 30, "several": solved - solved // 2}),
        Successes(concept="closest", cases=40, solved={"one": 20, "several": solved // 2}),
    ]
    assert verdicts(found, base="one", others=["several"]) == text


def test_success_over_all_concepts_counts_cases() -> None:
    found = [
        Successes(concept="near", cases=10, solved={"one": 10}),
        Successes(concept="closest", cases=30, solved={"one": 0}),
    ]
    rows = ambiguity_table(found).rows
    assert [(row[0], row[1], row[2].split()[0]) for row in rows] == [
        ("near", "10", "100"),
        ("closest", "30", "0"),
        ("all", "40", "25"),
    ]


def diversity(held: list[bool], spread: float) -> Diversity:
    answers = np.zeros((len(held), 16, 7))
    return Diversity(answers=answers, held=np.array(held), spread=spread, reference=0.5)


def test_scenes_without_two_valid_answers_have_no_spread() -> None:
    scenes = (diversity([True, True], 0.4), diversity([True, False], 0.0))
    found = Answers(concept="near", scenes=scenes, uniform=None, circle=None)
    (row,) = answers_table([found]).rows
    assert row[:2] == ("near", "2 × 2")
    assert (row[2].split()[0], row[3].split()[0]) == ("75", "50")
    assert row[4:] == ("0.40", "0.50", "–", "–")
    nothing = Answers(concept="near", scenes=scenes[1:], uniform=0.3, circle=None)
    assert answers_table([nothing]).rows[0][4:] == ("–", "0.50", "0.30", "–")
