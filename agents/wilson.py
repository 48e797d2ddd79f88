"""Confidence in a success rate: Wilson's interval."""

from __future__ import annotations

import math
from statistics import NormalDist

from ..envs.errors import ConfigError


def wilson_interval(
    successes: int, trials: int, *, confidence: float = 0.95
) -> tuple[float, float]:
    """The interval of success rates that `successes` of `trials` leave plausible.

    The ends are the rates p that lie z standard errors sqrt(p (1 - p) / n) from the observed one
    (E. B. Wilson, 1927, Journal of the American Statistical Association 22, 209-212):

        (p̂ + z²/2n ± z sqrt(p̂ (1 - p̂)/n + z²/4n²)) / (1 + z²/n)

    Unlike the textbook's interval it stays within [0, 1] and has a width where all trials agree.
    No trials leave everything plausible: (0, 1).

    Raises:
        ConfigError: unless 0 <= successes <= trials and 0 < confidence < 1.
    """
    if not 0 <= successes <= trials:
        raise ConfigError(
            f"successes={successes} of trials={trials} must lie between 0 and the trials"
        )
    if not 0.0 < confidence < 1.0:
        raise ConfigError(f"confidence={confidence} must lie between 0 and 1, such as 0.95")
    if trials == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + confidence / 2.0)
    rate, square = successes / trials, z * z / trials
    centre = rate + square / 2.0
    margin = z * math.sqrt(rate * (1.0 - rate) / trials + square / (4.0 * trials))
    low, high = (centre - margin) / (1.0 + square), (centre + margin) / (1.0 + square)
    # Rounding must not part the ends from certainty.
    return (low if successes else 0.0), (high if successes < trials else 1.0)


def as_percent(rate: float, low: float, high: float, *, decimals: int = 1) -> str:
    """A rate and the ends of its interval as text, such as "98.0% (93.0–99.4)"."""
    share, *ends = (f"{100.0 * value:.{decimals}f}" for value in (rate, low, high))
    return f"{share}% ({'–'.join(ends)})"
