"""How much of raw MuJoCo's speed the arm's environment keeps."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import gymnasium as gym
import mujoco
import numpy as np

from ..envs.arm_model import SUBSTEPS
from ..envs.arm_reach import ArmReachEnv
from ..envs.errors import ConfigError
from .concept_agent import ConceptAgent

BLOCK = 10
"""Control steps that are timed together."""


@dataclass(frozen=True, kw_only=True)
class Trajectory:
    """An episode of the arm.

    Attributes:
        env: where it happened.
        seed: of the scene.
        start: MuJoCo's state after the reset.
        actions: T actions (8,) for the environment, T a multiple of `BLOCK`.
        controls: T arrays that the environment wrote to MuJoCo's ``ctrl``.
    """

    env: gym.Env
    seed: int
    start: mujoco.MjData
    actions: list[np.ndarray]
    controls: list[np.ndarray]


def record_trajectory(agent: ConceptAgent, env: gym.Env, *, seed: int) -> Trajectory:
    """The agent's episode in ArmReach-v0, the last block filled up beyond its end."""
    observation, _ = env.reset(seed=seed)
    world = _arm(env).world
    start = mujoco.MjData(world.model)
    mujoco.mj_copyData(start, world.model, world.data)
    actions: list[np.ndarray] = []
    controls: list[np.ndarray] = []
    ended = False
    while not ended or len(actions) % BLOCK:
        action, _ = agent.predict(observation)
        observation, _, terminated, truncated, _ = env.step(action)
        actions.append(action)
        controls.append(world.data.ctrl.copy())
        ended = ended or terminated or truncated
    return Trajectory(env=env, seed=seed, start=start, actions=actions, controls=controls)


def time_trajectory(trajectory: Trajectory, *, raw_first: bool) -> np.ndarray:
    """Run a trajectory again, in the environment and in raw MuJoCo, block by block in turns.

    Raw MuJoCo starts from the same state and is given the same controls, with one ``mj_step`` of
    all sub-steps a control step: the same physics, bit by bit.

    Args:
        trajectory: what to run.
        raw_first: whether raw MuJoCo takes the first block first; who does changes block by block.

    Returns:
        (T / BLOCK, 2) seconds of CPU time of the environment and of raw MuJoCo.

    Raises:
        RuntimeError: if the two end in different states.
    """
    env = trajectory.env
    env.reset(seed=trajectory.seed)
    world = _arm(env).world
    model, raw = world.model, mujoco.MjData(world.model)
    mujoco.mj_copyData(raw, model, trajectory.start)

    def run_env(block: slice) -> None:
        for action in trajectory.actions[block]:
            env.step(action)

    def run_raw(block: slice) -> None:
        for control in trajectory.controls[block]:
            raw.ctrl[:] = control
            mujoco.mj_step(model, raw, SUBSTEPS)

    seconds = np.empty((len(trajectory.actions) // BLOCK, 2))
    for number in range(len(seconds)):
        block = slice(number * BLOCK, (number + 1) * BLOCK)
        turns = [(0, run_env), (1, run_raw)]
        for column, run in turns[:: -1 if (number % 2 == 1) != raw_first else 1]:
            seconds[number, column] = _cpu_seconds(run, block)
    if not np.array_equal(raw.qpos, world.data.qpos):
        raise RuntimeError("raw MuJoCo took another way than the environment")
    return seconds


def _arm(env: gym.Env) -> ArmReachEnv:
    world = env.unwrapped
    if not isinstance(world, ArmReachEnv):
        raise ConfigError(f"env is a {type(world).__name__}; pass one of conceptgym/ArmReach-v0")
    return world


def _cpu_seconds(run: Callable[[slice], None], block: slice) -> float:
    """CPU time of this thread [s]: what other processes do meanwhile does not count."""
    begin = time.thread_time()
    run(block)
    return time.thread_time() - begin
