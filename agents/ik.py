"""Inverse kinematics: joint positions that put the fingertip at a point, the hand straight down.

Steps of `ik_step.py` from where the arm is, and, where these stall, from random joint positions.
"""

from __future__ import annotations

import numpy as np

from ..envs.arm_model import CONTROL_TIMESTEP
from ..envs.errors import UnreachableTargetError
from .ik_settings import IKResult, unreachable_text
from .ik_step import IKStepper

_STALL_ITERATIONS = 8


class IKController(IKStepper):
    """Finds joint positions for fingertip targets; the models and limits are built once."""

    def solve(
        self,
        qpos: np.ndarray,
        target_in_world: np.ndarray,
        *,
        heading: float | None = None,
    ) -> IKResult:
        """Search for joint positions that put the fingertip at a target.

        The first attempt starts from `qpos` and keeps the heading; if it stalls, further ones start
        from random joint positions.

        Args:
            qpos: (n,) joint positions to start from [rad].
            target_in_world: (3,) fingertip target [m].
            heading: of the hand [rad]; None for 0 at first, then whichever comes.

        Raises:
            ShapeError, NonFiniteError: on arrays of another shape, NaN or infinity.
        """
        start, target = self._checked(qpos, target_in_world, heading or 0.0)
        clearance = self.config.table_clearance
        if target[2] < clearance:
            error = float(np.linalg.norm(self.fingertip(start) - target))
            reason = (
                f"too low: {target[2]:.3f} m above the table, where the fingers keep "
                f"{clearance:.3f} m"
            )
            return _missed(start, error, reason)
        rng = np.random.default_rng(self.config.seed)
        best, spent = np.inf, 0
        for restart in range(self.config.restarts + 1):
            guess = start if restart == 0 else self._random_qpos(rng)
            keep = restart == 0 or heading is not None
            self._aim(guess, target, heading or 0.0, keep_heading=keep)
            error, reached, iterations = self._attempt(target, heading)
            best, spent = min(best, error), spent + iterations
            if reached:
                return IKResult(
                    qpos=self._configuration.q.copy(),
                    position_error=error,
                    reached=True,
                    iterations=spent,
                    restarts=restart,
                    reason="reached",
                )
        restarts = self.config.restarts
        reason = f"out of reach: {best:.3f} m from the target after {restarts} restarts"
        return _missed(start, best, reason, iterations=spent, restarts=restarts)

    def require(self, qpos: np.ndarray, target_in_world: np.ndarray) -> IKResult:
        """`solve`, for callers that cannot go on without the target.

        Raises:
            UnreachableTargetError: if the target was not reached; the text says why.
            ShapeError, NonFiniteError: as `solve`.
        """
        result = self.solve(qpos, target_in_world)
        if result.reached:
            return result
        raise UnreachableTargetError(unreachable_text(target_in_world, result.reason))

    def _attempt(self, target: np.ndarray, heading: float | None) -> tuple[float, bool, int]:
        """Iterate from where it is; (best position error [m], reached, iterations)."""
        best, since_best = np.inf, 0
        for iteration in range(1, self.config.iterations + 1):
            if not self._iterate(5 * CONTROL_TIMESTEP):
                return best, False, iteration
            error = float(np.linalg.norm(self._position() - target))
            # half of the tolerance, so that what follows has some to spare
            if error < 0.5 * self.config.position_tolerance:
                best = error
                if max(self._tilt(), self._turned(heading)) < self.config.tilt_tolerance:
                    return error, True, iteration
            since_best = 0 if error < 0.98 * best else since_best + 1
            best = min(best, error)
            if since_best >= _STALL_ITERATIONS:
                break
        return best, False, iteration

    def _turned(self, heading: float | None) -> float:
        """Angle about the vertical to a heading, 0 if any will do [rad]."""
        return 0.0 if heading is None else abs(wrapped(self._heading() - heading))

    def _random_qpos(self, rng: np.random.Generator) -> np.ndarray:
        """Joint positions inside the limits that keep clear of the table."""
        for _ in range(50):
            qpos = rng.uniform(0.9 * self.lower, 0.9 * self.upper)
            qpos = np.clip(qpos, self.lower + 0.05, self.upper - 0.05)
            if self.table_distance(qpos) > self.config.table_clearance:
                return qpos
        return self._home.copy()


def _missed(
    start: np.ndarray, error: float, reason: str, *, iterations: int = 0, restarts: int = 0
) -> IKResult:
    return IKResult(
        qpos=start,
        position_error=error,
        reached=False,
        iterations=iterations,
        restarts=restarts,
        reason=reason,
    )


def wrapped(angle: float) -> float:
    """The same angle in [-π, π) [rad]."""
    return (angle + np.pi) % (2.0 * np.pi) - np.pi
