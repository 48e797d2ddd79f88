"""Outcomes on disk, line by line as they come: a killed run loses nothing and goes on.

The file is JSON Lines. A line that is an object says what is evaluated (the seed, and the digest of
each checkpoint); one that is a list is an outcome, its values in the order of `Outcome`'s fields.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Self

from ...envs.errors import CheckpointError
from ..json_lines import JsonLines
from .arm import ArmFacts
from .config import Cell, Job
from .evaluator import Outcome, Task
from .published import read_published

_FIELDS = tuple(field.name for field in fields(Outcome))
_CELL = tuple(field.name for field in fields(Cell))


class OutcomeStore:
    """The outcomes so far; more are added within its context, and are on disk at once.

    Attributes:
        outcomes: those of earlier runs, then those added, each once.
        about: what they are about: the seed, and the digest of each checkpoint.
    """

    def __init__(self, path: Path, *, seed: int, digests: Mapping[str, str]) -> None:
        """Read what is there.

        Args:
            path: the file; it and its folder are made if they are missing, in the context.
            seed: of the evaluation.
            digests: SHA-256 of each checkpoint, by method.

        Raises:
            CheckpointError: if the file is about another seed or other weights, or damaged.
        """
        self._file = JsonLines(path)
        self.outcomes: list[Outcome] = []
        self._done: dict[Job, set[Cell]] = {}
        self._cells: dict[Cell, Cell] = {}  # each once, however many episodes have it
        self._asked = {"seed": seed, **{f"sha256 of {name}": digests[name] for name in digests}}
        self.about = dict(self._asked)
        self._written = self._read()
        self._learn(path, self._written, "choose another folder, or delete the file")

    def start_from(self, path: Path) -> None:
        """Remember published outcomes as well, and leave them where they are.

        Raises:
            CheckpointError: if the file is missing or broken, or about another seed or weights.
        """
        outcomes, about = read_published(path)
        self._learn(path, about, "do without it, or evaluate what it is about")
        for item in outcomes:
            self._remember(item)

    def missing(self, job: Job, cells: Iterable[Cell]) -> list[Task]:
        """The cells of a job that have no outcome yet, those of a setting together."""
        settings: dict[tuple[int, str], list[Cell]] = {}
        done = self._done.get(job, set())
        for cell in cells:
            if cell not in done:
                settings.setdefault(cell.setting, []).append(cell)
        return [(job, found) for found in settings.values()]

    def add(self, outcomes: Iterable[Outcome]) -> None:
        """Write outcomes, in one piece."""
        found = list(outcomes)
        self._file.write(*(json.dumps(_to_list(item)) for item in found))
        for item in found:
            self._remember(item)

    def __enter__(self) -> Self:
        self._file.__enter__()
        if not self._asked.items() <= self._written.items():
            self._file.write(json.dumps(self._asked))
            self._written |= self._asked
        return self

    def __exit__(self, *error: object) -> None:
        self._file.__exit__(*error)

    def _learn(self, path: Path, about: Mapping[str, Any], fix: str) -> None:
        """Add what a file is about to what is known, unless they contradict each other."""
        for name, value in self.about.items():
            if about.get(name, value) != value:
                raise CheckpointError(
                    f"{path} holds outcomes of {name}={about[name]!r}, not {value!r}; {fix}"
                )
        self.about |= about

    def _remember(self, item: Outcome) -> None:
        cell = Cell(*(getattr(item, name) for name in _CELL))
        done = self._done.setdefault(Job(item.concept, item.level, item.episode), set())
        if cell not in done:
            done.add(self._cells.setdefault(cell, cell))
            self.outcomes.append(item)

    def _read(self) -> dict[str, Any]:
        """Remember every outcome; what the file is about."""
        about: dict[str, Any] = {}
        for number, line in enumerate(self._file.lines, start=1):
            try:
                value = json.loads(line)
                if isinstance(value, dict):
                    about |= value
                else:
                    self._remember(_from_list(value))
            except (ValueError, TypeError) as error:
                raise CheckpointError(
                    f"{self._file.path} is damaged in line {number} ({error}); take that line out, "
                    "and its outcomes are found anew, or choose another folder"
                ) from error
        return about


def _to_list(item: Outcome) -> list[Any]:
    return [*(getattr(item, name) for name in _FIELDS[:-1]), item.arm and asdict(item.arm)]


def _from_list(values: list[Any]) -> Outcome:
    named = dict(zip(_FIELDS, values, strict=True))
    facts = named.pop("arm")
    return Outcome(**named, arm=ArmFacts(**facts) if facts else None)
