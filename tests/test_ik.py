"""Inverse kinematics: accurate where it can reach, honest where it cannot, never over a limit."""

from __future__ import annotations

from typing import Any

import mink
import mujoco
import numpy as np
import pytest
from ik_scenes import table_top_targets

from conceptgym.agents.ik import IKController, wrapped
from conceptgym.agents.ik_settings import IKConfig
from conceptgym.envs import arm_model
from conceptgym.envs.errors import NonFiniteError, ShapeError, UnreachableTargetError
from conceptgym.envs.place_model import FINGERTIP, build_place_model

UNREACHABLE = [
    (1.2, 0.0, 0.1),
    (0.5, 0.0, 1.2),
    (0.05, 0.0, 0.1),
    (0.5, 0.9, 0.05),
    (0.5, 0.0, -0.2),
]


def within_limits(qpos: np.ndarray) -> bool:
    return bool(((qpos >= arm_model.JOINT_LOWER) & (qpos <= arm_model.JOINT_UPPER)).all())


@pytest.mark.parametrize("start", ["home", "previous"])
def test_reaches_table_top_targets(controller: IKController, start: str) -> None:
    """At least 99% of 200 within 1 mm, checked on a model of its own with moving fingers."""
    model = arm_model.build_arm_model(0)
    data = mujoco.MjData(model)
    qpos, hits = arm_model.HOME_QPOS, 0
    for target in table_top_targets(200, seed=1):
        result = controller.solve(arm_model.HOME_QPOS if start == "home" else qpos, target)
        assert within_limits(result.qpos)
        qpos = result.qpos
        data.qpos[:7] = qpos
        mujoco.mj_forward(model, data)
        site = data.site(arm_model.FINGERTIP_SITE)
        distance = float(np.linalg.norm(site.xpos - target))
        tilt = np.arccos(np.clip(-site.xmat[8], -1, 1))
        hit = distance < 1e-3 and tilt < 0.01 and data.ncon == 0
        assert hit == result.reached
        if hit:
            assert result.position_error == pytest.approx(distance, abs=1e-9)
            assert result.reason == "reached"
        hits += hit
    assert hits >= 198


@pytest.mark.parametrize("target", UNREACHABLE)
def test_unreachable_targets_are_reported_not_chased(
    controller: IKController, target: tuple[float, ...]
) -> None:
    start = arm_model.HOME_QPOS
    result = controller.solve(start, np.array(target))
    assert not result.reached
    np.testing.assert_array_equal(result.qpos, start)
    assert result.position_error > controller.config.position_tolerance
    if target[2] > 0:
        assert result.reason == (
            f"out of reach: {result.position_error:.3f} m from the target after 8 restarts"
        )
        assert result.restarts == 8
    else:
        assert result.reason == (
            "too low: -0.200 m above the table, where the fingers keep 0.004 m"
        )


def test_distance_of_an_unreachable_target_is_no_less_than_the_arm_is_long(
    controller: IKController,
) -> None:
    upper_arm_and_forearm = np.hypot(0.316, 0.0825) + np.hypot(0.384, 0.0825)
    tool = np.hypot(0.088, 0.107 + 0.1034)
    for target in ((1.2, 0.0, 0.1), (0.0, -1.3, 0.5), (0.3, 0.0, 1.6)):
        result = controller.solve(arm_model.HOME_QPOS, np.array(target))
        from_shoulder = np.linalg.norm(np.array(target) - [0.0, 0.0, 0.333])
        assert result.position_error >= from_shoulder - upper_arm_and_forearm - tool


