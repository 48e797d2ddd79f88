"""How far an arm reaches: the known figures are those that trying finds."""

from __future__ import annotations

import math

import numpy as np
import pytest

from conceptgym.assets import asset_path
from conceptgym.envs import ArmPlaceEnv, Robot, place_reach
from conceptgym.envs.errors import UnreachableTargetError
from conceptgym.envs.frames import plane_to_table
from conceptgym.envs.place_reach import REACH_HEIGHTS, REACH_STEP, find_reach, reach_of
from conceptgym.envs.place_start import start_qpos
from conceptgym.envs.robots import PANDA, UR5E


@pytest.mark.parametrize("robot", [PANDA, UR5E], ids=lambda robot: robot.name)
def test_the_known_reach_is_what_trying_finds(robot: Robot) -> None:
    inner, outer = reach_of(robot)
    for distance, step in ((inner, -REACH_STEP), (outer, REACH_STEP)):
        for height in REACH_HEIGHTS:
            start_qpos(robot, (distance, 0.0, height))
        with pytest.raises(UnreachableTargetError):
            for height in REACH_HEIGHTS:
                start_qpos(robot, (distance + step, 0.0, height))


@pytest.mark.parametrize("robot", [PANDA, UR5E], ids=lambda robot: robot.name)
def test_every_place_of_the_plane_is_in_reach(robot: Robot) -> None:
    inner, outer = reach_of(robot)
    corners = plane_to_table(np.array([[x, y] for x in (-1, 0, 1) for y in (-1, 0, 1)]))
    for x, y in corners:
        assert inner < math.hypot(x, y) < outer


def test_an_arm_of_ones_own_is_tried() -> None:
    own = Robot.from_mjcf(asset_path("ur5e/ur5e.xml"))
    assert own not in (PANDA, UR5E)
    np.testing.assert_allclose(reach_of(own), find_reach(own))
    assert reach_of(own)[1] == pytest.approx(reach_of(UR5E)[1], abs=0.05)


def test_an_arm_that_is_too_short_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(place_reach._KNOWN, UR5E, (0.14, 0.6))
    with pytest.raises(UnreachableTargetError) as error:
        ArmPlaceEnv("near", robot="ur5e")
    assert str(error.value) == (
        "robot 'ur5e' works 0.14 m to 0.60 m from its base with the hand pointing down, objects "
        "lie 0.31 m to 0.72 m from it; use an arm that reaches them all, or give its Robot "
        "base_in_world=(0.15, 0, 0)"
    )
    monkeypatch.setitem(place_reach._KNOWN, UR5E, (0.3, 0.6))
    with pytest.raises(UnreachableTargetError, match="use an arm that reaches them all$"):
        ArmPlaceEnv("near", robot="ur5e")


def test_a_base_further_away_reaches_as_far_from_itself() -> None:
    own = Robot.from_mjcf(asset_path("ur5e/ur5e.xml"), base_in_world=(-0.1, 0.0, 0.0))
    known = Robot.from_mjcf(asset_path("ur5e/ur5e.xml"))
    np.testing.assert_allclose(reach_of(own), reach_of(known), atol=1e-9)
    place_reach.check_reach(own)
    far = Robot.from_mjcf(asset_path("ur5e/ur5e.xml"), base_in_world=(-0.5, 0.0, 0.0))
    with pytest.raises(UnreachableTargetError, match="objects lie 0.81 m to 1.21 m from it"):
        place_reach.check_reach(far)
