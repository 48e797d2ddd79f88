"""What every concept offers: a sampler of events, a continuous residual and a success test."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np

from ..entities import CURSOR, MAX_ENTITIES, EntityState, check_array
from ..errors import ConceptParameterError, ShapeError
from ..number_checks import is_finite, is_whole
from .sampling import CURSOR_REGION, move_cursor_away

TASKS = ("generate", "identify")
SPLITS = ("any", "train", "held_out")


@dataclass(frozen=True, kw_only=True)
class Event:
    """A concept's instance: a scene before, the scene after in which the concept holds.

    Attributes:
        before: the state in which the concept does not hold yet.
        after: the state in which it holds for the attended entities, and for no others.
        attention: (MAX_ENTITIES,) bool, the entities that take part.
        stops: the states in which the phases are done, in order; by default `after` alone.
        answer: (MAX_ENTITIES,) bool, what an identify task asks for; by default `attention`.
        shown: the scene of an identify task; by default `after`.
    """

    before: EntityState
    after: EntityState
    attention: np.ndarray
    stops: tuple[EntityState, ...] = ()
    answer: np.ndarray = None  # pyright: ignore[reportAssignmentType]
    shown: EntityState = None  # pyright: ignore[reportAssignmentType]

    def __post_init__(self) -> None:
        check_array(self.attention, "attention", (MAX_ENTITIES,))
        if self.answer is None:
            object.__setattr__(self, "answer", self.attention)
        check_array(self.answer, "answer", (MAX_ENTITIES,))
        if not self.stops:
            object.__setattr__(self, "stops", (self.after,))
        if self.shown is None:
            object.__setattr__(self, "shown", self.after)


@dataclass(frozen=True, kw_only=True)
class Concept(ABC):
    """A relation over entity states; its dataclass fields are its parameters.

    Sub-classes set the class variables and write `sample_after`, `residual`, `succeeds` and
    `nearest`, and where it is not the cursor that is moved, `editable` and `sample_before`.
    `residual` and `succeeds` judge states only: they know nothing of the sampler or each other.
    """

    name: ClassVar[str]
    description: ClassVar[str]
    tolerance: ClassVar[float]
    """`succeeds` holds when the residual is at most this, in the residual's own unit."""
    num_attended: ClassVar[tuple[int, int]] = (1, 1)
    """Fewest and most attended entities."""
    num_objects: ClassVar[tuple[int, int]] = (2, 12)
    """Fewest and most objects, cursor and zones not counted, for which scenes can be sampled."""
    usual_objects: ClassVar[tuple[int, int]] = (2, 8)
    """Fewest and most objects of scenes whose size nobody asked for, within `num_objects`."""
    tasks_on_arm: ClassVar[tuple[str, ...]] = TASKS
    """The tasks that the arm can do; in the plane every concept has both."""
    tasks_on_table: ClassVar[tuple[str, ...]] = TASKS
    """The tasks that the arm can do with solid objects, which it cannot paint."""
    stacks: ClassVar[bool] = False
    """Whether the concept holds with the cursor on an entity: a solid cursor stands on it."""
    parameter_ranges: ClassVar[dict[str, tuple[float, float]]] = {}
    parameter_choices: ClassVar[dict[str, tuple[str, ...]]] = {}
    held_out_ranges: ClassVar[dict[str, tuple[tuple[float, float], ...]]] = {}
    """Parts [low, high) of the ranges that training never sees: a fifth of each."""

    def __post_init__(self) -> None:
        for name, choices in self.parameter_choices.items():
            if getattr(self, name) not in choices:
                raise ConceptParameterError(
                    f"{name}={getattr(self, name)!r} of concept '{self.name}' is unknown; "
                    f"choose one of {', '.join(choices)}"
                )
        for name, (low, high) in self.parameter_ranges.items():
            value = getattr(self, name)
            if not is_finite(value) or not low <= float(value) <= high:
                raise ConceptParameterError(
                    f"{name}={value!r} of concept '{self.name}' is outside [{low}, {high}]; "
                    "choose a value in that range"
                )

    @property
    def phases(self) -> tuple[Concept, ...]:
        """The concepts to show one after the other, with one attention; mostly itself alone."""
        return (self,)

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def held_out(self) -> bool:
        """Whether a parameter lies where training never looks."""
        return any(
            low <= float(getattr(self, name)) < high
            for name, parts in self.held_out_ranges.items()
            for low, high in parts
        )

    @classmethod
    def splits(cls) -> tuple[str, ...]:
        """The splits that `random` can draw from."""
        return SPLITS if cls.held_out_ranges else ("any", "train")

    @classmethod
    def random(cls, rng: np.random.Generator, *, split: str = "any") -> Concept:
        """The concept with parameters drawn uniformly.

        Args:
            rng: the source of randomness.
            split: "train" for parameters that training may use, "held_out" for those it never
                sees, "any" for both.

        Raises:
            ConceptParameterError: if the concept has no such split.
        """
        if split not in cls.splits():
            raise ConceptParameterError(
                f"split={split!r} is unknown for concept '{cls.name}'; choose one of "
                f"{', '.join(cls.splits())}"
            )
        while True:
            concept = cls._draw(rng)
            if split == "any" or concept.held_out == (split == "held_out"):
                return concept

    @classmethod
    def _draw(cls, rng: np.random.Generator) -> Concept:
        """One draw from all parameters, whatever the split."""
        ranges, choices = cls.parameter_ranges.items(), cls.parameter_choices.items()
        return cls(
            **{name: float(rng.uniform(low, high)) for name, (low, high) in ranges},
            **{name: str(rng.choice(values)) for name, values in choices},
        )

    def sample(self, rng: np.random.Generator, *, n_objects: int) -> Event:
        """Draw an event with `n_objects` objects and a cursor, rows in random order.

        Given everything but the relation itself, each entity is equally likely to be attended:
        that is what keeps identification free of tells.

        Raises:
            ConceptParameterError: if `n_objects` is outside `num_objects`.
        """
        self.check_objects(n_objects)
        entities, attended = self.sample_after(rng, n_objects)
        order = rng.permutation(len(entities))
        after = _pad(entities[order])
        attention = np.zeros(MAX_ENTITIES, dtype=bool)
        attention[: len(entities)] = attended[order]
        present = np.arange(MAX_ENTITIES) < len(entities)
        movable, paintable = self.editable(after, attention)
        state = EntityState(entities=after, present=present, movable=movable, paintable=paintable)
        before = self.sample_before(rng, state, attention)
        return Event(before=before, after=state, attention=attention)

    def editable(
        self, entities: np.ndarray, attention: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The movable and the paintable entities of a generate task, (MAX_ENTITIES,) each."""
        return entities[:, CURSOR] > 0.5, np.zeros(MAX_ENTITIES, dtype=bool)

    @abstractmethod
    def sample_after(
        self, rng: np.random.Generator, n_objects: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Entities in which the concept holds (M, 7), and which are attended (M,).

        M counts `n_objects` objects, the cursor and the zones, in any order.
        """

    def sample_before(
        self, rng: np.random.Generator, after: EntityState, attention: np.ndarray
    ) -> EntityState:
        """A state that differs from `after` only in what may be edited, and fails the test.

        By default the cursor stands elsewhere.
        """
        return move_cursor_away(rng, after, lambda state: not self.succeeds(state, attention))

    @abstractmethod
    def residual(self, state: EntityState, attention: np.ndarray) -> float:
        """How far the state is from the concept, >= 0, in the unit that the concept documents."""

    @abstractmethod
    def nearest(self, state: EntityState, attention: np.ndarray) -> EntityState:
        """The nearest state in which the concept clearly holds: what a demonstrator would do.

        It differs from `state` only in what may be edited, by the least sum of squares over
        positions [plane units] and colours [share] or nearly so, and stays in the plane. Where
        the concept holds already with room to spare, it is `state` itself.
        """

    @abstractmethod
    def succeeds(self, state: EntityState, attention: np.ndarray) -> bool:
        """Whether the concept holds.

        It is where the residual is at most `tolerance`, but it is written without the residual:
        each tells of the other's faults (tests/test_concepts_laws.py).
        """

    def check_objects(self, n_objects: int) -> None:
        """Refuse a number of objects for which no scene can be sampled.

        Raises:
            ConceptParameterError: unless it is a whole number within `num_objects`.
        """
        low, high = self.num_objects
        if not is_whole(n_objects) or not low <= n_objects <= high:
            raise ConceptParameterError(
                f"n_objects={n_objects!r} of concept '{self.name}' is outside [{low}, {high}]; "
                "choose a whole number in that range"
            )

    def check_attention(self, state: EntityState, attention: np.ndarray) -> np.ndarray:
        """The attended objects as row numbers.

        Raises:
            ShapeError: if their number does not fit the concept, or on an attention of another
                shape.
            NonFiniteError: on NaN or infinity.
        """
        check_array(attention, "attention", (MAX_ENTITIES,))
        (rows,) = (np.asarray(attention, dtype=bool) & state.objects).nonzero()
        low, high = self.num_attended
        if not low <= len(rows) <= high:
            raise ShapeError(
                f"attention marks {len(rows)} objects, but concept '{self.name}' takes "
                f"{low} to {high}; mark that many"
            )
        return rows


def with_cursor(state: EntityState, place: np.ndarray) -> EntityState:
    """The state with its cursor at `place` (2,), kept in the plane.

    It is `state` itself where the cursor may not be moved or stands there already.
    """
    row = state.cursor
    place = np.clip(place, -CURSOR_REGION, CURSOR_REGION).astype(np.float32)
    if not state.movable[row] or np.array_equal(state.positions[row], place):
        return state
    return state.moved(np.array([row]), place[None])


def _pad(entities: np.ndarray) -> np.ndarray:
    padded = np.zeros((MAX_ENTITIES, entities.shape[1]), dtype=np.float32)
    padded[: len(entities)] = entities
    return padded
