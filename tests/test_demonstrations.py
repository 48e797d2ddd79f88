"""Demonstrations: recorded by stepping, repeatable, successful, apart from the tests' scenes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import gymnasium as gym
import numpy as np
import pytest
import torch

from conceptgym.envs import (
    CONCEPTS,
    MAX_ENTITIES,
    Demonstration,
    EntityState,
    ParticleEnv,
    make_concept,
    record_demonstrations,
)
from conceptgym.envs.concepts import Near
from conceptgym.envs.concepts.sampling import hue_to_rgb
from conceptgym.envs.entities import COLOUR, CURSOR, NUM_FEATURES, POSITION
from conceptgym.envs.errors import (
    ConceptParameterError,
    ConfigError,
    NonFiniteError,
    ShapeError,
    UnknownConceptError,
)
from conceptgym.envs.particle import HOLD_STEPS, MAX_MOVE, MAX_PAINT

ARRAYS = ("trajectory", "attention", "present", "movable", "paintable")
all_concepts = pytest.mark.parametrize("name", CONCEPTS)


def states(demonstration: Demonstration) -> list[EntityState]:
    masks = {name: getattr(demonstration, name) for name in ("present", "movable", "paintable")}
    return [EntityState(entities=entities, **masks) for entities in demonstration.trajectory]


@all_concepts
def test_they_begin_unsolved_and_end_solved_and_held(name: str) -> None:
    concept = make_concept(name)
    for demonstration in record_demonstrations(concept=name, episodes=5, seed=1):
        path = states(demonstration)
        assert not concept.succeeds(path[0], demonstration.attention)
        for state in path[-HOLD_STEPS:]:
            assert concept.succeeds(state, demonstration.attention)
        np.testing.assert_array_equal(demonstration.before, path[0].entities)
        np.testing.assert_array_equal(demonstration.after, path[-1].entities)


@all_concepts
def test_they_move_as_the_environment_lets_them(name: str) -> None:
    for demonstration in record_demonstrations(concept=name, episodes=3, seed=2):
        change = np.abs(np.diff(demonstration.trajectory, axis=0))
        assert change[..., :2].max() <= MAX_MOVE + 1e-6
        assert change[..., 2:5].max() <= MAX_PAINT + 1e-6
        assert not change[:, ~demonstration.movable, :2].any()
        assert not change[:, ~demonstration.paintable, 2:5].any()
        assert not change[..., 5:].any()
        assert change.sum() > 0.3


def test_they_are_recorded_by_stepping(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[np.ndarray] = []
    step = ParticleEnv.step

    def counted(self: ParticleEnv, action: np.ndarray):
        result = step(self, action)
        seen.append(self.state.entities)
        return result

    monkeypatch.setattr(ParticleEnv, "step", counted)
    (demonstration,) = record_demonstrations(concept="above", episodes=1)
    np.testing.assert_array_equal(demonstration.trajectory[1:], np.stack(seen))


@all_concepts
def test_the_seed_decides_every_bit(name: str) -> None:
    one, same, other = (
        record_demonstrations(concept=name, episodes=3, seed=seed) for seed in (5, 5, 6)
    )
    for first, again in zip(one, same, strict=True):
        for array in ARRAYS:
            np.testing.assert_array_equal(getattr(first, array), getattr(again, array))
    scenes = {demonstration.before.tobytes() for demonstration in [*one, *other]}
    assert len(scenes) == 6


def test_fewer_episodes_are_the_first_of_more() -> None:
    few = record_demonstrations(concept="near", episodes=2, seed=4)
    more = record_demonstrations(concept="near", episodes=5, seed=4)
    for first, again in zip(few, more, strict=False):
        np.testing.assert_array_equal(first.trajectory, again.trajectory)


def test_their_scenes_are_not_those_of_reset() -> None:
    env = gym.make("conceptgym/Particle-v0", concept="left_of")
    resets = {env.reset(seed=seed)[0]["entities"].tobytes() for seed in range(200)}
    for seed in range(10):
        for demonstration in record_demonstrations(concept="left_of", episodes=5, seed=seed):
            assert demonstration.before.tobytes() not in resets


def test_parameters_and_numbers_are_heeded() -> None:
    demonstrations = record_demonstrations(
        concept="right_of", episodes=3, parameters={"distance": 0.55}, n_objects=4
    )
    for demonstration in demonstrations:
        state = states(demonstration)[-1]
        assert state.objects.sum() == 4
        gap = state.positions[state.cursor] - state.positions[demonstration.attention][0]
        np.testing.assert_allclose(gap, [0.55, 0.0], atol=1e-5)
    same = record_demonstrations(concept=make_concept("right_of", distance=0.55), n_objects=4)
    np.testing.assert_array_equal(same[0].trajectory, demonstrations[0].trajectory)


@pytest.mark.parametrize("episodes", [0, -2, 2.0, "two", True])
def test_no_episodes_are_refused(episodes: object) -> None:
    with pytest.raises(ConfigError) as error:
        record_demonstrations(concept="near", episodes=episodes)  # type: ignore[arg-type]
    assert str(error.value) == (
        f"episodes={episodes!r} must be a whole number of at least 1; ask for one or more"
    )


def test_unknown_concepts_and_parameters_are_refused() -> None:
    with pytest.raises(UnknownConceptError) as concept:
        record_demonstrations(concept="beside")
    assert str(concept.value) == (
        f"concept='beside' is unknown; choose one of {', '.join(CONCEPTS)}"
    )
    with pytest.raises(UnknownConceptError) as parameter:
        record_demonstrations(concept="near", parameters={"hue": 1.0})
    assert str(parameter.value) == "concept 'near' has no parameter 'hue'; it has none"
    with pytest.raises(ConceptParameterError) as value:
        record_demonstrations(concept="above", parameters={"distance": 0.1})
    assert str(value.value) == (
        "distance=0.1 of concept 'above' is outside [0.3, 0.6]; choose a value in that range"
    )


def test_the_arm_has_no_demonstrator() -> None:
    with pytest.raises(ConfigError) as error:
        record_demonstrations("conceptgym/ArmReach-v0", concept="near")
    assert str(error.value) == (
        "env_id='conceptgym/ArmReach-v0' has no scripted demonstrator; use "
        "'conceptgym/Particle-v0', or conceptgym.agents.record_on_arm for the arm"
    )


@dataclass(frozen=True, kw_only=True)
class NeverNear(Near):
    """A concept that cannot be carried out."""

    tolerance: ClassVar[float] = -1.0


def test_a_demonstrator_that_fails_says_so() -> None:
    with pytest.raises(ConfigError) as error:
        record_demonstrations(concept=NeverNear(), episodes=1, seed=0)
    seed = int(np.random.SeedSequence([0, 1]).generate_state(1)[0])
    assert str(error.value) == (
        f"the demonstrator failed at concept 'near' in the scene of seed {seed}; "
        "choose another seed or mend the concept's sampler"
    )


def test_arrays_that_do_not_fit_are_refused() -> None:
    (good,) = record_demonstrations(concept="near", episodes=1)
    arrays = {name: getattr(good, name) for name in ARRAYS}
    length = len(good.trajectory)
    with pytest.raises(ShapeError) as short:
        Demonstration(**{**arrays, "trajectory": good.trajectory[:, :5]})
    assert str(short.value) == (
        f"trajectory has shape ({length}, 5, 7), expected (T, 16, 7); pass an array of that shape"
    )
    with pytest.raises(ShapeError) as flat:
        Demonstration(**{**arrays, "trajectory": good.after})
    assert str(flat.value) == (
        "trajectory has shape (16, 7), expected (T, 16, 7); pass an array of that shape"
    )
    with pytest.raises(ShapeError) as mask:
        Demonstration(**{**arrays, "attention": good.attention[:4]})
    assert str(mask.value) == (
        "attention has shape (4,), expected (16,); pass an array of that shape"
    )
    spoilt = good.trajectory.copy()
    spoilt[1, 2, 0] = np.nan
    with pytest.raises(NonFiniteError) as value:
        Demonstration(**{**arrays, "trajectory": spoilt})
    assert str(value.value) == (
        "trajectory holds nan at index (1, 2, 0); every entry must be a finite number"
    )
    with pytest.raises(ShapeError) as empty:
        Demonstration(**{**arrays, "trajectory": good.trajectory[:0]})
    assert str(empty.value) == "trajectory holds no state; pass at least one, the end"
    with pytest.raises(ShapeError) as single:
        Demonstration(**{**arrays, "present": 1})
    assert str(single.value) == ("present has shape (), expected (N,); pass an array of that shape")
    for name, shape in (("trajectory", "(T, 16, 7)"), ("present", "(N,)"), ("movable", "(16,)")):
        with pytest.raises(ShapeError) as ragged:
            Demonstration(**{**arrays, name: [*getattr(good, name).tolist()[1:], [0.0]]})
        assert str(ragged.value) == (
            f"{name} has rows of different lengths, expected {shape}; pass an array of that shape"
        )


def test_a_demonstration_keeps_its_arrays() -> None:
    (good,) = record_demonstrations(concept="near", episodes=1)
    arrays = {name: getattr(good, name).copy() for name in ARRAYS}
    made = Demonstration(**arrays)
    for name, array in arrays.items():
        array[:] = 1
        np.testing.assert_array_equal(getattr(made, name), getattr(good, name))


def test_lists_tensors_and_masks_of_numbers_are_taken() -> None:
    (good,) = record_demonstrations(concept="near", episodes=1)
    for made in (
        Demonstration(**{name: getattr(good, name).tolist() for name in ARRAYS}),
        Demonstration(**{name: torch.tensor(getattr(good, name)).float() for name in ARRAYS}),  # type: ignore[arg-type]
    ):
        for name in ARRAYS:
            assert getattr(made, name).dtype == getattr(good, name).dtype
            np.testing.assert_array_equal(getattr(made, name), getattr(good, name))


def test_positions_in_other_units_are_refused() -> None:
    (good,) = record_demonstrations(concept="near", episodes=1)
    arrays = {name: getattr(good, name) for name in ARRAYS}
    pixels = good.trajectory.copy()
    pixels[2, 1, :2] = 9.5, -320.0
    with pytest.raises(ConfigError) as caught:
        Demonstration(**{**arrays, "trajectory": pixels})
    assert str(caught.value) == (
        "trajectory holds the position -320.0 at index (2, 1, 1), which is outside [-10.0, 10.0]; "
        "give plane units, in which the plane is [-1, 1]²"
    )
    present = good.present.copy()
    present[1] = False  # what is not there stands nowhere
    Demonstration(**{**arrays, "trajectory": pixels, "present": present})


@pytest.mark.parametrize("seed", [-1, 0.5, "one"])
def test_a_seed_that_is_none_is_refused(seed: object) -> None:
    with pytest.raises(ConfigError) as error:
        record_demonstrations(concept="near", seed=seed)  # type: ignore[arg-type]
    assert str(error.value) == f"seed={seed!r} must be a whole number of at least 0; choose one"


def test_another_environment_is_refused_before_it_is_made() -> None:
    with pytest.raises(ConfigError, match="^env_id='CartPole-v1' has no scripted demonstrator;"):
        record_demonstrations("CartPole-v1", concept="near")


def trajectory_through(*places: float) -> Demonstration:
    """A cursor that is at these x [plane units], step by step, and one object."""
    trajectory = np.zeros((len(places), MAX_ENTITIES, NUM_FEATURES), dtype=np.float32)
    trajectory[:, 0, POSITION.start], trajectory[:, 0, CURSOR] = places, 1.0
    present = np.arange(MAX_ENTITIES) < 2
    cursor, nothing = np.arange(MAX_ENTITIES) < 1, np.zeros(MAX_ENTITIES, dtype=bool)
    masks = {"present": present, "movable": cursor, "paintable": nothing}
    return Demonstration(trajectory=trajectory, attention=present & ~cursor, **masks)


@pytest.mark.parametrize(
    ("places", "stops"),
    [
        ((0.0, 0.1), (1,)),
        ((0.0,), (0,)),
        ((0.0, 0.0, 0.0), (2,)),
        ((0.0, 0.1, 0.1, 0.1), (3,)),
        ((0.0, 0.1, 0.1, 0.1, 0.2, 0.3), (3, 5)),
        ((0.0, 0.1, 0.1, 0.1, 0.2, 0.3, 0.3, 0.3, 0.3), (3, 8)),
        ((0.0, 0.1, 0.1, 0.2, 0.3), (4,)),  # one step of rest is none
        ((0.0, 0.0, 0.0, 0.1, 0.2), (4,)),  # it has not come to rest, but not begun
        ((0.0, 0.1, 0.105, 0.11, 0.2, 0.3), (3, 5)),  # slower than 0.01 a step is rest
        ((0.0, 0.1, 0.115, 0.13, 0.2, 0.3), (5,)),
    ],
)
def test_stops_are_where_things_had_come_to_rest(
    places: tuple[float, ...], stops: tuple[int, ...]
) -> None:
    assert trajectory_through(*places).stops() == stops


def test_colours_come_to_rest_too() -> None:
    trajectory = trajectory_through(*[0.0] * 6).trajectory.copy()
    trajectory[:, 1, COLOUR.start] = [0.0, 0.1, 0.1, 0.1, 0.2, 0.3]
    masks = {name: getattr(trajectory_through(0.0), name) for name in ARRAYS[1:]}
    assert Demonstration(trajectory=trajectory, **masks).stops() == (5,)  # nobody may paint
    masks["paintable"] = masks["present"] & ~masks["movable"]
    assert Demonstration(trajectory=trajectory, **masks).stops() == (3, 5)


def test_bringing_things_to_their_places_one_by_one_is_one_phase() -> None:
    trajectory = np.zeros((9, MAX_ENTITIES, NUM_FEATURES), dtype=np.float32)
    trajectory[:, 0, 0] = [0.0, 0.1, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2]
    trajectory[:, 1, 0] = [0.0, 0.0, 0.0, 0.0, 0.0, 0.1, 0.2, 0.2, 0.2]
    present = np.arange(MAX_ENTITIES) < 2
    masks = {"present": present, "attention": present, "paintable": ~present}
    both = Demonstration(trajectory=trajectory, movable=present, **masks)
    assert both.stops() == (8,)
    trajectory = np.append(trajectory, trajectory[-1:] + 0.1, axis=0)  # the first goes on
    assert Demonstration(trajectory=trajectory, movable=present, **masks).stops() == (8, 9)


def test_what_may_not_be_edited_does_not_end_a_phase() -> None:
    """The arm's fingertip comes and goes while it moves other things."""
    trajectory = trajectory_through(*np.linspace(0.0, 0.9, 10)).trajectory.copy()
    trajectory[:, 1, 1] = [0.0, 0.1, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2]
    masks = {name: getattr(trajectory_through(0.0), name) for name in ARRAYS[1:]}
    masks["movable"] = masks["present"] & ~masks["movable"]
    assert Demonstration(trajectory=trajectory, **masks).stops() == (9,)


