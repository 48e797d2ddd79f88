"""Who acts in which environment: a policy for each, of the kind that its observations ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..envs.errors import ShapeError
from ..envs.place_model import MOST_OBJECTS
from ..envs.robots import Robot
from ..envs.spaces import check_keys
from .arm_policy import ArmPolicy
from .ik import IKController
from .manipulation.policy import PlacePolicy
from .manipulation.targets import PlacePlanner
from .particle_policy import ParticlePolicy

Policy = ParticlePolicy | ArmPolicy | PlacePolicy


class Controllers:
    """The arms' controllers, each made when it is first asked for."""

    def __init__(self, reach: IKController | None = None) -> None:
        """Prepare; `reach` is the one for ArmReach-v0, where there is one already."""
        self._reach = reach
        self._among_things: dict[Robot, IKController] = {}

    @property
    def reach(self) -> IKController:
        """The controller of ArmReach-v0's arm."""
        if self._reach is None:
            self._reach = IKController()
        return self._reach

    def among_things(self, robot: Robot) -> IKController:
        """The controller of an arm among solid things."""
        if robot not in self._among_things:
            self._among_things[robot] = IKController(robot=robot, obstacles=MOST_OBJECTS)
        return self._among_things[robot]


class Policies:
    """Acts in one environment or in a vector of them, each by a policy of its own."""

    def __init__(self, planner: PlacePlanner, controllers: Controllers) -> None:
        """Act on the plans of `planner`."""
        self.controllers = controllers
        self._planner = planner
        self._policies: dict[int, Policy] = {}
        self._started: dict[int, bool] = {}

    def forget(self) -> None:
        """Plan anew in every environment."""
        self._policies.clear()
        self._started.clear()

    def get(self, row: int) -> Policy | None:
        """What acts in environment number `row`, once it has acted there."""
        return self._policies.get(row)

    def act(self, observation: Any, episode_start: np.ndarray | None = None) -> np.ndarray:
        """The action for an observation, or the actions for those of a vector of environments.

        Args:
            observation: of a conceptgym environment.
            episode_start: (n_envs,) bool, where an episode begins.

        Raises:
            ShapeError, NonFiniteError: on a bad observation.
        """
        if not isinstance(observation, Mapping):
            raise ShapeError(
                f"observation is a {type(observation).__name__}, expected a dictionary; "
                "pass an observation of a conceptgym environment"
            )
        check_keys(observation, ["entities"])
        if np.ndim(observation["entities"]) != 3:
            return self._act(0, observation, episode_start)
        rows = range(len(observation["entities"]))
        if episode_start is not None and np.shape(episode_start) != (len(rows),):
            raise ShapeError(
                f"episode_start has shape {np.shape(episode_start)}, expected ({len(rows)},); pass "
                "one flag for each environment"
            )
        singles = ({key: value[row] for key, value in observation.items()} for row in rows)
        starts = [None if episode_start is None else episode_start[row] for row in rows]
        return np.stack([self._act(*each) for each in zip(rows, singles, starts, strict=True)])

    def _act(self, row: int, observation: Mapping[str, Any], start: Any) -> np.ndarray:
        policy, started = self._policies.get(row), start is not None and bool(np.any(start))
        # `evaluate_policy` leaves the flag set in environments that it is done with: what is
        # flagged twice in a row is planned for anew only where the scene has changed.
        renewed = started and not self._started.get(row, False)
        self._started[row] = started
        kind = _kind(observation)
        if renewed or not isinstance(policy, kind):
            policy = self._policies[row] = self._make(kind)
        return policy.act(observation)

    def _make(self, kind: type[Policy]) -> Policy:
        if kind is ParticlePolicy:
            return ParticlePolicy(self._planner)
        if kind is PlacePolicy:
            return PlacePolicy(self._planner, self.controllers.among_things)
        return ArmPolicy(self._planner, self.controllers.reach)


def _kind(observation: Mapping[str, Any]) -> type[Policy]:
    if "poses" in observation:
        return PlacePolicy
    return ArmPolicy if "qpos" in observation else ParticlePolicy
