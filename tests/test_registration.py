"""The registered ids: known, checked by Gymnasium and by SB3, and trained on by SB3."""

from __future__ import annotations

import subprocess
import sys
import warnings
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env as gymnasium_check
from stable_baselines3 import PPO
from stable_baselines3.common.env_checker import check_env as sb3_check

from conceptgym import envs
from conceptgym.envs import (
    ArmPlaceComposeEnv,
    ArmPlaceEnv,
    ArmReachEnv,
    ConceptEnv,
    ParticleComposeEnv,
    ParticleEnv,
)

IDS: dict[str, type[ConceptEnv]] = {
    "conceptgym/Particle-v0": ParticleEnv,
    "conceptgym/ParticleCompose-v0": ParticleComposeEnv,
    "conceptgym/ArmReach-v0": ArmReachEnv,
    "conceptgym/ArmPlace-v0": ArmPlaceEnv,
    "conceptgym/ArmPlaceCompose-v0": ArmPlaceComposeEnv,
}
TASKS: list[tuple[str, str, Any]] = [
    ("conceptgym/Particle-v0", "generate", "between"),
    ("conceptgym/Particle-v0", "generate", "colour"),
    ("conceptgym/Particle-v0", "identify", "colour"),
    ("conceptgym/ArmReach-v0", "generate", "left_of"),
    ("conceptgym/ArmReach-v0", "identify", "colour"),
    ("conceptgym/ArmPlace-v0", "generate", "left_of"),
    ("conceptgym/ArmPlace-v0", "generate", "quantity"),
    ("conceptgym/ArmPlace-v0", "identify", "colour"),
    ("conceptgym/ArmPlaceCompose-v0", "generate", ("near", "left_of")),
    ("conceptgym/ParticleCompose-v0", "generate", ("between", "colour")),
]


def warnings_of(check: Any, env: gym.Env, **options: Any) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        check(env, **options)
    return [str(warning.message) for warning in caught]


def make_for_checks(env_id: str, task: str, concept: Any) -> gym.Env:
    options: dict[str, Any] = {"concept": concept, "task": task, "render_mode": "rgb_array"}
    if "Arm" in env_id:
        options.update(frame_size=(48, 64), backend="raycast")  # quicker than OpenGL contexts
    return gym.make(env_id, **options)


def test_every_world_is_registered() -> None:
    found = {name for name in gym.registry if name.startswith("conceptgym/")}
    assert found == set(IDS)
    for env_id, kind in IDS.items():
        env = gym.make(env_id)
        assert type(env.unwrapped) is kind
        assert env.spec is not None and env.spec.id == env_id


def test_every_exported_name_resolves() -> None:
    for name in envs.__all__:
        assert hasattr(envs, name), name
    assert len(set(envs.__all__)) == len(envs.__all__)


def test_one_line_imports_and_makes() -> None:
    code = (
        "import gymnasium as gym\n"
        "env = gym.make('conceptgym.envs:conceptgym/Particle-v0', concept='near')\n"
        "assert env.reset(seed=0)[0]['entities'].shape == (16, 7)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("env_id", "task", "concept"), TASKS)
def test_gymnasium_finds_nothing(
    env_id: str, task: str, concept: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It steps, resets and draws in every render mode."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    env = make_for_checks(env_id, task, concept)
    assert warnings_of(gymnasium_check, env.unwrapped) == []
    env.close()


@pytest.mark.parametrize(("env_id", "task", "concept"), TASKS)
def test_sb3_warns_of_tables_of_entities_only(env_id: str, task: str, concept: Any) -> None:
    """They stay tables of entities by features, for readers that need rows and columns.

    SB3's own policies flatten it (`CombinedExtractor`), so the warning costs nothing.
    """
    env = make_for_checks(env_id, task, concept)
    tables = ["entities"] + ["half_extents", "poses"] * ("Place" in env_id)
    assert sorted(warnings_of(sb3_check, env)) == [
        f"Your observation {table} has an unconventional shape (neither an image, nor a 1D vector)."
        " We recommend you to flatten the observation to have only a 1D vector or use a custom "
        "policy to properly process the data."
        for table in tables
    ]
    env.close()


@pytest.mark.parametrize(("env_id", "task", "concept"), TASKS)
def test_sb3_learns_on_every_world(env_id: str, task: str, concept: Any) -> None:
    env = gym.make(env_id, concept=concept, task=task)
    model = PPO("MultiInputPolicy", env, n_steps=32, batch_size=32, n_epochs=1, device="cpu")
    before = {name: value.clone() for name, value in model.policy.state_dict().items()}
    model.learn(64)
    assert model.num_timesteps == 64
    after = model.policy.state_dict()
    assert any((after[name] != value).any() for name, value in before.items())
    observation, _ = env.reset(seed=0)
    action, _ = model.predict(observation, deterministic=True)
    assert np.asarray(action).shape == env.action_space.shape
