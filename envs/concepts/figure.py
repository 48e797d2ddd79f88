"""figure: the attended entities form a given figure, wherever, however turned and sized."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, cast

import numpy as np

from ..entities import MAX_ENTITIES, EntityState
from ..errors import ConceptParameterError
from .alignment import align, orders
from .base import SPLITS, Concept
from .copies import is_copy
from .figure_library import (
    FIGURES,
    HELD_OUT,
    Points,
    as_complex,
    as_pairs,
    is_held_out,
    normalised,
    random_figure,
)
from .figure_scenes import SPACING, draw_scene
from .sampling import CURSOR_REGION, OBJECT_REGION, assemble, attended_mask, random_colours

_SHOWN_SIZES = (0.22, 0.5)  # RMS radii of the nearest states [plane units]
_IN_PLACE = 1e-5  # moves below this are rounding [plane units]
_MOST_OBJECTS = 12
_MOST_OBJECTS_OF_THREE = 7  # among more, some other three form nearly any figure of three points
_HELD_OUT_SHARE = 0.2
_BEFORE_MISFIT = 1.5  # of the tolerance: what the state before a change is at least off by
_RESTARTS = 10_000


@dataclass(frozen=True, kw_only=True)
class PointFigure(Concept):
    """The attended entities form the figure: position, rotation and size are free.

    Any of them may take any of the figure's places; the mirror image of the figure is another
    figure. Residual: the largest distance of an entity from its place in the figure that fits
    best, as a share of that figure's RMS radius, plus what this radius lacks of 0.18 plane
    units, as a share of 0.18.
    """

    tolerance: ClassVar[float] = 0.2
    least_size: ClassVar[float] = 0.18
    tasks_on_arm: ClassVar[tuple[str, ...]] = ("identify",)

    @property
    @abstractmethod
    def template(self) -> np.ndarray:
        """The figure, (k,) complex of zero mean and unit RMS radius."""

    def editable(
        self, entities: np.ndarray, attention: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The attended objects may be moved."""
        return np.array(attention, dtype=bool), np.zeros(MAX_ENTITIES, dtype=bool)

    def sample_after(
        self, rng: np.random.Generator, n_objects: int
    ) -> tuple[np.ndarray, np.ndarray]:
        placed = draw_scene(
            rng,
            self.template,
            n_objects,
            tolerance=self.tolerance,
            least_size=self.least_size,
        )
        cursor = rng.uniform(-CURSOR_REGION, CURSOR_REGION, size=2)
        entities = assemble(cursor, as_pairs(placed), random_colours(rng, n_objects))
        return entities, attended_mask(n_objects, *range(len(self.template)))

    def sample_before(
        self, rng: np.random.Generator, after: EntityState, attention: np.ndarray
    ) -> EntityState:
        """The attended objects lie anywhere, clear of the others, and form no such figure."""
        (rows,) = attention.nonzero()
        others = _complex_positions(after, after.objects & ~attention)
        for _ in range(_RESTARTS):
            drawn = rng.uniform(-OBJECT_REGION, OBJECT_REGION, size=(16 * len(rows), 2))
            places = _spaced(as_complex(drawn), others, len(rows))
            if len(places) < len(rows):
                continue
            misfit = align(places, self.template, least_size=self.least_size).misfit
            if misfit > _BEFORE_MISFIT * self.tolerance:
                return after.moved(rows, as_pairs(places))
        raise RuntimeError("no places were found at which the attended entities form no figure")

    def residual(self, state: EntityState, attention: np.ndarray) -> float:
        rows = self.check_attention(state, attention)
        points = _complex_positions(state, rows)
        return align(points, self.template, least_size=self.least_size).misfit

    def succeeds(self, state: EntityState, attention: np.ndarray) -> bool:
        places = state.positions[self.check_attention(state, attention)].astype(np.float64)
        template, limit = as_pairs(self.template), self.tolerance
        return is_copy(places, template, limit=limit, least_size=self.least_size)

    def nearest(self, state: EntityState, attention: np.ndarray) -> EntityState:
        """The figure, exactly, that takes the least sum of squared moves.

        For the order that the figure's places correlate best with the entities in, the
        rotation is the correlation's, the size its amount within 0.22 to 0.5 plane units, and
        the position the entities' mean, shifted where a point would leave the plane.
        """
        rows = self.check_attention(state, attention)
        points = _complex_positions(state, rows)
        count = len(points)
        table = orders(count)
        centre = points.mean()
        # Least squares over the rotation leave |z|² - 2 s |c| + k s² for a size s, least for the
        # order of the greatest correlation |c| whatever s is.
        correlations = np.conj(self.template) @ (points - centre)[table].T
        best = int(np.argmax(np.abs(correlations)))
        amount = abs(correlations[best])
        turn = correlations[best] / amount if amount > 0.0 else 1.0
        placed = np.empty(count, dtype=complex)
        placed[table[best]] = turn * np.clip(amount / count, *_SHOWN_SIZES) * self.template
        placed += centre
        goals = _shifted_inside(as_pairs(placed))
        if np.abs(goals - state.positions[rows]).max() <= _IN_PLACE:
            return state
        return state.moved(rows, goals)


