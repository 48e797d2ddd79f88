"""Who is ahead: counted on shared questions alone, and only where chance does not explain it."""

from __future__ import annotations

import pytest
from evaluation_scenes import CARE, outcome, outcomes

from conceptgym.agents.evaluation.duels import where_ahead
from conceptgym.agents.evaluation.evaluator import Outcome


def duel(alone: int, other_alone: int, both: int = 3, **key) -> list[Outcome]:
    """Episodes that `a` alone, `b` alone, and both answer rightly."""
    right = [("a",)] * alone + [("b",)] * other_alone + [("a", "b")] * both
    return [
        outcome(method=name, episode=k, success=name in names, **key)
        for k, names in enumerate(right)
        for name in ("a", "b")
    ]


def test_it_is_counted_who_alone_is_right() -> None:
    assert where_ahead(duel(9, 1, task="identify", level=3), "a", "b") == [
        {
            "method": "a",
            "level": 3,
            "demonstrations": 5,
            "condition": "plain",
            "concept": "near",
            "task": "identify",
            "episodes": 13,
            "alone": 9,
            "other_alone": 1,
        }
    ]


@pytest.mark.parametrize(
    ("alone", "other_alone", "ahead"),
    [(0, 0, False), (5, 0, False), (6, 0, True), (9, 2, False), (20, 10, False), (22, 8, True)],
)
def test_chance_is_no_lead(alone: int, other_alone: int, ahead: bool) -> None:
    """A fair coin falls so one-sidedly in less than one case of twenty."""
    assert bool(where_ahead(duel(alone, other_alone), "a", "b")) == ahead
    assert where_ahead(duel(alone, other_alone), "b", "a") == []


def test_of_many_cells_one_is_ahead_by_chance() -> None:
    """The lead that is enough in one cell is not in one of several, a larger one is."""
    others = [item for k in range(3) for item in duel(2, 2, concept=("above", "below", "line")[k])]
    assert where_ahead([*duel(6, 0), *others], "a", "b") == []
    (row,) = where_ahead([*duel(9, 0), *others], "a", "b")
    assert (row["concept"], row["alone"]) == ("near", 9)


def test_only_what_both_were_asked_counts() -> None:
    items = [
        *duel(7, 0),
        *outcomes(50, 50, method="a", concept="square"),  # not asked of b
        *(outcome(method="a", episode=k) for k in range(100, 150)),
        *(outcome(method="c", episode=k, success=False) for k in range(10)),
        *outcomes(9, 9, method="a", world="arm", arm=CARE),
        *outcomes(0, 9, method="b", world="arm", arm=CARE),
    ]
    (row,) = where_ahead(items, "a", "b")
    assert (row["concept"], row["episodes"], row["alone"]) == ("near", 10, 7)


def test_the_order_of_outcomes_does_not_matter() -> None:
    items = [*duel(7, 0), *duel(8, 0, concept="square"), *duel(9, 0, level=2)]
    found = where_ahead(items, "a", "b")
    assert found == where_ahead(items[::-1], "a", "b")
    assert [(row["level"], row["concept"]) for row in found] == [
        (1, "near"),
        (1, "square"),
        (2, "near"),
    ]
