"""Reading the tables of docstrings, so that tests can hold them against the code."""

from __future__ import annotations

import numpy as np
from gymnasium import spaces


def read_tables(doc: str | None) -> list[list[dict[str, str]]]:
    """Every table of a docstring, as rows of cells by column name; back-ticks are dropped."""
    tables: list[list[dict[str, str]]] = []
    columns: list[str] = []
    for line in (doc or "").splitlines():
        if not line.strip().startswith("|"):
            columns = []
            continue
        cells = [cell.strip(" `") for cell in line.strip().strip("|").split("|")]
        if not columns:
            columns = cells
            tables.append([])
        elif set(cells[0]) - {"-"}:
            tables[-1].append(dict(zip(columns, cells, strict=True)))
    return tables


def describe(space: spaces.Space) -> str:
    """A space as tables write it: "Box (16, 7) float32", "MultiBinary (16,)", "Discrete (2)"."""
    kind = type(space).__name__
    if isinstance(space, spaces.Discrete):
        return f"{kind} ({int(space.n)})"
    return f"{kind} {space.shape}" + (" float32" if space.dtype == np.float32 else "")
