"""Outcomes of an evaluation in numbers: successes with intervals, by cell, family, level."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from ...envs.concepts.compositions import COMPOSITIONS, PAIRS, TRIPLES
from ..wilson import wilson_interval
from .arm import ArmFacts
from .config import PLAIN, STANDARD, SUBJECTS
from .evaluator import Outcome
from .methods import OURS

CELL = ("concept", "task", "level", "world", "demonstrations", "condition", "method")
"""What the table tells apart."""
MEANS = ("method", "group", "level", "demonstrations", "condition", "task")
"""What everyone's means over the concepts tell apart."""
FAMILIES: Mapping[str, tuple[str, ...]] = {
    "colour": ("colour",),
    "region": ("region",),
    "arrangement": (
        "left_of",
        "right_of",
        "above",
        "below",
        "offset",
        "near",
        "at_distance",
        "between",
    ),
    "proximity": ("closest", "furthest"),
    "shape": ("line", "triangle", "square", "circle", "figure"),
    "quantity": ("quantity",),
    "temporal": ("two_in_order", "three_in_order"),
    "pairs": tuple(PAIRS),
    "triples": tuple(TRIPLES),
}
"""The named concepts. `touch`, of which the temporal ones are made, counts in no mean."""
HELPER = "helper"
"""The family of what counts in no mean."""
SINGLE = "concepts"
"""The group of what is no composition."""
_FAMILY_OF = {name: family for family, names in FAMILIES.items() for name in names}
_MILLIMETRES = 1e3

_ASKED = attrgetter("world", *(name for name in MEANS if name != "group"))
_WHERE = attrgetter("method", "level", "world")
_EPISODE = attrgetter("episode")

Row = dict[str, Any]


def in_order(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """By concept, cell and episode, in whatever order they came."""
    known = {name: number for number, name in enumerate(SUBJECTS)}
    rest = attrgetter(*CELL[1:], "episode")
    return sorted(outcomes, key=lambda item: (known[item.concept], rest(item)))


def family_of(concept: str) -> str:
    """The family of a concept, `HELPER` for one that counts in no mean."""
    return _FAMILY_OF.get(concept, HELPER)


def named(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Those that count in means: of the named concepts, and of each as often.

    Where a method was asked about some concepts more often than about others, in the same world,
    level, task and setting, the first episodes of each are kept.
    """
    found = [item for item in outcomes if item.concept in _FAMILY_OF]
    cells: dict[tuple[Any, ...], dict[str, list[Outcome]]] = defaultdict(lambda: defaultdict(list))
    for item in found:
        cells[_ASKED(item)][item.concept].append(item)
    kept: set[int] = set()
    for concepts in cells.values():
        fewest = min(map(len, concepts.values()))
        for items in concepts.values():
            kept |= {id(item) for item in sorted(items, key=_EPISODE)[:fewest]}
    return [item for item in found if id(item) in kept]


def standard(outcomes: Iterable[Outcome], *, world: str = "particle") -> list[Outcome]:
    """Those of our agent, with five undisturbed demonstrations."""
    return [item for item in standards(outcomes, world=world) if item.method == OURS]


def standards(outcomes: Iterable[Outcome], *, world: str = "particle") -> list[Outcome]:
    """Those of five undisturbed demonstrations, of all methods."""
    key = (STANDARD, PLAIN, world)
    return [i for i in outcomes if (i.demonstrations, i.condition, i.world) == key]


def with_numbers(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Those with undisturbed demonstrations of who, at their level, had several numbers of them."""
    found = [item for item in outcomes if item.condition == PLAIN]
    numbers: dict[tuple[str, int, str], set[int]] = defaultdict(set)
    for item in found:
        numbers[_WHERE(item)].add(item.demonstrations)
    return [item for item in found if len(numbers[_WHERE(item)]) > 1]


def summarise(outcomes: Iterable[Outcome], by: Sequence[str] = CELL) -> list[Row]:
    """One row for each combination of the attributes `by`, in the order of appearance.

    Attributes are those of `Outcome`, `family`, and `group`, which keeps pairs, triples and
    single concepts apart. Rows hold these, and

    | key                                | meaning                                               |
    |------------------------------------|-------------------------------------------------------|
    | `episodes`, `successes`, `success` | counts, and the share                                 |
    | `low`, `high`                      | ends of its 95% Wilson interval                       |

    and, where the arm acted:

    | key                     | meaning                                                       |
    |-------------------------|---------------------------------------------------------------|
    | `fingertip_error_mm`    | planned to reached fingertip, median [mm]; `…_p95` likewise   |
    | `touches_missed`        | identified entities that were not touched, total              |
    | `joint_limit_violation` | furthest beyond a joint's limits [rad]                        |
    | `table_contacts`        | episodes with a contact between arm and table                 |
    | `velocity_share`        | largest joint velocity as a share of its limit                |
    | `truncated`             | episodes cut off by the time limit                            |
    | `plan_failures`         | episodes without a path                                       |
    """
    groups: dict[tuple[Any, ...], list[Outcome]] = defaultdict(list)
    for item in outcomes:
        groups[tuple(_value(item, name) for name in by)].append(item)
    return [dict(zip(by, key, strict=True)) | _numbers(group) for key, group in groups.items()]


def rate_text(row: Row) -> str:
    """A row's success [%] and its interval."""
    share, low, high = (100 * row[name] for name in ("success", "low", "high"))
    return f"{share:.1f} ({low:.1f}-{high:.1f})"


def group_of(concept: str) -> str:
    """Which a concept is averaged with: pairs, triples, or `SINGLE`."""
    return family_of(concept) if concept in COMPOSITIONS else SINGLE


def _value(item: Outcome, name: str) -> Any:
    if name == "family":
        return family_of(item.concept)
    return group_of(item.concept) if name == "group" else getattr(item, name)


def _numbers(group: Sequence[Outcome]) -> Row:
    episodes, successes = len(group), sum(item.success for item in group)
    low, high = wilson_interval(successes, episodes)
    row = {
        "episodes": episodes,
        "successes": successes,
        "success": successes / episodes,
        "low": low,
        "high": high,
    }
    facts = [item.arm for item in group if item.arm is not None]
    return row | (_arm_numbers(facts) if facts else {})


def _arm_numbers(facts: Sequence[ArmFacts]) -> Row:
    errors = [_MILLIMETRES * f.fingertip_error for f in facts if f.fingertip_error is not None]
    return {
        **_quantiles("fingertip_error_mm", errors),
        "touches_missed": sum(f.missed for f in facts),
        "joint_limit_violation": max(f.joint_limit_violation for f in facts),
        "table_contacts": sum(f.table_contacts > 0 for f in facts),
        "velocity_share": max(f.velocity_share for f in facts),
        "truncated": sum(f.truncated for f in facts),
        "plan_failures": sum(f.reason != "reached" for f in facts),
    }


def _quantiles(name: str, values: Sequence[float]) -> Row:
    if not values:
        return {name: None, f"{name}_p95": None}
    middle, upper = np.quantile(values, [0.5, 0.95])
    return {name: float(middle), f"{name}_p95": float(upper)}
