"""A file of JSON lines that grows: a kill at any moment loses no whole line."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Self


class JsonLines:
    """What is in such a file, and a context manager in which lines are added to it.

    The file is never written anew.

    Attributes:
        path: the file.
        lines: its whole lines when it was read.
        rest: what a kill left unfinished after them.
    """

    def __init__(self, path: Path) -> None:
        """Read the file, if there is one; it is left alone until the context begins."""
        self.path = path
        data = path.read_bytes() if path.exists() else b""
        self._whole = data.rfind(b"\n") + 1  # [bytes]
        self.lines = data[: self._whole].decode(errors="replace").split("\n")[:-1]
        self.rest = data[self._whole :].decode(errors="replace")
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        """Make the folder if it is missing, and cut off what is unfinished."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open("a", encoding="utf-8")
        if self.rest:
            self._file.truncate(self._whole)
            self.rest = ""
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()
        self._file = None

    def write(self, *lines: str) -> None:
        """Add lines, in one piece, on disk at once.

        Raises:
            RuntimeError: outside of the context.
        """
        if self._file is None:
            raise RuntimeError(f"{self.path} is closed; add lines within its context manager")
        self._file.write("".join(line + "\n" for line in lines))
        self._file.flush()
