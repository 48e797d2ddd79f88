"""Findings: the rules of the verdicts, and that rates are those of shared questions."""

from __future__ import annotations

from typing import Any

import pytest
from evaluation_scenes import outcome, outcomes
from hypothesis import given, settings
from hypothesis import strategies as st

from conceptgym.agents.evaluation.evaluator import Outcome
from conceptgym.agents.evaluation.findings import (
    HALF,
    MARGIN,
    Bar,
    Claim,
    Finding,
    Group,
    Kind,
    Measured,
    Verdict,
    judge,
    judge_all,
    measure_all,
)
from conceptgym.agents.wilson import wilson_interval

A, B, ARM = Bar(method="a"), Bar(method="b"), Bar(method="a", world="arm")


def row(successes: int, episodes: int) -> dict[str, Any]:
    low, high = wilson_interval(successes, episodes)
    return {"low": low, "high": high}


def verdict(kind: Kind, one: tuple[int, int], two: tuple[int, int] | None = None) -> Verdict:
    claim = Claim(group="g", kind=kind, bar=A, other=B if two else None)
    rows = {("g", A): row(*one)} | ({("g", B): row(*two)} if two else {})
    lead = one[0] - two[0] if two else 0  # what the one answers, the other answers as far as it can
    return judge(claim, rows, (max(lead, 0), max(-lead, 0)))


def finding(*claims: Claim, bars: tuple[Bar, ...] = (A, B), **changes: Any) -> Finding:
    usual: dict[str, Any] = {"title": "g", "task": "generate", "bars": bars}
    return Finding(
        number=1,
        title="",
        claim="",
        sentence="",
        note="",
        groups=(Group(**usual | changes),),
        claims=claims,
    )


def measured(found: list[Outcome], one: Finding | None = None) -> Measured:
    beats = Claim(group="g", kind=Kind.BEATS, bar=A, other=B)
    (result,) = measure_all([one or finding(beats)], found)
    return result


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        ((90, 100), (50, 100), Verdict.REPRODUCED),
        ((50, 100), (90, 100), Verdict.REFUTED),
        ((970, 1000), (970, 1000), Verdict.REFUTED),  # equal, and shown to be
        ((97, 100), (97, 100), Verdict.UNDECIDED),  # equal, by too few
        ((95, 100), (90, 100), Verdict.UNDECIDED),
        ((96, 100), (90, 100), Verdict.REPRODUCED),  # 6 : 0, though the intervals overlap
        ((9900, 10000), (9700, 10000), Verdict.REFUTED),  # surely, but by next to nothing
    ],
)
def test_to_beat(one: tuple[int, int], two: tuple[int, int], expected: Verdict) -> None:
    assert verdict(Kind.BEATS, one, two) is expected


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        ((990, 1000), (990, 1000), Verdict.REPRODUCED),
        ((900, 1000), (500, 1000), Verdict.REPRODUCED),
        ((9800, 10000), (9990, 10000), Verdict.REPRODUCED),  # surely less, and by little
        ((99, 100), (99, 100), Verdict.UNDECIDED),
        ((950, 1000), (990, 1000), Verdict.UNDECIDED),
        ((900, 1000), (990, 1000), Verdict.REFUTED),
    ],
)
def test_to_keep_up(one: tuple[int, int], two: tuple[int, int], expected: Verdict) -> None:
    assert verdict(Kind.KEEPS_UP, one, two) is expected


@pytest.mark.parametrize(
    ("one", "mostly", "seldom"),
    [
        ((70, 100), Verdict.REPRODUCED, Verdict.REFUTED),
        ((52, 100), Verdict.UNDECIDED, Verdict.UNDECIDED),
        ((30, 100), Verdict.REFUTED, Verdict.REPRODUCED),
    ],
)
def test_mostly_and_seldom(one: tuple[int, int], mostly: Verdict, seldom: Verdict) -> None:
    assert verdict(Kind.MOSTLY, one) is mostly
    assert verdict(Kind.SELDOM, one) is seldom


COUNTS = st.integers(1, 400).flatmap(
    lambda n: st.tuples(*[st.tuples(st.integers(0, n), st.just(n))] * 2)
)


@settings(max_examples=60)
@given(COUNTS)
def test_laws(both: tuple[tuple[int, int], tuple[int, int]]) -> None:
    """Both cannot win, and equals are equal either way."""
    one, two = both
    there, back = verdict(Kind.BEATS, one, two), verdict(Kind.BEATS, two, one)
    assert (there, back).count(Verdict.REPRODUCED) <= 1
    if there is Verdict.REPRODUCED:
        assert back is Verdict.REFUTED
    if there is back is Verdict.REFUTED:
        ends = (*wilson_interval(*one), *wilson_interval(*two))
        assert max(ends) - min(ends) <= MARGIN + 1e-12
    low, high = wilson_interval(*one)
    assert (verdict(Kind.MOSTLY, one) is Verdict.REPRODUCED) == (low > HALF)
    assert (verdict(Kind.SELDOM, one) is Verdict.REPRODUCED) == (high < HALF)


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        ((Verdict.REPRODUCED, Verdict.REPRODUCED), Verdict.REPRODUCED),
        ((Verdict.REPRODUCED, Verdict.REFUTED), Verdict.IN_PART),
        ((Verdict.REPRODUCED, Verdict.REFUTED, Verdict.UNDECIDED), Verdict.IN_PART),
        ((Verdict.UNDECIDED, Verdict.REFUTED), Verdict.REFUTED),
        ((Verdict.REPRODUCED, Verdict.UNDECIDED), Verdict.UNDECIDED),
        ((Verdict.REPRODUCED, Verdict.NOT_MEASURED), Verdict.NOT_MEASURED),
        ((), Verdict.NOT_MEASURED),
    ],
)
def test_all_claims_together(parts: tuple[Verdict, ...], whole: Verdict) -> None:
    assert judge_all(parts) is judge_all(parts[::-1]) is whole


