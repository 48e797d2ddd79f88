"""The entity array: its table, its masks, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from doc_tables import read_tables

from conceptgym.envs import entities
from conceptgym.envs.entities import (
    COLOUR,
    CURSOR,
    FEATURES,
    MAX_ENTITIES,
    NUM_FEATURES,
    POSITION,
    ZONE,
    EntityState,
    check_array,
)
from conceptgym.envs.errors import NonFiniteError, ShapeError


@pytest.fixture
def state() -> EntityState:
    """Two objects, the cursor in row 1, a zone in row 3, and junk in rows that are absent."""
    array = np.arange(MAX_ENTITIES * NUM_FEATURES, dtype=np.float32).reshape(MAX_ENTITIES, -1)
    array[:, CURSOR] = 0.0
    array[[1, 7], CURSOR] = 1.0
    array[:, ZONE] = 0.0
    array[[3, 8], ZONE] = 1.0
    present = np.arange(MAX_ENTITIES) < 4
    return EntityState(
        entities=array, present=present, movable=~present, paintable=np.zeros_like(present)
    )


@pytest.mark.parametrize("kind", [np.int8, np.float64, list])
def test_masks_of_numbers_mean_what_masks_mean(state: EntityState, kind: Any) -> None:
    """As indices, zeros and ones would be rows."""

    def given(values: np.ndarray) -> Any:
        return values.tolist() if kind is list else values.astype(kind)

    names = ("entities", "present", "movable", "paintable")
    found = EntityState(**{name: given(getattr(state, name)) for name in names})
    for name in (*names, "objects", "zones"):
        one, other = getattr(found, name), getattr(state, name)
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other.astype(int) if kind is np.int8 else other)


def test_a_state_keeps_its_arrays(state: EntityState) -> None:
    names = ("entities", "present", "movable", "paintable")
    arrays = {name: getattr(state, name).copy() for name in names}
    found = EntityState(**arrays)
    for array in arrays.values():
        array[:] = 1
    other = found.with_entities(found.entities)
    other.entities[:] = 1
    for name in (*names, "cursor", "objects", "zones"):
        np.testing.assert_array_equal(getattr(found, name), getattr(state, name))


def test_the_documented_table_is_the_array() -> None:
    (table,) = read_tables(entities.__doc__)
    assert [row["index"] for row in table] == [str(index) for index in range(NUM_FEATURES)]
    assert tuple(row["feature"] for row in table) == FEATURES
    assert FEATURES[POSITION] == ("x", "y")
    assert FEATURES[COLOUR] == ("red", "green", "blue")
    assert FEATURES[CURSOR] == "cursor"
    assert FEATURES[ZONE] == "zone"


def test_views_of_the_array(state: EntityState) -> None:
    np.testing.assert_array_equal(state.positions, state.entities[:, :2])
    np.testing.assert_array_equal(state.colours, state.entities[:, 2:5])
    assert state.cursor == 1
    assert np.flatnonzero(state.objects).tolist() == [0, 2]
    assert np.flatnonzero(state.zones).tolist() == [3]


def test_an_absent_cursor_does_not_count(state: EntityState) -> None:
    present = np.arange(MAX_ENTITIES) == 7
    assert replace(state, present=present).cursor == 7
    assert not replace(state, present=present).objects.any()


def test_with_entities_keeps_the_masks(state: EntityState) -> None:
    other = state.with_entities(state.entities.astype(np.float64) + 0.5)
    assert other.entities.dtype == np.float32
    np.testing.assert_array_equal(other.entities, state.entities + np.float32(0.5))
    for name in ("present", "movable", "paintable"):
        np.testing.assert_array_equal(getattr(other, name), getattr(state, name))


def test_moved_equals_with_entities(state: EntityState) -> None:
    rows, positions = np.array([2, 0]), np.array([[0.5, -0.5], [0.25, 1.0]])
    before = state.entities.copy()
    moved = state.moved(rows, positions)
    expected = before.copy()
    expected[rows, :2] = positions
    np.testing.assert_array_equal(moved.entities, expected)
    np.testing.assert_array_equal(state.entities, before)
    assert moved.cursor == state.cursor
    np.testing.assert_array_equal(moved.objects, state.objects)
    np.testing.assert_array_equal(moved.zones, state.zones)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_moved_refuses_what_is_not_finite(state: EntityState, value: float) -> None:
    with pytest.raises(NonFiniteError) as error:
        state.moved(np.array([2]), np.array([[0.0, value]]))
    assert str(error.value) == (
        f"entities holds {value} at index (2, 1); every entry must be a finite number"
    )


def test_wrong_shapes_are_refused(state: EntityState) -> None:
    with pytest.raises(ShapeError) as features:
        replace(state, entities=np.zeros((MAX_ENTITIES, 5)))
    assert str(features.value) == (
        "entities has shape (16, 5), expected (16, 7); pass an array of that shape"
    )
    for name in ("present", "movable", "paintable"):
        with pytest.raises(ShapeError) as error:
            replace(state, **{name: np.zeros(4, dtype=bool)})
        assert str(error.value) == (
            f"{name} has shape (4,), expected (16,); pass an array of that shape"
        )


def test_check_array_names_the_first_bad_entry() -> None:
    values = np.zeros((2, 3))
    check_array(values, "values", (2, 3))
    check_array(np.full((2, 3), 1e200), "values", (2, 3))  # its square is infinite
    values[1, 0], values[1, 2] = np.inf, np.nan
    with pytest.raises(NonFiniteError) as error:
        check_array(values, "values", (2, 3))
    assert str(error.value) == (
        "values holds inf at index (1, 0); every entry must be a finite number"
    )
    with pytest.raises(ShapeError) as number:
        check_array(np.array(1.0), "values", (2, 3))
    assert str(number.value) == (
        "values has shape (), expected (2, 3); pass an array of that shape"
    )


def test_a_letter_stands_for_any_length() -> None:
    for length in (0, 1, 5):
        check_array(np.zeros((length, 3)), "path", ("T", 3))
    for shape in ((4, 2), (3,), (2, 4, 3), ()):
        with pytest.raises(ShapeError) as error:
            check_array(np.zeros(shape), "path", ("T", 3))
        assert str(error.value) == (
            f"path has shape {shape}, expected (T, 3); pass an array of that shape"
        )


@pytest.mark.parametrize(
    ("values", "dtype"), [(["a", "b"], "<U1"), ([None, 1], "object"), ([1j, 0], "complex128")]
)
def test_check_array_refuses_what_is_no_number(values: list[object], dtype: str) -> None:
    with pytest.raises(ShapeError) as error:
        check_array(np.array(values), "values", (2,))
    assert str(error.value) == (
        f"values holds entries of dtype {dtype}, expected numbers; pass an array of numbers"
    )


@pytest.mark.parametrize("ragged", [[[1.0], [2.0, 3.0]], [np.zeros(2), np.zeros(3)]])
def test_check_array_refuses_ragged_lists(ragged: list[Any]) -> None:
    with pytest.raises(ShapeError) as error:
        check_array(ragged, "values", ("T", 3))
    assert str(error.value) == (
        "values has rows of different lengths, expected (T, 3); pass an array of that shape"
    )


def test_check_array_takes_masks_of_any_kind() -> None:
    for dtype in (bool, np.int8, np.int64, np.float32):
        check_array(np.ones(3, dtype=dtype), "mask", (3,))
