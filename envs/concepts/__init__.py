"""Concepts: each is one object that samples events and judges states."""

from .base import TASKS, Concept, Event
from .between import Between
from .colour import Colour
from .directional import Above, Below, Directional, LeftOf, RightOf
from .near import Near
from .order import InOrder, ThreeInOrder, TwoInOrder
from .proximity import Closest, Furthest, Proximity
from .registry import CONCEPTS, make_concept
from .touch import Touch

__all__ = [
    "CONCEPTS",
    "TASKS",
    "Above",
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
    "Proximity",
    "RightOf",
    "ThreeInOrder",
    "Touch",
    "TwoInOrder",
    "make_concept",
]
