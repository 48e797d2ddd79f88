"""Results of reinforcement learning on disk: a file a policy, and a report of all of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ...envs.concepts import CONCEPTS
from ...envs.errors import ConfigError
from ..evaluation.config import STANDARD
from ..table import Table
from ..text_files import csv_text, replace_text
from .learner import Point, ReinforcementConfig
from .price import demonstrated_steps

_POLICIES = "policies"
_NAME = "reinforcement"


class PolicyFile:
    """The evaluations of one policy, on disk at once: policies/CONCEPT-TASK.json in a folder.

    Attributes:
        path: the file.
        concept, task, config: what was trained, and how.
        points: its evaluations so far; the last of one that is done confirms.
        done: whether there is no more to come.
    """

    def __init__(
        self, folder: Path, *, concept: str, task: str, config: ReinforcementConfig
    ) -> None:
        """Read what is there, if anything.

        Raises:
            ConfigError: if the file is about another training, or damaged.
        """
        self.path = folder / _POLICIES / f"{concept}-{task}.json"
        self.concept, self.task, self.config = concept, task, config
        self.points: list[Point] = []
        self.done = False
        if self.path.exists():
            self._take(_contents(self.path))

    @property
    def price(self) -> int | None:
        """Environment steps at the first confirmation with the wanted success, if any has it."""
        looks = (point for point in self.points if point.confirms)
        return next((look.steps for look in looks if look.rate >= self.config.wanted), None)

    def restart(self) -> None:
        """Forget the evaluations: a training that was cut off begins again."""
        self.points, self.done = [], False

    def add(self, point: Point) -> None:
        """Note an evaluation."""
        self.points.append(point)
        self._write()

    def finish(self) -> None:
        """Note that the training is over."""
        self.done = True
        self._write()

    def _take(self, found: dict[str, Any]) -> None:
        for name, value in self.config.to_dict().items():
            if found["config"].get(name) != value:
                raise ConfigError(
                    f"{self.path} is about a policy trained with "
                    f"{name}={found['config'].get(name)!r}, not {value!r}; choose another folder, "
                    "or delete the file"
                )
        self.points, self.done = found["points"], found["done"]

    def _write(self) -> None:
        content = {
            "concept": self.concept,
            "task": self.task,
            "config": self.config.to_dict(),
            "done": self.done,
            "points": [asdict(point) for point in self.points],
        }
        replace_text(self.path, json.dumps(content, indent=1) + "\n")


def read_policies(folder: Path) -> list[PolicyFile]:
    """Every policy in a folder, by the files' names.

    Raises:
        ConfigError: if a file is damaged.
    """
    policies = []
    for path in sorted((folder / _POLICIES).glob("*.json")):
        found = _contents(path)
        config = ReinforcementConfig.from_dict(found["config"])
        policies.append(
            PolicyFile(folder, concept=found["concept"], task=found["task"], config=config)
        )
    return policies


def _contents(path: Path) -> dict[str, Any]:
    """What a policy's file holds, its evaluations as points.

    Raises:
        ConfigError: if it is damaged.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        same = {name: found[name] for name in ("concept", "task", "done")}
        points = [Point(**point) for point in found["points"]]
        return {**same, "config": dict(found["config"]), "points": points}
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{path} is damaged ({error}); delete it, and its policy is trained anew"
        ) from error


def write_report(folder: Path, policies: Sequence[PolicyFile]) -> list[Path]:
    """Write reinforcement.json (a policy an entry), .csv (an evaluation a row), .md (the table)."""
    texts = {
        "json": json.dumps([_summary(policy) for policy in policies], indent=1) + "\n",
        "csv": csv_text([row for policy in policies for row in _rows(policy)]),
        "md": _table(policies),
    }
    return [replace_text(folder / f"{_NAME}.{suffix}", text) for suffix, text in texts.items()]


def _rows(policy: PolicyFile) -> list[dict[str, Any]]:
    """A row an evaluation."""
    rows = []
    for point in policy.points:
        low, high = point.interval
        rows.append(
            {
                "concept": policy.concept,
                "task": policy.task,
                "algorithm": policy.config.algorithm,
                "seed": policy.config.seed,
                **asdict(point),
                "success": round(point.rate, 4),
                "low": round(low, 4),
                "high": round(high, 4),
            }
        )
    return rows


def _summary(policy: PolicyFile) -> dict[str, Any]:
    return {
        "concept": policy.concept,
        "task": policy.task,
        "config": policy.config.to_dict(),
        "done": policy.done,
        "price": policy.price,
        "evaluations": _rows(policy),
    }


def _table(policies: Sequence[PolicyFile]) -> str:
    """Markdown: a row a policy, generate first, in the order of `CONCEPTS`."""
    header = ("concept", "task", "algorithm", "steps trained", "to wanted", "success [%]")
    header += ("training [s]", f"steps in {STANDARD} demonstrations")
    rows: list[tuple[str, ...]] = []
    order = list(CONCEPTS)
    for policy in sorted(policies, key=lambda one: (one.task, order.index(one.concept))):
        if not policy.points:
            continue
        last, price = policy.points[-1], policy.price
        low, high = (100.0 * end for end in last.interval)
        row = (
            policy.concept,
            policy.task,
            policy.config.algorithm.upper(),
            f"{last.steps:,}",
            "not reached" if price is None else f"{price:,}",
            f"{100.0 * last.rate:.1f} ({low:.0f}-{high:.0f})",
            f"{last.seconds:.0f}",
            f"{demonstrated_steps(policy.concept):.0f}",
        )
        rows.append(row)
    return Table(title="", header=header, rows=rows).markdown