@dataclass(frozen=True, kw_only=True)
class Figure(PointFigure):
    """The attended entities form the figure of `points`.

    Attributes:
        points: 3 to 6 pairs (x, y) in any unit, or a name of `figure_library.FIGURES`; kept as
            the figure of zero mean and unit RMS radius.
        num_attended, num_objects: of a figure at hand these follow from its number of points;
            on the class they are those of the default figure.
    """

    name: ClassVar[str] = "figure"
    description: ClassVar[str] = "the attended entities form the given figure, in any pose"
    num_attended: ClassVar[tuple[int, int]] = (4, 4)
    num_objects: ClassVar[tuple[int, int]] = (5, _MOST_OBJECTS)
    points: Points | str = "square"

    def __post_init__(self) -> None:
        points = normalised(self.points)
        most = _MOST_OBJECTS_OF_THREE if len(points) == 3 else _MOST_OBJECTS
        derived: dict[str, Any] = {
            "points": points,
            "num_attended": (len(points), len(points)),
            "num_objects": (len(points) + 1, most),
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)
        super().__post_init__()

    @property
    def _figure(self) -> Points:
        return cast(Points, self.points)  # a name has been looked up by now

    @cached_property
    def template(self) -> np.ndarray:
        return as_complex(self._figure)

    @property
    def held_out(self) -> bool:
        """Whether the figure, or its mirror image, is not clear of every held-out figure."""
        return is_held_out(self._figure)

    @classmethod
    def splits(cls) -> tuple[str, ...]:
        return SPLITS

    @classmethod
    def random(cls, rng: np.random.Generator, *, split: str = "any") -> Concept:
        """A figure: for "train" random or a named shape, for "held_out" one of the library.

        Raises:
            ConceptParameterError: on an unknown split.
        """
        if split not in SPLITS:
            raise ConceptParameterError(
                f"split={split!r} is unknown for concept '{cls.name}'; choose one of "
                f"{', '.join(SPLITS)}"
            )
        if split == "held_out" or (split == "any" and rng.random() < _HELD_OUT_SHARE):
            return cls(points=FIGURES[HELD_OUT[int(rng.integers(len(HELD_OUT)))]])
        return cls(points=random_figure(rng))


def _complex_positions(state: EntityState, rows: np.ndarray) -> np.ndarray:
    """Positions of some rows as x + iy [plane units], in float64."""
    return as_complex(state.positions[rows])


def _spaced(candidates: np.ndarray, others: np.ndarray, count: int) -> np.ndarray:
    """The first `count` candidates, or fewer, that keep the spacing from others and each other."""
    taken = list(others)
    for candidate in candidates:
        if all(abs(candidate - place) >= SPACING for place in taken):
            taken.append(candidate)
            if len(taken) == len(others) + count:
                break
    return np.array(taken[len(others) :])


def _shifted_inside(positions: np.ndarray) -> np.ndarray:
    """Positions (k, 2) shifted as one so that all are inside the objects' part of the plane.

    A figure of 6 points and RMS radius 0.5 is at most 1.74 wide, so a shift always does.
    """
    low = -CURSOR_REGION - positions.min(axis=0)
    high = CURSOR_REGION - positions.max(axis=0)
    return positions + np.clip(0.0, low, high)
