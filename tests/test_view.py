"""scripts/view.py with a window that is not there."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest
from test_scripts import FOLDER, parse

from conceptgym.envs.errors import ConfigError


class FakeWindows:
    """Opens windows that count what they are shown and close after `frames` of it."""

    def __init__(self, frames: int) -> None:
        self.left = frames
        self.models: list[object] = []

    @contextmanager
    def __call__(self, model, data):
        self.models.append(model)
        yield self

    def is_running(self) -> bool:
        return self.left > 0

    def sync(self) -> None:
        self.left -= 1


@pytest.mark.parametrize("line", ["--world place --robot ur5e", "--world place", "--world reach"])
def test_without_a_policy_the_arm_holds_still_until_the_window_is_closed(line):
    module, args = parse("view", f"{line} --policy none")
    env, windows = module.make_env(args), FakeWindows(frames=12)
    seen = []
    still = module.hold_still(env)

    def act(observation, first):
        seen.append(observation["qpos"])
        return still(observation, first)

    assert module.watch(env, act, windows, seed=1) == 0
    assert len(seen) == 11 and len(windows.models) == 1
    assert np.ptp(seen, axis=0).max() < 2e-3
    env.close()


def test_each_episode_shows_its_own_scene_and_the_next_seed(capsys):
    module, args = parse("view", "--world reach --policy none")
    env, windows = module.make_env(args), FakeWindows(frames=10**6)
    short = module.gym.wrappers.TimeLimit(env.unwrapped, max_episode_steps=3)
    done = module.watch(short, module.hold_still(env), windows, seed=4, episodes=2, pause=0.0)
    assert done == 2 and len(windows.models) == 2
    assert capsys.readouterr().out == "seed 4: no success\nseed 5: no success\n"
    env.close()


def test_the_agent_acts_before_the_viewer():
    module, args = parse("view", "--world reach --concept near --demonstrations 2")
    env, windows = module.make_env(args), FakeWindows(frames=6)
    start = env.reset(seed=1)[0]["qpos"]
    assert module.watch(env, module.make_agent(args), windows, seed=1) == 0
    assert np.abs(env.unwrapped.observe()["qpos"] - start).max() > 1e-3
    env.close()


def test_another_world_than_an_arms_is_refused():
    module, _ = parse("view", "")
    env = module.gym.make("conceptgym/Particle-v0")
    with pytest.raises(TypeError, match="env is a ParticleEnv, expected an arm's world"):
        module.watch(env, lambda observation, first: None, FakeWindows(1), seed=0)


def test_outside_mjpython_the_error_says_so(monkeypatch):
    module, _ = parse("view", "")
    import mujoco.viewer

    def refuse(*args, **options):
        raise RuntimeError("`launch_passive` requires that the Python script be run under ...")

    monkeypatch.setattr(mujoco.viewer, "launch_passive", refuse)
    with pytest.raises(ConfigError) as caught, module.open_viewer(None, None):
        pass
    assert str(caught.value) == (
        "on macOS the viewer runs under MuJoCo's own Python: mjpython scripts/view.py"
    )


def test_the_window_is_gone_when_it_is_closed(monkeypatch):
    """A thread that still draws when the process ends crashes with the display."""
    module, _ = parse("view", "")
    import mujoco.viewer

    closed, gone = threading.Event(), threading.Event()

    def draw():
        closed.wait()
        time.sleep(0.05)
        gone.set()

    def launch(model, data, **options):
        threading.Thread(target=draw, daemon=True).start()
        return SimpleNamespace(cam=mujoco.MjvCamera(), close=closed.set)

    monkeypatch.setattr(mujoco.viewer, "launch_passive", launch)
    with module.open_viewer(None, None) as viewer:
        assert viewer.cam.distance == module.CAMERA["distance"]
        np.testing.assert_allclose(viewer.cam.lookat, module.CAMERA["lookat"])
        assert not gone.is_set()
    assert gone.is_set()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="displays are of Linux")
@pytest.mark.parametrize("display", ["", ":77"])
def test_without_a_display_one_line_says_what_to_do(display):
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "MUJOCO_GL", "PYOPENGL_PLATFORM")
    environment = {key: value for key, value in os.environ.items() if key not in hidden}
    if display:
        environment["DISPLAY"] = display  # where no server is
    found = subprocess.run(
        [sys.executable, str(FOLDER / "view.py"), "--policy", "none"],
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
        check=False,
    )
    assert found.returncode == 1
    assert found.stderr == (
        "error: no display was found, and the viewer opens a window; start it where there is a "
        "screen, or write a video with scripts/render.py\n"
    )
