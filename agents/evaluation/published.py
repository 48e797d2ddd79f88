"""Outcomes as they are published: a line for what was asked, a character for each answer to it.

The file is JSON Lines. The first line says what was evaluated (the seed, and the digest of each
checkpoint). Every other one is about a concept, level, world and task:

| key                          | meaning                                                         |
|------------------------------|-----------------------------------------------------------------|
| `concept`, `level`, `world`, `task` | as in `Outcome`                                          |
| `objects`                    | in the scene of each episode; 0 where nobody was asked          |
| `variants`                   | likewise; missing where there are none                          |
| `answers`                    | who was asked, after which demonstrations, and what came of it  |

An answer holds `method`, `demonstrations`, `condition` and `right`: a character for each episode,
"1" where it was right, "0" where it was wrong, "-" where it was not asked. With the arm it holds
`arm`, too: for each episode the values of `ArmFacts` in their order, or null.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, fields
from operator import attrgetter
from pathlib import Path
from typing import Any

from ...envs.errors import CheckpointError
from ..text_files import replace_text
from .arm import ArmFacts
from .evaluator import Outcome
from .methods import OURS

_ASKED = ("concept", "level", "world", "task")
_WHO = ("method", "demonstrations", "condition")
_asked, _who = attrgetter(*_ASKED), attrgetter(*_WHO)
_FACTS = tuple(field.name for field in fields(ArmFacts))
_RIGHT = {"1": True, "0": False}
_UNASKED = "-"

Line = dict[str, Any]


def publish(path: Path, outcomes: Iterable[Outcome], about: Mapping[str, Any]) -> Path:
    """Write outcomes, each once at most; the same ones give the same file, in whatever order.

    Args:
        path: the file, written anew; it appears under its name only when it is complete.
        outcomes: what came of each question.
        about: what was evaluated, as `OutcomeStore.about` says it.
    """
    asked: dict[tuple[Any, ...], list[Outcome]] = defaultdict(list)
    for item in outcomes:
        asked[_asked(item)].append(item)
    lines = [dict(about), *(_line(key, asked[key]) for key in sorted(asked))]
    text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
    return replace_text(path, text)


def missing_from(
    outcomes: Iterable[Outcome], path: Path, about: Mapping[str, Any]
) -> list[Outcome]:
    """The verdicts in a published file about the same weights that are not among others.

    Publishing the others over it would lose these: all of them under another seed. None where there
    is no such file, or it is about other weights.

    Raises:
        CheckpointError: if there is a file, but it is no published one.
    """
    if not path.is_file():
        return []
    published, told = read_published(path)
    ours = f"sha256 of {OURS}"
    if told.get(ours) != about.get(ours):
        return []
    if told.get("seed") != about.get("seed"):
        return published
    here = {_question(item) for item in outcomes}
    kept = {name: about.get(name, digest) == digest for name, digest in told.items()}
    return [
        item
        for item in published
        if _question(item) not in here and kept.get(f"sha256 of {item.method}", True)
    ]


def _question(item: Outcome) -> tuple[Any, ...]:
    return *_asked(item), *_who(item), item.episode


def read_published(path: Path) -> tuple[list[Outcome], dict[str, Any]]:
    """The outcomes in a published file, and what it is about.

    Raises:
        CheckpointError: if there is no such file, or it is not one of these.
    """
    if not path.is_file():
        raise CheckpointError(f"{path} does not exist; name a file that --record wrote")
    try:
        text = path.read_text(encoding="utf-8").splitlines()
        about, *lines = [dict(json.loads(line)) for line in text]
        return [item for line in lines for item in _outcomes(line)], about
    except (ValueError, TypeError, LookupError) as error:
        raise CheckpointError(
            f"{path} holds no published outcomes ({type(error).__name__}: {error}); "
            "fetch it anew, or do without it"
        ) from error


def _line(key: tuple[Any, ...], outcomes: Sequence[Outcome]) -> Line:
    answers: dict[tuple[Any, ...], dict[int, Outcome]] = defaultdict(dict)
    for item in outcomes:
        answers[_who(item)][item.episode] = item
    scenes = {item.episode: item for item in outcomes}
    episodes = range(1 + max(scenes))
    line: Line = dict(zip(_ASKED, key, strict=True))
    line["objects"] = [scenes[k].objects if k in scenes else 0 for k in episodes]
    if any(item.variant for item in outcomes):
        line["variants"] = [scenes[k].variant if k in scenes else "" for k in episodes]
    return line | {"answers": [_answer(who, answers[who]) for who in sorted(answers)]}


def _answer(who: tuple[Any, ...], found: Mapping[int, Outcome]) -> Line:
    episodes = range(1 + max(found))
    right = (str(int(found[k].success)) if k in found else _UNASKED for k in episodes)
    answer = dict(zip(_WHO, who, strict=True)) | {"right": "".join(right)}
    facts = [found[k].arm if k in found else None for k in episodes]
    if any(facts):
        answer["arm"] = [None if each is None else astuple(each) for each in facts]
    return answer


def _outcomes(line: Line) -> Iterator[Outcome]:
    variants = line.get("variants") or [""] * len(line["objects"])
    for answer in line["answers"]:
        facts = answer.get("arm") or [None] * len(answer["right"])
        for k, right in enumerate(answer["right"]):
            if right != _UNASKED:
                yield Outcome(
                    **{name: line[name] for name in _ASKED},
                    **{name: answer[name] for name in _WHO},
                    episode=k,
                    objects=line["objects"][k],
                    variant=variants[k],
                    success=_RIGHT[right],
                    arm=_facts(facts[k]),
                )


def _facts(values: Sequence[Any] | None) -> ArmFacts | None:
    return None if values is None else ArmFacts(**dict(zip(_FACTS, values, strict=True)))