@all_concepts
def test_the_stops_of_a_recording_are_those_of_its_phases(name: str) -> None:
    concept = make_concept(name)
    for demonstration in record_demonstrations(concept=name, episodes=10, seed=3):
        stops, attention = demonstration.stops(), demonstration.attention
        assert len(stops) == len(concept.phases)
        assert stops[-1] == len(demonstration.trajectory) - 1
        for stop, phase in zip(stops, concept.phases, strict=True):
            for step in range(stop - HOLD_STEPS, stop + 1):
                assert phase.succeeds(demonstration.state_at(step), attention)


def test_without_labels_the_stops_say_the_order() -> None:
    """The attended object that each stop is on has the hue of its turn."""
    concept = make_concept("three_in_order", first=230.0, second=20.0, third=80.0)
    for demonstration in record_demonstrations(concept=concept, episodes=10, n_objects=6):
        for stop, hue in zip(demonstration.stops(), (230.0, 20.0, 80.0), strict=True):
            state = demonstration.state_at(stop)
            away = np.linalg.norm(state.positions - state.positions[state.cursor], axis=1)
            touched = int(np.argmin(np.where(demonstration.attention, away, np.inf)))
            np.testing.assert_allclose(state.colours[touched], hue_to_rgb(hue), atol=1e-6)
