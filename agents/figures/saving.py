"""Pictures are never seen half-written."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from ..text_files import unfinished_file


def save_figure(figure: Figure, path: Path, *, dpi: int) -> None:
    """Write a figure; the path's suffix says which kind, by default PNG."""
    with unfinished_file(path) as unfinished:
        figure.savefig(unfinished, dpi=dpi, format=path.suffix[1:] or "png")
