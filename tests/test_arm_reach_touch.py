"""Identifying by touch: which touches answer what, and when the answer is submitted."""

from __future__ import annotations

import numpy as np
import pytest

from conceptgym.agents.arm_motion import Waypoint, plan_joint_path
from conceptgym.agents.ik import IKController
from conceptgym.envs import ArmReachEnv, plane_to_table
from conceptgym.envs.arm_actions import action_from_targets
from conceptgym.envs.arm_model import HOVER_HEIGHT
from conceptgym.envs.arm_reach import AT_REST, SUBMIT_STEPS, WITHDRAWN_HEIGHT

PRESS_HEIGHT = 0.027


def make(concept: str, *, task: str = "identify", n_objects: int, seed: int) -> ArmReachEnv:
    """A world after its reset."""
    env = ArmReachEnv(concept, task=task, n_objects=n_objects)
    env.reset(seed=seed)
    return env


class Driver:
    """Leads an identify world's fingertip, and keeps count of the steps that submit an answer."""

    def __init__(self, env: ArmReachEnv, controller: IKController) -> None:
        self.env, self.controller = env, controller
        self.waited = 0
        self.info: dict = {}

    @property
    def is_success(self) -> bool:
        return self.info["is_success"]

    def step(self, action: np.ndarray) -> bool:
        """Whether it terminated, which must be on the 25th step at rest and withdrawn."""
        _, _, terminated, _, self.info = self.env.step(action)
        world = self.env.world
        high, answered = world.fingertip_in_world[2] > WITHDRAWN_HEIGHT, world.touched.any()
        waits = high and world.fingertip_speed <= AT_REST and answered
        self.waited = self.waited + 1 if waits else 0
        assert terminated == (self.waited == SUBMIT_STEPS and self.env.task == "identify")
        return terminated

    def press(self, row: int) -> None:
        """Touch the object of a row from above, and stay."""
        place = plane_to_table(self.env.state.positions[row])
        self._follow([np.append(place, height) for height in (HOVER_HEIGHT, PRESS_HEIGHT)])

    def touch(self, row: int) -> None:
        """Touch the object of a row from above, and go back up."""
        place = plane_to_table(self.env.state.positions[row])
        self.press(row)
        self._follow([np.append(place, HOVER_HEIGHT)])

    def wait(self, steps: int = 2 * SUBMIT_STEPS) -> bool:
        """Hold still; whether it terminated."""
        action = action_from_targets(self.env.world.data.act[:7])
        return any(self.step(action) for _ in range(steps))

    def _follow(self, points: list[np.ndarray]) -> None:
        waypoints = [Waypoint(position_in_world=point, speed=0.6, dwell=10) for point in points]
        path = plan_joint_path(self.controller, self.env.world.data.qpos[:7], waypoints)
        assert path.reached
        for action in path.actions:
            assert not self.step(action)


def attended(env: ArmReachEnv) -> list[int]:
    """Rows of the attended entities."""
    return np.flatnonzero(env.event.attention).tolist()


def others(env: ArmReachEnv) -> list[int]:
    """Rows of the objects that are not attended."""
    return np.flatnonzero(env.state.objects & ~env.event.attention).tolist()


def test_touching_the_attended_is_submitted_after_25_steps(controller: IKController) -> None:
    env = make("closest", n_objects=4, seed=1)
    driver = Driver(env, controller)
    driver.touch(attended(env)[0])
    assert not driver.is_success and driver.info["residual"] == 0.0
    np.testing.assert_array_equal(env.answer, env.event.attention)
    np.testing.assert_array_equal(env.observe()["touched"], env.event.attention)
    assert driver.wait() and driver.is_success
    assert driver.info["reward_terms"] == {"residual": -0.0, "success": 1.0}


def test_touching_a_wrong_one_fails_even_with_the_right_one(controller: IKController) -> None:
    env = make("closest", n_objects=4, seed=1)
    driver = Driver(env, controller)
    driver.touch(others(env)[0])
    assert not driver.is_success and driver.info["residual"] == pytest.approx(2 / 5)
    driver.touch(attended(env)[0])
    assert not driver.is_success and driver.info["residual"] == pytest.approx(1 / 5)
    assert driver.wait() and not driver.is_success


def test_a_pair_must_be_touched_whole(controller: IKController) -> None:
    env = make("between", n_objects=3, seed=4)
    driver = Driver(env, controller)
    first, second = attended(env)
    driver.touch(first)
    assert not driver.is_success
    driver.touch(second)
    assert driver.wait() and driver.is_success


def test_half_of_a_pair_is_submitted_as_a_failure(controller: IKController) -> None:
    env = make("between", n_objects=3, seed=4)
    driver = Driver(env, controller)
    driver.touch(attended(env)[0])
    assert driver.wait() and not driver.is_success


def test_waiting_without_a_touch_submits_nothing(controller: IKController) -> None:
    driver = Driver(make("closest", n_objects=4, seed=1), controller)
    assert not driver.wait() and not driver.is_success


def test_resting_on_the_object_submits_nothing(controller: IKController) -> None:
    """The answer is given by withdrawing: above 0.06 m."""
    env = make("closest", n_objects=4, seed=1)
    driver = Driver(env, controller)
    driver.press(attended(env)[0])
    assert not driver.wait() and not driver.is_success and driver.info["residual"] == 0.0


def test_moving_on_starts_the_wait_again(controller: IKController) -> None:
    env = make("closest", n_objects=4, seed=1)
    driver = Driver(env, controller)
    driver.touch(attended(env)[0])
    assert not driver.wait(SUBMIT_STEPS - 8) and 0 < driver.waited < SUBMIT_STEPS
    driver.step(action_from_targets(env.world.data.act[:7] + 0.1))
    assert driver.waited == 0
    assert driver.wait(3 * SUBMIT_STEPS) and driver.is_success


def test_touches_in_generate_are_shown_but_answer_nothing(controller: IKController) -> None:
    env = make("closest", task="generate", n_objects=4, seed=1)
    row = others(env)[0]
    Driver(env, controller).press(row)
    assert env.observe()["touched"][row] == 1
    assert not env.answer.any()
