"""Outcomes of the place world on disk, one a line, as they come."""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import IO

from ..envs.errors import ConfigError
from .place_outcomes import PlaceOutcome
from .place_trials import Trial

_DIGEST = 16  # digits of the weights' digest that are kept


class PlaceStore:
    """A JSON-lines file of outcomes; a context manager.

    What a killed run left half-written at the end is dropped.

    Raises:
        ConfigError: if `seed` is below 0, or the file's outcomes are of another seed or other
            weights, or no such file's.
    """

    def __init__(self, path: Path, *, seed: int, weights: str) -> None:
        """Open or make the file, for outcomes of a seed and of weights with this digest."""
        self._path = path
        self._found: dict[Trial, PlaceOutcome] = {}
        self._file: IO[str] | None = None
        if seed < 0:
            raise ConfigError(f"seed={seed} must be a whole number of at least 0; choose one")
        path.parent.mkdir(parents=True, exist_ok=True)
        self._read(json.dumps({"seed": seed, "weights": weights[:_DIGEST]}))

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

    def _read(self, header: str) -> None:
        """Find the outcomes of whole lines, and cut off what a kill left after them.

        The file is never written anew: a kill at any moment, here too, loses no whole line.
        """
        data = self._path.read_bytes() if self._path.exists() else b""
        whole = data.rfind(b"\n") + 1
        first, *lines = data.decode(errors="replace").split("\n")
        if first != header and (whole or not header.startswith(first)):
            raise ConfigError(
                f"{self._path} begins with {first[:60]!r}, expected {header!r}; use its seed and "
                "weights, or another --out"
            )
        for line in lines[:-1]:
            try:
                outcome = PlaceOutcome(**json.loads(line))
            except (ValueError, TypeError):
                continue
            self._found[_trial_of(outcome)] = outcome
        if not whole:
            self._path.write_text(header + "\n")
        elif whole < len(data):
            with self._path.open("r+b") as file:
                file.truncate(whole)


def _trial_of(outcome: PlaceOutcome) -> Trial:
    return Trial(outcome.episode, outcome.cell, outcome.condition)
