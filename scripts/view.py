"""MuJoCo's interactive viewer on any concept, task and robot, in real time.

    python scripts/view.py --concept between                        # grasp and place
    python scripts/view.py --concept square --robot ur5e --seed 3
    python scripts/view.py --world reach --concept closest --task identify
    python scripts/view.py --concept touch --policy none            # the arm holds still

The agent is shown demonstrations of the concept, infers w, and acts on it in one unseen scene after
another until the window is closed. It needs a display; on macOS, start it with `mjpython`. Without
a display, `scripts/render.py` writes a video.
"""

from __future__ import annotations

import sys
import threading
import time
import warnings
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import gymnasium as gym
import mujoco.viewer
import numpy as np
import torch

import conceptgym.envs as envs
from conceptgym.agents import ConceptAgent
from conceptgym.agents.cli import run_script
from conceptgym.envs.arm_actions import action_from_targets
from conceptgym.envs.arm_place import ArmPlaceEnv
from conceptgym.envs.arm_reach import ArmReachEnv
from conceptgym.envs.errors import ConfigError

WORLDS = {"place": "conceptgym/ArmPlace-v0", "reach": "conceptgym/ArmReach-v0"}
PAUSE = 1.5
"""For so long the end of an episode is shown [s]."""
CAMERA = {"lookat": (0.4, 0.0, 0.15), "distance": 1.5, "azimuth": 140.0, "elevation": -25.0}
"""Where the window looks at first [m], [degrees]."""
NO_DISPLAY = (
    "no display was found, and the viewer opens a window; start it where there is a screen, or "
    "write a video with scripts/render.py"
)
NEEDS_MJPYTHON = "on macOS the viewer runs under MuJoCo's own Python: mjpython scripts/view.py"

Act = Callable[[dict[str, Any], bool], np.ndarray]
"""An action for an observation, and whether it is an episode's first."""


class Viewer(Protocol):
    """What is used of `mujoco.viewer.Handle`."""

    def is_running(self) -> bool:
        """Whether the window is open."""
        ...

    def sync(self) -> None:
        """Show the current state."""
        ...


Open = Callable[[Any, Any], AbstractContextManager[Viewer]]
"""Opens a window on a model and its data."""


@dataclass(frozen=True, kw_only=True)
class Args:
    """Command line of `scripts/view.py`."""

    concept: str = "between"
    """The concept to show; the agent is not told."""
    task: Literal["generate", "identify"] = "generate"
    """Make the concept hold, or say for which entities it holds."""
    world: Literal["place", "reach"] = "place"
    """Grasp and place solid objects, or move the fingertip."""
    robot: str = "panda"
    """The arm of the world "place": a name or the path of its MJCF."""
    parameters: dict[str, float | str] = field(default_factory=dict)
    """The concept's parameters where they differ from its defaults, such as: distance 0.5."""
    seed: int = 0
    """Seed of the demonstrations and the first scene; each scene's is one more than the last."""
    policy: Literal["agent", "none"] = "agent"
    """Who moves the arm; with "none" it holds still."""
    checkpoint: Path | None = None
    """Other weights than the shipped ones."""
    demonstrations: int = 5
    """Demonstrations that the agent is shown."""
    episodes: int = 0
    """Scenes to show, 0 for as many as there is time for."""


def main(args: Args) -> None:
    """Show the agent demonstrations, and let it act before the viewer's eyes."""
    torch.set_num_threads(1)
    env = make_env(args)  # bad input is found here
    check_display()
    act = make_agent(args) if args.policy == "agent" else hold_still(env)
    try:
        watch(env, act, open_viewer, seed=args.seed, episodes=args.episodes)
    finally:
        env.close()


def make_env(args: Args) -> gym.Env:
    """The environment, for a viewer that draws by itself."""
    concept = envs.make_concept(args.concept, **args.parameters)
    robot: dict[str, Any] = {"robot": args.robot} if args.world == "place" else {}
    return gym.make(WORLDS[args.world], concept=concept, task=args.task, **robot)


