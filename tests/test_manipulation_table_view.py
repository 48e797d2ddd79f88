"""The table as observed: outlines however objects lie, heights, what stands above what."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from typing import Any

import numpy as np
import pytest
from pick_place_scenes import Bench
from place_scenes import shape

from conceptgym.agents.manipulation.table_view import TableView
from conceptgym.envs.entities import MAX_ENTITIES
from conceptgym.envs.errors import ConfigError, NonFiniteError, ShapeError
from conceptgym.envs.robots import PANDA, UR5E

PLACES = [(0.5, 0.1), (0.55, -0.08), (0.42, 0.05)]
SHAPES = [shape("cube", height=0.015), shape("cylinder", height=0.014), shape("ball")]
TURNS = [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (1.0, 1.0, 0.0)]


@cache
def first_observation() -> dict[str, Any]:
    return Bench(PLACES, {}, shapes=SHAPES).observation


def observation() -> dict[str, Any]:
    """A copy, to be written to."""
    return deepcopy(first_observation())


def turn(axis: tuple[float, ...], angle: float) -> np.ndarray:
    """(4,) quaternion of a turn about an axis [rad]."""
    unit = np.array(axis) / np.linalg.norm(axis)
    return np.append(np.cos(0.5 * angle), np.sin(0.5 * angle) * unit)


def times(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The product of two quaternions."""
    real = one[0] * other[0] - one[1:] @ other[1:]
    return np.append(real, one[0] * other[1:] + other[0] * one[1:] + np.cross(one[1:], other[1:]))


@pytest.mark.parametrize("robot", [PANDA, UR5E])
def test_it_holds_what_the_world_shows(robot: Any) -> None:
    bench = Bench(PLACES, {}, shapes=SHAPES, robot=robot)
    table = TableView.of(bench.observation)
    assert table.robot is robot and table.qpos.shape == (robot.num_joints,)
    np.testing.assert_allclose(table.fingertip, bench.world.fingertip_in_world, atol=1e-6)
    assert table.opening == pytest.approx(bench.world.opening, abs=1e-6)
    assert table.rows.tolist() == [0, 1, 2] and not table.touched.any()
    np.testing.assert_allclose(table.centres[:, :2], PLACES, atol=1e-5)
    np.testing.assert_allclose(table.half_heights, [s.half_height for s in SHAPES], atol=1e-6)
    np.testing.assert_allclose(table.bottoms, 0.0, atol=1e-4)
    np.testing.assert_allclose(table.tops, 2.0 * table.half_heights, atol=1e-4)
    assert [footprint.round for footprint in table.footprints] == [False, True, True]


def test_only_solid_rows_count() -> None:
    seen = observation()
    seen["solid"][1] = 0
    table = TableView.of(seen)
    assert table.rows.tolist() == [0, 2] and len(table.footprints) == len(table.centres) == 2
    assert not TableView.of({**seen, "solid": np.zeros(MAX_ENTITIES)}).tops.size


@pytest.mark.parametrize("axis", TURNS)
@pytest.mark.parametrize("quarters", range(4))
@pytest.mark.parametrize("yaw", [0.0, 0.4, 2.5, -1.0])
def test_outlines_are_the_shadows_of_the_objects(
    axis: tuple[float, ...], quarters: int, yaw: float
) -> None:
    """For each face down, the shadow of the corners, computed apart."""
    seen = observation()
    quat = times(turn((0, 0, 1), yaw), turn(axis, 0.5 * np.pi * quarters))
    if axis == (1.0, 1.0, 0.0) and quarters % 2:
        return  # it would stand on an edge
    seen["poses"][:3, 3:] = quat
    table = TableView.of(seen)
    for index, (solid, outline) in enumerate(zip(SHAPES, table.footprints, strict=True)):
        w, v = quat[0], quat[1:]
        signs = np.stack(np.meshgrid([-1, 1], [-1, 1], [-1, 1]), -1).reshape(-1, 3)
        corners = signs * solid.half_extents
        corners = corners + 2 * np.cross(v, np.cross(v, corners) + w * corners)
        assert table.half_heights[index] == pytest.approx(corners[:, 2].max(), abs=1e-6)
        for heading in np.linspace(0.0, np.pi, 7):
            along = corners[:, :2] @ [np.cos(heading), np.sin(heading)]
            width = 2.0 * solid.half_width if outline.round else np.ptp(along)
            assert outline.extent_along(heading) == pytest.approx(width, abs=1e-6)
        assert outline.round == (
            solid.kind == "ball" or (solid.kind == "cylinder" and abs(_up(quat)[2]) > 0.9)
        )


def _up(quat: np.ndarray) -> np.ndarray:
    """(3,) where the object's own z axis points."""
    v, z = quat[1:], np.array([0.0, 0.0, 1.0])
    return z + 2 * np.cross(v, np.cross(v, z) + quat[0] * z)


def test_others_are_those_that_reach_above_a_height() -> None:
    table = TableView.of(observation())
    assert table.others(0) == (1, 2)
    assert table.others(0, above=0.025) == (1,)  # the ball is 0.024 m high
    assert table.others(1, above=0.5) == ()


def test_obstacles_are_the_objects() -> None:
    table = TableView.of(observation())
    cube, cylinder = table.obstacles((0, 1))
    np.testing.assert_allclose(cube.centre, table.centres[0])
    np.testing.assert_allclose(cube.half_extents, SHAPES[0].half_extents, atol=1e-6)
    assert cylinder.round and not cube.round


@pytest.mark.parametrize(
    ("key", "value", "kind", "text"),
    [
        ("robot", 63, ConfigError, "observation['robot'] is 63, this process knows "),
        (
            "poses",
            np.zeros((16, 6)),
            ShapeError,
            "observation['poses'] has shape (16, 6), ",
        ),
        (
            "qpos",
            np.zeros(6),
            ShapeError,
            "observation['qpos'] has shape (6,), expected (7,); ",
        ),
        (
            "half_extents",
            np.full((16, 3), np.nan),
            NonFiniteError,
            "observation['half_extents'] holds nan at index (0, 0); every entry must be",
        ),
        (
            "fingertip",
            np.array([0.0, np.inf, 0.0]),
            NonFiniteError,
            "observation['fingertip'] holds inf at index (1,); every entry must be a finite number",
        ),
    ],
)
def test_bad_observations(key: str, value: Any, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind) as caught:
        TableView.of({**observation(), key: value})
    assert str(caught.value).startswith(text)


@pytest.mark.parametrize("key", ["qpos", "robot", "gripper", "solid", "round", "half_extents"])
def test_missing_keys(key: str) -> None:
    seen = observation()
    del seen[key]
    with pytest.raises(ShapeError) as caught:
        TableView.of(seen)
    assert str(caught.value) == (
        f"observation has no key {key!r}; it has {sorted(seen)}; "
        "pass an observation of conceptgym/ArmPlace-v0"
    )
