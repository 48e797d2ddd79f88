"""Outcomes of an evaluation in numbers: rates with intervals, quantiles, what failures cost."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from .evaluation import ArmFacts, Outcome
from .wilson import wilson_interval

CELL = ("concept", "world", "task", "demonstrations", "code_iterations")
"""What the finest table tells apart."""
_MILLIMETRES = 1e3

Row = dict[str, Any]


def summarise(outcomes: Iterable[Outcome], by: Sequence[str] = CELL) -> list[Row]:
    """One row for each combination of the attributes `by`, in the order of appearance.

    | key                                  | meaning                                             |
    |--------------------------------------|-----------------------------------------------------|
    | `episodes`, `successes`, `success`   | counts, and the share                               |
    | `low`, `high`                        | ends of its 95% Wilson interval                     |
    | `truncated`                          | episodes cut off by the time limit                  |
    | `seconds_to_infer`, `…_to_plan`      | median [s]; `…_p95` the 95th percentile             |
    | `energy_before`, `energy_after`      | of the demonstrations, mean, around the descent on w|
    | `energy_fell`                        | share of the episodes in which the descent lowered it|

    and, where the arm acted:

    | key                     | meaning                                                       |
    |-------------------------|---------------------------------------------------------------|
    | `fingertip_error_mm`    | planned to reached fingertip, median [mm]; `…_p95` likewise   |
    | `touches_missed`        | identified entities that were not touched, total              |
    | `joint_limit_violation` | furthest beyond a joint's limits [rad]                        |
    | `table_contacts`        | episodes with a contact between arm and table                 |
    | `velocity_share`        | largest joint velocity as a share of its limit                |
    | `plan_failures`         | number of episodes without a path, by reason                  |
    """
    groups: dict[tuple[Any, ...], list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        groups[tuple(getattr(outcome, name) for name in by)].append(outcome)
    return [dict(zip(by, key, strict=True)) | _numbers(group) for key, group in groups.items()]


def _numbers(group: Sequence[Outcome]) -> Row:
    episodes, successes = len(group), sum(item.success for item in group)
    low, high = wilson_interval(successes, episodes)
    row = {
        "episodes": episodes,
        "successes": successes,
        "success": successes / episodes,
        "low": low,
        "high": high,
        "truncated": sum(item.truncated for item in group),
        **_quantiles("seconds_to_infer", [item.seconds_to_infer for item in group]),
        **_quantiles("seconds_to_plan", [item.seconds_to_plan for item in group]),
        "energy_before": float(np.mean([item.energy_before for item in group])),
        "energy_after": float(np.mean([item.energy_after for item in group])),
        "energy_fell": float(np.mean([i.energy_after < i.energy_before for i in group])),
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
        "plan_failures": dict(Counter(f.reason for f in facts if f.reason != "reached")),
    }


def _quantiles(name: str, values: Sequence[float]) -> Row:
    if not values:
        return {name: None, f"{name}_p95": None}
    middle, upper = np.quantile(values, [0.5, 0.95])
    return {name: float(middle), f"{name}_p95": float(upper)}


def confusion_costs(outcomes: Iterable[Outcome]) -> list[Row]:
    """What failures are put down to, by the rule of `confusion`, and what that costs.

    A row for each combination of `CELL` and of `put_down_to`: `failures`, and `cost`, their share
    of the episodes in percentage points. A failure with several explanations counts in equal parts
    for each, so that the costs of a cell add up to its failure rate.
    """
    episodes: Counter[tuple[Any, ...]] = Counter()
    failures: dict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)
    for outcome in outcomes:
        key = tuple(getattr(outcome, name) for name in CELL)
        episodes[key] += 1
        for label in outcome.confusions:
            # Counter's values may be fractions
            failures[key][label] += 1 / len(outcome.confusions)  # pyright: ignore[reportArgumentType]
    return [
        dict(zip(CELL, key, strict=True))
        | {"put_down_to": label, "failures": count, "cost": 100.0 * count / episodes[key]}
        for key, labels in failures.items()
        for label, count in labels.most_common()
    ]
