"""Joint paths at the control rate through fingertip waypoints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..envs.arm_actions import action_from_targets
from ..envs.arm_model import CONTROL_TIMESTEP
from ..envs.entities import check_array
from ..envs.errors import ConfigError
from ..envs.number_checks import check_finite, check_whole
from .ik import IKController, wrapped

PEAK_SPEED_RATIO = 1.875
"""Peak over mean speed of the minimum-jerk profile 10 s³ - 15 s⁴ + 6 s⁵."""
_PEAK_ACCELERATION_RATIO = 10 / np.sqrt(3)
_TURNING_SPEED = 2.0  # peak speed of the wrist [rad/s]
_CATCH_UP_STEPS = 50
_FALL_BEHIND = 2e-3  # how far the fingertip may fall behind the line's clock [m]


@dataclass(frozen=True, kw_only=True)
class Waypoint:
    """A point that the fingertip passes at rest.

    Attributes:
        position_in_world: (3,) [m].
        speed: largest fingertip speed on the way there [m/s].
        acceleration: largest fingertip acceleration on the way there [m/s²].
        dwell: control steps to stay there.
        heading: of the hand there [rad], see `ik.py`; None for 0 where the straight line reaches
            it, else whichever comes.
    """

    position_in_world: np.ndarray
    speed: float = 0.5
    acceleration: float = 4.0
    dwell: int = 0
    heading: float | None = None

    def __post_init__(self) -> None:
        check_array(self.position_in_world, "position_in_world", (3,))
        for name in ("speed", "acceleration"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"{name} is {getattr(self, name)}, expected more than 0")
        check_finite("heading", self.heading or 0.0, "angle [rad]")
        check_whole("dwell", self.dwell, least=0, cure="give control steps")


@dataclass(frozen=True, kw_only=True)
class JointPath:
    """Joint positions at the control rate.

    Attributes:
        qpos: (T, n) set-points [rad], the first one control step after the start.
        opening: (T,) finger openings [m].
        ends: (W,) number of steps after which each reached waypoint is reached.
        reached: whether the path passes through every waypoint.
        position_error: distance between the path's end and the last waypoint tried [m].
        reason: "reached", or which waypoint was not and why; the path then stops before it.
    """

    qpos: np.ndarray
    opening: np.ndarray
    ends: np.ndarray
    reached: bool
    position_error: float
    reason: str

    def __len__(self) -> int:
        return len(self.qpos)

    @property
    def actions(self) -> np.ndarray:
        """(T, 8) float32 actions of the Panda's world."""
        return action_from_targets(self.qpos, self.opening)


def plan_joint_path(
    controller: IKController,
    qpos: np.ndarray,
    waypoints: Sequence[Waypoint],
    *,
    opening: float = 0.0,
) -> JointPath:
    """Plan set-points that lead the fingertip through waypoints, at rest at each.

    The fingertip follows straight lines with a minimum-jerk profile, slower where a joint's
    velocity limit asks for it. A waypoint that the straight line does not reach is tried through
    joint space; one that cannot be reached ends the path at the waypoint before.

    Args:
        controller: its configuration holds tolerances and the share of the velocity limits.
        qpos: (n,) joint positions to start from [rad].
        waypoints: one or more.
        opening: opening of the fingers on the way [m].

    Raises:
        ConfigError: if no waypoint is given.
        ShapeError, NonFiniteError: on arrays of another shape, NaN or infinity.
    """
    if not waypoints:
        raise ConfigError("waypoints is empty, expected at least one Waypoint")
    check_finite("opening", opening, "length [m]")
    check_array(qpos, "qpos", (controller.robot.num_joints,))
    current = np.asarray(qpos, dtype=np.float64)
    pieces: list[np.ndarray] = []
    ends: list[int] = []
    error, reason = 0.0, "reached"
    for index, waypoint in enumerate(waypoints):
        piece, error, why_not = _plan_segment(controller, current, waypoint)
        if why_not:
            reason = f"waypoint {index} {why_not}"
            break
        dwell = np.repeat(piece[-1:], waypoint.dwell, axis=0)
        pieces += [piece, dwell]
        current = piece[-1]
        ends.append(sum(map(len, pieces)))
    path = np.concatenate(pieces) if pieces else np.empty((0, len(current)))
    return JointPath(
        qpos=path,
        opening=np.full(len(path), opening),
        ends=np.array(ends, dtype=int),
        reached=reason == "reached",
        position_error=error,
        reason=reason,
    )


