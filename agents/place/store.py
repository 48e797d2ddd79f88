"""Outcomes of the place world on disk, one a line, as they come."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Self

from ...envs.errors import ConfigError
from ..json_lines import JsonLines
from .outcomes import PlaceOutcome
from .trials import Trial

_DIGEST = 16  # digits of the weights' digest that are kept


class PlaceStore:
    """A JSON-lines file of outcomes; outcomes are added within its context.

    Raises:
        ConfigError: if `seed` is below 0, or the file's outcomes are of another seed or other
            weights, or damaged, or no such file's.
    """

    def __init__(self, path: Path, *, seed: int, weights: str) -> None:
        """Read outcomes of a seed and of weights with this digest, if there are any."""
        if seed < 0:
            raise ConfigError(f"seed={seed} must be a whole number of at least 0; choose one")
        self._found: dict[Trial, PlaceOutcome] = {}
        self._file = JsonLines(path)
        self._header = json.dumps({"seed": seed, "weights": weights[:_DIGEST]})
        self._read()

    def __enter__(self) -> Self:
        self._file.__enter__()
        if not self._file.path.stat().st_size:
            self._file.write(self._header)
        return self

    def __exit__(self, *error: object) -> None:
        self._file.__exit__(*error)

    def __contains__(self, trial: Trial) -> bool:
        return trial in self._found

    @property
    def outcomes(self) -> list[PlaceOutcome]:
        """All of them, by episode, cell and condition."""
        return [self._found[trial] for trial in sorted(self._found)]

    def add(self, outcome: PlaceOutcome) -> None:
        """Keep an outcome, on disk at once."""
        self._file.write(json.dumps(outcome.row()))
        self._found[outcome.trial] = outcome

    def _read(self) -> None:
        lines, rest = self._file.lines, self._file.rest
        first = lines[0] if lines else rest
        if first != self._header and (lines or not self._header.startswith(rest)):
            raise ConfigError(
                f"{self._file.path} begins with {first[:60]!r}, expected {self._header!r}; use its "
                "seed and weights, or another --out"
            )
        for number, line in enumerate(lines[1:], start=2):
            try:
                outcome = PlaceOutcome(**json.loads(line))
            except (ValueError, TypeError) as error:
                raise ConfigError(
                    f"{self._file.path} is damaged in line {number} ({error}); take that line out, "
                    "and its outcome is found anew, or use another --out"
                ) from error
            self._found[outcome.trial] = outcome
