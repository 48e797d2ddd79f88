"""The place world as an environment: what it shows, how episodes end, and what it is paid for."""

from __future__ import annotations

import itertools
import re
import warnings
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env as gymnasium_check
from place_scenes import finish, full_state, go_to, put, stay, wait
from stable_baselines3.common.env_checker import check_env as sb3_check

from conceptgym.envs import CONCEPTS, ArmPlaceEnv
from conceptgym.envs.arm_model import CONTROL_TIMESTEP
from conceptgym.envs.arm_place import HOLD_STEPS, SUBMIT_STEPS
from conceptgym.envs.errors import ConfigError, UnknownConceptError
from conceptgym.envs.frames import plane_to_table
from conceptgym.envs.place_judge import AT_REST, MOST_DISPLACED, WITHDRAWN_HEIGHT
from conceptgym.envs.place_model import TABLE_CENTRE, TABLE_HALF_EXTENTS
from conceptgym.envs.place_objects import KINDS

ON_TABLE = [(name, task) for name, kind in CONCEPTS.items() for task in kind.tasks_on_table]
GENERATED = [name for name, task in ON_TABLE if task == "generate"]


def make(concept: str = "between", *, seed: int = 0, **options: Any) -> ArmPlaceEnv:
    env = ArmPlaceEnv(concept, **options)
    env.reset(seed=seed)
    return env


def hold_until_done(env: ArmPlaceEnv, *, most: int = 60) -> tuple[int, bool, dict[str, Any]]:
    """Steps until it terminates, whether it did, and the last info; rewards are checked."""
    for step in range(1, most + 1):
        _, reward, terminated, truncated, info = env.step(stay(env.world))
        assert reward == pytest.approx(sum(info["reward_terms"].values())) and not truncated
        assert info["reward_terms"] == {
            "residual": -info["residual"],
            "success": float(info["is_success"]),
        }
        assert set(info) == {
            *("is_success", "residual", "reward_terms", "settled", "fault"),
        }
        if terminated:
            return step, True, info
    return most, False, info  # pyright: ignore[reportPossiblyUnboundVariable]


def test_the_docstrings_numbers_are_the_codes() -> None:
    text = " ".join((ArmPlaceEnv.__doc__ or "").split())
    assert f"control rate is {1 / CONTROL_TIMESTEP:.0f} Hz" in text
    assert f"fingertip above {WITHDRAWN_HEIGHT} m" in text
    assert f"every object is slower than {100 * AT_REST:.0f} cm/s" in text
    assert f"within {100 * MOST_DISPLACED:.0f} cm of where they were" in text
    assert f"when that has held for {HOLD_STEPS} steps" in text
    assert f"slower than {AT_REST} m/s for {SUBMIT_STEPS} steps after a touch" in text
    limit = gym.spec("conceptgym/ArmPlace-v0").max_episode_steps
    assert f"Truncated after {limit} steps" in text
    env = make()
    assert env.action_space.shape == (8,) and "Box(-1, 1, (n + 1,)) float32" in text
    assert make(robot="ur5e").action_space.shape == (7,)


@pytest.mark.parametrize("concept", CONCEPTS)
def test_the_tasks_are_those_that_the_concept_names(concept: str) -> None:
    for task in ("generate", "identify"):
        if task in CONCEPTS[concept].tasks_on_table:
            assert ArmPlaceEnv(concept, task=task).task == task
        else:
            with pytest.raises(UnknownConceptError, match=f"task='{task}' is unknown for concept"):
                ArmPlaceEnv(concept, task=task)


@pytest.mark.parametrize(("concept", "task"), ON_TABLE)
def test_a_reset_shows_the_drawn_scene(concept: str, task: str) -> None:
    env = ArmPlaceEnv(concept, task=task)
    observation, info = env.reset(seed=1)
    assert env.observation_space.contains(observation)
    drawn = env.event.before if task == "generate" else env.event.shown
    np.testing.assert_allclose(observation["entities"], drawn.entities, atol=2e-3)
    assert observation["attention"].any() == (task == "generate")
    assert info["settled"] == (task == "generate")  # to touch, the hand is closed
    assert not info["is_success"] and info["fault"] == ""
    assert not observation["touched"].any()
    opening = 0.06 if task == "generate" else 0.0
    assert observation["gripper"][0] == pytest.approx(opening, abs=1e-3)
    assert 2 <= env.state.objects.sum() <= 8 and len(env.scene.rows) <= 8


