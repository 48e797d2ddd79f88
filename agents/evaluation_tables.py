"""An evaluation as tables, for the screen and in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from ..envs.concepts import TASKS
from .evaluation import Outcome
from .evaluation_config import WORLDS
from .evaluation_summary import Row, confusion_costs, summarise


@dataclass(frozen=True, kw_only=True)
class Table:
    """Text in columns; `note` says how to read it."""

    title: str
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    note: str = ""

    def print(self, console: Console) -> None:
        """Show it on the screen."""
        table = RichTable(title=Text(self.title, "bold"), title_justify="left", box=box.SIMPLE)
        for number, name in enumerate(self.header):  # as Text: brackets are units, not markup
            table.add_column(Text(name), justify="left" if number == 0 else "right")
        for row in self.rows:
            table.add_row(*map(Text, row))
        console.print(table)
        if self.note:
            console.print(Text(self.note + "\n", "dim"))

    @property
    def markdown(self) -> str:
        """As Markdown, under a heading."""
        rule = ("---", *["---:"] * (len(self.header) - 1))
        lines = ["| " + " | ".join(row) + " |" for row in (self.header, rule, *self.rows)]
        parts = [f"### {self.title}", "\n".join(lines), self.note]
        return "\n\n".join(part for part in parts if part) + "\n"


def make_tables(outcomes: Sequence[Outcome]) -> list[Table]:
    """Success, what the descent on w does, the arm's care, times, and what confusions cost."""
    iterations = max(outcome.code_iterations for outcome in outcomes)
    main = [outcome for outcome in outcomes if outcome.code_iterations == iterations]
    tables = list(_success_tables(main, iterations))
    particle = [outcome for outcome in outcomes if outcome.world == "particle"]
    if particle:
        tables.append(_descent_table(particle))
    arm = [outcome for outcome in main if outcome.world == "arm"]
    if arm:
        tables.append(_arm_table(arm))
    tables.append(_time_table(main))
    fewest = min(outcome.demonstrations for outcome in main)
    tables.append(_confusion_table([o for o in main if o.demonstrations == fewest], fewest))
    return tables


def _success_tables(outcomes: Sequence[Outcome], iterations: int) -> Iterator[Table]:
    """One a world: concepts down, tasks and numbers of demonstrations across."""
    for world in dict.fromkeys(outcome.world for outcome in outcomes):
        here = [outcome for outcome in outcomes if outcome.world == world]
        columns = sorted({(outcome.task, outcome.demonstrations) for outcome in here}, key=_order)
        cells = {(r["concept"], r["task"], r["demonstrations"]): r for r in summarise(here)}
        pooled = summarise(here, ("task", "demonstrations"))
        cells |= {("mean", row["task"], row["demonstrations"]): row for row in pooled}
        names = [*dict.fromkeys(outcome.concept for outcome in here), "mean"]
        yield Table(
            title=f"Success in the {world} world [%]",
            header=("concept", *[f"{task}, {number} shown" for task, number in columns]),
            rows=[(name, *[_rate(cells.get((name, *c))) for c in columns]) for name in names],
            note=f"With 95% Wilson intervals, after 1 or more demonstrations shown; w by at most "
            f"{iterations} steps of descent; {_episodes(cells.values())} unseen scenes a cell.",
        )


def _descent_table(outcomes: Sequence[Outcome]) -> Table:
    by = ("task", "demonstrations", "code_iterations")
    header = ("task", "shown", "steps", "success [%]")
    header += ("energy before", "after", "fell in [%]", "infer [s]")
    rows = [
        (
            row["task"],
            str(row["demonstrations"]),
            str(row["code_iterations"]),
            _rate(row),
            f"{row['energy_before']:.4f}",
            f"{row['energy_after']:.4f}",
            f"{100 * row['energy_fell']:.1f}" if row["code_iterations"] else "-",
            f"{row['seconds_to_infer']:.3f}",
        )
        for row in _sorted(summarise(outcomes, by))
    ]
    note = "All concepts, particle world; energies are the demonstrations'; 0 steps keep the "
    return Table(
        title="What the descent on w does",
        header=header,
        rows=rows,
        note=note + "encoder's first guess.",
    )


