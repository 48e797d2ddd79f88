"""Two methods on the same questions: where one is ahead of the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from operator import attrgetter

from ..mcnemar import alone_right, holm, mcnemar
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
    answers: dict[tuple, list[tuple[bool, bool]]] = defaultdict(list)
    for question, right in verdicts[method].items():
        if question in verdicts[other]:
            answers[question[0]].append((right, verdicts[other][question]))
    leads = {key: alone_right(answers[key]) for key in sorted(answers)}
    stands = holm([mcnemar(*lead) for lead in leads.values()])
    rows = []
    for (key, (alone, other_alone)), sure in zip(leads.items(), stands, strict=True):
        if sure and alone > other_alone:
            numbers = {"episodes": len(answers[key]), "alone": alone, "other_alone": other_alone}
            rows.append({"method": method} | dict(zip(DUEL, key, strict=True)) | numbers)
    return rows
