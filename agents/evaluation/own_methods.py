"""Methods of other people: classes that are named on the command line."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from inspect import signature
from typing import Any

from ...envs.errors import ConfigError
from .methods import RIVALS
from .rival_solver import MakeRival

_OFFERED = ("observe", "plan", "identify")


def with_own(own: Mapping[str, str]) -> dict[str, MakeRival]:
    """The rivals, and classes of one's own beside them.

    Args:
        own: by name, each as MODULE:CLASS; the class is called with a seed and offers what
            `conceptgym.agents.rivals.Rival` does.

    Raises:
        ConfigError: if there is no such module or class, it takes no seed, or lacks a method.
    """
    return RIVALS | {name: _load(name, place) for name, place in own.items()}


def _load(name: str, place: str) -> MakeRival:
    told = f"rival {name}={place!r}"
    module, _, attribute = place.partition(":")
    if not (module and attribute):
        raise ConfigError(f"{told} must be MODULE:CLASS, such as my_agent:MyAgent")
    try:
        found: Any = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"{told} cannot be loaded ({error}); put its folder on the path, as in "
            "PYTHONPATH=. python scripts/evaluate.py …"
        ) from error
    if not isinstance(found, type):
        raise ConfigError(f"{told} is no class; name one that is called with a seed")
    lacking = [method for method in _OFFERED if not callable(getattr(found, method, None))]
    if lacking:
        raise ConfigError(
            f"{told} lacks {', '.join(lacking)}; add what conceptgym.agents.rivals.Rival describes"
        )
    try:
        signature(found).bind(0)
    except TypeError as error:
        raise ConfigError(
            f"{told} cannot be called with a seed ({error}); take it, as in __init__(self, seed)"
        ) from error
    return found  # pyright: ignore[reportReturnType]
