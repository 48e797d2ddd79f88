"""Views of observations: what counts as another scene, and which observations are refused."""

from typing import Any

import numpy as np
import pytest
from agent_scenes import ScriptedPlanner, draw_event, generated, identified

from conceptgym.agents.plan import MOVED, REPAINTED, Plan, View, make_plan, target_of
from conceptgym.envs import MAX_ENTITIES, EntityState
from conceptgym.envs.concepts.composed_terms import MOST_TERMS
from conceptgym.envs.errors import ConfigError, NonFiniteError, ShapeError
from conceptgym.envs.spaces import Observation, entity_observation

EVENT = draw_event(seed=1)
STATE = EVENT.before
OBJECT = int(np.flatnonzero(STATE.objects)[0])


def observe(state: EntityState = STATE, task: str = "generate", **changes: Any) -> Observation:
    return entity_observation(state, EVENT.attention, task) | changes


def view(state: EntityState = STATE, **changes: Any) -> View:
    return View.of(observe(state, **changes))


def edited(row: int, column: int, amount: float) -> EntityState:
    entities = STATE.entities.copy()
    entities[row, column] += amount
    return STATE.with_entities(entities)


@pytest.mark.parametrize("task", ["generate", "identify"])
def test_a_view_holds_what_the_observation_shows(task: str) -> None:
    seen = View.of(observe(task=task))
    assert seen.task == task
    assert np.array_equal(seen.state.entities, STATE.entities)
    assert np.array_equal(seen.state.present, STATE.present)
    hidden = task == "identify"
    assert np.array_equal(seen.attention, EVENT.attention & (not hidden))
    assert np.array_equal(seen.state.movable, STATE.movable & (not hidden))
    assert seen.attention.dtype == seen.state.movable.dtype == bool


@pytest.mark.parametrize("sign", [-1, 1])
def test_an_object_has_moved_beyond_the_threshold_only(sign: int) -> None:
    for share, expected in ((0.99, False), (1.01, True)):
        other = view(edited(OBJECT, 0, sign * share * MOVED))
        assert view().moved(other) is other.moved(view()) is expected
        assert view().same_scene(other)


def test_the_cursor_is_the_agents_to_move() -> None:
    assert not view().moved(view(edited(STATE.cursor, 1, 0.5)))


def test_a_repainted_object_is_another_scene() -> None:
    for share, expected in ((0.9, True), (1.1, False)):
        other = view(edited(OBJECT, 3, share * REPAINTED))
        assert view().same_scene(other) is expected


def test_what_may_be_painted_is_the_agents_to_paint() -> None:
    event = draw_event("colour", seed=2)
    before, after = (
        View.of(entity_observation(state, event.attention, "generate"))
        for state in (event.before, event.after)
    )
    assert before.same_scene(after) and not before.moved(after)


@pytest.mark.parametrize("key", ["present", "movable", "paintable", "attention"])
def test_other_masks_are_another_scene(key: str) -> None:
    mask = observe()[key].copy()
    mask[OBJECT] = 1 - mask[OBJECT]
    assert not view().same_scene(View.of(observe() | {key: mask}))


def test_another_task_is_another_scene() -> None:
    masks = {key: np.zeros(MAX_ENTITIES, dtype=np.int8) for key in ("movable", "attention")}
    assert not View.of(observe() | masks).same_scene(view(task="identify"))


def test_another_phase_is_another_scene() -> None:
    assert view(phase=np.int64(1)).phase == 1
    assert not view(phase=np.int64(1)).same_scene(view()) and view().phase == 0
    assert view(phase=np.int64(2)).same_scene(view(phase=np.int64(2)))


def compositions(*rows: int) -> np.ndarray:
    """Attentions of several concepts, each of one entity; the rest of the rows are unused."""
    found = np.zeros((MOST_TERMS, MAX_ENTITIES), dtype=np.int8)
    for number, row in enumerate(rows):
        found[number, row] = 1
    return found


def test_each_of_several_concepts_has_its_own_attention() -> None:
    seen = view(attentions=compositions(2, 0))
    assert seen.attentions is not None
    assert [np.flatnonzero(own).tolist() for own in seen.attentions] == [[2], [0]]
    assert all(own.dtype == bool for own in seen.attentions)
    assert view().attentions is None
    assert seen.same_scene(view(attentions=compositions(2, 0)))
    for other in (compositions(0, 2), compositions(2), compositions(2, 0, 1)):
        assert not seen.same_scene(view(attentions=other))
    assert not seen.same_scene(view())