def test_require_raises_with_the_target_the_error_and_the_fix(controller: IKController) -> None:
    target = np.array([1.2, 0.0, 0.1])
    distance = controller.solve(arm_model.HOME_QPOS, target).position_error
    with pytest.raises(UnreachableTargetError) as error:
        controller.require(arm_model.HOME_QPOS, target)
    assert str(error.value) == (
        f"target_in_world is (1.200, 0.000, 0.100) [m], out of reach: {distance:.3f} m from the "
        "target after 8 restarts; move it towards the table's centre, (0.5, 0.0) and at least a "
        "few centimetres up"
    )
    with pytest.raises(UnreachableTargetError) as too_low:
        controller.require(arm_model.HOME_QPOS, np.array([0.5, 0.0, 0.001]))
    assert str(too_low.value) == (
        "target_in_world is (0.500, 0.000, 0.001) [m], too low: 0.001 m above the table, where "
        "the fingers keep 0.004 m; move it towards the table's centre, (0.5, 0.0) and at least a "
        "few centimetres up"
    )
    reached = controller.require(arm_model.HOME_QPOS, np.array([0.5, 0.1, 0.1]))
    assert reached.reached


def test_the_answer_depends_on_nothing_but_the_question() -> None:
    targets = np.vstack([table_top_targets(5, seed=2), UNREACHABLE[:2]])
    used = IKController()
    for target in targets:
        used.solve(arm_model.HOME_QPOS, target)
    for target in targets:
        fresh = IKController().solve(arm_model.HOME_QPOS, target)
        again = used.solve(arm_model.HOME_QPOS, target)
        np.testing.assert_array_equal(again.qpos, fresh.qpos)
        assert again.position_error == fresh.position_error
        assert (again.iterations, again.restarts) == (fresh.iterations, fresh.restarts)


def test_restarts_find_targets_that_one_attempt_misses() -> None:
    """Targets all around the base from awkward joint positions."""
    rng = np.random.default_rng(3)
    angle, radius = rng.uniform(-np.pi, np.pi, 60), rng.uniform(0.3, 0.65, 60)
    height = rng.uniform(0.05, 0.4, 60)
    targets = np.stack([radius * np.cos(angle), radius * np.sin(angle), height], axis=1)
    starts = rng.uniform(arm_model.JOINT_LOWER, arm_model.JOINT_UPPER, (60, 7))
    one, several = IKController(IKConfig(restarts=0)), IKController()
    alone, reached = 0, 0
    for start, target in zip(starts, targets, strict=True):
        alone += one.solve(start, target).reached
        result = several.solve(start, target)
        reached += result.reached
        assert within_limits(result.qpos)
        if result.reached:
            assert np.linalg.norm(several.fingertip(result.qpos) - target) < 1e-3
            assert several.tilt(result.qpos) < 0.01
            assert several.table_distance(result.qpos) > 0.0
    assert reached >= 57 > alone + 10


def test_a_target_at_the_joint_limits_stays_within_them(controller: IKController) -> None:
    for sign in (-1, 1):
        start = arm_model.HOME_QPOS.copy()
        start[0] = sign * 3.0  # beyond joint 1's limit, as a tired simulator may report
        result = controller.solve(start, np.array([-0.5, 0.0, 0.2]))
        assert within_limits(result.qpos)
        qpos = start
        for _ in range(40):
            qpos = controller.step(qpos, np.array([-0.5, -sign * 0.1, 0.2]))
            assert within_limits(qpos)


def test_any_arm_reaches_the_table_top_at_any_heading(among_objects: IKController) -> None:
    """Checked on the world's own model; from where the last search ended."""
    controller, robot = among_objects, among_objects.robot
    controller.keep_clear_of([])
    model = build_place_model(robot)
    data = mujoco.MjData(model)
    site = data.site(FINGERTIP)
    rng = np.random.default_rng(3)
    qpos = np.array(robot.home_qpos)
    for target in table_top_targets(60, seed=4):
        heading = rng.uniform(-np.pi / 2, np.pi / 2)
        result = controller.solve(qpos, target, heading=heading)
        assert result.reached and result.reason == "reached"
        qpos = result.qpos
        assert (qpos >= controller.lower).all() and (qpos <= controller.upper).all()
        data.qpos[: robot.num_joints] = qpos
        mujoco.mj_forward(model, data)
        assert np.linalg.norm(site.xpos - target) < 1e-3
        assert np.arccos(np.clip(-site.xmat[8], -1, 1)) < 0.01
        turned = np.arctan2(site.xmat[3], site.xmat[0])
        assert abs(wrapped(turned - heading)) < 0.011
        assert controller.heading(qpos) == pytest.approx(turned, abs=1e-9)


