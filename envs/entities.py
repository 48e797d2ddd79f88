"""Entity states: the one array that both worlds, the demonstrations and the energy share.

A row is an entity, a column a feature:

| index | feature  | unit, frame                         | range       |
|-------|----------|-------------------------------------|-------------|
| 0     | x        | plane units, plane frame (right +)  | about [-1, 1] |
| 1     | y        | plane units, plane frame (up +)     | about [-1, 1] |
| 2     | red      | linear share                        | [0, 1]      |
| 3     | green    | linear share                        | [0, 1]      |
| 4     | blue     | linear share                        | [0, 1]      |
| 5     | cursor   | 1 for the cursor, 0 for the others  | {0, 1}      |
| 6     | zone     | 1 for a marked zone, 0 for the others | {0, 1}    |

A zone is a disc of `ZONE_RADIUS` that marks a place; it is neither an object nor the cursor.

The plane is the square [-1, 1]², so the world is 2 plane units wide. Rows that hold no entity are
zero and marked absent. The rows' order means nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from .errors import NonFiniteError, ShapeError

MAX_ENTITIES = 16
"""Rows of every entity array: the cursor, up to 12 objects and up to 3 zones."""
FEATURES = ("x", "y", "red", "green", "blue", "cursor", "zone")
NUM_FEATURES = len(FEATURES)
POSITION = slice(0, 2)
COLOUR = slice(2, 5)
CURSOR = 5
ZONE = 6
ZONE_RADIUS = 0.35
"""Radius of every zone [plane units]."""
PLANE_HALF_WIDTH = 1.0
"""Half of the plane's width [plane units]."""


@dataclass(frozen=True, kw_only=True)
class EntityState:
    """Entities at one instant, and what may be done to them.

    Attributes:
        entities: (MAX_ENTITIES, NUM_FEATURES) float32, see the table above.
        present: (MAX_ENTITIES,) bool, the rows that hold an entity.
        movable: (MAX_ENTITIES,) bool, the entities whose position may be changed.
        paintable: (MAX_ENTITIES,) bool, the entities whose colour may be changed.

    What is given is copied; lists and masks of numbers, such as an observation's, are converted.

    Raises:
        ShapeError, NonFiniteError: on arrays that do not fit.
    """

    entities: np.ndarray
    present: np.ndarray
    movable: np.ndarray
    paintable: np.ndarray

    def __post_init__(self) -> None:
        convert_array(self, "entities", (MAX_ENTITIES, NUM_FEATURES))
        convert_masks(self, "present", "movable", "paintable", number=MAX_ENTITIES)

    @property
    def positions(self) -> np.ndarray:
        """(MAX_ENTITIES, 2) positions [plane units]."""
        return self.entities[:, POSITION]

    @property
    def colours(self) -> np.ndarray:
        """(MAX_ENTITIES, 3) colours [share of red, green, blue]."""
        return self.entities[:, COLOUR]

    @cached_property
    def cursor(self) -> int:
        """Row of the cursor."""
        return int(np.argmax(self.entities[:, CURSOR] * self.present))

    @cached_property
    def objects(self) -> np.ndarray:
        """(MAX_ENTITIES,) bool, the entities that are neither the cursor nor a zone."""
        special = (self.entities[:, CURSOR] > 0.5) | (self.entities[:, ZONE] > 0.5)
        return self.present & ~special

    @cached_property
    def zones(self) -> np.ndarray:
        """(MAX_ENTITIES,) bool, the marked zones."""
        return self.present & (self.entities[:, ZONE] > 0.5)

    def with_entities(self, entities: np.ndarray) -> EntityState:
        """The same masks with other features, (MAX_ENTITIES, NUM_FEATURES)."""
        return replace(self, entities=np.asarray(entities, dtype=np.float32))

    def moved(self, rows: np.ndarray, positions: np.ndarray) -> EntityState:
        """The same entities with those of `rows` (k,) at `positions` (k, 2) [plane units].

        Faster than `with_entities`: the masks, and which entity is the cursor, are not looked at
        again.

        Raises:
            NonFiniteError: if a position is NaN or infinite.
        """
        entities = self.entities.copy()
        entities[rows, POSITION] = positions
        check_array(entities, "entities", (MAX_ENTITIES, NUM_FEATURES))
        changed = object.__new__(type(self))
        changed.__dict__.update(self.__dict__, entities=entities)
        return changed


def convert_array(owner: object, name: str, shape: tuple[int | str, ...]) -> None:
    """Make a float32 array of its own of a frozen object's attribute.

    Raises:
        ShapeError, NonFiniteError: see `check_array`.
    """
    value = getattr(owner, name)
    check_array(value, name, shape)
    object.__setattr__(owner, name, np.asarray(value).astype(np.float32))


def convert_masks(owner: object, *names: str, number: int) -> None:
    """Make bool arrays (number,) of a frozen object's attributes: whole numbers would index rows.

    Raises:
        ShapeError, NonFiniteError: see `check_array`.
    """
    for name in names:
        value = getattr(owner, name)
        check_array(value, name, (number,))
        object.__setattr__(owner, name, np.asarray(value).astype(bool))


def check_array(value: ArrayLike, name: str, shape: tuple[int | str, ...]) -> None:
    """Raise unless `value` has `shape` and holds only finite numbers.

    A letter in `shape` stands for any length, as in ("T", 2).

    Raises:
        ShapeError: on another shape, or on anything but numbers.
        NonFiniteError: on NaN or infinity.
    """
    try:
        values = np.asarray(value)
    except ValueError:
        raise _wrong_shape(name, "rows of different lengths", shape) from None
    if values.shape != shape and not _fits(values.shape, shape):
        raise _wrong_shape(name, f"shape {values.shape}", shape)
    if values.dtype.kind not in "biuf":
        raise ShapeError(
            f"{name} holds entries of dtype {values.dtype}, expected numbers; "
            "pass an array of numbers"
        )
    if values.dtype.kind != "f" or math.isfinite(np.vdot(values, values)):
        return  # a finite sum of squares has finite terms, and is found faster than them
    if not np.isfinite(values).all():
        index = tuple(int(i) for i in np.argwhere(~np.isfinite(values))[0])
        raise NonFiniteError(
            f"{name} holds {values[index]} at index {index}; every entry must be a finite number"
        )


def _wrong_shape(name: str, found: str, shape: tuple[int | str, ...]) -> ShapeError:
    expected = str(shape).replace("'", "")
    return ShapeError(f"{name} has {found}, expected {expected}; pass an array of that shape")


def _fits(found: tuple[int, ...], shape: tuple[int | str, ...]) -> bool:
    pairs = zip(found, shape, strict=False)
    return len(found) == len(shape) and all(
        isinstance(wanted, str) or length == wanted for length, wanted in pairs
    )
