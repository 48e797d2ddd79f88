"""Pictures of both worlds: they show the state, in an array or in a window."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
import pygame
import pytest

from conceptgym.envs import ArmReachEnv, ConceptEnv, ParticleEnv
from conceptgym.envs.errors import NonFiniteError, ShapeError

PICTURES: dict[type[ConceptEnv], dict[str, Any]] = {
    ParticleEnv: {"render_mode": "rgb_array"},
    ArmReachEnv: {"render_mode": "rgb_array", "frame_size": (96, 128), "backend": "raycast"},
}
both_worlds = pytest.mark.parametrize("world", [ParticleEnv, ArmReachEnv])
both_tasks = pytest.mark.parametrize("task", ["generate", "identify"])


@both_worlds
@both_tasks
def test_frames_show_the_state(world: type[ConceptEnv], task: str) -> None:
    env = world("left_of", task=task, n_objects=4, **PICTURES[world])
    env.action_space.seed(0)
    shape = (480, 480, 3) if world is ParticleEnv else (96, 128, 3)
    frames = []
    for seed in (0, 1):
        env.reset(seed=seed)
        frames.append(env.render())
    for _ in range(1 if task == "identify" else 8):
        env.step(env.action_space.sample())
    frames.append(env.render())
    env.show_plan(np.array([[0.5, 0.5]]))
    frames.append(env.render())
    for frame in frames:
        assert frame is not None and frame.shape == shape and frame.dtype == np.uint8
        assert frame.std() > 5.0
    for one, other in zip(frames, frames[1:], strict=False):
        assert (one != other).any(axis=2).sum() > 15  # [pixels]
    env.close()
    np.testing.assert_array_equal(env.render(), frames[-1])  # it opens again
    env.close()


@both_worlds
def test_plans_that_do_not_fit_are_refused_at_once(world: type[ConceptEnv]) -> None:
    env = world("near", n_objects=3, **PICTURES[world])
    env.reset(seed=0)
    plain = env.render()
    with pytest.raises(ShapeError) as flat:
        env.show_plan(np.zeros(2))
    assert str(flat.value) == (
        "positions has shape (2,), expected (K, 2); pass an array of that shape"
    )
    with pytest.raises(NonFiniteError) as value:
        env.show_plan(np.array([[0.0, np.nan]]))
    assert str(value.value) == (
        "positions holds nan at index (0, 1); every entry must be a finite number"
    )
    np.testing.assert_array_equal(env.render(), plain)
    plan = np.array([[0.5, 0.5]])
    env.show_plan(plan)
    shown = env.render()
    plan[:] = -0.5
    np.testing.assert_array_equal(env.render(), shown)


@both_worlds
@pytest.mark.filterwarnings("ignore:no OpenGL")
def test_a_world_that_was_drawn_can_be_copied(world: type[ConceptEnv]) -> None:
    """What OpenGL holds cannot; the copy goes on alike, and draws the same."""
    options: dict[str, Any] = dict(PICTURES[world])
    options |= {"backend": "auto"} if world is ArmReachEnv else {}
    env = world("near", n_objects=3, **options)
    env.reset(seed=0)
    env.render()
    other = deepcopy(env)
    env.action_space.seed(0)
    action = env.action_space.sample()
    for one, its in zip(env.step(action)[0].items(), other.step(action)[0].items(), strict=True):
        np.testing.assert_equal(one, its)
    np.testing.assert_array_equal(env.render(), other.render())
    env.close()
    other.close()


@both_worlds
def test_without_a_render_mode_nothing_is_drawn(world: type[ConceptEnv]) -> None:
    env = world()
    env.reset(seed=0)
    assert env.render() is None


@both_worlds
def test_human_mode_shows_every_frame(
    world: type[ConceptEnv], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    env = world("near", n_objects=4, **{**PICTURES[world], "render_mode": "human"})
    shown = []
    for _ in range(2):
        env.reset(seed=0)
        for _ in range(3):
            env.step(env.action_space.sample())
            screen = pygame.display.get_surface()
            assert screen is not None
            shown.append(pygame.surfarray.array3d(screen))
    assert env.render() is None
    assert all((one != other).any() for one, other in zip(shown, shown[1:], strict=False))
    env.close()
    assert pygame.display.get_surface() is None
    env.close()
