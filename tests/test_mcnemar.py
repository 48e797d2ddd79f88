"""McNemar's exact test and Holm's correction, against figures worked out by hand."""

import pytest

from conceptgym.agents.mcnemar import alone_right, holm, mcnemar
from conceptgym.envs.errors import ConfigError


@pytest.mark.parametrize(
    ("alone", "other_alone", "p"),
    [
        (0, 0, 1.0),
        (3, 3, 1.0),
        (4, 0, 2 / 16),
        (6, 0, 2 / 64),
        (5, 1, 2 * 7 / 64),
        (9, 1, 2 * 11 / 1024),
        (1, 9, 2 * 11 / 1024),
        (12, 0, 2 / 4096),
        (7, 8, 1.0),
    ],
)
def test_it_is_the_chance_of_a_fair_coin(alone: int, other_alone: int, p: float) -> None:
    assert mcnemar(alone, other_alone) == pytest.approx(p, rel=1e-12)


def test_large_counts_are_no_trouble() -> None:
    assert mcnemar(5000, 5000) == 1.0
    assert 0.0 <= mcnemar(6000, 4000) < 1e-80


def test_negative_counts_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"^alone=-1 and other_alone=2 must be at least 0$"):
        mcnemar(-1, 2)


def test_holm_holds_the_least_against_the_strictest() -> None:
    assert holm([]) == []
    assert holm([0.05]) == [True]
    assert holm([0.06]) == [False]
    assert holm([0.03, 0.03]) == [False, False]
    assert holm([0.04, 0.02]) == [True, True]  # 0.02 <= 0.025, then 0.04 <= 0.05
    assert holm([0.04, 0.01, 0.02]) == [True, True, True]
    assert holm([0.04, 0.01, 0.03]) == [False, True, False]  # 0.03 > 0.025 ends it


def test_it_is_counted_who_alone_is_right() -> None:
    answers = [(True, True), (True, False), (False, False), (True, False), (False, True)]
    assert alone_right(answers) == (2, 1)
    assert alone_right([]) == (0, 0)
