"""Demonstrations recorded on the arm: of solid things, repeatable, successful, of use to both."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from conceptgym.agents import ConceptAgent, arm_demonstrations
from conceptgym.agents.arm_demonstrations import EVERY, Demonstrator, record_on_arm
from conceptgym.agents.rollout import roll_out
from conceptgym.agents.standing import shows_standing
from conceptgym.envs import (
    CONCEPTS,
    ArmPlaceEnv,
    Demonstration,
    make_concept,
    record_demonstrations,
    table_to_plane,
)
from conceptgym.envs.errors import (
    ConceptParameterError,
    ConfigError,
    UnknownConceptError,
)
from conceptgym.envs.particle import AT_REST
from conceptgym.envs.place_judge import MOST_DISPLACED

ARRAYS = ("trajectory", "attention", "present", "movable", "paintable")
RECORDED = ("near", "offset", "touch", "two_in_order", "triangle", "region", "quantity")
SEED = 2
recorded = pytest.mark.parametrize("name", RECORDED)
_known: dict[tuple, list[Demonstration]] = {}


def record(name: str, **options: Any) -> list[Demonstration]:
    """Two demonstrations, recorded once."""
    key = (name, *options.items())
    if key not in _known:
        _known[key] = record_on_arm(name, **{"episodes": 2, "seed": SEED, **options})
    return _known[key]


def moved_at(demonstration: Demonstration) -> dict[int, np.ndarray]:
    """The steps at which each row that may be moved does, by row."""
    change = np.abs(np.diff(demonstration.trajectory, axis=0))[..., :2].max(axis=-1) > AT_REST
    return {
        int(row): np.flatnonzero(change[:, row])
        for row in np.flatnonzero(demonstration.movable)
        if change[:, row].any()
    }


@recorded
def test_they_begin_unsolved_and_end_solved(name: str) -> None:
    concept = make_concept(name)
    for shown in record(name):
        assert not concept.succeeds(shown.state_at(0), shown.attention)
        assert concept.succeeds(shown.state_at(-1), shown.attention)
        assert shown.trajectory.dtype == np.float32 and np.abs(shown.trajectory).max() <= 2.0


@recorded
def test_they_are_of_what_takes_part(name: str) -> None:
    concept = make_concept(name)
    for shown in record(name):
        state = shown.state_at(0)
        low, high = concept.num_attended
        attended = shown.attention & shown.present
        assert low <= np.count_nonzero(attended) <= high or name == "quantity"
        if name == "quantity":
            assert np.array_equal(attended & state.zones, attended) and attended.sum() == 1
        movable, paintable = concept.editable(state.entities, shown.attention)
        np.testing.assert_array_equal(shown.movable, movable & shown.present)
        np.testing.assert_array_equal(shown.paintable, paintable & shown.present)
        if name in ("near", "offset", "touch", "two_in_order"):
            assert np.array_equal(np.flatnonzero(shown.movable), [state.cursor])


@recorded
def test_a_stop_is_the_end_of_a_phase(name: str) -> None:
    """One for a figure, although its objects are brought one by one; two for two in order."""
    concept = make_concept(name)
    for shown in record(name):
        stops = shown.stops()
        assert len(stops) == len(concept.phases) and stops[-1] == len(shown.trajectory) - 1
        for stop, phase in zip(stops, concept.phases, strict=True):
            assert phase.succeeds(shown.state_at(stop), shown.attention)


def test_a_figure_that_holds_too_soon_is_not_shown() -> None:
    """The second scene of this seed holds loosely once one of three is moved."""
    for name in ("triangle", "line"):
        for shown in record(name):
            assert make_concept(name).residual(shown.state_at(-1), shown.attention) < 0.05


def test_objects_of_a_figure_are_brought_one_by_one() -> None:
    for name in ("triangle", "region"):
        for shown in record(name):
            times = sorted(moved_at(shown).values(), key=lambda steps: int(steps[0]))
            assert len(times) == 3 or name == "region"
            for one, other in zip(times, times[1:], strict=False):
                assert one[-1] < other[0]


@recorded
def test_things_that_are_not_to_be_moved_stay(name: str) -> None:
    most = np.linalg.norm(
        table_to_plane(np.array([MOST_DISPLACED, 0.0])) - table_to_plane(np.zeros(2))
    )
    for shown in record(name):
        fixed = shown.state_at(0).objects & ~shown.movable
        away = (shown.trajectory[:, fixed, :2] - shown.before[fixed, :2]).reshape(-1, 2)
        assert np.linalg.norm(away, axis=1).max(initial=0.0) <= most
        np.testing.assert_array_equal(shown.before[..., 2:], shown.after[..., 2:])


@recorded
def test_only_what_stacks_is_seen_to_stand(name: str) -> None:
    assert shows_standing(record(name)) == make_concept(name).stacks


def test_five_states_a_second_are_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[np.ndarray] = []
    step = ArmPlaceEnv.step

    def counted(self: ArmPlaceEnv, action: np.ndarray) -> Any:
        result = step(self, action)
        steps.append(self.state.entities)
        return result

    monkeypatch.setattr(ArmPlaceEnv, "step", counted)
    (shown,) = record_on_arm("near", episodes=1, seed=SEED)
    every = steps[EVERY - 1 :: EVERY]
    if len(steps) % EVERY:
        every.append(steps[-1])
    np.testing.assert_array_equal(shown.trajectory[1:], np.stack(every))
    np.testing.assert_array_equal(shown.trajectory, record("near")[0].trajectory)


def test_the_seed_decides_every_bit_and_fewer_are_the_first_of_more() -> None:
    (first,), both = record_on_arm("near", episodes=1, seed=SEED), record("near")
    for array in ARRAYS:
        np.testing.assert_array_equal(getattr(first, array), getattr(both[0], array))
    (other,) = record_on_arm("near", episodes=1, seed=SEED + 1)
    scenes = {shown.before.tobytes() for shown in (*both, other)}
    assert len(scenes) == 3


def test_their_scenes_are_not_those_of_reset() -> None:
    env = gym.make("conceptgym/ArmPlace-v0", concept="near")
    resets = {env.reset(seed=seed)[0]["entities"].tobytes() for seed in range(20)}
    for shown in record("near"):
        assert shown.before.tobytes() not in resets


def test_the_other_arm_shows_the_same_in_the_same_scene() -> None:
    concept = make_concept("near")
    for one, other in zip(record("near"), record("near", robot="ur5e"), strict=True):
        np.testing.assert_array_equal(one.attention, other.attention)
        np.testing.assert_allclose(one.before, other.before, atol=1e-3)  # both settle
        assert concept.succeeds(other.state_at(-1), other.attention)
        length = min(len(one.trajectory), len(other.trajectory))
        assert not np.array_equal(one.trajectory[:length], other.trajectory[:length])


def test_parameters_and_numbers_are_heeded() -> None:
    options: dict[str, Any] = {"n_objects": 3, "parameters": {"distance": 0.5}}
    (shown,) = record_on_arm("right_of", episodes=1, **options)
    state = shown.state_at(-1)
    assert state.objects.sum() == 3
    gap = state.positions[state.cursor] - state.positions[shown.attention][0]
    np.testing.assert_allclose(gap, [0.5, 0.0], atol=0.02)
    concept = make_concept("right_of", distance=0.5)
    (same,) = record_on_arm(concept, episodes=1, n_objects=3)
    np.testing.assert_array_equal(same.trajectory, shown.trajectory)


def test_what_is_shown_on_the_arm_is_done_in_the_plane() -> None:
    """With the shipped weights; and what is inferred is about what the plane shows."""
    agent = ConceptAgent.from_pretrained()
    agent.observe([*record("near"), *record_on_arm("near", episodes=1, seed=SEED + 1)])
    assert not agent.puts_on_top
    env = gym.make("conceptgym/Particle-v0", concept="near")
    runs = [roll_out(agent, env, seed=seed) for seed in range(5)]
    assert sum(run.success for run in runs) >= 4
    agent.observe(record("two_in_order"))
    assert agent.puts_on_top and agent.inferred is not None and len(agent.inferred.codes) == 2


def test_lists_of_both_worlds_can_be_shown_together() -> None:
    agent = ConceptAgent.from_pretrained()
    agent.observe([*record("near"), *record_demonstrations(concept="near", episodes=2)])
    assert agent.inferred is not None and len(agent.inferred.codes) == 1


def test_a_failure_is_tried_in_another_scene(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve scenes a demonstration; then it says so."""
    tried: list[int] = []
    (good,) = record("near")[:1]

    def rarely(env: gym.Env, controller: Any, seed: int) -> Demonstration | None:
        tried.append(seed)
        return good if len(tried) % 12 == 0 else None

    monkeypatch.setattr(arm_demonstrations, "_record", rarely)
    assert record_on_arm("near", episodes=2, seed=1) == [good, good]
    assert len(set(tried)) == 24
    monkeypatch.setattr(arm_demonstrations, "_record", lambda *_: None)
    with pytest.raises(ConfigError) as error:
        record_on_arm("near", episodes=2, seed=1)
    assert str(error.value) == (
        f"the demonstrator failed in 12 scenes in a row, the last of seed {tried[11]}; choose "
        "another seed, or another number of objects"
    )