@pytest.mark.parametrize("robot", ["panda", "ur5e"])
@pytest.mark.parametrize(("concept", "task"), [("line", "generate"), ("near", "identify")])
def test_the_same_seed_gives_the_same_bits_in_all_that_the_physics_hold(
    robot: str, concept: str, task: str
) -> None:
    options: dict[str, Any] = {"robot": robot, "task": task, "disturb": "push"}
    fresh, used = make(concept, seed=5, **options), make(concept, seed=1, **options)
    rng = np.random.default_rng(0)
    size = fresh.action_space.shape
    for seed in (5, 2, 5):
        for _ in range(15):
            used.step(rng.uniform(-1, 1, size))
        shown, _ = used.reset(seed=seed)
    first = fresh.reset(seed=5)[0]
    for key, value in first.items():
        np.testing.assert_array_equal(value, shown[key], err_msg=key)  # pyright: ignore
    np.testing.assert_array_equal(full_state(used.world), full_state(fresh.world))
    for action in rng.uniform(-1, 1, (50, *(size or ()))):
        one, other = fresh.step(action), used.step(action)
        assert one[1:4] == other[1:4]
    np.testing.assert_array_equal(full_state(used.world), full_state(fresh.world))
    for key, value in one[0].items():  # pyright: ignore
        np.testing.assert_array_equal(value, other[0][key], err_msg=key)  # pyright: ignore


@pytest.mark.parametrize("concept", GENERATED)
def test_the_answer_put_there_succeeds_after_its_hold(concept: str) -> None:
    """Every stop in its turn, the hand up and open: each is held for ten steps."""
    env = make(concept, seed=4)
    assert env.world.fingertip_in_world[2] > WITHDRAWN_HEIGHT
    stops = env.event.stops
    for number, stop in enumerate(stops):
        for index, pose in enumerate(env.scene.poses(stop)):
            put(env, index, pose[:3], quat=pose[3:])
        if number + 1 < len(stops):
            for _ in range(30):
                info = env.step(stay(env.world))[4]
                assert not info["is_success"]
            assert env.phase == number + 1
    steps, terminated, info = hold_until_done(env)
    assert terminated and info["is_success"] and info["settled"] and info["fault"] == ""
    assert HOLD_STEPS <= steps <= HOLD_STEPS + 5  # what was put there settles first


def test_phases_out_of_order_fail() -> None:
    env = make("two_in_order", seed=4)
    finish(env)  # on the second, first
    steps, terminated, info = hold_until_done(env)
    assert terminated and not info["is_success"] and HOLD_STEPS <= steps <= HOLD_STEPS + 5


def close(env: ArmPlaceEnv) -> None:
    wait(env.world, 20, opening=0.0)


def lower(env: ArmPlaceEnv) -> None:
    go_to(env.world, (0.45, 0.0, 0.09), opening=0.06)


def displace(env: ArmPlaceEnv) -> None:
    piece = env.scene.piece
    index = next(i for i in range(len(env.scene.rows)) if i != piece and not attended(env, i))
    x, y, z = env.world.poses[index, :3]
    put(env, index, (x + 0.015, y, z))


def attended(env: ArmPlaceEnv, index: int) -> bool:
    return bool(env.event.attention[env.scene.rows[index]])


@pytest.mark.parametrize("spoil", [close, lower, displace])
def test_the_answer_does_not_count_in_a_state_that_does_not(
    spoil: Callable[[ArmPlaceEnv], None],
) -> None:
    env = make("near", seed=4, n_objects=6)
    finish(env)
    spoil(env)
    _, terminated, info = hold_until_done(env, most=30)
    assert not terminated and not info["is_success"]
    assert env.concept.succeeds(env.state, env.event.attention)
    assert info["settled"] == (spoil is displace)
    assert info["fault"] == ("displaced" if spoil is displace else "")


