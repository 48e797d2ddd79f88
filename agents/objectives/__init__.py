"""Training objectives of the energy, one a file.

To add one, put a file into this folder that names an `Objective` (see `base.py`) `OBJECTIVE`; its
name is then a value of `TrainConfig.objective`.
"""

from importlib import import_module
from pkgutil import iter_modules

from ...envs.errors import ConfigError
from .base import Objective, Step


def find_objectives() -> dict[str, Objective]:
    """The objectives of this folder's files, by the files' names.

    Raises:
        ConfigError: if a file's `OBJECTIVE` is none.
    """
    names = [found.name for found in iter_modules(__path__)]
    modules = {name: import_module(f"{__name__}.{name}") for name in names}
    found = {name: m.OBJECTIVE for name, m in modules.items() if hasattr(m, "OBJECTIVE")}
    for name, value in found.items():
        if not isinstance(value, Objective):
            raise ConfigError(
                f"OBJECTIVE of agents/objectives/{name}.py is a {type(value).__name__}, expected "
                "an Objective; write OBJECTIVE = Objective(draw=…, loss=…)"
            )
    return found


OBJECTIVES = find_objectives()
"""Every objective by the name of its file."""

__all__ = ["OBJECTIVES", "Objective", "Step", "find_objectives"]
