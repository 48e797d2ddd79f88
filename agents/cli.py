"""How the scripts start: the command line, and errors without a traceback."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Sequence
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
        _check_flags(sys.argv[1:])
        main(tyro.cli(arguments, description=description))
    except (ConceptGymError, OSError) as error:
        sys.exit(f"error: {error}")


def _check_flags(words: Sequence[str]) -> None:
    """Raise `ConfigError` if a flag is given twice: the parser would keep the last one alone."""
    flags = Counter(
        word.partition("=")[0].replace("_", "-") for word in words if word.startswith("--")
    )
    for flag, times in flags.items():
        if times > 1:
            raise ConfigError(
                f"{flag} is given {times} times, but only the last would count; name all its "
                f"values after one, as in {flag} A B"
            )


def check_minutes(minutes: float) -> None:
    """Raise `ConfigError` unless it is a time after which a script may stop, maybe infinite."""
    if not minutes >= 0:
        raise ConfigError(f"minutes={minutes} must be at least 0; 0 only reports what there is")