def make_agent(args: Args) -> Act:
    """The agent that has observed demonstrations of the concept."""
    concept = envs.make_concept(args.concept, **args.parameters)
    agent = ConceptAgent.from_pretrained(args.checkpoint)
    agent.observe(
        envs.record_demonstrations(concept=concept, episodes=args.demonstrations, seed=args.seed)
    )

    def act(observation: dict[str, Any], first: bool) -> np.ndarray:
        return agent.predict(observation, episode_start=np.array([first]) if first else None)[0]

    return act


def hold_still(env: gym.Env) -> Act:
    """Ask for the joint positions that each episode began with."""
    world = env.unwrapped
    action_of = (
        world.world.actions.action if isinstance(world, ArmPlaceEnv) else action_from_targets
    )
    kept: list[np.ndarray] = []

    def act(observation: dict[str, Any], first: bool) -> np.ndarray:
        if first:
            kept[:] = [action_of(observation["qpos"], observation["gripper"][0])]
        return kept[0]

    return act


def watch(
    env: gym.Env, act: Act, open_window: Open, *, seed: int, episodes: int = 0, pause: float = PAUSE
) -> int:
    """Run episodes in real time until the window is closed.

    Args:
        env: ArmPlace-v0 or ArmReach-v0.
        act: what moves the arm.
        open_window: opens the viewer; each scene has a window of its own.
        seed: of the first scene.
        episodes: how many, 0 for no end.
        pause: for so long the end of each is shown [s].

    Returns:
        The number of episodes that ended before the window was closed.
    """
    world = env.unwrapped
    if not isinstance(world, ArmPlaceEnv | ArmReachEnv):
        raise TypeError(f"env is a {type(world).__name__}, expected an arm's world")
    done = 0
    while not episodes or done < episodes:
        observation, _ = env.reset(seed=seed + done)
        with open_window(world.world.model, world.world.data) as viewer:
            outcome = run_episode(env, act, viewer, observation)
            if outcome is None:
                break
            print(f"seed {seed + done}: {'success' if outcome else 'no success'}")
            until = time.perf_counter() + pause
            while viewer.is_running() and time.perf_counter() < until:
                viewer.sync()
                time.sleep(0.02)
            done += 1
            if not viewer.is_running():
                break
    return done


def run_episode(env: gym.Env, act: Act, viewer: Viewer, observation: dict[str, Any]) -> bool | None:
    """Step until the episode ends; whether it succeeded, None where the window was closed."""
    period, first = 1.0 / env.metadata["render_fps"], True
    viewer.sync()
    while viewer.is_running():
        begin = time.perf_counter()
        observation, _, terminated, truncated, info = env.step(act(observation, first))
        viewer.sync()
        first = False
        if terminated or truncated:
            return bool(info["is_success"])
        time.sleep(max(0.0, period - (time.perf_counter() - begin)))
    return None


def check_display() -> None:
    """Raise unless a window can be opened.

    Raises:
        ConfigError: there is no display.
    """
    if sys.platform == "darwin":
        return  # GLFW there wants the main thread, which is mjpython's
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # GLFW's own words, in numbers
        if not mujoco.viewer.glfw.init():
            raise ConfigError(NO_DISPLAY)


@contextmanager
def open_viewer(model: Any, data: Any) -> Generator[Viewer]:
    """MuJoCo's viewer on a state that this process steps.

    Raises:
        ConfigError: on macOS outside mjpython.
    """
    others = set(threading.enumerate())
    try:
        viewer = mujoco.viewer.launch_passive(model, data, show_left_ui=False, show_right_ui=False)
    except RuntimeError as error:
        raise ConfigError(NEEDS_MJPYTHON) from error
    drawing = set(threading.enumerate()) - others
    for name, value in CAMERA.items():
        setattr(viewer.cam, name, value)
    try:
        yield viewer
    finally:
        viewer.close()
        for thread in drawing:  # the display must not go while one still draws
            thread.join(timeout=5.0)


if __name__ == "__main__":
    run_script(main, Args, __doc__)
