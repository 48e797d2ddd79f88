"""Outcomes of the place world on disk, one a line, as they come."""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import IO

from ..envs.errors import ConfigError
from .place_outcomes import PlaceOutcome
from .place_trials import Trial


class PlaceStore:
    """A JSON-lines file of outcomes; a context manager.

    What a killed run left half-written at the end is dropped.

    Raises:
        ConfigError: if the file's outcomes are of another seed, or no such file's.
    """

    def __init__(self, path: Path, *, seed: int) -> None:
        self._path = path
        self._found: dict[Trial, PlaceOutcome] = {}
        self._file: IO[str] | None = None
        path.parent.mkdir(parents=True, exist_ok=True)
        header = json.dumps({"seed": seed})
        kept = [header, *self._read(header)]
        path.write_text("\n".join(kept) + "\n")

    def __enter__(self) -> PlaceStore:
        self._file = self._path.open("a")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()
        self._file = None

    def __contains__(self, trial: Trial) -> bool:
        return trial in self._found

    @property
    def outcomes(self) -> list[PlaceOutcome]:
        """All of them, by episode, cell and condition."""
        return [self._found[trial] for trial in sorted(self._found)]

    def add(self, outcome: PlaceOutcome) -> None:
        """Keep an outcome, on disk at once."""
        if self._file is None:
            raise RuntimeError("the store is closed; use it as a context manager")
        self._file.write(json.dumps(outcome.row()) + "\n")
        self._file.flush()
        self._found[_trial_of(outcome)] = outcome

    def _read(self, header: str) -> list[str]:
        """The file's whole lines after its header."""
        if not self._path.exists():
            return []
        first, *lines = self._path.read_text().split("\n")
        if first != header:
            raise ConfigError(
                f"{self._path} begins with {first[:60]!r}, expected {header!r}; use its seed, or "
                "another --out"
            )
        kept = []
        for line in lines:
            try:
                outcome = PlaceOutcome(**json.loads(line))
            except (ValueError, TypeError):
                continue
            self._found[_trial_of(outcome)] = outcome
            kept.append(line)
        return kept


def _trial_of(outcome: PlaceOutcome) -> Trial:
    return Trial(outcome.episode, outcome.cell, outcome.condition)
