"""The set-points that an arm was sent last, and gentle ways to move them.

A script is a generator: it yields actions and is told the table after each.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from typing import Any

import numpy as np

from ..envs.arm_model import CONTROL_TIMESTEP
from .arm_motion import Waypoint, plan_joint_path
from .ik import IKController
from .ik_model import Obstacle
from .manipulation.table_view import TableView

_FINGER_SPEED = 0.06  # of the opening [m/s]


class Arm:
    """The set-points that were sent last, and ways to move them."""

    def __init__(self, controller: IKController, table: TableView) -> None:
        self.controller = controller
        self.qpos = table.qpos.copy()
        self.opening = table.opening
        self.why_not = ""
        self._clearance: dict[str, Any] = {"obstacles": []}

    def action(self) -> np.ndarray:
        """The action that holds still."""
        return self.controller.actions.action(self.qpos, self.opening)

    def keep_clear_of(
        self, obstacles: Sequence[Obstacle], *, carried: Obstacle | None = None
    ) -> None:
        """Keep clear of these objects on the ways to come; the hand holds `carried` now."""
        self._clearance = {
            "obstacles": obstacles,
            "qpos": self.qpos,
            "carried": carried,
            "opening": self.opening,
        }

    def look_again(self, obstacles: Sequence[Obstacle]) -> None:
        """The objects to keep clear of are seen to be here now; what the hand holds stays."""
        self._clearance = {**self._clearance, "obstacles": obstacles}

    def can_reach(self, waypoints: Sequence[Waypoint]) -> bool:
        """Whether the hand could pass waypoints, if no objects were in its way."""
        self.controller.keep_clear_of([])
        qpos = self.qpos
        for waypoint in waypoints:
            place, heading = waypoint.position_in_world, waypoint.heading
            found = self.controller.solve(qpos, place, heading=heading)
            if not found.reached:  # a path in small steps gets further than a search
                path = plan_joint_path(self.controller, self.qpos, waypoints)
                self.why_not = "" if path.reached else path.reason
                return path.reached
            qpos = found.qpos
        return True

    def follow(
        self, waypoints: Sequence[Waypoint], *, until: Callable[[], bool] = lambda: False
    ) -> Generator[np.ndarray, TableView, bool]:
        """Move through waypoints, or stop on the way; whether they could all be reached."""
        self.controller.keep_clear_of(**self._clearance)  # other arms may share the controller
        path = plan_joint_path(self.controller, self.qpos, waypoints)
        for qpos in path.qpos:
            if until():
                break
            self.qpos = qpos
            yield self.action()
        self.why_not = "" if path.reached else path.reason
        return path.reached

    def set_opening(self, opening: float, *, wait: int = 0) -> Generator[np.ndarray, TableView]:
        """Open or close at a gentle speed, then wait so many steps."""
        step = _FINGER_SPEED * CONTROL_TIMESTEP
        count = math.ceil(abs(opening - self.opening) / step)
        for target in np.linspace(self.opening, opening, count + 1)[1:]:
            self.opening = float(target)
            yield self.action()
        for _ in range(wait):
            yield self.action()