def _arm_table(outcomes: Sequence[Outcome]) -> Table:
    header = ("task", "shown", "off by [mm]", "p95", "missed", "limits [rad]", "table", "speed")
    header += ("cut off", "no path")
    rows = [
        (
            row["task"],
            str(row["demonstrations"]),
            _number(row["fingertip_error_mm"], 2),
            _number(row["fingertip_error_mm_p95"], 2),
            str(row["touches_missed"]),
            f"{row['joint_limit_violation']:.4f}",
            str(row["table_contacts"]),
            f"{row['velocity_share']:.2f}",
            str(row["truncated"]),
            str(sum(row["plan_failures"].values())),
        )
        for row in _sorted(summarise(outcomes, ("task", "demonstrations")))
    ]
    note = (
        f"All concepts, {len(outcomes)} episodes. Off by: planned to reached fingertip, median and "
        "95th percentile. Missed: identified but not touched. Limits: furthest beyond a joint's. "
        "Table: episodes in which the arm touched it. Speed: largest share of a velocity limit. "
        "Cut off: by the time limit. No path: episodes in which the plan was out of reach."
    )
    return Table(title="The arm's care", header=header, rows=rows, note=note)


def _time_table(outcomes: Sequence[Outcome]) -> Table:
    keys = ("seconds_to_infer", "seconds_to_infer_p95", "seconds_to_plan", "seconds_to_plan_p95")
    rows = [
        (
            f"{row['world']}, {row['task']}",
            str(row["demonstrations"]),
            *[f"{row[key]:.3f}" for key in keys],
        )
        for row in _sorted(summarise(outcomes, ("world", "task", "demonstrations")))
    ]
    header = ("world, task", "shown", "infer [s]", "p95", "plan [s]", "p95")
    note = "On one thread each; planning on the arm includes the joint path."
    return Table(title="Times", header=header, rows=rows, note=note)


def _confusion_table(outcomes: Sequence[Outcome], number: int) -> Table:
    columns = sorted({(o.world, o.task) for o in outcomes}, key=_order)
    cells: dict[tuple[str, str, str], list[str]] = {}
    for row in confusion_costs(outcomes):
        key = (row["concept"], row["world"], row["task"])
        cells.setdefault(key, []).append(f"{row['put_down_to']} {row['cost']:.1f}")
    names = dict.fromkeys(outcome.concept for outcome in outcomes)
    return Table(
        title=f"What failures with {number} shown were put down to [percentage points]",
        header=("concept", *[f"{world}, {task}" for world, task in columns]),
        rows=[(n, *[", ".join(cells.get((n, *c), ["-"])) for c in columns]) for n in names],
        note="A concept's name: the demonstration showed that concept as well, and the answer "
        "carries it out. The rule stands in agents/confusion.py.",
    )


def _rate(row: Row | None) -> str:
    if row is None:
        return "-"
    return f"{100 * row['success']:.1f} ({100 * row['low']:.0f}-{100 * row['high']:.0f})"


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _sorted(rows: Iterable[Row]) -> list[Row]:
    """Worlds and tasks in their own order, then by numbers."""
    names = ("world", "task", "demonstrations", "code_iterations")
    return sorted(rows, key=lambda row: _order([row[name] for name in names if name in row]))


def _order(key: Iterable[str | int]) -> list[int]:
    places = [*WORLDS, *TASKS]
    return [places.index(part) if isinstance(part, str) else part for part in key]


def _episodes(rows: Iterable[Row]) -> str:
    counts = sorted({row["episodes"] for row in rows if "concept" in row})
    return " or ".join(map(str, counts))