def test_what_fails_is_no_demonstration(monkeypatch: pytest.MonkeyPatch) -> None:
    """An episode that ends without success is not shown."""
    step = ArmPlaceEnv.step

    def failing(self: ArmPlaceEnv, action: np.ndarray) -> Any:
        observation, reward, _, _, info = step(self, action)
        return observation, reward, False, True, {**info, "is_success": False}

    monkeypatch.setattr(ArmPlaceEnv, "step", failing)
    with pytest.raises(ConfigError, match="^the demonstrator failed in 12 scenes in a row, "):
        record_on_arm("near", episodes=1)


def test_the_demonstrator_knows_the_stops_and_answers_nothing_else() -> None:
    env = ArmPlaceEnv("two_in_order", n_objects=3)
    env.reset(seed=0)
    event = env.event
    demonstrator = Demonstrator(event, puts_on_top=True)
    assert demonstrator.puts_on_top and not Demonstrator(event).puts_on_top
    for phase, stop in ((0, 0), (1, 1), (2, 1)):
        found = demonstrator.generate(env.state, event.attention, phase=phase)
        np.testing.assert_array_equal(found.entities, event.stops[stop].entities)
    offered = np.stack([stop.entities for stop in event.stops] * 2)
    offered[0, event.before.cursor, :2] += (0.3, -0.4)
    offered[:, :, 2:5] = 0.0  # colours do not count
    found = demonstrator.energies(env.state, event.attention, offered)
    gap = float(np.linalg.norm(event.stops[1].positions - event.stops[0].positions))
    np.testing.assert_allclose(found, [0.125, 0.5 * gap**2, 0.0, 0.5 * gap**2], atol=1e-6)
    with pytest.raises(NotImplementedError, match="^a demonstrator shows how to generate$"):
        demonstrator.identify(env.state)


