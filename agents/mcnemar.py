"""Two methods on the same questions: is one ahead, or is it chance?"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from ..envs.errors import ConfigError

LEVEL = 0.05
"""Below this p a lead is taken for more than chance."""
Alone = tuple[int, int]
"""How many questions the one, and how many the other, of two methods alone answers rightly."""


def alone_right(answers: Iterable[tuple[bool, bool]]) -> Alone:
    """Count who of two methods alone is right.

    Args:
        answers: of both to each question, whether they were right.
    """
    found = Counter((bool(one), bool(other)) for one, other in answers)
    return found[True, False], found[False, True]


def mcnemar(alone: int, other_alone: int) -> float:
    """How likely chance makes a lead as large as this, either way: the two-sided p of a fair coin.

    McNemar's test in its exact form (1947, Psychometrika 12, 153-157): of the questions that only
    one of two methods answers rightly, each is as likely either one's if they are as good.

    Args:
        alone: how many the one method alone answers rightly.
        other_alone: how many the other one alone does.

    Raises:
        ConfigError: on a negative number.
    """
    if min(alone, other_alone) < 0:
        raise ConfigError(f"alone={alone} and other_alone={other_alone} must be at least 0")
    total = alone + other_alone
    tail = sum(math.comb(total, k) for k in range(min(alone, other_alone) + 1))
    return min(1.0, 2 * tail / 2**total)


def holm(p_values: Sequence[float], *, level: float = LEVEL) -> list[bool]:
    """Which of several tests stand together: that any does by chance has at most this probability.

    Holm's correction (1979, Scandinavian Journal of Statistics 6, 65-70): the least p is held
    against level / m, the next against level / (m - 1), until one fails.
    """
    stands = [False] * len(p_values)
    for rank, number in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        if p_values[number] > level / (len(p_values) - rank):
            break
        stands[number] = True
    return stands
