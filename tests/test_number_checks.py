"""Numbers: NumPy's count, texts and truth values do not, and a refusal says what is asked for."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from conceptgym.envs.errors import ConfigError
from conceptgym.envs.number_checks import check_whole, is_finite, is_whole


@pytest.mark.parametrize("value", [2, -1, np.int64(2), np.uint8(3)])
def test_whole_numbers(value: Any) -> None:
    assert is_whole(value) and is_finite(value)


@pytest.mark.parametrize("value", [2.0, -1e300, np.float32(2.5)])
def test_numbers_that_are_not_whole(value: Any) -> None:
    assert is_finite(value) and not is_whole(value)


@pytest.mark.parametrize(
    "value", [True, np.True_, "2", None, 1j, [2], math.nan, math.inf, -math.inf, np.float32("nan")]
)
def test_what_is_no_finite_number(value: Any) -> None:
    assert not is_finite(value) and not is_whole(value)


@pytest.mark.parametrize("value", [1, 0, 3.0, True, "3", None])
def test_what_is_refused(value: Any) -> None:
    check_whole("count", 2, least=2, cure="3 is usual")
    with pytest.raises(ConfigError) as caught:
        check_whole("count", value, least=2, cure="3 is usual")
    assert str(caught.value) == (
        f"count={value!r} must be a whole number of at least 2; 3 is usual"
    )
