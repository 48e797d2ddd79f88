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
        (95, "+45.0 points (45 : 0 of 100 cases solved by one alone), **helps**"),
        (44, "-6.0 points (0 : 6 of 100 cases solved by one alone), **harms**"),
        (55, "+5.0 points (5 : 0 of 100 cases solved by one alone), **no clear difference**"),
        (50, "+0.0 points (0 : 0 of 100 cases solved by one alone), **no clear difference**"),
    ],
)
def test_the_verdict_follows_the_numbers(solved: int, text: str) -> None:
    one, several = ([k < number for k in range(100)] for number in (50, solved))
    found = [
        Successes(concept="near", solved={"one": one[:60], "several": several[:60]}),
        Successes(concept="closest", solved={"one": one[60:], "several": several[60:]}),
    ]
    assert verdicts(found, base="one", others=["several"]) == f"- several against one: {text}.\n"


def test_success_over_all_concepts_counts_cases() -> None:
    found = [
        Successes(concept="near", solved={"one": [True] * 10}),
        Successes(concept="closest", solved={"one": [False] * 30}),
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
