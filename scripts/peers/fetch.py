"""gymnasium-robotics' FetchPickAndPlace, timed for `scripts/benchmark.py --peer-python`.

It runs in a Python of its own, whose MuJoCo is older than ours, and imports nothing of conceptgym.
The first line on stdout is a JSON object of what it is, or {"error": why not}. Then a line on stdin
is answered by a line on stdout:

    reset     begin an episode: seconds that took
    run N     N control steps with random actions: seconds
    work N    N control steps of a script that grasps the object and carries it: seconds

Seconds are the process's CPU time inside `env.step` or `env.reset`: choosing actions does not
count, nor do the resets within `run` and `work`.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from importlib.metadata import version
from typing import Any

ENVIRONMENT = "FetchPickAndPlace-v4"
OPEN, CLOSED = 1.0, -1.0
_GAIN = 10.0  # action over position error [1/m]
_ABOVE = (0.0, 0.0, 0.08)  # where a grasp begins, from the object [m]
_CLOSING_STEPS = 3


class Fetch:
    """The environment, and an episode that goes on from one request to the next."""

    def __init__(self) -> None:
        importlib.import_module("gymnasium_robotics")  # registers it
        gymnasium = importlib.import_module("gymnasium")
        self._env = gymnasium.make(ENVIRONMENT)
        self._env.action_space.seed(0)
        self._seed = 0
        self.reset()

    def describe(self) -> dict[str, Any]:
        """What it simulates, read off the running environment."""
        world = self._env.unwrapped
        model = world.model
        mujoco = importlib.import_module("mujoco")
        return {
            "environment": ENVIRONMENT,
            "substeps": int(world.n_substeps),
            "timestep": float(model.opt.timestep),
            "objects": sum(int(kind) == int(mujoco.mjtJoint.mjJNT_FREE) for kind in model.jnt_type),
            "velocities": int(model.nv),
            "gymnasium-robotics": version("gymnasium-robotics"),
            "mujoco": mujoco.__version__,
        }

    def reset(self) -> float:
        """Begin an episode with the next seed."""
        begin = time.process_time()
        self._seen, _ = self._env.reset(seed=self._seed)
        spent = time.process_time() - begin
        self._seed += 1
        self._stage = 0
        return spent

    def run(self, steps: int) -> float:
        """Take random actions."""
        return sum(self._step(self._env.action_space.sample()) for _ in range(steps))

    def work(self, steps: int) -> float:
        """Go above the object, down to it, close the fingers, carry it to its goal."""
        return sum(self._step(self._scripted()) for _ in range(steps))

    def _step(self, action: Any) -> float:
        begin = time.process_time()
        self._seen, _, terminated, truncated, _ = self._env.step(action)
        spent = time.process_time() - begin
        if terminated or truncated:
            self.reset()
        return spent

    def _scripted(self) -> Any:
        seen = self._seen["observation"]
        gripper, thing, goal = seen[:3], seen[3:6], self._seen["desired_goal"]
        if self._stage == 0:
            way, fingers, arrived = thing + _ABOVE - gripper, OPEN, 0.02
        elif self._stage == 1:
            way, fingers, arrived = thing - gripper, OPEN, 0.01
        else:
            carries = self._stage >= 2 + _CLOSING_STEPS
            way, fingers, arrived = goal - thing if carries else thing - gripper, CLOSED, 1.0
        if (way**2).sum() < arrived**2:
            self._stage += 1
        action = self._env.action_space.sample()  # of the right kind; every entry is overwritten
        action[:3] = (_GAIN * way).clip(-1.0, 1.0)
        action[3] = fingers
        return action


def main() -> None:
    """Answer until stdin ends; what libraries print goes to stderr."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(value: object) -> None:
        print(json.dumps(value), file=answers, flush=True)

    try:
        fetch = Fetch()
        answer(fetch.describe())
    except Exception as error:
        kind, text = type(error).__name__, str(error)
        answer({"error": f"{kind}: {text}" if text else kind})
        return
    for line in sys.stdin:
        word, *steps = line.split()
        answer({"reset": fetch.reset, "run": fetch.run, "work": fetch.work}[word](*map(int, steps)))


if __name__ == "__main__":
    main()
