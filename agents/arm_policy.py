"""Carries plans out on the arm: fingertip waypoints, joint paths, and looking again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..envs.arm_actions import action_from_targets
from ..envs.arm_model import (
    CONTROL_TIMESTEP,
    HOVER_HEIGHT,
    NUM_JOINTS,
    OBJECT_HALF_SIZE,
    VELOCITY_LIMITS,
)
from ..envs.entities import MAX_ENTITIES, check_array
from ..envs.frames import plane_to_table
from ..envs.spaces import check_keys
from .arm_motion import JointPath, Waypoint, plan_joint_path
from .generate import GenerateResult
from .ik import IKController
from .plan import Plan, Planner, View, make_plan, target_of

TOUCH_HEIGHT = 2.0 * OBJECT_HALF_SIZE - 0.003
"""How low the fingertip is sent to touch an object, a little into its top [m]."""
_MOVE_SPEED = 0.6  # [m/s]
_TOUCH_SPEED = 0.15  # [m/s]
_SETTLE_STEPS = 12
# (7,) no joint moves further than this in a control step of one episode [rad].
_MOST_TRAVEL = 1.5 * CONTROL_TIMESTEP * VELOCITY_LIMITS
_ARM_SHAPES = {
    "qpos": (NUM_JOINTS,),
    "qvel": (NUM_JOINTS,),
    "gripper": (1,),
    "fingertip": (3,),
    "touched": (MAX_ENTITIES,),
}
_MOST_RETRIES = 3
_NOTHING_TO_DO = "the plan leaves nothing for the arm to move or touch"


class ArmPolicy:
    """Moves the fingertip to what was planned, or touches what was identified.

    The scene is looked at in every step: another scene is planned for anew; if only objects were
    moved, the answer stays and the path is planned anew; objects that a touch missed are tried
    again. A jump of the joints, or a touch undone, is the start of another episode.
    """

    def __init__(self, planner: Planner, controller: IKController) -> None:
        self._planner = planner
        self._controller = controller
        self._view: View | None = None
        self._path: JointPath | None = None
        self._hold = np.zeros(NUM_JOINTS)
        self._last_qpos = np.zeros(NUM_JOINTS)
        self._last_touched = np.zeros(MAX_ENTITIES, dtype=bool)
        self._index = 0
        self._retries = 0
        self.plan: Plan | None = None

    def act(self, observation: Mapping[str, Any]) -> np.ndarray:
        """The action (8,) for an observation."""
        view, (qpos, touched) = View.of(observation), _joints_and_touched(observation)
        known = self._view
        same_episode = self._continues(qpos, touched)
        if self.plan is None or known is None or not (same_episode and view.same_scene(known)):
            self._retries = 0
            self._decide(view, qpos)
        elif view.moved(known):
            self._redo(view, qpos, touched)
        elif self._missed(touched).any() and self._retries < _MOST_RETRIES:
            self._retries += 1
            self._redo(view, qpos, touched)
        self._last_qpos, self._last_touched = qpos, touched
        if self._path is not None and self._index < len(self._path):
            self._hold = self._path.qpos[self._index]
            self._index += 1
        return action_from_targets(self._hold)

    def _continues(self, qpos: np.ndarray, touched: np.ndarray) -> bool:
        """Whether this observation can follow the last one within an episode."""
        travel = np.abs(qpos - self._last_qpos)
        undone = self._last_touched & ~touched
        return bool(np.all(travel <= _MOST_TRAVEL)) and not undone.any()

    def _missed(self, touched: np.ndarray) -> np.ndarray:
        """Identified entities that the finished path did not touch, (N,) bool."""
        plan, path = self.plan, self._path
        if plan is None or path is None or isinstance(plan.result, GenerateResult):
            return np.zeros_like(touched)
        finished = self._index >= len(path)
        return plan.result.attention & ~touched & finished & plan.reached

    def _decide(self, view: View, qpos: np.ndarray) -> None:
        """Ask the energy, then find the way."""
        self.plan = make_plan(self._planner, view)
        self._follow(view, qpos, np.zeros_like(view.attention))

    def _redo(self, view: View, qpos: np.ndarray, touched: np.ndarray) -> None:
        """Find the way anew; what to generate depends on where things are, what to touch not."""
        if view.task == "generate":
            self._decide(view, qpos)
        else:
            self._follow(view, qpos, touched)

    def _follow(self, view: View, qpos: np.ndarray, done: np.ndarray) -> None:
        if self.plan is None:
            return
        waypoints = _waypoints(self.plan, view, done)
        path = plan_joint_path(self._controller, qpos, waypoints) if waypoints else None
        # Only now, so that what raised or was interrupted is planned for anew.
        self._view, self._index, self._hold = view, 0, qpos
        # A target out of reach is reported in the plan, and the arm stays where it is.
        self._path = path if path is not None and path.reached else None
        if path is not None:
            self.plan = replace(self.plan, reached=path.reached, reason=path.reason)
        elif not done.any():
            self.plan = replace(self.plan, reached=False, reason=_NOTHING_TO_DO)


def _waypoints(plan: Plan, view: View, done: np.ndarray) -> list[Waypoint]:
    if isinstance(plan.result, GenerateResult):
        target = target_of(plan, view.state)
        if target is None:
            return []
        return [_above(plane_to_table(target), dwell=_SETTLE_STEPS)]
    rows = np.flatnonzero(plan.result.attention & ~done & view.state.objects)
    path: list[Waypoint] = []
    place = view.state.positions[view.state.cursor]
    left = list(rows)
    while left:  # nearest first
        away = [np.linalg.norm(view.state.positions[row] - place) for row in left]
        row = left.pop(int(np.argmin(away)))
        place = view.state.positions[row]
        table = plane_to_table(place)
        down = np.append(table, TOUCH_HEIGHT)
        path += [
            _above(table),
            Waypoint(position_in_world=down, speed=_TOUCH_SPEED, dwell=6),
            _above(table),
        ]
    return path


def _above(table: np.ndarray, *, dwell: int = 0) -> Waypoint:
    return Waypoint(
        position_in_world=np.append(table, HOVER_HEIGHT), speed=_MOVE_SPEED, dwell=dwell
    )


def _joints_and_touched(observation: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    check_keys(observation, _ARM_SHAPES, source="conceptgym/ArmReach-v0")
    for key, shape in _ARM_SHAPES.items():
        check_array(observation[key], f"observation['{key}']", shape)
    qpos = np.asarray(observation["qpos"], dtype=np.float64)
    return qpos, np.asarray(observation["touched"]).astype(bool)
