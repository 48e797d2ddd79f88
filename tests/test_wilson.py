"""Wilson's interval against scipy's and against the equation that defines it."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, norm

from conceptgym.agents.wilson import as_percent, wilson_interval
from conceptgym.envs.errors import ConfigError

COUNTS = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
CONFIDENCES = st.sampled_from([0.5, 0.9, 0.95, 0.999])


@given(COUNTS, CONFIDENCES)
def test_equals_scipys(counts: tuple[int, int], confidence: float) -> None:
    successes, trials = counts
    expected = binomtest(successes, trials).proportion_ci(confidence, method="wilson")
    found = wilson_interval(successes, trials, confidence=confidence)
    np.testing.assert_allclose(found, (expected.low, expected.high), atol=1e-12)


@given(COUNTS, CONFIDENCES)
def test_the_ends_lie_z_of_their_own_standard_errors_away(
    counts: tuple[int, int], confidence: float
) -> None:
    successes, trials = counts
    z = norm.ppf(0.5 + confidence / 2)
    for end in wilson_interval(successes, trials, confidence=confidence):
        error = np.sqrt(end * (1 - end) / trials)
        assert abs(successes / trials - end) == pytest.approx(z * error, abs=1e-9)


@given(COUNTS)
def test_failures_mirror_successes(counts: tuple[int, int]) -> None:
    successes, trials = counts
    low, high = wilson_interval(successes, trials)
    assert wilson_interval(trials - successes, trials) == pytest.approx((1 - high, 1 - low))
    assert 0.0 <= low <= successes / trials <= high <= 1.0


def test_nothing_tried_leaves_everything_plausible() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("successes", "trials", "confidence", "text"),
    [
        (3, 2, 0.95, "successes=3 of trials=2 must lie between 0 and the trials"),
        (-1, 2, 0.95, "successes=-1 of trials=2 must lie between 0 and the trials"),
        (1, 2, 95.0, "confidence=95.0 must lie between 0 and 1, such as 0.95"),
    ],
)
def test_impossible_counts_are_errors(
    successes: int, trials: int, confidence: float, text: str
) -> None:
    with pytest.raises(ConfigError, match=re.escape(text)):
        wilson_interval(successes, trials, confidence=confidence)


def test_a_rate_is_written_in_percent() -> None:
    assert as_percent(0.98, 0.9304, 0.9945) == "98.0% (93.0–99.5)"
    assert as_percent(2 / 3, 0.0, 1.0, decimals=0) == "67% (0–100)"
