"""An evaluation as tables, for the screen and in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...envs.concepts import TASKS
from ..table import Table
from .commands import flags
from .config import CONDITIONS, STANDARD, SUBJECTS, WORLDS
from .evaluator import Outcome
from .floors import floors_table
from .methods import METHODS, OURS
from .summary import (
    CELL,
    FAMILIES,
    SINGLE,
    Row,
    named,
    rate_text,
    standard,
    standards,
    summarise,
    with_numbers,
)


def make_tables(outcomes: Sequence[Outcome]) -> list[Table]:
    """Floors; means by level, family, method, demonstrations and condition; details; the arm."""
    counted = named(outcomes)
    ours, shown = standard(counted), standard(outcomes)
    particle = [item for item in counted if item.world == "particle"]
    first = [item for item in particle if item.level == 1]
    disturbed = [item for item in first if item.demonstrations == STANDARD]
    tables = [
        floors_table(outcomes),
        _pivot("Success by level", ours, ("level", "group"), ("task",), note=_SHOWN),
        _pivot("Success by concept", shown, ("concept",), ("level", "task"), note=_ONES, mean=True),
        _pivot("Success by family", ours, ("family",), ("level", "task"), note=_SHOWN),
        _pivot(
            "Success by method",
            standards(counted),
            ("method",),
            ("level", "group", "task"),
            note=_MET,
        ),
        _pivot(
            "Numbers of demonstrations",
            with_numbers(particle),
            ("level", "group", "method"),
            ("demonstrations", "task"),
        ),
        _pivot("Disturbed demonstrations", disturbed, ("method",), ("condition", "task")),
        _pivot(
            "Our agent after disturbed demonstrations",
            [item for item in disturbed if item.method == OURS],
            ("family",),
            ("condition", "task"),
        ),
        _pivot(
            "Figures and numbers", _varied(outcomes), ("concept", "level", "variant"), ("task",)
        ),
        *_arm_tables(outcomes),
    ]
    return [table for table in tables if table.rows]


def full_table(outcomes: Sequence[Outcome]) -> Table:
    """Every cell: a row for each concept, task, level, world and setting, a column a method."""
    by = CELL[:-1]
    cells = {tuple(row[name] for name in CELL): row for row in summarise(outcomes)}
    methods = sorted({key[-1] for key in cells}, key=lambda name: _places(("method",), (name,)))
    keys = sorted({key[:-1] for key in cells}, key=lambda key: _places(by, key))
    rows = []
    for key in keys:
        here = [cells.get((*key, method)) for method in methods]
        line = flags(dict(zip(by, key, strict=True)))
        rows.append((*map(str, key), *map(_rate, here), f"`{line}`"))
    return Table(
        title="Every cell",
        header=(*by, *methods, "command"),
        rows=rows,
        note="Success [%], its 95% Wilson interval, successes/episodes. The command of a cell is "
        "`python scripts/evaluate.py` with the flags in its row's last column, `--methods` with "
        "its column's name (for other weights nobody's, and `--ablation NAME=PATH`), and "
        "`--episodes` (on the arm also `--arm-episodes`) with as many as it has.",
    )


MEAN = "mean"
_ONES = "Our agent with five demonstrations in the particle world; the means leave out `touch`."
_SHOWN = (
    "Our agent with five demonstrations in the particle world; means over the named concepts "
    "(all but `touch`), each as often."
)
_MET = "With five demonstrations in the particle world, each on the episodes that its cell counts."


def _pivot(
    title: str,
    outcomes: Sequence[Outcome],
    down: Sequence[str],
    across: Sequence[str],
    *,
    note: str = "",
    mean: bool = False,
) -> Table:
    """Success rates, one attribute or several down, and across; with a mean if `down` is one."""
    rows = summarise(outcomes, (*down, *across))
    if mean:
        single = [item for item in named(outcomes) if item.level != 4]
        rows += [{down[0]: MEAN} | row for row in summarise(single, across)]
    cells = {(_key(row, down), _key(row, across)): row for row in rows}
    lines, columns = (
        sorted({key[n] for key in cells}, key=lambda key: _places(names, key))
        for n, names in enumerate((down, across))
    )
    header = (*down, *(", ".join(_words(across, key)) for key in columns))
    body = [(*map(str, line), *(_rate(cells.get((line, c))) for c in columns)) for line in lines]
    return Table(title=f"{title} [%]", header=header, rows=body, note=note)


def _key(row: Row, names: Sequence[str]) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)


def _words(names: Sequence[str], key: Sequence[Any]) -> list[str]:
    units = {"level": "level {}", "demonstrations": "{} shown"}
    pairs = zip(names, key, strict=True)
    return [units.get(name, "{}").format(part) for name, part in pairs if part != SINGLE]


def _varied(outcomes: Sequence[Outcome]) -> list[Outcome]:
    return [item for item in standard(outcomes) if item.variant]


def _arm_tables(outcomes: Sequence[Outcome]) -> list[Table]:
    acted = standard(outcomes, world="arm")
    if not acted:
        return []
    cells = {(item.concept, item.task, item.level) for item in acted}
    beside = [i for i in standard(outcomes) if (i.concept, i.task, i.level) in cells]
    both = _pivot(
        "The arm and the plane",
        [*acted, *beside],
        ("concept",),
        ("task", "world"),
        note="Our agent with five demonstrations; the arm's success is judged by the physics.",
        mean=True,
    )
    return [both, _care_table(acted)]


def _care_table(outcomes: Sequence[Outcome]) -> Table:
    header = ("task", "episodes", "off by [mm]", "p95", "missed", "limits [rad]", "table", "speed")
    header += ("cut off", "no path")
    rows = [
        (
            row["task"],
            str(row["episodes"]),
            _number(row["fingertip_error_mm"], 2),
            _number(row["fingertip_error_mm_p95"], 2),
            str(row["touches_missed"]),
            f"{row['joint_limit_violation']:.4f}",
            str(row["table_contacts"]),
            f"{row['velocity_share']:.2f}",
            str(row["truncated"]),
            str(row["plan_failures"]),
        )
        for row in sorted(summarise(outcomes, ("task",)), key=lambda row: TASKS.index(row["task"]))
    ]
    note = (
        "All concepts. Off by: planned to reached fingertip, median and 95th percentile. Missed: "
        "identified but not touched. Limits: furthest beyond a joint's. Table: episodes in which "
        "the arm touched it. Speed: largest share of a velocity limit. Cut off: by the time limit. "
        "No path: episodes in which the plan was out of reach."
    )
    return Table(title="The arm's care", header=header, rows=rows, note=note)


def _rate(row: Row | None) -> str:
    if row is None:
        return "-"
    return f"{rate_text(row)} {row['successes']}/{row['episodes']}"


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


_ORDERS: Mapping[str, tuple[str, ...]] = {
    "concept": (*(name for names in FAMILIES.values() for name in names), *SUBJECTS, MEAN),
    "family": tuple(FAMILIES),
    "group": (SINGLE, *FAMILIES),
    "task": TASKS,
    "world": tuple(WORLDS),
    "condition": CONDITIONS,
    "method": METHODS,
}


def _places(names: Sequence[str], key: Sequence[Any]) -> list[tuple[int, Any]]:
    """Where a key stands in a table: names in their own order, unknown ones last."""
    places = []
    for name, part in zip(names, key, strict=True):
        known = _ORDERS.get(name, ())
        places.append((known.index(part), "") if part in known else (len(known), part))
    return places