def test_a_heading_is_kept_on_the_spot(among_objects: IKController) -> None:
    """The fingertip is there already: what is left to do is to turn."""
    controller = among_objects
    controller.keep_clear_of([])
    target = np.array([0.5, 0.05, 0.1])
    qpos = controller.solve(np.array(controller.robot.home_qpos), target, heading=0.0).qpos
    for heading in (1.5, -1.5, 0.7):
        result = controller.solve(qpos, target, heading=heading)
        assert result.reached and result.restarts == 0
        assert abs(wrapped(controller.heading(result.qpos) - heading)) < 0.01


def test_without_a_heading_a_restart_takes_whichever_comes(controller: IKController) -> None:
    behind = np.array([-0.5, 0.05, 0.3])
    start = controller.require(arm_model.HOME_QPOS, np.array([0.5, 0.0, 0.2])).qpos
    free = controller.solve(start, behind)
    assert free.reached and free.restarts > 0
    assert abs(controller.heading(free.qpos)) > 0.1
    kept = controller.solve(start, behind, heading=0.0)
    assert kept.reached and abs(controller.heading(kept.qpos)) < 0.01


def test_an_unsolvable_program_counts_as_a_failed_attempt(
    controller: IKController, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_solution(*args: object, **kwargs: object) -> np.ndarray:
        raise mink.NoSolutionFound("daqp")

    monkeypatch.setattr(mink, "solve_ik", no_solution)
    result = controller.solve(arm_model.HOME_QPOS, np.array([0.5, 0.1, 0.1]))
    assert not result.reached
    np.testing.assert_array_equal(result.qpos, arm_model.HOME_QPOS)
    step = controller.step(arm_model.HOME_QPOS, np.array([0.5, 0.1, 0.1]))
    np.testing.assert_array_equal(step, arm_model.HOME_QPOS)


def test_bad_arrays(controller: IKController) -> None:
    with pytest.raises(NonFiniteError) as value_error:
        controller.solve(arm_model.HOME_QPOS, np.array([0.5, np.inf, 0.1]))
    assert str(value_error.value) == (
        "target_in_world holds inf at index (1,); every entry must be a finite number"
    )
    with pytest.raises(ShapeError) as shape_error:
        controller.solve(np.zeros(9), np.zeros(3))
    assert str(shape_error.value) == (
        "qpos has shape (9,), expected (7,); pass an array of that shape"
    )
    for read in (controller.fingertip, controller.tilt, controller.heading):
        with pytest.raises(NonFiniteError) as joints:
            read(np.full(7, np.nan))
        assert str(joints.value) == (
            "qpos holds nan at index (0,); every entry must be a finite number"
        )


@pytest.mark.parametrize("value", [np.nan, -np.inf, "left"])
def test_bad_headings_and_openings(controller: IKController, value: Any) -> None:
    target = np.array([0.5, 0.0, 0.1])
    for ask in (controller.solve, controller.step):
        with pytest.raises(NonFiniteError) as heading:
            ask(arm_model.HOME_QPOS, target, heading=value)
        assert str(heading.value) == f"heading is {value}; it must be a finite angle [rad]"
    with pytest.raises(NonFiniteError) as opening:
        controller.keep_clear_of([], opening=value)
    assert str(opening.value) == f"opening is {value}; it must be a finite length [m]"
    assert controller.solve(arm_model.HOME_QPOS, target).reached