def test_rates_are_counted() -> None:
    found = measured([*outcomes(70, 80, method="a"), *outcomes(20, 80, method="b")])
    one, two = found.rows["g", A], found.rows["g", B]
    assert (one["successes"], one["episodes"], two["successes"]) == (70, 80, 20)
    assert (one["low"], one["high"]) == wilson_interval(70, 80)
    assert found.verdict is Verdict.REPRODUCED
    assert found.missing == () and found.episodes == {(1, "particle"): 80}


def test_only_shared_questions_count() -> None:
    """What one was asked beyond the other would make their rates incomparable."""
    found = measured(
        [
            *outcomes(10, 10, method="a"),
            *outcomes(2, 4, method="b"),
            *outcomes(0, 50, method="a", concept="line"),
        ]
    )
    assert [found.rows["g", bar]["episodes"] for bar in (A, B)] == [4, 4]
    assert found.rows["g", A]["successes"] == 4


def test_nothing_else_counts() -> None:
    good = [outcome(method=name) for name in ("a", "b")]
    others = [
        {"task": "identify"},
        {"level": 2},
        {"demonstrations": 1},
        {"condition": "wrong"},
        {"world": "arm"},
        {"concept": "touch"},
        {"concept": "line"},
    ]
    bad = [outcome(method=name, episode=1, **change) for change in others for name in ("a", "b")]
    found = measured([*good, *bad], finding(concepts=("near",)))
    assert {key[1]: row["episodes"] for key, row in found.rows.items()} == {A: 1, B: 1}


def test_concepts_of_no_group_cut_nothing() -> None:
    """Where a finding is about one concept, how often others were asked about does not matter."""
    pairs = (("near", 9), ("colour", 2))
    found = [o for name in "ab" for c, n in pairs for o in outcomes(n, n, method=name, concept=c)]
    near, every = measured(found, finding(concepts=("near",))), measured(found)
    assert [near.rows["g", bar]["episodes"] for bar in (A, B)] == [9, 9]
    assert [every.rows["g", bar]["episodes"] for bar in (A, B)] == [4, 4], "two of each"


def test_worlds_are_told_apart() -> None:
    keeps = Claim(group="g", kind=Kind.KEEPS_UP, bar=ARM, other=A)
    found = measured(
        [*outcomes(200, 200, method="a"), *outcomes(100, 200, method="a", world="arm")],
        finding(keeps, bars=(A, ARM)),
    )
    assert found.rows["g", ARM]["success"] == 0.5 and found.verdict is Verdict.REFUTED
    assert (A.name, ARM.name) == ("a", "a (arm)")
    assert found.episodes == {(1, "particle"): 200, (1, "arm"): 200}


def test_not_measured() -> None:
    found = measured(outcomes(3, 4, method="a"))
    assert found.verdict is Verdict.NOT_MEASURED and found.missing == (("g", B),)
    assert measured([]).missing == (("g", A), ("g", B))


def test_without_a_shared_question_nothing_is_measured() -> None:
    found = measured([outcome(method="a", episode=0), outcome(method="b", episode=1)])
    assert found.verdict is Verdict.NOT_MEASURED and found.missing == (("g", A), ("g", B))


def test_who_alone_was_right_is_counted_question_by_question() -> None:
    """Half as often right each, but never both: as good, and told to be only by many questions."""
    found = [
        outcome(method=name, episode=k, success=(k % 2 == 0) == (name == "a"))
        for k in range(40)
        for name in ("a", "b")
    ]
    result = measured(found)
    assert list(result.alone.values()) == [(20, 20)] and result.verdict is Verdict.UNDECIDED
    better = [
        outcome(method=name, episode=k, success=name == "a" or k >= 8)
        for k in range(40)
        for name in ("a", "b")
    ]
    result = measured(better)
    assert list(result.alone.values()) == [(8, 0)] and result.verdict is Verdict.REPRODUCED


def test_without_counts_nobody_beats_another() -> None:
    claim = Claim(group="g", kind=Kind.BEATS, bar=A, other=B)
    rows = {("g", A): row(90, 100), ("g", B): row(50, 100)}
    assert judge(claim, rows) is Verdict.NOT_MEASURED
