"""What is asked of the agent at least, and what was measured: met or missed, floor by floor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ...envs.concepts import TASKS
from ..table import Table
from .config import PLAIN, STANDARD, WRONG
from .evaluator import Outcome
from .methods import OURS, RECOGNISER
from .summary import FAMILIES, Row, named, rate_text, summarise

_Choice = Callable[[Outcome], bool]


@dataclass(frozen=True, kw_only=True)
class Floor:
    """A demand on our agent.

    Attributes:
        what: is asked, as the table says it.
        chosen: the answers that count.
        by: attributes that tell groups apart, each of which must meet it; none for the mean.
        least: success [%] that is asked for; None where it is only reported.
        most_lost: points that may be lost against `against`, asked for instead.
        against: the answers that are compared with.
    """

    what: str
    chosen: _Choice
    by: tuple[str, ...] = ()
    least: float | None = None
    most_lost: float | None = None
    against: _Choice | None = None

    @property
    def only_reported(self) -> bool:
        """Whether nothing is asked for."""
        return self.least is None and self.most_lost is None

    @property
    def asked(self) -> str:
        """The demand in a few letters."""
        if self.most_lost is not None:
            return f"loses at most {self.most_lost:g}"
        return "reported" if self.least is None else f"at least {self.least:g}"


def _at(
    level: int, shown: int = STANDARD, condition: str = PLAIN, world: str = "particle"
) -> _Choice:
    place = (level, shown, condition, world)
    return lambda i: (i.level, i.demonstrations, i.condition, i.world) == place


def _of(family: str, level: int) -> _Choice:
    there = _at(level)
    return lambda i: i.concept in FAMILIES[family] and there(i)


def _lost(what: str, condition: str) -> list[Floor]:
    disturbed = _at(1, condition=condition)
    return [
        Floor(what=f"{what}, {name}", chosen=disturbed, by=by, most_lost=10, against=_at(1))
        for name, by in (("mean", ()), ("each family", ("family",)))
    ]


FLOORS = (
    Floor(what="new scenes, each concept", chosen=_at(1), by=("concept",), least=90),
    Floor(what="new scenes, mean", chosen=_at(1), least=95),
    Floor(what="from one demonstration, mean", chosen=_at(1, 1), least=80),
    Floor(what="parameters never trained, mean", chosen=_at(2), least=85),
    Floor(
        what="each figure never trained",
        chosen=_of("shape", 2),
        by=("concept", "variant"),
        least=75,
    ),
    Floor(what="more entities, mean", chosen=_at(3), least=85),
    Floor(what="two at once, mean", chosen=_of("pairs", 4), least=80),
    Floor(what="two at once, each pair", chosen=_of("pairs", 4), by=("concept",)),
    Floor(what="three at once, mean", chosen=_of("triples", 4)),
    Floor(what="three at once, each triple", chosen=_of("triples", 4), by=("concept",)),
    Floor(
        what="quantity, each number", chosen=_of("quantity", 1), by=("concept", "variant"), least=95
    ),
    Floor(
        what="quantity, each number, among more entities",
        chosen=_of("quantity", 3),
        by=("concept", "variant"),
    ),
    Floor(what="temporal, each concept", chosen=_of("temporal", 1), by=("concept",), least=95),
    *_lost("one wrong demonstration of five", WRONG),
    *_lost("places jittered by 5% of the world", "jitter-5"),
    Floor(
        what="on the arm, each concept",
        chosen=_at(1, world="arm"),
        by=("concept",),
        most_lost=5,
        against=_at(1),
    ),
)
"""With five demonstrations where none is said."""


def floors_table(outcomes: Sequence[Outcome]) -> Table:
    """One row a floor, of those that were measured; of several groups the worst is shown."""
    ours = [item for item in named(outcomes) if item.method == OURS]
    rows = []
    for floor in FLOORS:
        worst = [_worst(floor, [i for i in ours if i.task == task]) for task in TASKS]
        if any(worst):
            met = all(met for met, _ in filter(None, worst))
            cells = (each[1] if each else "-" for each in worst)
            told = "-" if floor.only_reported else "yes" if met else "no"
            rows.append((floor.what, floor.asked, *cells, told))
    return Table(
        title="What is asked at least [%]",
        header=("what", "asked", *TASKS, "met"),
        rows=rows,
        note="Our agent, with five demonstrations where none is said; the worst group of several. "
        "What is lost is in points. Met: the share of successes is, whatever its interval."
        + _recognised(outcomes),
    )


def _recognised(outcomes: Sequence[Outcome]) -> str:
    """What is generated of parameters never trained where none is inferred, if it was measured."""
    never = _at(2)
    found = [i for i in named(outcomes) if i.method == RECOGNISER and i.task == TASKS[0]]
    rows = summarise(filter(never, found), ())
    return "".join(
        f" Parameters never trained are more than recognised where `{RECOGNISER}`, the nearest "
        f"trained parameter, falls short: it generates {rate_text(row)} of their scenes."
        for row in rows
    )


def _worst(floor: Floor, outcomes: Sequence[Outcome]) -> tuple[bool, str] | None:
    """Whether a task's worst group meets the floor, and its numbers; None without any."""
    groups = _rates(floor, filter(floor.chosen, outcomes))
    before = _rates(floor, filter(floor.against, outcomes)) if floor.against else {}
    if floor.against:
        groups = {key: row for key, row in groups.items() if key in before}
    if not groups:
        return None

    def lost(key: tuple[str, ...]) -> float:
        return 100.0 * (before[key]["success"] - groups[key]["success"]) if before else 0.0

    key = min(groups, key=lambda key: (-lost(key), groups[key]["success"]))
    row, name = groups[key], f"{key[-1]}: " if key else ""
    if floor.most_lost is not None:
        text = f"{name}{lost(key):.1f}, to {rate_text(row)} from {rate_text(before[key])}"
        return lost(key) <= floor.most_lost, text
    return 100.0 * row["success"] >= (floor.least or 0.0), f"{name}{rate_text(row)}"


def _rates(floor: Floor, outcomes: Iterable[Outcome]) -> dict[tuple[str, ...], Row]:
    rows = summarise(outcomes, floor.by)
    return {tuple(row[name] for name in floor.by): row for row in rows}
