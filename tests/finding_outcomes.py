"""Outcomes made up for the paper's findings: every method, so many successes a concept."""

from __future__ import annotations

from collections.abc import Mapping

from evaluation_scenes import outcomes

from conceptgym.agents.evaluation.evaluator import Outcome
from conceptgym.agents.evaluation.findings import Finding, Group
from conceptgym.agents.evaluation.summary import FAMILIES

EPISODES = 20
DEFAULT = 18


def concepts(group: Group) -> tuple[str, ...]:
    """A group's concepts by name."""
    several = ("pairs", "triples")
    singles = [
        name for family, names in FAMILIES.items() if family not in several for name in names
    ]
    return group.concepts or tuple(singles)


def made_up(
    finding: Finding,
    successes: Mapping[str, int] | None = None,
    *,
    without: tuple[str, ...] = (),
) -> list[Outcome]:
    """Outcomes of all that a finding asks, with `successes` of `EPISODES` a concept by bar."""
    cells = {
        (name, group.level, group.task, bar)
        for group in finding.groups
        for name in concepts(group)
        for bar in group.bars
        if bar.name not in without
    }
    return [
        item
        for name, level, task, bar in sorted(cells, key=str)
        for item in outcomes(
            (successes or {}).get(bar.name, DEFAULT),
            EPISODES,
            concept=name,
            level=level,
            task=task,
            method=bar.method,
            world=bar.world,
        )
    ]
