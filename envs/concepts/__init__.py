"""Concepts: each is one object that samples events and judges states."""

from .at_distance import AtDistance
from .base import TASKS, Concept, Event
from .between import Between
from .colour import Colour
from .composed import Composed, ComposedEvent, compose
from .directional import Above, Below, Directional, LeftOf, Placed, RightOf
from .figure import Figure, PointFigure
from .figure_library import FIGURES
from .near import Near
from .offset import Offset
from .order import InOrder, ThreeInOrder, TwoInOrder
from .proximity import Closest, Furthest, Proximity
from .quantity import Quantity
from .region import REGIONS, Region
from .registry import CONCEPTS, make_concept
from .shapes import Circle, Line, Square, Triangle
from .touch import Touch

__all__ = [
    "CONCEPTS",
    "FIGURES",
    "REGIONS",
    "TASKS",
    "Above",
    "AtDistance",
    "Below",
    "Between",
    "Circle",
    "Closest",
    "Colour",
    "Composed",
    "ComposedEvent",
    "Concept",
    "Directional",
    "Event",
    "Figure",
    "Furthest",
    "InOrder",
    "LeftOf",
    "Line",
    "Near",
    "Offset",
    "Placed",
    "PointFigure",
    "Proximity",
    "Quantity",
    "Region",
    "RightOf",
    "Square",
    "ThreeInOrder",
    "Touch",
    "Triangle",
    "TwoInOrder",
    "compose",
    "make_concept",
]
