"""The command lines that compute what is reported."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .methods import METHODS

SCRIPT = "python scripts/evaluate.py"
_KEPT = "docs/ablations/{}.safetensors"

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Run:
    """What `scripts/evaluate.py` was told about the whole of a run.

    Attributes:
        seed: of everything.
        checkpoint: our weights, None for the shipped ones.
        ablations: other weights by name; those of unknown names are in docs/ablations.
        rivals: own methods by name, each as MODULE:CLASS.
    """

    seed: int = 0
    checkpoint: Path | None = None
    ablations: Mapping[str, Path] = field(default_factory=dict)
    rivals: Mapping[str, str] = field(default_factory=dict)

    def who(self, methods: Iterable[str]) -> str:
        """The flags that ask these methods."""
        usual: list[str] = []
        entrants: dict[str, list[str]] = {"ablation": [], "rival": []}
        for name in methods:
            if name in METHODS:
                usual.append(name)
            elif name in self.rivals:
                entrants["rival"].append(f"{name}={self.rivals[name]}")
            else:
                path = self.ablations.get(name, _KEPT.format(name))
                entrants["ablation"].append(f"{name}={path}")
        flags = {"methods": usual, **{flag: found for flag, found in entrants.items() if found}}
        return " ".join(shlex.join([f"--{flag}", *found]) for flag, found in flags.items())

    @property
    def common(self) -> list[str]:
        """The flags that say what is evaluated, where that is not the default."""
        seed = [f"--seed {self.seed}"] if self.seed else []
        return seed + (
            [f"--checkpoint {shlex.quote(str(self.checkpoint))}"] * bool(self.checkpoint)
        )


def flags(row: Row) -> str:
    """The flags of a row of `CELL` that its methods share."""
    return (
        f"--concepts {shlex.quote(row['concept'])} --levels {row['level']} "
        f"--demonstrations {row['demonstrations']} --conditions {row['condition']} "
        f"--worlds {row['world']}"
    )


def command(row: Row, run: Run) -> str:
    """What computes a row of `CELL`, and little else, as a command line."""
    episodes = row["episodes"]
    arm = [f"--arm-episodes {episodes}"] if row["world"] == "arm" else []
    parts = [SCRIPT, flags(row), run.who([row["method"]]), f"--episodes {episodes}"]
    return " ".join([*parts, *arm, *run.common])