@pytest.mark.parametrize(
    ("bad", "kind", "text"),
    [
        (
            np.zeros((2, MAX_ENTITIES)),
            ShapeError,
            f"attentions has shape (2, 16), expected ({MOST_TERMS}, 16); "
            "pass an array of that shape",
        ),
        (
            np.full((MOST_TERMS, MAX_ENTITIES), np.nan),
            NonFiniteError,
            "attentions holds nan at index (0, 0); every entry must be a finite number",
        ),
    ],
)
def test_attentions_that_do_not_fit_are_refused(
    bad: np.ndarray, kind: type[Exception], text: str
) -> None:
    with pytest.raises(kind) as caught:
        view(attentions=bad)
    assert str(caught.value) == text


def test_the_planner_is_asked_the_question_of_the_scene() -> None:
    planner = ScriptedPlanner(generated(EVENT.after.entities))
    plan = make_plan(planner, view(phase=np.int64(2)))
    assert plan.task == "generate" and plan.result is planner.result
    make_plan(planner, view(attentions=compositions(2, 0)))
    assert planner.phases == [2, 0]
    first, second = planner.attentions
    assert first is None and second is not None
    assert [np.flatnonzero(own).tolist() for own in second] == [[2], [0]]
    other = ScriptedPlanner(identified(EVENT.attention))
    plan = make_plan(other, View.of(observe(task="identify")))
    assert plan.task == "identify" and plan.result is other.result
    assert plan.reached and plan.reason == "reached"


def spoilt(key: str, index: Any, value: float) -> Observation:
    array = np.asarray(observe()[key], dtype=np.float32).copy()
    array[index] = value
    return observe() | {key: array}


MASKS = ("present", "movable", "paintable", "attention")


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize(("key", "index"), [("entities", (2, 1)), *((key, (3,)) for key in MASKS)])
def test_numbers_that_are_not_finite_are_refused(
    key: str, index: tuple[int, ...], value: float
) -> None:
    with pytest.raises(NonFiniteError) as caught:
        View.of(spoilt(key, index, value))
    assert str(caught.value) == (
        f"{key} holds {value} at index {index}; every entry must be a finite number"
    )


@pytest.mark.parametrize(
    ("key", "wanted"), [("entities", "(16, 7)"), *((k, "(16,)") for k in MASKS)]
)
def test_arrays_of_another_shape_are_refused(key: str, wanted: str) -> None:
    with pytest.raises(ShapeError) as caught:
        View.of(observe() | {key: np.zeros((2, 6))})
    assert str(caught.value) == (
        f"{key} has shape (2, 6), expected {wanted}; pass an array of that shape"
    )


@pytest.mark.parametrize("key", ["task", "phase", *MASKS])
def test_a_missing_key_is_refused(key: str) -> None:
    observation = observe()
    del observation[key]
    with pytest.raises(ShapeError) as caught:
        View.of(observation)
    assert str(caught.value) == (
        f"observation has no key '{key}'; it has {sorted(observation)}; "
        "pass an observation of a conceptgym environment"
    )


@pytest.mark.parametrize("value", [2, -1, np.nan, 0.5])
def test_an_unknown_task_is_refused(value: float) -> None:
    with pytest.raises(NonFiniteError if np.isnan(value) else ConfigError) as caught:
        View.of(observe() | {"task": value})
    assert str(caught.value) == (
        f"observation['task'] is {value}; it must be 0 (generate) or 1 (identify)"
    )


@pytest.mark.parametrize("value", [4, -1, np.nan, 0.5, "a"])
def test_an_impossible_phase_is_refused(value: Any) -> None:
    spoilt = isinstance(value, float) and np.isnan(value)
    with pytest.raises(NonFiniteError if spoilt else ConfigError) as caught:
        View.of(observe() | {"phase": value})
    assert str(caught.value) == (
        f"observation['phase'] is {value}; it must be the number of phases done, 0 to 3"
    )


@pytest.mark.parametrize("key", ["task", "phase"])
@pytest.mark.parametrize("count", [0, 2])
def test_tasks_and_phases_of_several_environments_are_refused(key: str, count: int) -> None:
    with pytest.raises(ShapeError) as caught:
        View.of(observe() | {key: np.zeros(count, dtype=np.int64)})
    assert str(caught.value) == (
        f"observation['{key}'] has {count} entries, expected 1; "
        "pass the observation of one environment"
    )


def test_the_target_is_the_planned_place_of_a_movable_cursor() -> None:
    plan = Plan(task="generate", result=generated(EVENT.after.entities))
    target = target_of(plan, STATE)
    assert target is not None and target.dtype == np.float64
    assert np.array_equal(target, EVENT.after.entities[STATE.cursor, :2].astype(np.float64))
    fixed = view(movable=np.zeros(MAX_ENTITIES)).state
    assert target_of(plan, fixed) is None
    assert target_of(Plan(task="identify", result=identified(EVENT.attention)), STATE) is None