def test_what_falls_ends_the_episode_in_failure() -> None:
    env = make("near", seed=4)
    finish(env)
    other = next(i for i in range(len(env.scene.rows)) if i != env.scene.piece)
    put(env, other, (TABLE_CENTRE[0] + TABLE_HALF_EXTENTS[0] + 0.01, 0.0, 0.01))
    _, _, terminated, _, info = env.step(stay(env.world))
    assert terminated and not info["is_success"] and "fallen" in info["fault"]


def touch(env: ArmPlaceEnv, row: int) -> None:
    """Press an object from above with closed fingers, and withdraw."""
    index = int(np.flatnonzero(env.scene.rows == row)[0])
    x, y, z = env.world.poses[index, :3].tolist()
    top = z + env.scene.shapes[index].half_height
    for target in ((x, y, 0.15), (x, y, top - 0.001), (x, y, 0.15)):
        go_to(env.world, target, opening=0.0, steps=30)


@pytest.mark.parametrize(("robot", "right"), [("panda", True), ("panda", False), ("ur5e", True)])
def test_touching_what_is_meant_and_withdrawing_identifies_it(robot: str, right: bool) -> None:
    env = make("near", seed=3, task="identify", robot=robot, kinds=("cube", "cylinder"))
    answer = np.flatnonzero(env.event.answer)
    others = np.flatnonzero(env.state.objects & ~env.event.answer)
    assert not hold_until_done(env, most=SUBMIT_STEPS + 5)[1]  # nothing touched: no answer
    for row in answer if right else others[:1]:
        touch(env, int(row))
    np.testing.assert_array_equal(np.flatnonzero(env.answer), answer if right else others[:1])
    steps, terminated, info = hold_until_done(env)
    assert terminated and steps == SUBMIT_STEPS
    assert info["is_success"] is right and (info["residual"] == 0.0) is right
    assert env.verdict.fault == ""


def test_an_answer_with_something_displaced_is_wrong() -> None:
    env = make("near", seed=3, task="identify", kinds=("cube", "cylinder"))
    touch(env, int(np.flatnonzero(env.event.answer)[0]))
    displace(env)
    _, terminated, info = hold_until_done(env)
    assert terminated and not info["is_success"] and info["fault"] == "displaced"


def test_it_is_truncated_at_its_limit() -> None:
    env = gym.make("conceptgym/ArmPlace-v0", concept="near", max_episode_steps=20)
    env.reset(seed=0)
    assert isinstance(env.unwrapped, ArmPlaceEnv)
    ends = [env.step(stay(env.unwrapped.world))[2:4] for _ in range(20)]
    assert ends == [(False, False)] * 19 + [(False, True)]


@pytest.mark.parametrize(("rate", "repeats"), [(25, 1), (5, 5), (1, 25)])
def test_a_lower_control_rate_repeats_the_action(rate: int, repeats: int) -> None:
    slow, usual = make(control_rate=rate), make()
    for action in np.random.default_rng(0).uniform(-1, 1, (2, 8)):
        slow.step(action)
        for _ in range(repeats):
            usual.step(action)
    np.testing.assert_array_equal(full_state(slow.world), full_state(usual.world))
    assert slow.metadata["render_fps"] == rate and usual.metadata["render_fps"] == 25
    assert ArmPlaceEnv.metadata["render_fps"] == 25


def test_kinds_are_respected_and_all_of_them_occur() -> None:
    for kinds in (("ball",), ("cube", "cylinder"), KINDS):
        env = ArmPlaceEnv("left_of", kinds=kinds)
        found = set()
        for seed in range(6):
            env.reset(seed=seed)
            found |= {shape.kind for shape in env.scene.shapes}
        assert found == set(kinds)


