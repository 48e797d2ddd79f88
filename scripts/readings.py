"""What a demonstration leaves open, and how the answers of different seeds differ, as a page.

    python scripts/readings.py                                  # docs/readings.md and .png
    python scripts/readings.py --cases 4 --scenes 2 --out out/readings      # a quick look
    python scripts/readings.py --checkpoint runs/a.safetensors --out out/a

The picture shows an ambiguous demonstration, its distinct readings, and what a second one leaves of
them. One table holds success with one reading, with the least and the free energy of several, and
with a second demonstration; the other how valid and how different the answers of several seeds are.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from tqdm import tqdm

from conceptgym.agents import ConceptAgent, InferenceConfig
from conceptgym.agents.cli import run_script
from conceptgym.agents.figures.readings import distinct_readings, draw_readings, ruled_out
from conceptgym.agents.model import load_model
from conceptgym.agents.readings.ambiguity import Case, draw_case, methods
from conceptgym.agents.readings.measured import measure_ambiguity, measure_answers
from conceptgym.agents.readings.page import ambiguity_table, answers_table, make_page
from conceptgym.agents.text_files import replace_text
from conceptgym.envs import Demonstration
from conceptgym.envs.concepts import CONCEPTS
from conceptgym.envs.errors import ConfigError

CONFUSED = ("left_of", "near", "at_distance", "closest")
"""Concepts that a single demonstration of the cursor beside an object may all be about."""
ANSWERED = (
    *("near", "at_distance", "closest", "furthest", "region", "triangle", "square", "figure"),
    *("left_of", "between", "colour"),
)
"""Concepts with many answers, and three with one."""
_MOST = 3  # readings that are drawn
_DRAWN = 6  # demonstrations, of which the first and the one most unlike it are shown
_COARSE = 21  # places along each side by which candidates for the picture are compared


@dataclass(frozen=True, kw_only=True)
class Args:
    """Command line of `scripts/readings.py`."""

    checkpoint: Path | None = None
    """Other weights than the shipped ones."""
    ambiguous: tuple[str, ...] = CONFUSED
    """Concepts of which single demonstrations are looked at."""
    cases: int = 30
    """Demonstrations of each of these."""
    answered: tuple[str, ...] = ANSWERED
    """Concepts of which the answers of different seeds are compared."""
    scenes: int = 8
    """Scenes of each of these."""
    seeds: int = 5
    """Answers to a scene."""
    code_particles: int = 13
    """Descents on w by which readings are looked for."""
    readings: int = 4
    """Readings that plans are made with."""
    temperature: float = 0.01
    """Of the free energy."""
    pictured: str = "at_distance"
    """Concept of the picture."""
    picture_particles: int = 25
    """Descents on w by which the picture's readings are looked for."""
    tries: int = 6
    """Pairs of demonstrations that are tried for the picture."""
    seed: int = 0
    """Seed of everything."""
    out: Path = Path("docs")
    """Folder of readings.md and readings.png."""


@dataclass(frozen=True, kw_only=True)
class _Pictured:
    """Readings of the first demonstration, how many the second rules out, pairs looked at."""

    readings: int
    ruled_out: int
    tried: int

    @property
    def resolved(self) -> bool:
        """Whether one of several is left."""
        return self.readings > 1 and self.ruled_out == self.readings - 1


def main(args: Args) -> None:
    """Draw, measure, print tables, write the page."""
    torch.set_num_threads(1)  # lanes are batched for one core
    _check(args)
    ways = methods(
        code_particles=args.code_particles, readings=args.readings, temperature=args.temperature
    )
    config = InferenceConfig(code_particles=args.picture_particles, seed=args.seed)
    model, header = load_model(args.checkpoint)
    pictured = _draw(args, ConceptAgent(model, config=config))
    with _bar("one demonstration", len(args.ambiguous) * args.cases, "case") as bar:
        ambiguity = measure_ambiguity(
            model, args.ambiguous, ways, cases=args.cases, seed=args.seed, progress=bar.update
        )
    with _bar("different seeds", len(args.answered) * args.scenes, "scene") as bar:
        answers = measure_answers(
            model,
            args.answered,
            scenes=args.scenes,
            seeds=args.seeds,
            seed=args.seed,
            progress=bar.update,
        )
    head = _head(args, digest=header["sha256"], pictured=pictured)
    page = args.out / "readings.md"
    replace_text(page, make_page(head=head, ambiguity=ambiguity, ways=ways, answers=answers))
    console = Console()
    ambiguity_table(ambiguity).print(console)
    answers_table(answers).print(console)
    for path in (page, args.out / "readings.png"):
        console.print(f"wrote {path}", highlight=False)


