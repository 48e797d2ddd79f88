"""Rivals of the learned agent: they answer the same questions without any learning."""

from .base import Rival
from .chance import Chance
from .copying import CopyNearest
from .invariants import Invariants
from .together import PlansTogether

__all__ = ["Chance", "CopyNearest", "Invariants", "PlansTogether", "Rival"]
