"""Set-points that follow targets within the joints' velocity limits."""

from __future__ import annotations

import mujoco
import numpy as np

from .arm_model import CONTROL_TIMESTEP, FINGER_VELOCITY_LIMIT, SERVO_TIME_CONSTANT

SETPOINT_SPEED_SHARE = 0.92
"""Share of the velocity limits at which set-points move: coupled joints overshoot by a few %."""
_LEAD_SHARE = 0.96


class SetPoints:
    """Moves the servos' set-points towards targets for one control step.

    They move at no more than `SETPOINT_SPEED_SHARE` of the velocity limits, as a real arm's
    interface demands, so that joints keep to their limits whatever the policy asks for.
    """

    def __init__(self, velocity_limits: np.ndarray) -> None:
        """Make it for n joints with `velocity_limits` (n,) [rad/s], and the fingers after them."""
        self._joints = len(velocity_limits)
        self._speed = SETPOINT_SPEED_SHARE * np.append(velocity_limits, FINGER_VELOCITY_LIMIT)
        # How far a set-point may lead its joint [rad]; the fingers' may press as it likes.
        self._lead = np.append(_LEAD_SHARE * SERVO_TIME_CONSTANT * velocity_limits, np.inf)
        self._expected = np.zeros(self._joints + 1)  # the fingers' stays 0

    def command(self, data: mujoco.MjData, target: np.ndarray) -> None:
        """Write the set-points' velocities to `data.ctrl`; `target` (n + 1,) [rad, m].

        A servo runs at (set-point - position) / time constant, so the lead over the position
        bounds its velocity also where the torque limit has made it fall behind.
        """
        expected, joints = self._expected, self._expected[: self._joints]
        np.multiply(data.qvel[: self._joints], CONTROL_TIMESTEP, out=joints)
        joints += data.qpos[: self._joints]
        target = np.minimum(np.maximum(target, expected - self._lead), expected + self._lead)
        velocity = (target - data.act) / CONTROL_TIMESTEP
        np.minimum(np.maximum(velocity, -self._speed), self._speed, out=data.ctrl)
