"""Inverse kinematics: accurate where it can reach, honest where it cannot, never over a limit."""

from __future__ import annotations

import mink
import mujoco
import numpy as np
import pytest

from conceptgym.agents.ik import IKConfig, IKController
from conceptgym.envs import arm_model
from conceptgym.envs.errors import ConfigError, NonFiniteError, ShapeError, UnreachableTargetError
from conceptgym.envs.frames import plane_to_table

UNREACHABLE = [
    (1.2, 0.0, 0.1),
    (0.5, 0.0, 1.2),
    (0.05, 0.0, 0.1),
    (0.5, 0.9, 0.05),
    (0.5, 0.0, -0.2),
]


def table_top_targets(n: int, seed: int) -> np.ndarray:
    """(n, 3) fingertip targets over the plane, 0.03 m to 0.3 m above the table."""
    rng = np.random.default_rng(seed)
    height = rng.uniform(0.03, 0.3, (n, 1))
    return np.hstack([plane_to_table(rng.uniform(-1, 1, (n, 2))), height])


def within_limits(qpos: np.ndarray) -> bool:
    return bool(((qpos >= arm_model.JOINT_LOWER) & (qpos <= arm_model.JOINT_UPPER)).all())


@pytest.fixture(scope="module")
def controller() -> IKController:
    return IKController()


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


def test_a_step_keeps_clear_of_the_table(controller: IKController) -> None:
    qpos = controller.require(arm_model.HOME_QPOS, np.array([0.5, 0.0, 0.05])).qpos
    for _ in range(60):
        before, qpos = qpos, controller.step(qpos, np.array([0.5, 0.0, -0.1]))
        assert controller.table_distance(qpos) > 0.0039
        speed = np.abs(qpos - before) / arm_model.CONTROL_TIMESTEP
        assert (speed <= 0.85 * arm_model.VELOCITY_LIMITS + 1e-9).all()
    assert controller.fingertip(qpos)[2] < 0.006  # it did go down as far as it may


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


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"restarts": -1}, "restarts is -1, expected 0 or more"),
        ({"velocity_share": 1.5}, "velocity_share is 1.5, expected a share in (0, 1]"),
        ({"iterations": 0}, "iterations is 0, expected more than 0"),
        ({"position_tolerance": 0.0}, "position_tolerance is 0.0, expected more than 0"),
    ],
)
def test_bad_settings(settings: dict, text: str) -> None:
    with pytest.raises(ConfigError) as error:
        IKConfig(**settings)
    assert str(error.value) == text


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
