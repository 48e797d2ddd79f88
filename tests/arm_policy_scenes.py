"""A still scene of the arm world and a stand-in for the path planner, for tests of the policy."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from agent_scenes import ScriptedPlanner, generated, identified

from conceptgym.agents.arm_motion import JointPath, Waypoint
from conceptgym.agents.arm_policy import ArmPolicy
from conceptgym.agents.ik import IKController
from conceptgym.envs import ArmReachEnv
from conceptgym.envs.arm_model import HOVER_HEIGHT
from conceptgym.envs.spaces import Observation

CONTROLLER = IKController()


class Scene:
    """A still scene of the arm world, with the answers to both tasks."""

    def __init__(self, task: str, *, seed: int = 5) -> None:
        self.env = ArmReachEnv("between", task=task, n_objects=4)
        self.observation, _ = self.env.reset(seed=seed)
        event = self.env.event
        generate = task == "generate"
        self.result = generated(event.after.entities) if generate else identified(event.attention)
        self.planner = ScriptedPlanner(self.result)
        self.policy = ArmPolicy(self.planner, CONTROLLER)

    def observe(self, **changes: Any) -> Observation:
        return {**self.observation, **changes}

    def with_object_moved(self, amount: float) -> Observation:
        entities = self.observation["entities"].copy()
        entities[np.flatnonzero(self.env.state.objects)[0], 0] += amount
        return self.observe(entities=entities)

    def act(self, times: int, **changes: Any) -> list[np.ndarray]:
        return [self.policy.act(self.observe(**changes)) for _ in range(times)]


class Paths:
    """Stands for the path planner: records waypoints, and answers with two steps on the spot."""

    def __init__(self) -> None:
        self.asked: list[list[Waypoint]] = []
        self.reached = True

    def plan(self, controller: Any, qpos: np.ndarray, waypoints: Sequence[Waypoint]) -> JointPath:
        self.asked.append(list(waypoints))
        steps = np.stack([qpos + 0.01, qpos + 0.02])
        return JointPath(
            qpos=steps,
            opening=np.zeros(2),
            ends=np.array([2]),
            reached=self.reached,
            position_error=0.0,
            reason="reached" if self.reached else "waypoint 1 is out of reach",
        )

    def touched(self, number: int) -> list[np.ndarray]:
        """(x, y) [m] of the low points of a path."""
        places = [waypoint.position_in_world for waypoint in self.asked[number]]
        return [place[:2] for place in places if place[2] < HOVER_HEIGHT]
