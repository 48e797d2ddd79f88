"""The place world's trials: paired over conditions, repeatable, in turns, and all can be run."""

from __future__ import annotations

import re
from collections import Counter

import gymnasium as gym
import numpy as np
import pytest

from conceptgym.agents.place.outcomes import make_world, prepare
from conceptgym.agents.place.trials import (
    CELLS,
    CONDITIONS,
    DEMONSTRATIONS,
    Trial,
    applies,
    trials,
)
from conceptgym.envs import CONCEPTS, ArmPlaceEnv, ParticleEnv, make_concept
from conceptgym.envs.concepts import Composed
from conceptgym.envs.errors import ConfigError

FLOORS = {
    **dict.fromkeys(("near", "between", "left_of", "right_of", "above", "below", "offset"), 0.9),
    "line of four cubes": 0.8,
    "square of four cubes": 0.8,
    "triangle of three cubes": 0.8,
    "first A, then B": 0.85,
    "A, B, C in order": 0.85,
    "stack of two": 0.85,
    "exactly n of 1 to 4 in the tray": 0.8,
}
SHOWN_IN_THE_PLANE = ("plain", "disturbed", "ur5e", "plane")
FEW = ("near", "identify near", "stack of two", "square of four cubes", "left_of + near")
all_cells = pytest.mark.parametrize("cell", CELLS)


def test_the_floors_are_those_that_are_asked_for() -> None:
    asked = {name: cell.floor for name, cell in CELLS.items() if cell.floor is not None}
    identified = {name for name in CELLS if name.startswith("identify ")}
    assert len(identified) == 10
    assert asked == FLOORS | dict.fromkeys(identified, 0.9)
    assert DEMONSTRATIONS == 5


def test_cells_are_of_their_task_and_of_the_objects_in_their_names() -> None:
    for name, cell in CELLS.items():
        assert (cell.task == "identify") == name.startswith("identify ")
        assert set(cell.concepts) <= set(CONCEPTS)
        assert len(cell.concepts) == 1 or name == " + ".join(cell.concepts)
        cubes = "cubes" in name or {"square", "line"} & set(cell.concepts[1:])
        assert cell.kinds == (("cube",) if cubes else ("cube", "cylinder", "ball"))


@pytest.mark.parametrize(
    ("cell", "least", "most"),
    [
        ("line of four cubes", 4, 4),
        ("square of four cubes", 4, 4),
        ("triangle of three cubes", 3, 3),
        ("circle of six cubes", 6, 6),
        ("figure of three to six cubes", 3, 6),
        ("first A, then B", 2, 2),
        ("A, B, C in order", 3, 3),
    ],
)
def test_as_many_objects_take_part_as_the_name_says(cell: str, least: int, most: int) -> None:
    for episode in range(5):
        attended = CELLS[cell].draw(np.random.default_rng(episode)).num_attended
        assert least <= attended[0] <= attended[1] <= most


def test_parameters_are_drawn_anew_or_chosen_from_what_a_cell_names() -> None:
    def drawn(cell: str, name: str) -> list[float]:
        rngs = [np.random.default_rng(seed) for seed in range(60)]
        return [CELLS[cell].draw(rng).parameters[name] for rng in rngs]

    assert Counter(drawn("exactly n of 1 to 4 in the tray", "count")).keys() == {1, 2, 3, 4}
    low, high = CONCEPTS["left_of"].parameter_ranges["distance"]
    distances = drawn("left_of", "distance")
    assert len(set(distances)) == 60 and low <= min(distances) < max(distances) <= high
    assert make_concept("left_of").parameters["distance"] not in distances


@all_cells
def test_conditions_of_an_episode_share_concept_demonstrations_and_scene(cell: str) -> None:
    """Shown in the plane; what is shown on the arm shares the concept and the scene."""
    found = {}
    for condition in CONDITIONS:
        trial = Trial(3, cell, condition)
        if condition in SHOWN_IN_THE_PLANE and applies(cell, condition):
            found[condition] = prepare(trial, seed=0)
        assert trial.seeds(0) == Trial(3, cell, "plain").seeds(0)
    concept, shown, scene = found["plain"]
    for condition, (other, also_shown, also_scene) in found.items():
        assert other == concept and also_scene == scene, condition
        for one, two in zip(shown, also_shown, strict=True):
            for first, second in zip(one, two, strict=True):
                np.testing.assert_array_equal(first.trajectory, second.trajectory)


def test_episodes_cells_and_seeds_differ_and_can_be_repeated() -> None:
    for cell in ("near", "left_of", "identify near"):
        seeds = [Trial(episode, cell, "plain").seeds(0) for episode in range(20)]
        assert seeds == [Trial(episode, cell, "plain").seeds(0) for episode in range(20)]
        parameters, demonstrations, scenes = (len(set(column)) for column in zip(*seeds))  # noqa: B905
        assert (parameters, demonstrations, scenes) == (4, 4, 20)  # five episodes share the first
    numbers = [
        number
        for seed in (0, 1)
        for cell in CELLS
        for number in Trial(0, cell, "plain").seeds(seed)
    ]
    assert len(set(numbers)) == len(numbers) == 2 * 3 * len(CELLS)


def test_demonstrations_and_scenes_follow_the_seeds() -> None:
    def first(episode: int, *, seed: int = 0) -> bytes:
        _, ((demonstration, *_),), _ = prepare(Trial(episode, "left_of", "plain"), seed=seed)
        return demonstration.trajectory.tobytes()

    assert first(0) == first(4) != first(5)
    assert first(0) != first(0, seed=1)


