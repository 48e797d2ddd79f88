"""Results of reinforcement learning on disk: a file a policy."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ...envs.errors import ConfigError
from ..text_files import replace_text
from .learner import Point, ReinforcementConfig
from .shown import Shown

_POLICIES = "policies"


class PolicyFile:
    """The evaluations of one policy, on disk at once: policies/CONCEPT-TASK.json in a folder.

    Attributes:
        path: the file.
        concept, task, config: what was trained, and how.
        points: its evaluations so far; the last of one that is done confirms.
        done: whether its training is over.
        shown: what our agent made of demonstrations in the same scenes, once it was asked.
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
        self.shown: Shown | None = None
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

    def compare(self, shown: Shown) -> None:
        """Note what our agent made of demonstrations."""
        self.shown = shown
        self._write()

    def _take(self, found: dict[str, Any]) -> None:
        for name, value in self.config.to_dict().items():
            if found["config"].get(name) != value:
                raise ConfigError(
                    f"{self.path} is about a policy trained with "
                    f"{name}={found['config'].get(name)!r}, not {value!r}; choose another folder, "
                    "or delete the file"
                )
        self.points, self.done, self.shown = found["points"], found["done"], found["shown"]

    def _write(self) -> None:
        content = {
            "concept": self.concept,
            "task": self.task,
            "config": self.config.to_dict(),
            "done": self.done,
            "points": [asdict(point) for point in self.points],
            "shown": None if self.shown is None else asdict(self.shown),
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
        config = _config(path, found["config"])
        policies.append(
            PolicyFile(folder, concept=found["concept"], task=found["task"], config=config)
        )
    return policies


def _config(path: Path, values: dict[str, Any]) -> ReinforcementConfig:
    try:
        return ReinforcementConfig.from_dict(values)
    except ConfigError as error:
        raise ConfigError(
            f"{path} is about a policy of another version: {error}; choose another folder, or "
            "delete the file"
        ) from error


def _contents(path: Path) -> dict[str, Any]:
    """What a policy's file holds, its evaluations as points, what was shown as `Shown`.

    Raises:
        ConfigError: if it is damaged.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        same = {name: found[name] for name in ("concept", "task", "done")}
        points = [Point(**point) for point in found["points"]]
        shown = None if found.get("shown") is None else Shown(**found["shown"])
        return {**same, "config": dict(found["config"]), "points": points, "shown": shown}
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{path} is damaged ({error}); delete it, and its policy is trained anew"
        ) from error
