"""Our agent beside a rival, ablations and other starts: the tables of docs/training.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..envs.concepts import TASKS
from .evaluation_config import PLAIN, STANDARD, WRONG
from .evaluation_methods import OURS
from .marked_tables import markdown
from .wilson import as_percent

SETTINGS: dict[str, tuple[int, int, str]] = {
    "5 demonstrations": (1, STANDARD, PLAIN),
    "10": (1, 10, PLAIN),
    "2": (1, 2, PLAIN),
    "1": (1, 1, PLAIN),
    "5, places jittered by up to 2% of the world": (1, STANDARD, "jitter-2"),
    "5, jittered by up to 5%": (1, STANDARD, "jitter-5"),
    "5, normal noise of 2%": (1, STANDARD, "noise-2"),
    "5, normal noise of 5%": (1, STANDARD, "noise-5"),
    "5, one of them of another concept": (1, STANDARD, WRONG),
    "5, parameters never trained": (2, STANDARD, PLAIN),
    "5, 9 to 12 objects": (3, STANDARD, PLAIN),
}
"""Rows of the rival's table: level, number of demonstrations, what is done to them."""
RIVAL = "invariants"
ABLATIONS = {
    "same_time": "the shipped design",
    "no_pairs": "entities are not related",
    "generate_alone": "trained to generate alone",
    "identify_alone": "trained to identify alone",
    "separate_codes": "a learned code for each task",
    "denoising": "denoising and contrast as the objective",
    "unrolled": "the paper's objective: unrolled descent, softplus contrast, KL",
}
"""Variants of `scripts/ablate.py`, under the names that `--ablation` is given."""
STARTS = {
    OURS: "the encoder's guess, then at most 20 steps",
    "ours-guess": "the encoder's guess alone",
    "ours-values": "16 random codes that hold the demonstrated values, then at most 20 steps",
    "ours-scratch": "16 random codes, then at most 20 steps",
}
"""Where the descent on w begins."""

Record = Mapping[str, Any]


def compared_tables(recorded: Record) -> dict[str, str]:
    """The tables by the name of their marker.

    Args:
        recorded: its "methods" are rows by method, level, demonstrations, condition and task.
    """
    by = ("method", "level", "demonstrations", "condition", "task")
    found = {tuple(row[name] for name in by): row for row in recorded["methods"]}
    return {
        "rival": _rival(found),
        "ablations": _methods(found, "variant", ABLATIONS),
        "starts": _methods(found, "start", STARTS),
    }


def _rival(found: Mapping[Any, Record]) -> str:
    both = (OURS, RIVAL)
    heads = [f"`{method}`, {task}" for task in TASKS for method in both]
    rows = [["", *heads, "episodes a task"]]
    for title, setting in SETTINGS.items():
        cells = [found.get((method, *setting, task)) for task in TASKS for method in both]
        kept = [cell for cell in cells if cell is not None]
        if len(kept) == len(cells):
            numbers = " / ".join(str(cell["episodes"]) for cell in kept[: len(both)])
            rows.append([title, *map(_rate, kept), numbers])
    return markdown(rows)


def _methods(found: Mapping[Any, Record], head: str, methods: Mapping[str, str]) -> str:
    """Some methods in new scenes, with five undisturbed demonstrations."""
    rows = [[head, *TASKS, "episodes a task"]]
    for method, title in methods.items():
        cells = [found.get((method, 1, STANDARD, PLAIN, task)) for task in TASKS]
        kept = [cell for cell in cells if cell is not None]
        if len(kept) == len(cells):
            name = f"`{method}`: {title}"
            rows.append([name, *map(_rate, kept), str(kept[0]["episodes"])])
    return markdown(rows)


def _rate(row: Record) -> str:
    return as_percent(*(row[name] for name in ("success", "low", "high")))