def test_bad_input_is_refused() -> None:
    cases: list[tuple[dict[str, Any], type[Exception], str]] = [
        *(
            (
                {"episodes": episodes},
                ConfigError,
                f"episodes={episodes} must be a whole number of at least 1; ask for one or more",
            )
            for episodes in (0, 1.5)
        ),
        ({"seed": -1}, ConfigError, "seed=-1 must be a whole number of at least 0; choose one"),
        ({"seed": 0.5}, ConfigError, "seed=0.5 must be a whole number of at least 0; choose one"),
        (
            {"robot": "arm"},
            ConfigError,
            "robot='arm' is unknown; choose one of panda, ur5e, or give the path of an MJCF file "
            "(.xml)",
        ),
        (
            {"concept": "beside"},
            UnknownConceptError,
            f"concept='beside' is unknown; choose one of {', '.join(CONCEPTS)}",
        ),
        (
            {"concept": "colour"},
            UnknownConceptError,
            "task='generate' is unknown for concept 'colour' in ArmPlaceEnv; choose one of "
            "identify",
        ),
        (
            {"parameters": {"hue": 1.0}},
            UnknownConceptError,
            "concept 'near' has no parameter 'hue'; it has none",
        ),
        (
            {"concept": "above", "parameters": {"distance": 0.1}},
            ConceptParameterError,
            "distance=0.1 of concept 'above' is outside [0.3, 0.6]; choose a value in that range",
        ),
        (
            {"n_objects": 9},
            UnknownConceptError,
            "n_objects=9 is outside [2, 7] for concept 'near' in ArmPlaceEnv; choose a whole "
            "number in that range",
        ),
    ]
    for options, kind, text in cases:
        with pytest.raises(kind) as error:
            record_on_arm(**{"concept": "near", **options})
        assert str(error.value) == text
