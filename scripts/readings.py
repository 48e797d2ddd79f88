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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from tqdm import tqdm

from conceptgym.agents import ConceptAgent, InferenceConfig
from conceptgym.agents.ambiguity import Case, draw_case, methods
from conceptgym.agents.cli import run_script
from conceptgym.agents.figures_readings import distinct_readings, draw_readings
from conceptgym.agents.model import ConceptModel, load_model
from conceptgym.agents.readings import measure_ambiguity, measure_answers
from conceptgym.agents.readings_page import ambiguity_table, answers_table, make_page
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
_COARSE = 21  # places along each side by which candidates for the picture are compared


@dataclass(frozen=True, kw_only=True)
class Args:
    """Command line of `scripts/readings.py`."""

    checkpoint: Path | None = None
    """Other weights than the shipped ones."""
    ambiguous: tuple[str, ...] = CONFUSED
    """Concepts of which single demonstrations are looked at."""
    cases: int = 60
    """Demonstrations of each of these."""
    answered: tuple[str, ...] = ANSWERED
    """Concepts of which the answers of different seeds are compared."""
    scenes: int = 10
    """Scenes of each of these."""
    seeds: int = 6
    """Answers to a scene."""
    code_particles: int = 13
    """Descents on w by which readings are looked for."""
    readings: int = 4
    """Readings that plans are made with."""
    temperature: float = 0.01
    """Of the free energy."""
    pictured: str = "at_distance"
    """Concept of the picture."""
    tries: int = 6
    """Pairs of demonstrations that are tried for the picture."""
    seed: int = 0
    """Seed of everything."""
    out: Path = Path("docs")
    """Folder of readings.md and readings.png."""


def main(args: Args) -> None:
    """Draw, measure, print tables, write the page."""
    torch.set_num_threads(1)  # lanes are batched for one core
    _check(args)
    model, header = load_model(args.checkpoint)
    counts, tried = _draw(args, model)
    ways = methods(
        code_particles=args.code_particles, readings=args.readings, temperature=args.temperature
    )
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
    head = _head(args, digest=header["sha256"], counts=counts, tried=tried)
    page = args.out / "readings.md"
    page.write_text(make_page(head=head, ambiguity=ambiguity, ways=ways, answers=answers))
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
    for flag in ("cases", "scenes", "tries"):
        if getattr(args, flag) < 1:
            raise ConfigError(f"{flag}={getattr(args, flag)} must be at least 1")


def _draw(args: Args, model: ConceptModel) -> tuple[list[int], int]:
    """Draw the picture; readings after each demonstration, and how many pairs were looked at.

    Of the pairs tried the first is taken of which one demonstration has several readings and both
    have one, or else that which both rule out most readings of.
    """
    config = InferenceConfig(code_particles=args.code_particles, seed=args.seed)
    agent = ConceptAgent(model, config=config)
    best: tuple[int, Case] | None = None
    tried = 0
    for number in tqdm(range(args.tries), desc="ambiguous demonstrations", unit="pair"):
        case = draw_case(args.pictured, number, seed=args.seed)
        one, two = (_count(agent, case, shown) for shown in (1, 2))
        tried += 1
        if best is None or one - two > best[0]:
            best = (one - two, case)
        if one > 1 and two == 1:
            best = (one - two, case)
            break
    if best is None:
        raise RuntimeError("no pair of demonstrations was tried")
    case = best[1]
    counts = draw_readings(
        agent,
        case.demonstrations,
        args.out / "readings.png",
        state=case.question.before,
        attention=case.question.attention,
        temperature=args.temperature,
        most=_MOST,
    )
    return counts, tried


def _count(agent: ConceptAgent, case: Case, shown: int) -> int:
    question, result = case.question, agent.observe(case.demonstrations[:shown])
    found = distinct_readings(
        agent, result, question.before, question.attention, most=_MOST, resolution=_COARSE
    )
    return len(found)


def _head(args: Args, *, digest: str, counts: list[int], tried: int) -> dict[str, Any]:
    """What the page's opening names."""
    numbers = zip(("one demonstration", "two"), counts, strict=True)
    if counts[0] > 1 and counts[1] == 1:
        choice = f"Pair {tried} of demonstrations, in the order drawn, is the first that does this."
    else:
        choice = (
            f"**Of {tried} pairs of demonstrations none left several readings of the first and one "
            "of both**; drawn is the pair that comes nearest."
        )
    return {
        "command": " ".join(["python", "scripts/readings.py", *sys.argv[1:]]),
        "digest": digest[:12],
        "picture": "readings.png",
        "concept": args.pictured,
        "most": _MOST,
        "counts": ", ".join(f"{count} after {name}" for name, count in numbers),
        "choice": choice,
        "particles": args.code_particles,
        "readings": args.readings,
    }


def _bar(name: str, total: int, unit: str) -> Any:
    return tqdm(total=total, desc=name, unit=unit, mininterval=1.0)


if __name__ == "__main__":
    run_script(main, Args, __doc__)
