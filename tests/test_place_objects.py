"""Shapes: what is drawn, in which ranges, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

from conceptgym.envs.errors import ConfigError
from conceptgym.envs.place_objects import (
    DENSITIES,
    GAP,
    HALF_HEIGHTS,
    HALF_WIDTHS,
    KINDS,
    ObjectShape,
    check_kinds,
    draw_shapes,
)

VOLUMES = {
    "cube": lambda s: 8.0 * s.half_width**2 * s.half_height,
    "cylinder": lambda s: math.pi * s.half_width**2 * 2.0 * s.half_height,
    "ball": lambda s: 4.0 / 3.0 * math.pi * s.half_width**3,
}


def drawn(count: int = 600, *, spacing: float = 0.06) -> tuple[ObjectShape, ...]:
    return draw_shapes(np.random.default_rng(0), count, kinds=KINDS, spacing=spacing)


def test_every_kind_is_drawn_alike_often() -> None:
    kinds = [shape.kind for shape in drawn()]
    shares = np.array([kinds.count(kind) for kind in KINDS]) / len(kinds)
    np.testing.assert_allclose(shares, 1 / 3, atol=0.06)  # 3 standard deviations


def test_sizes_and_masses_fill_their_ranges() -> None:
    shapes = drawn()
    widths = np.array([shape.half_width for shape in shapes])
    assert HALF_WIDTHS[0] <= widths.min() < HALF_WIDTHS[0] + 2e-4
    assert HALF_WIDTHS[1] - 2e-4 < widths.max() <= HALF_WIDTHS[1]
    heights = np.array([shape.half_height for shape in shapes if shape.kind != "ball"])
    assert HALF_HEIGHTS[0] <= heights.min() < HALF_HEIGHTS[0] + 2e-4
    assert HALF_HEIGHTS[1] - 2e-4 < heights.max() <= HALF_HEIGHTS[1]
    assert all(s.half_height == s.half_width for s in shapes if s.kind == "ball")
    densities = np.array([shape.mass / VOLUMES[shape.kind](shape) for shape in shapes])
    assert DENSITIES[0] <= densities.min() < DENSITIES[0] + 50
    assert DENSITIES[1] - 50 < densities.max() <= DENSITIES[1] + 1e-9
    yaws = np.array([shape.yaw for shape in shapes])
    assert -math.pi <= yaws.min() < -3.0 and 3.0 < yaws.max() <= math.pi


def test_a_hand_opens_wider_than_any_object() -> None:
    assert max(2.0 * shape.radius for shape in drawn()) < 0.04 < 0.06


@pytest.mark.parametrize("spacing", [0.0305, 0.035, 0.04])
def test_the_gap_is_left_however_objects_are_turned(spacing: float) -> None:
    shapes = drawn(100, spacing=spacing)
    widest = sorted(shape.radius for shape in shapes)[-2:]
    assert sum(widest) + GAP <= spacing + 1e-12


def test_the_same_generator_draws_the_same_shapes() -> None:
    assert drawn(20) == drawn(20)


def test_only_the_kinds_that_were_asked_for() -> None:
    rng = np.random.default_rng(1)
    for kinds in (("ball",), ["cube", "cylinder"]):
        shapes = draw_shapes(rng, 40, kinds=kinds, spacing=0.06)
        assert {shape.kind for shape in shapes} == set(kinds)


def test_a_shapes_measures() -> None:
    cube = ObjectShape(kind="cube", half_width=0.01, half_height=0.02, mass=0.1)
    np.testing.assert_array_equal(cube.half_extents, [0.01, 0.01, 0.02])
    assert cube.radius == pytest.approx(math.hypot(0.01, 0.01)) and not cube.round
    can = ObjectShape(kind="cylinder", half_width=0.01, half_height=0.02, mass=0.1)
    assert can.radius == 0.01 and can.round


@pytest.mark.parametrize("kinds", ["cube", (), ("cube", "sphere"), None, 3])
def test_kinds_that_are_refused(kinds: object) -> None:
    with pytest.raises(ConfigError) as error:
        check_kinds(kinds)  # type: ignore[arg-type]
    assert str(error.value) == f"kinds={kinds!r} must be one or more of cube, cylinder, ball"


def test_shapes_that_are_refused() -> None:
    with pytest.raises(ConfigError) as error:
        ObjectShape(kind="cube", half_width=0.01, half_height=0.0, mass=0.1)
    assert str(error.value) == "half_height is 0.0, expected more than 0"
    with pytest.raises(ConfigError) as error:
        drawn(2, spacing=0.03)
    assert str(error.value) == "spacing is 0.0300 m, expected at least 0.0303 m"