@pytest.mark.parametrize(
    ("cell", "condition"),
    [
        *((cell, way) for cell in CELLS for way in ("plain", "plane") if applies(cell, way)),
        *((cell, way) for cell in FEW for way in ("disturbed", "ur5e")),
    ],
)
def test_every_trial_can_be_prepared_and_its_world_made(cell: str, condition: str) -> None:
    trial = Trial(1, cell, condition)
    concept, shown, scene = prepare(trial, seed=0)
    terms = concept.terms if isinstance(concept, Composed) else (concept,)
    assert tuple(term.name for term in terms) == CELLS[cell].concepts
    assert len(shown) == len(terms)
    for term, demonstrations in zip(terms, shown, strict=True):
        assert len(demonstrations) == DEMONSTRATIONS
        last = demonstrations[0]
        assert term.succeeds(last.state_at(-1), last.attention)
    env = make_world(trial, concept)
    env.reset(seed=scene)
    world = env.unwrapped
    assert isinstance(world, ParticleEnv if condition == "plane" else ArmPlaceEnv)
    assert world.task == CELLS[cell].task and world.concept == concept
    if isinstance(world, ArmPlaceEnv):
        assert world.robot.name == ("ur5e" if condition == "ur5e" else "panda")
        assert {shape.kind for shape in world.scene.shapes} <= set(CELLS[cell].kinds)
        assert (world._disturbance is None) == (condition != "disturbed")
    env.close()


@pytest.mark.parametrize("cell", ["near", "identify near"])
def test_what_is_shown_on_the_arm_serves_the_plane(cell: str) -> None:
    concept, (shown,), _ = prepare(Trial(0, cell, "plane, shown on the arm"), seed=0)
    _, (in_plane,), _ = prepare(Trial(0, cell, "plane"), seed=0)
    assert len(shown) == DEMONSTRATIONS
    for demonstration in shown:
        assert concept.succeeds(demonstration.state_at(-1), demonstration.attention)
        assert all(len(demonstration.trajectory) > len(other.trajectory) for other in in_plane)


def test_disturbances_take_turns_and_only_a_push_fits_touching() -> None:
    kinds = [Trial(episode, "near", "disturbed").disturb for episode in range(6)]
    assert kinds == ["push", "slip", "move"] * 2
    assert {Trial(k, "identify near", "disturbed").disturb for k in range(6)} == {"push"}
    for condition in set(CONDITIONS) - {"disturbed"}:
        assert Trial(1, "near", condition).disturb is None


def test_compositions_have_worlds_of_their_own() -> None:
    worlds = {(c, d): Trial(0, c, d).world for c in ("near", "left_of + near") for d in CONDITIONS}
    assert worlds["near", "plain"] == worlds["near", "ur5e"] == "conceptgym/ArmPlace-v0"
    assert worlds["near", "plane"] == "conceptgym/Particle-v0"
    assert worlds["left_of + near", "disturbed"] == "conceptgym/ArmPlaceCompose-v0"
    assert all(world in gym.registry for world in worlds.values())


def test_conditions_refuse_what_they_cannot() -> None:
    """Compositions and colours, which the arm cannot show, have no trials in the plane."""
    refused = {
        (cell, condition)
        for cell in CELLS
        for condition in CONDITIONS
        if not applies(cell, condition)
    }
    several = {name for name, cell in CELLS.items() if len(cell.concepts) > 1}
    assert several == {"left_of + near", "near + square", "region + line"}
    expected = {(cell, way) for cell in {*several, "identify colour"} for way in CONDITIONS[3:]}
    assert refused == expected
    assert not refused & {(trial.cell, trial.condition) for trial in trials(1)}
    assert trials(2, cells=("left_of + near",), conditions=("plane",)) == []


def test_trials_take_turns() -> None:
    """However many are done, no cell and condition is more than one episode ahead of another."""
    found = trials(3)
    pairs = [(cell, way) for cell in CELLS for way in CONDITIONS if applies(cell, way)]
    assert len(found) == len(set(found)) == 3 * len(pairs)
    done = Counter(dict.fromkeys(pairs, 0))
    for trial in found:
        done[trial.cell, trial.condition] += 1
        assert max(done.values()) - min(done.values()) <= 1
    assert set(done.values()) == {3}


def test_some_cells_and_conditions_may_be_chosen() -> None:
    found = trials(2, cells=("near", "stack of two"), conditions=("plain", "plane"))
    assert found == [
        Trial(episode, cell, condition)
        for episode in range(2)
        for condition in ("plain", "plane")
        for cell in ("near", "stack of two")
    ]


@pytest.mark.parametrize(
    ("name", "value", "known"), [("cell", "nearby", CELLS), ("condition", "windy", CONDITIONS)]
)
def test_unknown_names_are_refused(name: str, value: str, known: tuple[str, ...]) -> None:
    text = f"^{name}='{value}' is unknown; choose one of {re.escape(', '.join(known))}$"
    with pytest.raises(ConfigError, match=text):
        Trial(**{"episode": 0, "cell": "near", "condition": "plain", name: value})
    with pytest.raises(ConfigError, match=text):
        trials(1, **{f"{name}s": (value,)})


@pytest.mark.parametrize("episodes", [0, -1])
def test_no_episodes_are_refused(episodes: int) -> None:
    with pytest.raises(ConfigError, match=f"^episodes={episodes} must be at least 1$"):
        trials(episodes)
