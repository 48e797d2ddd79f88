"""Two methods on the same questions: where one is ahead of the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from operator import attrgetter

from ..wilson import wilson_interval
from .evaluator import Outcome
from .summary import Row

DUEL = ("level", "demonstrations", "condition", "concept", "task")
"""What duels are told apart by."""
_HALF = 0.5


def where_ahead(outcomes: Iterable[Outcome], method: str, other: str) -> list[Row]:
    """Cells of the particle world in which `method` is ahead of `other`, in the order of `DUEL`.

    It is where, of the questions that only one of them answers rightly, the 95% Wilson interval of
    its share lies above a half, which is McNemar's test.

    Returns:
        Rows of `method`, `DUEL`, `episodes` (questions that both were asked), `alone` (answered
        rightly by `method` alone) and `other_alone`.
    """
    cell, verdicts = attrgetter(*DUEL), {method: {}, other: {}}
    for item in outcomes:
        if item.world == "particle" and item.method in verdicts:
            verdicts[item.method][cell(item), item.episode] = item.success
    counts: dict[tuple, Counter[tuple[bool, bool]]] = {}
    for question, right in verdicts[method].items():
        if question in verdicts[other]:
            count = counts.setdefault(question[0], Counter())
            count[right, verdicts[other][question]] += 1
    rows = []
    for key, count in sorted(counts.items()):
        alone, other_alone = count[True, False], count[False, True]
        if alone and wilson_interval(alone, alone + other_alone)[0] > _HALF:
            numbers = {"episodes": count.total(), "alone": alone, "other_alone": other_alone}
            rows.append({"method": method} | dict(zip(DUEL, key, strict=True)) | numbers)
    return rows