def _plan_segment(
    controller: IKController, qpos: np.ndarray, waypoint: Waypoint
) -> tuple[np.ndarray, float, str]:
    """(T, n) set-points to a waypoint, the error at their end [m], and why it is not reached."""
    piece, error = _follow_line(controller, qpos, waypoint)
    if error < controller.config.position_tolerance:
        return piece, error, ""
    result = controller.solve(qpos, waypoint.position_in_world, heading=waypoint.heading)
    if not result.reached:
        return np.empty((0, len(qpos))), result.position_error, f"is {result.reason}"
    speeds = controller.config.velocity_share * np.array(controller.robot.velocity_limits)
    piece = _interpolate(qpos, result.qpos, speeds=speeds)
    lowest = min(controller.table_distance(step) for step in piece)
    if lowest < min(controller.config.table_clearance, controller.table_distance(qpos)) - 1e-6:
        nothing = np.empty((0, len(qpos)))
        return nothing, error, f"is behind the table: the way there passes it at {lowest:.3f} m"
    margin = min(controller.object_margin(step) for step in piece)
    if margin < min(0.0, controller.object_margin(qpos)) - 1e-6:
        nothing = np.empty((0, len(qpos)))
        return nothing, error, f"is behind an object: the way there is {-margin:.3f} m too near it"
    return piece, result.position_error, ""


def _follow_line(
    controller: IKController, qpos: np.ndarray, waypoint: Waypoint
) -> tuple[np.ndarray, float]:
    """Follow a straight fingertip line; (T, n) set-points and the error at their end [m]."""
    start = controller.fingertip(qpos)
    end = np.asarray(waypoint.position_in_world, dtype=np.float64)
    heading = waypoint.heading or 0.0
    turn_from = controller.heading(qpos)
    turn = wrapped(heading - turn_from)
    # What the base turns on the way, the wrist turns back, if the heading is to be kept.
    swept = 0.0 if waypoint.heading is None else _swept(start, end)
    turned = max(abs(turn), abs(turn - swept))
    n_steps = max(
        _steps(float(np.linalg.norm(end - start)), waypoint),
        int(np.ceil(PEAK_SPEED_RATIO * turned / _TURNING_SPEED / CONTROL_TIMESTEP)),
    )
    piece: list[np.ndarray] = []
    clock, pace, error = 0.0, 1.0, np.inf
    while len(piece) < 4 * n_steps + _CATCH_UP_STEPS:
        clock = min(clock + pace, n_steps)
        travelled = float(_minimum_jerk(clock / n_steps))
        target = start + travelled * (end - start)
        qpos = controller.step(qpos, target, heading=turn_from + travelled * turn)
        piece.append(qpos)
        behind = float(np.linalg.norm(controller.fingertip(qpos) - target))
        # where a velocity limit binds, the line's clock waits rather than bend the line
        pace = min(1.0, _FALL_BEHIND / max(behind, 1e-9))
        if clock < n_steps:
            continue
        previous, error = error, behind
        if error < 0.2 * controller.config.position_tolerance or error > 0.98 * previous:
            break  # it has settled, or is stuck
    tilt, off = controller.tilt(qpos), wrapped(controller.heading(qpos) - heading)
    upright = max(tilt, abs(off)) < controller.config.tilt_tolerance
    return np.array(piece), error if upright else np.inf


def _swept(start: np.ndarray, end: np.ndarray) -> float:
    """Angle about the base's axis between two points in world [rad]."""
    return wrapped(float(np.arctan2(end[1], end[0]) - np.arctan2(start[1], start[0])))


def _steps(length: float, waypoint: Waypoint) -> int:
    """Control steps of a minimum-jerk move of `length` [m] within a waypoint's speed limits."""
    by_speed = PEAK_SPEED_RATIO * length / waypoint.speed
    by_acceleration = np.sqrt(_PEAK_ACCELERATION_RATIO * length / waypoint.acceleration)
    return max(1, int(np.ceil(max(by_speed, by_acceleration) / CONTROL_TIMESTEP)))


def _minimum_jerk(share: np.ndarray | float) -> np.ndarray | float:
    """Travelled share at a share of the time: 10 s³ - 15 s⁴ + 6 s⁵ (Flash and Hogan 1985)."""
    return share**3 * (10 - 15 * share + 6 * share**2)


def _interpolate(start: np.ndarray, end: np.ndarray, *, speeds: np.ndarray) -> np.ndarray:
    """(T, n) minimum-jerk set-points in joint space, within joint speeds (n,) [rad/s]."""
    duration = PEAK_SPEED_RATIO * np.max(np.abs(end - start) / speeds)
    n_steps = max(1, int(np.ceil(duration / CONTROL_TIMESTEP)))
    travelled = _minimum_jerk(np.arange(1, n_steps + 1) / n_steps)
    return start + np.asarray(travelled)[:, None] * (end - start)
