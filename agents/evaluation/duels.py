"""Two methods on the same questions: where one is ahead of the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from operator import attrgetter

from ..mcnemar import holm, mcnemar
from .evaluator import Outcome
from .summary import Row

DUEL = ("level", "demonstrations", "condition", "concept", "task")
"""What duels are told apart by."""


def where_ahead(outcomes: Iterable[Outcome], method: str, other: str) -> list[Row]:
    """Cells of the particle world in which `method` is ahead of `other`, in the order of `DUEL`.

    It is where, by McNemar's exact test with Holm's correction over all cells that both were
    asked in, chance does not explain how many questions it alone answers rightly (5%).

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
    cells = {key: (n[True, False], n[False, True], n) for key, n in sorted(counts.items())}
    stands = holm([mcnemar(alone, other_alone) for alone, other_alone, _ in cells.values()])
    for (key, (alone, other_alone, count)), sure in zip(cells.items(), stands, strict=True):
        if sure and alone > other_alone:
            numbers = {"episodes": count.total(), "alone": alone, "other_alone": other_alone}
            rows.append({"method": method} | dict(zip(DUEL, key, strict=True)) | numbers)
    return rows
