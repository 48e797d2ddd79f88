"""Numbers: what counts as one, what as a whole one, and what is said to anything else."""

from __future__ import annotations

from math import inf
from numbers import Integral, Real
from typing import Any

from .errors import ConfigError, NonFiniteError


def is_finite(value: Any) -> bool:
    """Whether it is a finite real number, of Python or NumPy; NaN, infinity, True, "2" are not."""
    real = isinstance(value, Real) and not isinstance(value, bool)
    return real and -inf < value < inf  # pyright: ignore[reportOperatorIssue]


def is_whole(value: Any) -> bool:
    """Whether it is a whole number, of Python or NumPy; 2.0, True and "2" are not."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def check_whole(name: str, value: Any, *, least: int, cure: str) -> None:
    """Raise unless a value is a whole number of at least `least`.

    Args:
        name: what the text calls it.
        value: what was given.
        least: the least that is allowed.
        cure: what to do instead, the end of the text.

    Raises:
        ConfigError: on anything else.
    """
    if not is_whole(value) or value < least:
        raise ConfigError(f"{name}={value!r} must be a whole number of at least {least}; {cure}")


def check_finite(name: str, value: Any, kind: str) -> None:
    """Raise unless a value is finite.

    Args:
        name: what the text calls it.
        value: what was given.
        kind: what it is, with its unit, as in "angle [rad]".

    Raises:
        NonFiniteError: on NaN, infinity, or anything but a number.
    """
    if not is_finite(value):
        raise NonFiniteError(f"{name} is {value}; it must be a finite {kind}")
