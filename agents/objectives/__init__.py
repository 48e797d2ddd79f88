"""Training objectives of the energy, one a file.

To add one, put a file into this folder that names an `Objective` (see `base.py`) `OBJECTIVE`; its
name is then a value of `TrainConfig.objective`.
"""

from importlib import import_module
from pkgutil import iter_modules

from .base import Objective, Step

OBJECTIVES: dict[str, Objective] = {
    found.name: module.OBJECTIVE
    for found in iter_modules(__path__)
    if hasattr(module := import_module(f"{__name__}.{found.name}"), "OBJECTIVE")
}
"""Every objective by the name of its file."""

__all__ = ["OBJECTIVES", "Objective", "Step"]