def test_the_number_of_objects_is_as_asked_for() -> None:
    for concept, low, high in (("near", 2, 7), ("line", 5, 8), ("quantity", 7, 8)):
        for number in (low, high):
            assert make(concept, n_objects=number).state.objects.sum() == number
        for number in (low - 1, high + 1):
            with pytest.raises(UnknownConceptError) as error:
                ArmPlaceEnv(concept, n_objects=number)
            assert str(error.value) == (
                f"n_objects={number} is outside [{low}, {high}] for concept '{concept}' in "
                "ArmPlaceEnv; choose a whole number in that range"
            )


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"robot": "kuka"}, "robot='kuka' is unknown; choose one of panda, ur5e, or give the path"),
    ({"kinds": ("cone",)}, "kinds=('cone',) must be one or more of cube, cylinder, ball"),
    ({"disturb": "kick"}, "disturb='kick' is unknown; choose one of push, slip, move, or None"),
    ({"control_rate": 10}, "control_rate=10 Hz must be 1, 5 or 25"),
    ({"backend": "vulkan"}, "backend is 'vulkan', allowed are ["),
    (
        {"frame_size": (0, 640)},
        "frame_size=(0, 640) must be two whole numbers of at least 1, height and width [pixels]; "
        "(480, 640) is usual",
    ),
    ({"frame_size": (480,)}, "frame_size=(480,) must be two whole numbers of at least 1"),
    ({"frame_size": (2.5, 3)}, "frame_size=(2.5, 3) must be two whole numbers of at least 1"),
    ({"frame_size": None}, "frame_size=None must be two whole numbers of at least 1"),
    ({"control_rate": True}, "control_rate=True Hz must be 1, 5 or 25"),
    ({"control_rate": None}, "control_rate=None Hz must be 1, 5 or 25"),
    ({"observation_noise": 0.5}, "observation_noise=0.5 must be a number from 0 to 0.02 [m]"),
]


@pytest.mark.parametrize(("options", "text"), REFUSED)
def test_options_that_are_refused(options: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(text)):
        ArmPlaceEnv("near", **options)


def test_nothing_can_be_asked_before_a_reset() -> None:
    env = ArmPlaceEnv("near")
    for ask in (lambda: env.scene, lambda: env.verdict, lambda: env.step(np.zeros(8))):
        with pytest.raises(gym.error.ResetNeeded):
            ask()


def test_every_scene_is_drawn_as_it_is() -> None:
    """A reset compiles another model: the pictures follow it."""
    env = ArmPlaceEnv(
        "near", render_mode="rgb_array", frame_size=(60, 80), backend="raycast", camera="top"
    )
    frames = []
    for seed, again in itertools.product((0, 1), (False, True)):
        env.reset(seed=seed)
        frame = env.render()
        assert frame is not None and frame.shape == (60, 80, 3)
        if again:
            np.testing.assert_array_equal(frame, frames[-1])
        frames.append(frame)
    fresh = ArmPlaceEnv(
        "near", render_mode="rgb_array", frame_size=(60, 80), backend="raycast", camera="top"
    )
    fresh.reset(seed=1)
    np.testing.assert_array_equal(fresh.render(), frames[-1])  # type: ignore[arg-type]
    env.close()
    fresh.close()


def test_ur5e_passes_the_checks_that_the_panda_passes() -> None:
    """Those of the Panda, and with all render modes, are in test_registration.py."""
    for task in ("generate", "identify"):
        env = ArmPlaceEnv("near", task=task, robot="ur5e", observation_noise=0.01, disturb="push")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            gymnasium_check(env, skip_render_check=True)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.filterwarnings("ignore", message="Your observation .* unconventional shape")
            sb3_check(env)


def test_the_piece_starts_away_from_where_it_is_to_go() -> None:
    for concept in ("near", "touch", "two_in_order"):
        env = make(concept, seed=2)
        piece = env.scene.piece
        assert piece is not None
        place = plane_to_table(env.event.stops[0].positions[env.event.before.cursor])
        assert np.linalg.norm(env.world.poses[piece, :2] - place) > 0.05
        assert env.residual() > env.concept.phases[0].tolerance
