"""Curves from an evaluation's outcomes: success against demonstrations, steps, objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import product
from operator import itemgetter
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...envs.concepts import TASKS
from ..config import InferenceConfig
from ..data import MOST_OBJECTS
from ..evaluation.config import LEVELS
from ..evaluation.evaluator import Outcome
from ..evaluation.methods import METHODS, OURS, VARIANTS
from ..evaluation.summary import (
    SINGLE,
    Row,
    named,
    standard,
    standards,
    summarise,
    with_numbers,
)
from .saving import save_figure

_COLOURS = mpl.colormaps["tab10"].colors  # pyright: ignore[reportAttributeAccessIssue]
_ALL = "all scenes"
_BESIDE = 0.1  # between two lines along x, as a share of the way to the next value
_TICK = 5.0  # of the success at which an axis may begin [%]
Series = Mapping[str, Sequence[tuple[float, Row]]]
"""Rows of `summarise` by the name of a line, each with its place along x."""
Panels = Mapping[tuple[str, str], Series]
"""What is drawn side by side, by task and by the title of a column."""


def draw_curves(outcomes: Iterable[Outcome], folder: Path) -> list[Path]:
    """Write demonstrations.png, steps.png and objects.png: what the outcomes hold data for.

    Means over the named concepts in the particle world, with 95% Wilson intervals.
    """
    found = [item for item in named(outcomes) if item.world == "particle"]
    plots = {
        "demonstrations": (_by_demonstrations(found), "demonstrations"),
        "steps": (_by_steps(found), "most steps of descent on states and attention"),
        "objects": (_by_objects(found), "objects in the scene"),
    }
    return [
        _draw(panels, folder / f"{name}.png", label)
        for name, (panels, label) in plots.items()
        if any(len(points) > 1 for part in panels.values() for points in part.values())
    ]


def _by_demonstrations(outcomes: Sequence[Outcome]) -> Panels:
    """Whoever had every number of them, by level."""
    rows = summarise(with_numbers(outcomes), ("task", "level", "group", "method", "demonstrations"))
    numbers = {row["demonstrations"] for row in rows}
    for row in rows:
        row["column"] = LEVELS[row["level"]] if row["group"] == SINGLE else row["group"]
    line = itemgetter("task", "column", "method")
    found = {(*line(row), row["demonstrations"]) for row in rows}
    whole = [row for row in rows if all((*line(row), number) in found for number in numbers)]
    return _lines(sorted(whole, key=itemgetter("level")), "method", "demonstrations")


def _by_steps(outcomes: Sequence[Outcome]) -> Panels:
    """Our agent's variants that differ in steps alone, by level, on the same questions."""
    inference = InferenceConfig()
    steps = {
        name: config.iterations
        for name, config in VARIANTS.items()
        if replace(config, iterations=inference.iterations) == inference
    }
    found = _asked_of_all([item for item in standards(outcomes) if item.method in steps])
    rows = summarise(found, ("task", "level", "method"))
    placed = [
        row | {"steps": steps[row["method"]], "line": f"level {row['level']}"} for row in rows
    ]
    return _lines(placed, "line", "steps")


def _by_objects(outcomes: Sequence[Outcome]) -> Panels:
    """Our agent by family, over the scenes of levels 1 and 3."""
    found = [item for item in standard(outcomes) if item.level in (1, 3)]
    rows = summarise(found, ("task", "objects"))
    families = summarise(found, ("task", "family", "objects"))
    return _lines([row | {"family": _ALL} for row in rows] + families, "family", "objects")


def _asked_of_all(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Those about questions that, in their level, every method was asked which was asked any."""
    asked: dict[int, dict[str, set[tuple[str, str, int]]]] = {}
    for item in outcomes:
        here = asked.setdefault(item.level, {}).setdefault(item.method, set())
        here.add((item.concept, item.task, item.episode))
    shared = {level: set.intersection(*methods.values()) for level, methods in asked.items()}
    return [i for i in outcomes if (i.concept, i.task, i.episode) in shared[i.level]]


def _lines(rows: Iterable[Row], line: str, place: str) -> Panels:
    panels: dict[tuple[str, str], dict[str, list[tuple[float, Row]]]] = {}
    for row in sorted(rows, key=itemgetter(place)):
        lines = panels.setdefault((row["task"], row.get("column", "")), {})
        lines.setdefault(str(row[line]), []).append((row[place], row))
    return dict(panels)


def _draw(panels: Panels, path: Path, label: str) -> Path:
    """Tasks side by side; where there are several columns, below each other."""
    columns = list(dict.fromkeys(column for _, column in panels))
    grid = (1, len(TASKS)) if len(columns) == 1 else (len(TASKS), len(columns))
    figure = Figure(figsize=(3.3 * max(grid[1], 3.3), 3.6 * grid[0] + 0.8), layout="constrained")
    axes = np.reshape(np.asarray(figure.subplots(*grid, sharey=True)), (len(TASKS), len(columns)))
    names = sorted({name for part in panels.values() for name in part}, key=_place)
    shown = [point for part in panels.values() for points in part.values() for point in points]
    values = sorted({value for value, _ in shown})
    lowest = min(100.0 * row["low"] for _, row in shown)
    for (row, task), (column, title) in product(enumerate(TASKS), enumerate(columns)):
        axis = axes[row, column]
        if (task, title) not in panels:
            axis.remove()
            continue
        titles = (task, title) if len(columns) > 1 else (task,)
        axis.set(title=", ".join(titles), xlabel=label)
        axis.set(ylim=(_TICK * (lowest // _TICK), 101))
        _draw_panel(axis, panels[task, title], names, values)
        if label.startswith("objects"):
            _mark_untrained(axis, values)
    figure.supylabel("success [%], shaded: 95% Wilson interval", fontsize="medium")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", fontsize=8)
    save_figure(figure, path, dpi=110)
    return path


def _draw_panel(axis: Axes, series: Series, names: Sequence[str], values: Sequence[float]) -> None:
    """Lines over the values, which stand side by side, each in its name's colour."""
    axis.set_xlim(-0.6, len(values) - 0.4)
    axis.set_xticks(range(len(values)), [f"{value:g}" for value in values])
    axis.grid(alpha=0.3)
    for number, name in enumerate(names):
        shift = _BESIDE * (number - (len(names) - 1) / 2)
        points = [(values.index(value) + shift, row) for value, row in series.get(name, [])]
        _draw_line(axis, points, name, _COLOURS[number % len(_COLOURS)])


def _mark_untrained(axis: Axes, values: Sequence[float]) -> None:
    """Grey where there are more objects than were ever trained; the values stand side by side."""
    trained = sum(value <= MOST_OBJECTS for value in values)
    axis.axvspan(trained - 0.5, axis.get_xlim()[1], color="0.5", alpha=0.12)
    axis.set_title(f"{axis.get_title()} (grey: more than ever trained)")


def _draw_line(axis: Axes, points: Sequence[tuple[float, Row]], name: str, colour: Any) -> None:
    places = [place for place, _ in points]
    share, low, high = (
        np.array([100.0 * row[key] for _, row in points]) for key in ("success", "low", "high")
    )
    bold = name in (OURS, _ALL)
    axis.plot(places, share, "o-", color=colour, label=name, lw=2.6 if bold else 1.3, ms=3.5)
    axis.fill_between(places, low, high, color=colour, alpha=0.15, lw=0)


def _place(name: str) -> tuple[int, str]:
    if name == _ALL:
        return -1, name
    return METHODS.index(name) if name in METHODS else len(METHODS), name
