"""Findings, reproduced or refuted: claims about success rates, judged on measured outcomes.

A finding is a list of claims; each compares two rates on the questions that both were asked, or
holds one against a half. The rules, with McNemar's exact test (5%) of the questions that only one
of two answers rightly, 95% Wilson intervals and a margin of five points:

- `Kind.BEATS`: refuted if both are shown equal: no two rates of the intervals are further apart
  than the margin. Else reproduced if it alone is right surely more often than the other alone,
  refuted if surely less often. A lead of no size reproduces nothing, however many were asked.
- `Kind.KEEPS_UP`: reproduced if no rate of its interval is further below one of the other than the
  margin. Refuted if its interval lies further below the other than the margin.
- `Kind.MOSTLY`, `Kind.SELDOM`: reproduced if its interval lies above, or below, a half. Refuted if
  it lies on the other side.

What is neither is undecided.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ..mcnemar import LEVEL, Alone, alone_right, mcnemar
from .config import WORLDS
from .evaluator import Outcome
from .summary import HELPER, Row, family_of, named, standards, summarise

MARGIN = 0.05
"""Difference of two rates that is taken for none."""
HALF = 0.5


class Verdict(StrEnum):
    """What the outcomes say."""

    REPRODUCED = "reproduced"
    IN_PART = "reproduced in part"
    REFUTED = "refuted"
    UNDECIDED = "undecided"
    NOT_MEASURED = "not measured"


class Kind(StrEnum):
    """What a claim says of its first rate."""

    BEATS = "beats"
    KEEPS_UP = "keeps up with"
    MOSTLY = "mostly succeeds"
    SELDOM = "mostly fails"


@dataclass(frozen=True, kw_only=True)
class Bar:
    """Who was asked."""

    method: str
    world: str = "particle"

    @property
    def name(self) -> str:
        """The method, and the world unless it is the particles'."""
        return self.method if self.world == "particle" else f"{self.method} ({self.world})"


