"""Outcomes on disk, line by line as they come: a killed run loses nothing and goes on.

The file is JSON Lines. A line that is an object says what is evaluated (the seed, and the digest of
each checkpoint); one that is a list is an outcome, its values in the order of `Outcome`'s fields.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ..envs.errors import CheckpointError
from .evaluation import Outcome, Task
from .evaluation_arm import ArmFacts
from .evaluation_config import Cell, Job

_FIELDS = tuple(field.name for field in fields(Outcome))
_CELL = tuple(field.name for field in fields(Cell))


class OutcomeStore:
    """The outcomes so far; more are added, and are on disk at once.

    Attributes:
        path: the file.
        outcomes: those of earlier runs, then those added, each once.
    """

    def __init__(self, path: Path, *, seed: int, digests: Mapping[str, str]) -> None:
        """Read what is there, and get ready to add.

        Args:
            path: the file; it and its folder are made if they are missing.
            seed: of the evaluation.
            digests: SHA-256 of each checkpoint, by method.

        Raises:
            CheckpointError: if the file is about another seed or other weights.
        """
        self.path = path
        self.outcomes: list[Outcome] = []
        self._done: dict[Job, set[Cell]] = {}
        self._cells: dict[Cell, Cell] = {}  # each once, however many episodes have it
        about = {"seed": seed, **{f"sha256 of {name}": digests[name] for name in digests}}
        known = self._read()
        for name, value in about.items():
            if known.get(name, value) != value:
                raise CheckpointError(
                    f"{path} holds outcomes of {name}={known[name]!r}, not {value!r}; "
                    "choose another folder, or delete the file"
                )
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", encoding="utf-8")
        if not about.items() <= known.items():
            self._write(json.dumps(about))

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
        if found:
            self._write("\n".join(json.dumps(_to_list(item)) for item in found))
        for item in found:
            self._remember(item)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _write(self, text: str) -> None:
        self._file.write(text + "\n")
        self._file.flush()

    def _remember(self, item: Outcome) -> None:
        cell = Cell(*(getattr(item, name) for name in _CELL))
        done = self._done.setdefault(Job(item.concept, item.level, item.episode), set())
        if cell not in done:
            done.add(self._cells.setdefault(cell, cell))
            self.outcomes.append(item)

    def _read(self) -> dict[str, Any]:
        """Remember every outcome, cut off a line that a kill left unfinished; what it is about."""
        about: dict[str, Any] = {}
        if not self.path.exists():
            return about
        text = self.path.read_bytes()
        whole = text.rfind(b"\n") + 1
        if whole < len(text):
            with self.path.open("r+b") as file:
                file.truncate(whole)
        for line in text[:whole].splitlines():
            value = json.loads(line)
            if isinstance(value, dict):
                about |= value
            else:
                self._remember(_from_list(value))
        return about


def _to_list(item: Outcome) -> list[Any]:
    return [*(getattr(item, name) for name in _FIELDS[:-1]), item.arm and asdict(item.arm)]


def _from_list(values: list[Any]) -> Outcome:
    named = dict(zip(_FIELDS, values, strict=True))
    facts = named.pop("arm")
    return Outcome(**named, arm=ArmFacts(**facts) if facts else None)
