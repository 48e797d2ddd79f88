"""How the scripts start: the command line, and errors without a traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeVar

import tyro

from ..envs.errors import ConceptGymError, ConfigError

_Arguments = TypeVar("_Arguments")


def run_script(
    main: Callable[[_Arguments], None], arguments: type[_Arguments], description: str | None
) -> None:
    """Parse the command line into `arguments` and run `main`.

    Bad input ends with its text, as do files that cannot be read or written.
    """
    try:
        main(tyro.cli(arguments, description=description))
    except (ConceptGymError, OSError) as error:
        sys.exit(f"error: {error}")


def check_minutes(minutes: float) -> None:
    """Raise `ConfigError` unless it is a time after which a script may stop, maybe infinite."""
    if not minutes >= 0:
        raise ConfigError(f"minutes={minutes} must be at least 0; 0 only reports what there is")
