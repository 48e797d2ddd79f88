"""A peer in a Python of its own: what is asked and answered, and what is said when it fails."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from conceptgym.agents.peer import HOW_TO_GET, Peer
from conceptgym.envs.errors import ConfigError

FETCH = Path(__file__).parents[1] / "scripts" / "peers" / "fetch.py"
TOY = '''
import gymnasium
import numpy as np
from types import SimpleNamespace

print("libraries may print")


class Toy(gymnasium.Env):
    """A point that closes its fingers around another, and carries it."""

    action_space = gymnasium.spaces.Box(-1.0, 1.0, (4,), np.float32)
    observation_space = gymnasium.spaces.Dict()
    n_substeps = 20
    model = SimpleNamespace(opt=SimpleNamespace(timestep=0.002), jnt_type=[0, 3, 3], nv=8)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.gripper, self.thing = np.zeros(3), self.np_random.uniform(-0.1, 0.1, 3)
        self.goal = self.np_random.uniform(-0.1, 0.1, 3)
        return self.look(), {}

    def step(self, action):
        assert self.action_space.contains(action)
        move, held = 0.05 * action[:3], np.linalg.norm(self.gripper - self.thing) < 0.011
        self.gripper = self.gripper + move
        if held and action[3] < 0:
            self.thing = self.thing + move
        if np.linalg.norm(self.thing - self.goal) < 0.01:
            with open(REACHED, "a") as file:
                file.write("reached\\n")
        return self.look(), 0.0, False, False, {}

    def look(self):
        seen = np.concatenate([self.gripper, self.thing, np.zeros(19)])
        return {"observation": seen, "desired_goal": self.goal}


gymnasium.register("FetchPickAndPlace-v4", Toy, max_episode_steps=50, disable_env_checker=True)
'''


def fake(folder: Path, answers: str, *, first: str = '{"substeps": 20}') -> Path:
    """A script that begins with a line and answers requests by an expression of `line`."""
    script = folder / "fake.py"
    script.write_text(
        f"import json, sys\nprint({first!r}, flush=True)\n"
        f"for line in sys.stdin:\n    print({answers}, flush=True)\n"
    )
    return script


def failure(reason: str) -> str:
    """The whole text of the error of a peer that is run by the tests' Python."""
    text = f"peer_python={sys.executable!r} cannot run the peer: {reason}; "
    return f"^{re.escape(text + f'get one that can with: {HOW_TO_GET}')}$"


def test_requests_and_answers(tmp_path: Path) -> None:
    answers = '{"reset": 0.5, "run 50": 2, "work 7": 0.25}[line.strip()]'
    with Peer(sys.executable, fake(tmp_path, f"float({answers})")) as peer:
        assert peer.facts == {"substeps": 20}
        assert (peer.reset(), peer.run(50), peer.work(7), peer.run(50)) == (0.5, 2.0, 0.25, 2.0)
    with pytest.raises(ConfigError, match="^the peer was closed; start another$"):
        peer.run(1)
    peer.close()


def test_a_python_that_does_not_exist() -> None:
    text = "peer_python='/nope/python' cannot be run: No such file or directory; get one with: "
    with pytest.raises(ConfigError, match=f"^{re.escape(text + HOW_TO_GET)}$"):
        Peer("/nope/python", FETCH)


def test_a_python_without_gymnasium_robotics() -> None:
    reason = "ModuleNotFoundError: No module named 'gymnasium_robotics'"
    with pytest.raises(ConfigError, match=failure(reason)):
        Peer(sys.executable, FETCH)


def test_a_peer_that_fails_without_words(tmp_path: Path) -> None:
    """As gymnasium-robotics does on our MuJoCo."""
    (tmp_path / "fails.py").write_text("""print('{"error": "AssertionError"}')""")
    with pytest.raises(ConfigError, match=failure("AssertionError")):
        Peer(sys.executable, tmp_path / "fails.py")


def test_something_that_is_no_peer(tmp_path: Path) -> None:
    for first in ("hello", "[1, 2]"):
        with pytest.raises(ConfigError, match=failure(f"it answered '{first}'")):
            Peer(sys.executable, fake(tmp_path, "0.0", first=first))


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ("[][0]", "it ended: IndexError: list index out of range"),
        ("sys.exit(3)", "it ended: exit status 3"),
        ("'[]'", "it answered '[]'"),
    ],
)
def test_a_peer_that_breaks_later(tmp_path: Path, answers: str, reason: str) -> None:
    with Peer(sys.executable, fake(tmp_path, answers)) as peer:
        with pytest.raises(ConfigError, match=failure(reason)):
            peer.run(1)
        if reason.startswith("it ended"):
            with pytest.raises(ConfigError, match=failure(reason)):
                peer.run(1)


def test_the_peer_of_fetch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real script, its environment a toy: it says what it is, and its `work` does the task."""
    reached = tmp_path / "reached"
    (tmp_path / "gymnasium_robotics.py").write_text(f"REACHED = {str(reached)!r}\n{TOY}")
    about = tmp_path / "gymnasium_robotics-9.9.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: gymnasium-robotics\nVersion: 9.9")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with Peer(sys.executable, FETCH) as peer:
        assert peer.facts.pop("mujoco")
        assert peer.facts == {
            "environment": "FetchPickAndPlace-v4",
            "substeps": 20,
            "timestep": 0.002,
            "objects": 1,
            "velocities": 8,
            "gymnasium-robotics": "9.9",
        }
        assert peer.reset() > 0.0
        assert peer.run(120) > 0.0
        assert not reached.exists()
        peer.reset()
        assert peer.work(50) > 0.0
    assert reached.exists()
