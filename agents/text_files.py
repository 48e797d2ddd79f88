"""Files that are never seen half-written, and rows as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def unfinished_file(path: Path) -> Iterator[Path]:
    """A file to write, which becomes `path` once the block is through and is gone if that failed.

    Missing folders are made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".part")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def replace_text(path: Path, text: str) -> Path:
    """Write `text` in UTF-8 to `path`, which appears under its name only when it is complete.

    Missing folders are made; a file that was there stays until the new one is whole.

    Returns:
        `path`.
    """
    with unfinished_file(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
    return path


def csv_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as CSV, under every name that one of them has; empty where it is missing or None."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    file = io.StringIO()
    writer = csv.DictWriter(file, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()
