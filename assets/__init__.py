"""Files that ship with conceptgym: the arm's model and the trained weights."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

__all__ = ["asset_path"]


def asset_path(name: str) -> Path:
    """Path of the asset `name`, given relative to the assets folder with forward slashes.

    Args:
        name: for instance "panda/panda.xml".

    Raises:
        FileNotFoundError: if no such file exists, or `name` leads outside the assets folder. The
            message lists the assets that exist.
    """
    root = Path(str(files(__name__))).resolve()
    path = (root / name).resolve()
    if path.is_file() and path.is_relative_to(root):
        return path
    choices = ", ".join(_asset_names(root)) or "none"
    raise FileNotFoundError(f"no asset named {name!r} in {root}; pass one of: {choices}")


def _asset_names(root: Path) -> list[str]:
    """Names of every asset under `root`, sorted; Python's own files are not assets."""
    own = {".py", ".pyc", ".typed"}
    found = (path for path in root.rglob("*") if path.is_file() and path.suffix not in own)
    return sorted(path.relative_to(root).as_posix() for path in found)
