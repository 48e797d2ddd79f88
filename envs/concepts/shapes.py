"""line, triangle, square, circle: the figures that have a name of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from .figure import PointFigure
from .figure_library import FIGURES, as_complex


@dataclass(frozen=True, kw_only=True)
class Shape(PointFigure):
    """The attended entities form the library's figure of this name."""

    @property
    def template(self) -> np.ndarray:
        return _TEMPLATES[self.name]


@dataclass(frozen=True, kw_only=True)
class Line(Shape):
    """Four attended entities, equally spaced on a straight line."""

    name: ClassVar[str] = "line"
    description: ClassVar[str] = "the four attended entities stand in an evenly spaced line"
    num_attended: ClassVar[tuple[int, int]] = (4, 4)
    num_objects: ClassVar[tuple[int, int]] = (5, 12)


@dataclass(frozen=True, kw_only=True)
class Triangle(Shape):
    """Three attended entities at the corners of an equilateral triangle."""

    name: ClassVar[str] = "triangle"
    description: ClassVar[str] = "the three attended entities form an equilateral triangle"
    num_attended: ClassVar[tuple[int, int]] = (3, 3)
    num_objects: ClassVar[tuple[int, int]] = (4, 7)  # among more, some other three nearly form one


@dataclass(frozen=True, kw_only=True)
class Square(Shape):
    """Four attended entities at the corners of a square."""

    name: ClassVar[str] = "square"
    description: ClassVar[str] = "the four attended entities form a square"
    num_attended: ClassVar[tuple[int, int]] = (4, 4)
    num_objects: ClassVar[tuple[int, int]] = (5, 12)


@dataclass(frozen=True, kw_only=True)
class Circle(Shape):
    """Six attended entities spread evenly over a circle."""

    name: ClassVar[str] = "circle"
    description: ClassVar[str] = "the six attended entities spread evenly over a circle"
    num_attended: ClassVar[tuple[int, int]] = (6, 6)
    num_objects: ClassVar[tuple[int, int]] = (7, 12)


_TEMPLATES = {
    kind.name: as_complex(FIGURES[kind.name]) for kind in (Line, Triangle, Square, Circle)
}