def _check(args: Args) -> None:
    """Refuse bad names and numbers before anything is computed."""
    for flag in ("ambiguous", "answered", "pictured"):
        value = getattr(args, flag)
        for name in (value,) if isinstance(value, str) else value:
            if name not in CONCEPTS or len(CONCEPTS[name]().phases) > 1:
                known = [each for each in CONCEPTS if len(CONCEPTS[each]().phases) == 1]
                raise ConfigError(f"{flag} holds {name!r}; choose from {', '.join(known)}")
    for flag in ("ambiguous", "answered"):
        names = getattr(args, flag)
        if not 0 < len(set(names)) == len(names):
            raise ConfigError(f"{flag}={names!r} must be one or more different concepts")
    for flag in ("cases", "scenes", "tries"):
        if getattr(args, flag) < 1:
            raise ConfigError(f"{flag}={getattr(args, flag)} must be at least 1")
    if args.seeds < 2:
        raise ConfigError(f"seeds={args.seeds} must be at least 2, to compare answers")
    movers = [name for name in CONCEPTS if _moves_cursor(name)]
    if args.pictured not in movers:
        raise ConfigError(
            f"pictured={args.pictured!r} moves no cursor; choose from {', '.join(movers)}"
        )


def _moves_cursor(name: str) -> bool:
    """Whether the picture, which is of the cursor's place, can be of the concept."""
    if len(CONCEPTS[name]().phases) > 1:
        return False
    before = draw_case(name, 0).question.before
    return bool(before.movable[before.cursor])


def _draw(args: Args, agent: ConceptAgent) -> _Pictured:
    """Draw the picture.

    Of the pairs tried the first is taken of whose first demonstration's several readings the second
    leaves one, or else that which it rules out most readings of.
    """
    best: tuple[int, Case, _Pictured] | None = None
    for number in tqdm(range(args.tries), desc="ambiguous demonstrations", unit="pair"):
        case = _pair(args.pictured, number, seed=args.seed)
        gone = _fates(agent, case)
        found = _Pictured(readings=len(gone), ruled_out=sum(gone), tried=number + 1)
        if best is None or found.ruled_out > best[0]:
            best = (found.ruled_out, case, found)
        if found.resolved:
            best = (found.ruled_out, case, found)
            break
    if best is None:
        raise RuntimeError("no pair of demonstrations was tried")
    _, case, pictured = best
    draw_readings(
        agent,
        case.demonstrations,
        args.out / "readings.png",
        state=case.question.before,
        attention=case.question.attention,
        temperature=args.temperature,
        most=_MOST,
    )
    return replace(pictured, tried=number + 1)


def _pair(name: str, number: int, *, seed: int) -> Case:
    """A case whose second demonstration is, of some drawn, the one most unlike the first.

    Unlike in the place of the cursor as seen from the attended entities: two that show the same
    place would leave open what one leaves open.
    """
    case = draw_case(name, number, seed=seed, demonstrations=_DRAWN)
    first, *others = case.demonstrations
    unlike = max(others, key=lambda item: float(np.linalg.norm(_offset(item) - _offset(first))))
    return replace(case, demonstrations=[first, unlike])


def _offset(shown: Demonstration) -> np.ndarray:
    """(2,) from the attended entities' middle to the cursor, in the end [plane units]."""
    state = shown.state_at(-1)
    return state.positions[state.cursor] - state.positions[shown.attention].mean(axis=0)


def _fates(agent: ConceptAgent, case: Case) -> list[bool]:
    """Which of the first demonstration's distinct readings both demonstrations rule out."""
    question, first = case.question, agent.observe(case.demonstrations[:1])
    found = distinct_readings(
        agent, first, question.before, question.attention, most=_MOST, resolution=_COARSE
    )
    if len(found) == 1:
        return [False]
    least = float(agent.observe(case.demonstrations).surprise[0][0])
    return ruled_out(agent, found, case.demonstrations, least=least)


def _head(args: Args, *, digest: str, pictured: _Pictured) -> dict[str, Any]:
    """What the page's opening names."""
    if pictured.resolved:
        choice = (
            f"Pair {pictured.tried} of demonstrations, in the order drawn, is the first of which "
            "the second leaves just one of the first's several readings."
        )
    else:
        choice = (
            f"**Of {pictured.tried} pairs of demonstrations there was none of which the second "
            "leaves just one of the first's several readings**; drawn is that of which it rules "
            "out most."
        )
    return {
        "command": " ".join(["python", "scripts/readings.py", *sys.argv[1:]]),
        "digest": digest[:12],
        "picture": "readings.png",
        "concept": args.pictured,
        "most": _MOST,
        "drawn_others": _DRAWN - 1,
        "descents": args.picture_particles,
        "counts": f"{pictured.readings}, of which both demonstrations rule out "
        f"{pictured.ruled_out}",
        "choice": choice,
        "particles": args.code_particles,
        "readings": args.readings,
    }


def _bar(name: str, total: int, unit: str) -> Any:
    return tqdm(total=total, desc=name, unit=unit, mininterval=1.0)


if __name__ == "__main__":
    run_script(main, Args, __doc__)
