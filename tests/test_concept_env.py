"""What both worlds share: refusals, resets, rewards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import gymnasium as gym
import numpy as np
import pytest

from conceptgym.envs import (
    CONCEPTS,
    ArmPlaceComposeEnv,
    ArmReachEnv,
    ConceptEnv,
    ParticleEnv,
)
from conceptgym.envs.concept_env import SUCCESS_BONUS
from conceptgym.envs.concepts import Near
from conceptgym.envs.errors import (
    ConceptParameterError,
    NonFiniteError,
    ShapeError,
    UnknownConceptError,
)

WORLDS: list[type[ConceptEnv]] = [ParticleEnv, ArmReachEnv]
NAMES = ", ".join(CONCEPTS)
PICTURES: dict[type[ConceptEnv], dict[str, Any]] = {
    ParticleEnv: {"render_mode": "rgb_array"},
    ArmReachEnv: {"render_mode": "rgb_array", "frame_size": (96, 128), "backend": "raycast"},
}
both_worlds = pytest.mark.parametrize("world", WORLDS)
both_tasks = pytest.mark.parametrize("task", ["generate", "identify"])


def bounds(world: type[ConceptEnv], name: str) -> tuple[int, int]:
    """Fewest and most objects that both a world and a concept take."""
    lows, highs = zip(world.objects_range, CONCEPTS[name].num_objects, strict=True)
    return max(lows), min(highs)


@dataclass(frozen=True, kw_only=True)
class PlaneOnly(Near):
    """A concept that the arm has no task for."""

    tasks_on_arm: ClassVar[tuple[str, ...]] = ()


@both_worlds
def test_unknown_choices_are_refused(world: type[ConceptEnv]) -> None:
    low, high = bounds(world, "between")
    least, most = bounds(world, "near")
    choices: list[tuple[dict[str, Any], str]] = [
        ({"concept": "inside"}, f"concept='inside' is unknown; choose one of {NAMES}"),
        (
            {"task": "explain"},
            f"task='explain' is unknown for concept 'between' in {world.__name__}; "
            "choose one of generate, identify",
        ),
        (
            {"render_mode": "ansi"},
            "render_mode='ansi' is unknown; choose one of human, rgb_array",
        ),
        (
            {"n_objects": high + 1},
            f"n_objects={high + 1} is outside [{low}, {high}] for concept 'between' in "
            f"{world.__name__}; "
            "choose a whole number in that range",
        ),
        (
            {"n_objects": least - 1, "concept": "near"},
            f"n_objects={least - 1} is outside [{least}, {most}] for concept 'near' in "
            f"{world.__name__}; choose a whole number in that range",
        ),
        *(
            (
                {"n_objects": number},
                f"n_objects={number!r} is outside [{low}, {high}] for concept 'between' in "
                f"{world.__name__}; choose a whole number in that range",
            )
            for number in (low + 0.5, float("nan"), "a")
        ),
        (
            {"parameters": {"distance": 0.4}},
            "concept 'between' has no parameter 'distance'; it has none",
        ),
    ]
    for options, text in choices:
        with pytest.raises(UnknownConceptError) as error:
            world(**options)
        assert str(error.value) == text
    with pytest.raises(ConceptParameterError) as parameter:
        world("left_of", parameters={"distance": 2.0})
    assert str(parameter.value) == (
        "distance=2.0 of concept 'left_of' is outside [0.3, 0.6]; choose a value in that range"
    )


@both_worlds
def test_parameters_without_names_are_refused(world: type[ConceptEnv]) -> None:
    with pytest.raises(ConceptParameterError) as caught:
        world("left_of", parameters=[1])  # type: ignore[arg-type]
    assert str(caught.value) == (
        "parameters=[1] is a list, expected a dictionary from names to values; "
        "pass {'distance': 0.5} or the like"
    )


def test_the_arm_cannot_paint() -> None:
    ArmReachEnv("colour", task="identify")
    with pytest.raises(UnknownConceptError) as error:
        ArmReachEnv("colour", task="generate")
    assert str(error.value) == (
        "task='generate' is unknown for concept 'colour' in ArmReachEnv; choose one of identify"
    )


@pytest.mark.parametrize("task", ["generate", "identify", "explain"])
def test_a_concept_without_tasks_on_the_arm_is_refused_there(task: str) -> None:
    ParticleEnv(PlaneOnly())
    with pytest.raises(UnknownConceptError) as error:
        ArmReachEnv(PlaneOnly(), task=task)
    assert str(error.value) == (
        f"task='{task}' cannot be done: ArmReachEnv has no task for concept 'near'; "
        "use conceptgym/Particle-v0"
    )


def test_parameters_need_not_be_numbers() -> None:
    with pytest.raises(ConceptParameterError) as error:
        ParticleEnv("left_of", parameters={"distance": "far"})
    assert str(error.value).startswith("distance='far' of concept 'left_of' is outside")


@both_worlds
def test_nothing_runs_before_a_reset(world: type[ConceptEnv]) -> None:
    env = world(render_mode="rgb_array")
    for use in (
        lambda: env.step(env.action_space.sample()),
        env.render,
        env.observe,
        env.residual,
        lambda: env.state,
        lambda: env.event,
    ):
        with pytest.raises(gym.error.ResetNeeded) as error:
            use()
        assert str(error.value) == "call reset() before using the environment"


def test_another_world_that_takes_the_concept_is_named() -> None:
    asked: list[tuple[type[ConceptEnv], Any, str]] = [
        (ArmReachEnv, "quantity", "Particle-v0"),
        (ArmPlaceComposeEnv, ["between", "colour"], "ParticleCompose-v0"),
    ]
    for world, concept, other in asked:
        with pytest.raises(UnknownConceptError) as error:
            world(concept)
        assert str(error.value).endswith(f"; use conceptgym/{other}")


@pytest.mark.parametrize("number", [np.array([3, 4]), np.nan, "3"])
def test_a_number_of_objects_that_is_none_is_refused(number: Any) -> None:
    with pytest.raises(UnknownConceptError) as error:
        ParticleEnv("near", n_objects=number)
    assert str(error.value).startswith(f"n_objects={number!r} is outside [2, 12] for concept")


@both_worlds
@both_tasks
def test_bad_actions_are_refused_and_change_nothing(world: type[ConceptEnv], task: str) -> None:
    env = world(task=task)
    env.reset(seed=0)
    before = env.observe()
    shape = tuple(env.action_space.shape or ())
    for wrong in (np.zeros(3), np.zeros((1, *shape)), 0.0):
        with pytest.raises(ShapeError) as shape_error:
            env.step(wrong)  # type: ignore[arg-type]
        assert str(shape_error.value) == (
            f"action has shape {np.shape(wrong)}, expected {shape}; pass an array of that shape"
        )
    with pytest.raises(ShapeError) as ragged:
        env.step([[1.0], [1.0, 2.0]])  # type: ignore[arg-type]
    assert str(ragged.value) == (
        f"action has rows of different lengths, expected {shape}; pass an array of that shape"
    )
    for value in (np.nan, np.inf):
        action = np.zeros(shape, dtype=np.float32)
        action[..., -1] = value
        with pytest.raises(NonFiniteError) as value_error:
            env.step(action)
        index = tuple(int(i) for i in np.argwhere(~np.isfinite(action))[0])
        assert str(value_error.value) == (
            f"action holds {value} at index {index}; every entry must be a finite number"
        )
    for key, shown in env.observe().items():
        np.testing.assert_array_equal(shown, before[key])


@both_worlds
@both_tasks
def test_reset_is_bit_equal_whatever_came_before(world: type[ConceptEnv], task: str) -> None:
    def begin(env: ConceptEnv) -> list:
        """All that the first steps of an episode show, pictures too."""
        observation, info = env.reset(seed=7)
        shown = [observation, info, env.render()]
        rng = np.random.default_rng(0)
        for _ in range(3):
            action = rng.uniform(-1, 1, env.action_space.shape)
            shown += [*env.step(action), env.render()]
        return shown

    def make() -> ConceptEnv:
        return world("left_of", task=task, n_objects=4, **PICTURES[world])

    fresh, used = make(), make()
    used.action_space.seed(0)
    for seed in (1, 2, None):
        used.reset(seed=seed)
        used.show_plan(np.zeros((1, 2)))
        for _ in range(15):
            used.step(used.action_space.sample())
        used.render()
    for found, expected in zip(begin(used), begin(fresh), strict=True):
        if isinstance(expected, dict) and "entities" in expected:
            for key, value in expected.items():
                np.testing.assert_array_equal(found[key], value)
        else:
            np.testing.assert_array_equal(found, expected)
    fresh.close()
    used.close()


@both_worlds
def test_seeds_draw_other_scenes_and_sizes(world: type[ConceptEnv]) -> None:
    env = world("closest")
    states = [env.reset(seed=seed)[0]["entities"] for seed in range(40)]
    assert len({state.tobytes() for state in states}) == 40
    sizes = {int((state[:, 2:5].any(axis=1)).sum()) - 1 for state in states}
    low, high = bounds(world, "closest")
    assert sizes == set(range(low, min(high, world.default_most_objects) + 1))
    first, second = env.reset(seed=3)[0], env.reset()[0]
    assert (first["entities"] != second["entities"]).any()


def test_the_plane_holds_twelve_objects_where_they_are_asked_for() -> None:
    assert ParticleEnv.objects_range == (2, 12) and ArmReachEnv.objects_range == (3, 8)
    assert ParticleEnv.default_most_objects == 8
    for number in (9, 12):
        env = ParticleEnv("near", n_objects=number)
        env.reset(seed=0)
        assert env.state.objects.sum() == number


@both_worlds
@both_tasks
def test_reward_terms_sum_to_the_reward(world: type[ConceptEnv], task: str) -> None:
    env = world("near", task=task)
    env.action_space.seed(0)
    for seed in range(3):
        _, info = env.reset(seed=seed)
        assert info["is_success"] is False and info["residual"] > 0.0
        for _ in range(20):
            _, reward, terminated, _, info = env.step(env.action_space.sample())
            terms = info["reward_terms"]
            assert set(terms) == {"residual", "success"}
            assert isinstance(reward, float) and reward == sum(terms.values())
            assert terms["residual"] == -info["residual"] == -env.residual()
            assert terms["success"] == SUCCESS_BONUS * info["is_success"]
            if terminated:
                break


@both_worlds
def test_the_generate_residual_is_the_concepts(world: type[ConceptEnv]) -> None:
    env = world("furthest")
    env.reset(seed=0)
    env.step(env.action_space.sample())
    assert env.residual() == env.concept.residual(env.state, env.event.attention)
