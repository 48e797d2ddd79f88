"""Footprints: distances in closed form, against sampled outlines, and unmoved by rigid motions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conceptgym.agents.manipulation.footprints import Footprint, distance
from conceptgym.envs.errors import ConfigError, NonFiniteError, ShapeError

SEEDS = st.integers(0, 2**32 - 1)
LAWS = settings(max_examples=60)
ORIGIN = np.zeros(2)


def box(
    x: float, y: float, *, half: tuple[float, float] = (0.02, 0.01), yaw: float = 0.0
) -> Footprint:
    return Footprint(centre=np.array([x, y]), half_extents=np.array(half), yaw=yaw)


def disc(x: float, y: float, *, radius: float = 0.01) -> Footprint:
    return Footprint(centre=np.array([x, y]), half_extents=np.array([radius, radius]), round=True)


def any_footprint(rng: np.random.Generator) -> Footprint:
    return Footprint(
        centre=rng.uniform(-0.06, 0.06, 2),
        half_extents=rng.uniform(0.005, 0.04, 2),
        yaw=rng.uniform(-4, 4),
        round=bool(rng.integers(2)),
    )


def outline(footprint: Footprint, number: int = 250) -> np.ndarray:
    """(P, 2) points all along the rim."""
    share = np.linspace(0, 1, number, endpoint=False)
    if footprint.round:
        angle = 2 * np.pi * share
        around = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
        return footprint.centre + footprint.half_extents[0] * around
    corners = footprint.corners
    sides = zip(corners, np.roll(corners, -1, axis=0), strict=True)
    return np.concatenate([a + share[:, None] * (b - a) for a, b in sides])


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (box(0, 0), box(0.05, 0), 0.01),  # side by side
        (box(0, 0), box(0.04, 0.02), 0.0),  # corner on corner
        (box(0, 0), box(0.07, 0.06), 0.05),  # corner to corner: 3, 4, 5
        (box(0, 0), box(0.06, 0, half=(0.01, 0.01), yaw=np.pi / 4), 0.04 - 0.01 * math.sqrt(2)),
        (box(0, 0), box(0.035, 0), -0.005),  # overlap along x
        (box(0, 0), box(0, 0, yaw=np.pi / 2), -0.03),  # a cross
        (box(0, 0, half=(0.05, 0.05)), box(0.01, 0), -0.06 + 0.0),  # y is the nearer way out
        (box(0, 0), disc(0.05, 0), 0.02),
        (box(0, 0), disc(0.05, 0.05), 0.04),
        (box(0, 0), disc(0.025, 0), -0.005),
        (box(0, 0), disc(0.0, 0.004), -0.016),  # the disc's centre lies inside
        (disc(0, 0), disc(0.03, 0.04), 0.03),
        (disc(0, 0), disc(0, 0), -0.02),
    ],
)
def test_distances_in_closed_form(one: Footprint, other: Footprint, expected: float) -> None:
    assert distance(one, other) == pytest.approx(expected, abs=1e-12)
    assert distance(other, one) == pytest.approx(expected, abs=1e-12)


@LAWS
@given(SEEDS)
def test_distance_is_that_of_the_outlines(seed: int) -> None:
    rng = np.random.default_rng(seed)
    one, other = any_footprint(rng), any_footprint(rng)
    exact = distance(one, other)
    if exact > 0:
        pairs = outline(one)[:, None] - outline(other)[None]
        assert exact <= np.linalg.norm(pairs, axis=-1).min() + 1e-12
        assert exact == pytest.approx(np.linalg.norm(pairs, axis=-1).min(), abs=3e-4)
    else:
        inside = min(other.distance_to(outline(one)).min(), one.distance_to(outline(other)).min())
        assert inside < 3e-4  # they cross, or one lies within the other


@LAWS
@given(SEEDS)
def test_a_negative_distance_is_the_least_shift_that_parts_them(seed: int) -> None:
    rng = np.random.default_rng(seed)
    one, other = any_footprint(rng), any_footprint(rng)
    other = other.moved(one.centre + rng.uniform(-0.01, 0.01, 2))
    depth = -distance(one, other)
    assert depth > 0
    towards = other.centre - one.centre  # between discs and boxes this may be the way out too
    angles = [*np.linspace(0, 2 * np.pi, 90), math.atan2(towards[1], towards[0])]
    angles += [f.yaw + k * np.pi / 2 for f in (one, other) for k in range(4)]

    def parts(length: float) -> bool:
        ways = (length * np.array([math.cos(angle), math.sin(angle)]) for angle in angles)
        return any(distance(one, other.moved(other.centre + way)) > 0 for way in ways)

    assert parts(depth + 1e-9)
    assert not parts(0.999 * depth)


@LAWS
@given(SEEDS)
def test_distances_are_symmetric_and_unmoved_by_rigid_motions(seed: int) -> None:
    rng = np.random.default_rng(seed)
    one, other = any_footprint(rng), any_footprint(rng)
    angle, shift = rng.uniform(-4, 4), rng.uniform(-1, 1, 2)
    cos, sin = math.cos(angle), math.sin(angle)
    rotation = np.array([[cos, -sin], [sin, cos]])
    moved = [f.moved(rotation @ f.centre + shift, turn=angle) for f in (one, other)]
    assert distance(other, one) == pytest.approx(distance(one, other), abs=1e-12)
    assert distance(*moved) == pytest.approx(distance(one, other), abs=1e-12)


@LAWS
@given(SEEDS)
def test_radii_and_extents_bound_the_outline(seed: int) -> None:
    rng = np.random.default_rng(seed)
    footprint, heading = any_footprint(rng), rng.uniform(-4, 4)
    rim = outline(footprint)
    away = np.linalg.norm(rim - footprint.centre, axis=1)
    assert away.max() == pytest.approx(footprint.circumradius, abs=1e-9)
    assert away.min() == pytest.approx(footprint.inradius, abs=3e-4)
    shadow = np.ptp(rim @ np.array([math.cos(heading), math.sin(heading)]))
    assert footprint.extent_along(heading) == pytest.approx(shadow, abs=1e-5)
    np.testing.assert_allclose(footprint.distance_to(rim), 0, atol=1e-12)
    assert footprint.distance_to(footprint.centre) == pytest.approx(-footprint.inradius)


def test_a_footprint_keeps_its_own_arrays() -> None:
    centre = np.zeros(2)
    footprint = Footprint(centre=centre, half_extents=np.array([1, 2]))
    centre += 1
    np.testing.assert_array_equal(footprint.centre, ORIGIN)
    assert footprint.half_extents.dtype == np.float64


def test_bad_footprints_are_refused() -> None:
    half = np.full(2, 0.01)
    with pytest.raises(ShapeError) as error:
        Footprint(centre=np.zeros(3), half_extents=half)
    assert str(error.value) == ("centre has shape (3,), expected (2,); pass an array of that shape")
    with pytest.raises(NonFiniteError) as error:
        Footprint(centre=ORIGIN, half_extents=np.array([0.01, np.nan]))
    assert str(error.value) == (
        "half_extents holds nan at index (1,); every entry must be a finite number"
    )
    with pytest.raises(ConfigError) as error:
        Footprint(centre=ORIGIN, half_extents=np.array([0.01, 0.0]))
    assert str(error.value) == "half_extents is (0.01, 0) m, expected two lengths above 0"
    with pytest.raises(NonFiniteError) as error:
        Footprint(centre=ORIGIN, half_extents=half, yaw=np.inf)
    assert str(error.value) == "yaw is inf; it must be a finite angle [rad]"
