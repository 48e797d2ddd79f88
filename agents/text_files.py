"""Text files that are never seen half-written."""

from __future__ import annotations

from pathlib import Path


def replace_text(path: Path, text: str) -> Path:
    """Write `text` in UTF-8 to `path`, which appears under its name only when it is complete.

    Missing folders are made; a file that was there stays until the new one is whole.

    Returns:
        `path`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".part")
    unfinished.write_text(text, encoding="utf-8")
    return unfinished.replace(path)