@dataclass(frozen=True, kw_only=True)
class Group:
    """What was asked: a task at a level, with five undisturbed demonstrations.

    Attributes:
        title: of the group.
        task, level: as in `Outcome`.
        concepts: which; empty for all that count in means.
        bars: who was.
    """

    title: str
    task: str
    bars: tuple[Bar, ...]
    level: int = 1
    concepts: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The title without the task."""
        return self.title.removeprefix(f"{self.task}, ")

    @property
    def section(self) -> str:
        """The task and the level."""
        return f"{self.task}, level {self.level}"


@dataclass(frozen=True, kw_only=True)
class Claim:
    """`bar` beats, keeps up with `other`, or mostly succeeds or fails, in the group of a title."""

    group: str
    kind: Kind
    bar: Bar
    other: Bar | None = None


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A finding of the paper, and how it is measured.

    Attributes:
        number, title: its place on the page, and it in a few words.
        claim: what the paper says, in our words.
        sentence: what was measured; ``{group/bar}`` stands for a rate.
        note: what to know of our design to read the result.
        groups: everything that is shown; those of a task and a level follow each other.
        claims: all that must hold.
    """

    number: int
    title: str
    claim: str
    sentence: str
    note: str
    groups: tuple[Group, ...]
    claims: tuple[Claim, ...]

    @property
    def methods(self) -> tuple[str, ...]:
        """Everyone who is asked."""
        return tuple(dict.fromkeys(bar.method for group in self.groups for bar in group.bars))


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A finding with its numbers.

    Attributes:
        finding: which.
        rows: by group's title and bar, those of `summarise`, on the questions that all of the
            group's bars were asked.
        alone: of claims that one beats another, how many of these each alone answered rightly.
        verdicts: of each claim.
        verdict: of them all.
        missing: bars without outcomes on shared questions, as group's title and bar.
        episodes: the number of the last episode of those counted, plus one; by level and world.
    """

    finding: Finding
    rows: Mapping[tuple[str, Bar], Row]
    alone: Mapping[Claim, Alone]
    verdicts: tuple[Verdict, ...]
    verdict: Verdict
    missing: tuple[tuple[str, Bar], ...]
    episodes: Mapping[tuple[int, str], int]


Answers = Mapping[tuple[Bar, str, int], Mapping[tuple[str, int], Outcome]]
"""Outcomes by who was asked, task and level, then by concept and episode."""


def measure_all(findings: Iterable[Finding], outcomes: Iterable[Outcome]) -> list[Measured]:
    """The numbers of each finding, and what they say."""
    known = [item for item in outcomes if family_of(item.concept) != HELPER]
    answers: dict[tuple[Bar, str, int], dict[tuple[str, int], Outcome]] = defaultdict(dict)
    for world in WORLDS:
        for item in standards(known, world=world):
            bar = Bar(method=item.method, world=world)
            answers[bar, item.task, item.level][item.concept, item.episode] = item
    return [_measure(finding, answers) for finding in findings]


def _measure(finding: Finding, answers: Answers) -> Measured:
    rows: dict[tuple[str, Bar], Row] = {}
    right: dict[tuple[str, Bar], list[bool]] = {}
    episodes: dict[tuple[int, str], int] = {}
    for group in finding.groups:
        for bar, items in _shared(group, answers).items():
            right[group.title, bar] = [item.success for item in items]
            (rows[group.title, bar],) = summarise(items, ("task",))
            asked = group.level, bar.world
            last = 1 + max(item.episode for item in items)
            episodes[asked] = max(last, episodes.get(asked, 0))
    wanted = ((group.title, bar) for group in finding.groups for bar in group.bars)
    alone = {claim: _alone(claim, right) for claim in finding.claims}
    verdicts = tuple(judge(claim, rows, alone[claim]) for claim in finding.claims)
    return Measured(
        finding=finding,
        rows=rows,
        alone={claim: counts for claim, counts in alone.items() if counts is not None},
        verdicts=verdicts,
        verdict=judge_all(verdicts),
        missing=tuple(key for key in wanted if key not in rows),
        episodes=episodes,
    )


def judge(claim: Claim, rows: Mapping[tuple[str, Bar], Row], alone: Alone | None = None) -> Verdict:
    """What the rows say of a claim, and of one to beat another who alone was right."""
    one = rows.get((claim.group, claim.bar))
    two = rows.get((claim.group, claim.other)) if claim.other else {"low": HALF, "high": HALF}
    if one is None or two is None:
        return Verdict.NOT_MEASURED
    above, below = one["low"] - two["high"], two["low"] - one["high"]
    if claim.kind is Kind.SELDOM:
        above, below = below, above
    if claim.kind is Kind.KEEPS_UP:
        return _decide(reproduced=above >= -MARGIN, refuted=below > MARGIN)
    if claim.kind is not Kind.BEATS:
        return _decide(reproduced=above > 0, refuted=below > 0)
    if alone is None:
        return Verdict.NOT_MEASURED
    sure = mcnemar(*alone) < LEVEL
    equal = above >= -MARGIN and below >= -MARGIN
    ahead = alone[0] > alone[1]
    return _decide(reproduced=sure and ahead and not equal, refuted=equal or (sure and not ahead))


def _alone(claim: Claim, right: Mapping[tuple[str, Bar], list[bool]]) -> Alone | None:
    """Who alone was right, in a claim that one beats another; the questions are in one order."""
    if claim.kind is not Kind.BEATS or claim.other is None:
        return None
    both = [right.get((claim.group, bar)) for bar in (claim.bar, claim.other)]
    if both[0] is None or both[1] is None:
        return None
    return alone_right(zip(both[0], both[1], strict=True))


def judge_all(verdicts: Sequence[Verdict]) -> Verdict:
    """What the verdicts on its claims say of a finding.

    Reproduced if all are; if one is refuted, refuted, or in part where another is reproduced.
    """
    several = set(verdicts)
    if not several or Verdict.NOT_MEASURED in several:
        return Verdict.NOT_MEASURED
    if several == {Verdict.REPRODUCED}:
        return Verdict.REPRODUCED
    if Verdict.REFUTED not in several:
        return Verdict.UNDECIDED
    return Verdict.IN_PART if Verdict.REPRODUCED in several else Verdict.REFUTED


def _decide(*, reproduced: bool, refuted: bool) -> Verdict:
    if reproduced:
        return Verdict.REPRODUCED
    return Verdict.REFUTED if refuted else Verdict.UNDECIDED


def _shared(group: Group, answers: Answers) -> dict[Bar, list[Outcome]]:
    """The answers of each bar that has any, to the questions that all of these were asked.

    Of each of the group's concepts as many.
    """
    found: dict[Bar, dict[tuple[str, int], Outcome]] = {}
    for bar in group.bars:
        given = answers.get((bar, group.task, group.level), {})
        kept = {k: v for k, v in given.items() if not group.concepts or k[0] in group.concepts}
        if kept:
            found[bar] = kept
    shared = sorted(set.intersection(*map(set, found.values()))) if found else []
    return {bar: named(kept[key] for key in shared) for bar, kept in found.items() if shared}
