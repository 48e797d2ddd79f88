"""Concepts: each is one object that samples events and judges states."""

from .at_distance import AtDistance
from .base import TASKS, Concept, Event
from .between import Between
from .colour import Colour
from .directional import Above, Below, Directional, LeftOf, Placed, RightOf
from .near import Near
from .offset import Offset
from .order import InOrder, ThreeInOrder, TwoInOrder
from .proximity import Closest, Furthest, Proximity
from .quantity import Quantity
from .region import REGIONS, Region
from .registry import CONCEPTS, make_concept
from .touch import Touch

__all__ = [
    "CONCEPTS",
    "REGIONS",
    "TASKS",
    "Above",
    "AtDistance",
    "Below",
    "Between",
    "Closest",
    "Colour",
    "Concept",
    "Directional",
    "Event",
    "Furthest",
    "InOrder",
    "LeftOf",
    "Near",
    "Offset",
    "Placed",
    "Proximity",
    "Quantity",
    "Region",
    "RightOf",
    "ThreeInOrder",
    "Touch",
    "TwoInOrder",
    "make_concept",
]
