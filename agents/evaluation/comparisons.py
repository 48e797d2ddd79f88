"""Our agent beside a rival, ablations and other starts: the tables of docs/training.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...envs.concepts import TASKS
from ..config import InferenceConfig
from ..marked_tables import NONE, markdown, rate
from .config import PLAIN, STANDARD, WRONG
from .methods import OURS, RECOGNISER
from .summary import MEANS, SINGLE, group_of

Setting = tuple[str, int, int, str]
Key = tuple[str, str, int, int, str, str]
Record = Mapping[str, Any]

_NUMBERS = (STANDARD, 10, 2, 1)
_ELSEWHERE = {
    "parameters never trained": (SINGLE, 2),
    "9 to 12 objects": (SINGLE, 3),
    "two concepts at once": ("pairs", 4),
    "three concepts at once": ("triples", 4),
}
SETTINGS: dict[str, Setting] = {
    **{f"{n} shown": (SINGLE, 1, n, PLAIN) for n in _NUMBERS},
    "5, places jittered by up to 2% of the world": (SINGLE, 1, STANDARD, "jitter-2"),
    "5, jittered by up to 5%": (SINGLE, 1, STANDARD, "jitter-5"),
    "5, normal noise of 2%": (SINGLE, 1, STANDARD, "noise-2"),
    "5, normal noise of 5%": (SINGLE, 1, STANDARD, "noise-5"),
    "5, one of them of another concept": (SINGLE, 1, STANDARD, WRONG),
    **{
        f"{n}, {title}": (*place, n, PLAIN) for title, place in _ELSEWHERE.items() for n in _NUMBERS
    },
}
"""Rows of the rival's table: group and level, number of demonstrations, what is done to them."""
RIVAL = "invariants"
ABLATIONS = {
    "no_pairs": "no pairs: closed forms alone relate entities",
    "no_relations": "nothing relates entities",
    "generate_alone": "trained to generate alone",
    "identify_alone": "trained to identify alone",
    "separate_codes": "a learned code for each task",
    "denoising": "denoising and contrast as the objective",
    "unrolled": "the paper's objective: unrolled descent, softplus contrast, KL",
}
"""Variants of `scripts/ablate.py`, under the names that `--ablation` is given."""
_INFERENCE = InferenceConfig()
_CODES = f"{_INFERENCE.particles} random codes"
_DESCENT = f"then at most {_INFERENCE.code_iterations} steps"
STARTS = {
    OURS: f"the encoder's guess, {_DESCENT}",
    "ours-guess": "the encoder's guess alone",
    "ours-values": f"{_CODES} that hold the demonstrated values, {_DESCENT}",
    "ours-scratch": f"{_CODES}, {_DESCENT}",
}
"""Where the descent on w begins."""


def compared_tables(recorded: Record) -> dict[str, str]:
    """The tables by the name of their marker.

    Args:
        recorded: its "methods" are rows of `MEANS`, its "ahead" those of `where_ahead` for
            the rival against ours, its "rows" and "recogniser" cells of ours and of the
            recogniser.
    """
    found = {tuple(row[name] for name in MEANS): row for row in recorded["methods"]}
    both, design = (OURS, RIVAL), {OURS: "the shipped design"}
    heads = [f"`{method}`, {task}" for task in TASKS for method in both]
    settings = {title: _keys(both, setting) for title, setting in SETTINGS.items()}
    return {
        "rival": _table(found, ["", *heads], settings),
        "rival ahead": _ahead(recorded["ahead"]),
        "ablations": _table(found, ["variant", *TASKS], _alone(design | ABLATIONS)),
        "recogniser": _recogniser(recorded),
        "starts": _table(found, ["start", *TASKS], _alone(STARTS)),
    }


def _recogniser(recorded: Record) -> str:
    """Held-out parameters, generated: ours, and who knows trained ones alone."""
    by, place = ("level", "task", "world", "demonstrations"), (2, "generate", "particle", STANDARD)
    ours, told = (
        {
            row["concept"]: row
            for row in recorded.get(name, ())
            if tuple(row[name] for name in by) == place
        }
        for name in ("rows", "recogniser")
    )
    rows = [["concept", f"`{OURS}`", f"`{RECOGNISER}`", "episodes"]]
    for concept in (name for name in told if name in ours):
        found = ours[concept], told[concept]
        numbers = " / ".join(str(row["episodes"]) for row in found)
        rows.append([concept, *map(rate, found), numbers])
    return markdown(rows)


def _keys(methods: Sequence[str], setting: Setting) -> list[Key]:
    return [(method, *setting, task) for task in TASKS for method in methods]


def _alone(methods: Mapping[str, str]) -> dict[str, list[Key]]:
    """A line for each method: new scenes, five undisturbed demonstrations."""
    setting = (SINGLE, 1, STANDARD, PLAIN)
    return {f"`{name}`: {title}": _keys([name], setting) for name, title in methods.items()}


def _table(found: Mapping[Key, Record], heads: list[str], lines: Mapping[str, list[Key]]) -> str:
    """The lines, keys of cells by title, of which every cell was measured that there is."""
    rows = [[*heads, "episodes a task"]]
    for title, keys in lines.items():
        asked = [key for key in keys if key[1] == SINGLE or key[-1] == "generate"]
        if all(key in found for key in asked):
            numbers = (str(found[key]["episodes"]) for key in asked if key[-1] == "generate")
            rows.append([title, *(rate(found.get(key)) for key in keys), " / ".join(numbers)])
    return markdown(rows)


def _ahead(duels: Sequence[Record]) -> str:
    rows, by = [["", *TASKS, "scenes"]], ("level", "demonstrations", "condition")
    for title, setting in SETTINGS.items():
        here = [d for d in duels if (group_of(d["concept"]), *(d[name] for name in by)) == setting]
        if here:
            scenes = " / ".join(map(str, sorted({duel["episodes"] for duel in here})))
            rows.append([title, *(_duels(here, task) for task in TASKS), scenes])
    return markdown(rows)


def _duels(duels: Sequence[Record], task: str) -> str:
    found = (d for d in duels if d["task"] == task)
    return ", ".join(f"{d['concept']} {d['alone']} : {d['other_alone']}" for d in found) or NONE
