"""docs/readings.md: several readings and different answers, written from what was measured."""

from __future__ import annotations

from collections.abc import Sequence

from ..mcnemar import LEVEL, alone_right, mcnemar
from ..table import Table
from ..wilson import wilson_interval
from .ambiguity import Method
from .measured import Answers, Successes

_NONE = "–"
_HEAD = """\
# Several readings, several answers

Written by `{command}` with the weights `{digest}` (first digits of their SHA-256); what it says is
what that run measured.

## What one demonstration leaves open

![Readings of one demonstration and of two]({picture})

Each row adds a demonstration of `{concept}`; the attended entity is ringed. Then come, in one other
scene, the readings that the demonstrations so far leave, with their surprise (minus the
log-likelihood of a demonstration): codes w to which descents from different starts lead, the
likeliest first, at most {most} of them, where two count as different if they ask for different
things in that scene. Drawn is how far the cursor's place is from what a reading asks for. The last
two are what a plan descends on: the least of the readings' energies, `min_p E(x, a, w_p)`, and
their free energy `-T log mean_p exp(-E(x, a, w_p) / T)`, which averages the more the larger T is.
Crossed out is what all demonstrations rule out, by the surprise that it causes in the end.

Readings of the first demonstration, of {descents} descents: {counts}, which are by then
less than a twentieth as likely as the likeliest. The second row's codes are found anew from both
demonstrations, so one of them may look like one that is ruled out, and what is left need not be
what was meant: a ring and a disc around the entity may both explain two demonstrations. The second
demonstration is, of {drawn_others} drawn, the one that puts the cursor in the most different place.
{choice}

```python
from conceptgym.agents import ConceptAgent, InferenceConfig

config = InferenceConfig(code_particles={particles}, readings={readings}, temperature=0.0)
agent = ConceptAgent.from_pretrained(config=config)  # temperature > 0 for the free energy
```

## Does it help?
"""


def ambiguity_table(found: Sequence[Successes]) -> Table:
    """Success per concept and method, and over all concepts."""
    ways = list(found[0].solved)
    rows = [
        (item.concept, str(item.cases), *(_share(sum(item.solved[w]), item.cases) for w in ways))
        for item in found
    ]
    total = sum(item.cases for item in found)
    overall = (_share(sum(sum(item.solved[way]) for item in found), total) for way in ways)
    return Table(
        title="Success of generate [%]",
        header=("concept", "cases", *ways),
        rows=[*rows, ("all", str(total), *overall)],
        note="With 95% Wilson intervals. A case has parameters, demonstrations and an unseen scene "
        "of its own; all columns answer the same cases.",
    )


def verdicts(found: Sequence[Successes], *, base: str, others: Sequence[str]) -> str:
    """A line a method: over all cases, better or worse than `base`, or not told apart.

    They are told apart by McNemar's exact test (5%) of the cases that only one of them solves.
    """
    lines = []
    for way in others:
        cases = [c for i in found for c in zip(i.solved[way], i.solved[base], strict=True)]
        alone, other_alone = alone_right(cases)
        change = 100.0 * (alone - other_alone) / len(cases)
        verdict = "**no clear difference**"
        if mcnemar(alone, other_alone) < LEVEL:
            verdict = "**helps**" if change > 0 else "**harms**"
        counts = f"{alone} : {other_alone} of {len(cases)} cases solved by one alone"
        lines.append(f"- {way} against {base}: {change:+.1f} points ({counts}), {verdict}.")
    return "\n".join(lines) + "\n"


def answers_table(found: Sequence[Answers]) -> Table:
    """Share of valid answers, and how far apart they are, per concept."""
    rows = [
        (
            item.concept,
            f"{len(item.scenes)} × {item.total // max(1, len(item.scenes))}",
            _share(item.held, item.total),
            _share(item.all_held, len(item.scenes)),
            *map(_number, (item.spread, item.reference, item.uniform, item.circle)),
        )
        for item in found
    ]
    return Table(
        title="Answers of different seeds to the same scene",
        header=(
            "concept",
            "scenes × seeds",
            "valid answers [%]",
            "scenes with all valid [%]",
            "spread",
            "nearest",
            "uniform",
            "circle 4r/π",
        ),
        rows=rows,
        note="With 95% Wilson intervals; answers of one scene share its demonstrations, so the "
        "interval of the valid answers is too narrow and that of the scenes is the one to trust.",
    )


_ANSWERS = """
## Different seeds, different answers

Five demonstrations, one unseen scene, and the descents' random starts from different seeds. Where
a concept allows many places the answers should differ, where it names one place or colour they
should not.
"""
_COLUMNS = """
- **spread**: mean distance between two valid answers of a scene [plane units and shares of colour],
  over all coordinates that may be edited; mean over the scenes with two valid ones or more.
- **nearest**: the same for what the concept's own rule (`Concept.nearest`) makes of as many random
  starts.
- **uniform**: the same for states drawn uniformly from all that pass the concept's test, its
  tolerance included, by rejection; – where in some scene hardly any draw passes.
- **circle 4r/π**: mean distance of two points uniform on a whole circle of the concept's radius r;
  in the scenes the plane's border cuts some of them off.
"""


def make_page(
    *,
    head: dict[str, object],
    ambiguity: Sequence[Successes],
    ways: dict[str, Method],
    answers: Sequence[Answers],
) -> str:
    """The page as Markdown.

    Args:
        head: what its opening names, by the names in `_HEAD`.
        ambiguity: see `measure_ambiguity`.
        ways: the methods of that; the first is what the others are held against.
        answers: see `measure_answers`.
    """
    base, *others = ways
    return "\n".join(
        [
            _HEAD.format(**head),
            _describe(ways),
            ambiguity_table(ambiguity).markdown,
            "Over all concepts, told apart by McNemar's exact test (5%) of the same cases:\n",
            verdicts(ambiguity, base=base, others=others),
            _ANSWERS.lstrip("\n"),
            answers_table(answers).markdown,
            _COLUMNS.lstrip("\n"),
        ]
    )


def _describe(ways: dict[str, Method]) -> str:
    lines = []
    for name, way in ways.items():
        config = way.config
        shown = "one demonstration" if way.demonstrations == 1 else "two demonstrations"
        descents = (
            "one descent on w from the encoder's guess"
            if config.code_particles == 1
            else f"{config.code_particles} descents on w, ranked by surprise"
        )
        plan = "planned with the first"
        if config.readings > 1:
            free = f"the free energy (T = {config.temperature:g})"
            kind = free if config.temperature else "the least"
            plan = f"planned with {kind} of the first {config.readings}"
        lines.append(f"- **{name}**: {shown}; {descents}; {plan}.")
    return "\n".join(lines) + "\n"


def _share(successes: int, trials: int) -> str:
    low, high = (100.0 * end for end in wilson_interval(successes, trials))
    return f"{100.0 * successes / max(1, trials):.0f} ({low:.0f}-{high:.0f})"


def _number(value: float | None) -> str:
    return _NONE if value is None else f"{value:.2f}"
