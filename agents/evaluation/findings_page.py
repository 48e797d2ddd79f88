"""A page on the paper's findings, written from measured outcomes alone."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from ..figures.codes import Codes
from ..figures.findings import draw_findings
from ..table import Table
from ..text_files import replace_text
from .commands import SCRIPT, Run
from .config import PLAIN, STANDARD
from .evaluator import Outcome
from .findings import MARGIN, Claim, Measured, Verdict, measure_all
from .findings_paper import FINDINGS, GLOSSARY
from .summary import Row

_POINTS = f"{100 * MARGIN:.0f} points"
_RULES = f"""\
Every rate is of the questions that all methods of its group were asked, with five undisturbed
demonstrations, and stands with its 95% Wilson interval. What must hold is judged as follows:

- *A beats B*: of the questions that only one of them answers rightly, McNemar's exact test (5%)
  tells whether one is ahead. Refuted if B is, or if both are shown equal: no rate of one interval
  is more than {_POINTS} from any of the other, whoever is ahead. Else reproduced if A is ahead.
- *A keeps up with B*: reproduced if no rate of A's interval is more than {_POINTS} below any of
  B's; refuted if A's whole interval is more than {_POINTS} below B's.
- *A mostly succeeds*, *A mostly fails*: reproduced if A's interval lies above, or below, 50%;
  refuted if it lies on the other side.

Else it is undecided. A finding is reproduced if all that must hold is. If any of it is refuted, so
is the finding, or it is reproduced in part where some of it is reproduced.

Each variant was trained once (seed 0), for the same processor time: intervals and tests are about
scenes, not about trainings."""


def write_findings(
    folder: Path, outcomes: Sequence[Outcome], run: Run, codes: Codes | None = None
) -> list[Path]:
    """Write findings.md and its picture findings.png.

    Args:
        folder: where to; it is made if it is missing. The page links codes.png in it, which
            `draw_codes` writes.
        outcomes: of our agent, its variants, and the ablations under their names in
            `scripts/ablate.py`. A finding whose methods are missing is called not measured.
        run: what its commands repeat.
        codes: for the distance between the codes of making and of finding.
    """
    found = measure_all(FINDINGS, outcomes)
    page = replace_text(folder / "findings.md", findings_page(found, run, codes))
    return [page, draw_findings(found, folder / "findings.png")]


def findings_page(found: Sequence[Measured], run: Run, codes: Codes | None = None) -> str:
    """The page in Markdown."""
    summary = Table(
        title="In short",
        header=("finding", "verdict"),
        rows=[(f"{m.finding.number}. {m.finding.claim}", str(m.verdict)) for m in found],
    )
    methods = dict.fromkeys(name for m in found for name in m.finding.methods)
    parts = [
        "# The paper's findings\n\nWhat Mordatch, *Concept Learning with Energy-Based Models* "
        "(2018, arXiv 1811.02486) found, and what comes of it here. `scripts/evaluate.py "
        "--figures` writes this page from its outcomes: every number and every verdict.\n",
        summary.markdown,
        "![success by finding, with 95% intervals](findings.png)\n",
        f"## How it is judged\n\n{_RULES}\n",
        "## Who is asked\n",
        "\n".join(f"- `{name}`: {GLOSSARY[name]}" for name in methods) + "\n",
        *(_section(m, run, codes) for m in found),
    ]
    return "\n".join(parts)


def _section(measured: Measured, run: Run, codes: Codes | None) -> str:
    finding = measured.finding
    parts = [
        f"## {finding.number}. {finding.title}",
        f"The paper: {finding.claim}",
        f"**Verdict: {measured.verdict}.** {sentence(measured)}",
    ]
    if measured.verdict is not Verdict.NOT_MEASURED:
        parts += [
            _claims(measured),
            f"Panel {finding.number} of the picture, in numbers:",
            _details(measured),
            finding.note,
        ]
    if finding.number == 1:
        parts.append(_distance(codes))
    parts.append("Measured by\n\n" + "\n".join(f"    {line}" for line in commands(measured, run)))
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def sentence(measured: Measured) -> str:
    """What was measured, or who is missing."""
    if measured.verdict is Verdict.NOT_MEASURED:
        absent = _absent(measured)
        return f"No outcomes on the same questions: {', '.join(f'`{name}`' for name in absent)}."
    rates = {f"{title}/{bar.name}": _rate(row) for (title, bar), row in measured.rows.items()}
    lacking = {f"{title}/{bar.name}": "(not measured)" for title, bar in measured.missing}
    return measured.finding.sentence.format_map(rates | lacking)


def commands(measured: Measured, run: Run) -> list[str]:
    """The command lines that ask the finding's methods, one a level."""
    levels = sorted({group.level for group in measured.finding.groups})
    return [_command(measured, level, run) for level in levels]


def _command(measured: Measured, level: int, run: Run) -> str:
    groups = [group for group in measured.finding.groups if group.level == level]
    bars = list(dict.fromkeys(bar for group in groups for bar in group.bars))
    concepts = {name for group in groups for name in group.concepts or ("",)}
    parts = [SCRIPT]
    if len(concepts) == 1 and "" not in concepts:
        parts.append(f"--concepts {' '.join(map(shlex.quote, concepts))}")
    worlds = dict.fromkeys(bar.world for bar in bars)
    parts += [
        f"--levels {level} {run.who(dict.fromkeys(bar.method for bar in bars))}",
        f"--demonstrations {STANDARD} --conditions {PLAIN} --worlds {' '.join(worlds)}",
    ]
    for flag, world in (("episodes", "particle"), ("arm-episodes", "arm")):
        number = measured.episodes.get((level, world))
        parts += [f"--{flag} {number}"] if number else []
    return " ".join([*parts, *run.common])


def _absent(measured: Measured) -> list[str]:
    """Those without outcomes where a claim needs them."""
    keys = [(c.group, bar) for c in measured.finding.claims for bar in (c.bar, c.other) if bar]
    return list(dict.fromkeys(bar.name for key, bar in keys if (key, bar) in measured.missing))


def _claims(measured: Measured) -> str:
    rows = [
        (_text(claim), *_rates(claim, measured), str(verdict))
        for claim, verdict in zip(measured.finding.claims, measured.verdicts, strict=True)
    ]
    return _table(("what must hold", "rate", "against", "one alone right", "verdict"), rows)


def _details(measured: Measured) -> str:
    """Everything that was measured: a row a group, a column for each who was asked."""
    groups = measured.finding.groups
    bars = list(dict.fromkeys(bar for group in groups for bar in group.bars))
    rows = []
    for group in groups:
        found = [measured.rows.get((group.title, bar)) for bar in bars]
        episodes = {str(row["episodes"]) for row in found if row}
        what = f"{group.section}: {group.name}"
        rows.append((what, *(_rate(row, short=True) for row in found), "".join(episodes) or "-"))
    return _table(("what is asked", *(bar.name for bar in bars), "questions"), rows)


def _table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    return Table(title="", header=header, rows=rows).markdown


def _text(claim: Claim) -> str:
    other = f" `{claim.other.name}`" if claim.other else ""
    return f"{claim.group}: `{claim.bar.name}` {claim.kind}{other}"


def _rates(claim: Claim, measured: Measured) -> tuple[str, str, str]:
    rows = measured.rows
    other = _rate(rows[claim.group, claim.other]) if claim.other else "50%"
    alone = " : ".join(map(str, measured.alone[claim])) if claim in measured.alone else "-"
    return _rate(rows[claim.group, claim.bar]), other, alone


def _rate(row: Row | None, *, short: bool = False) -> str:
    if row is None:
        return "-"
    share, low, high = (100.0 * row[name] for name in ("success", "low", "high"))
    if short:
        return f"{share:.1f}% ({low:.1f}-{high:.1f})"
    return f"{share:.1f}% ({low:.1f}-{high:.1f}; {row['successes']} of {row['episodes']})"


def _distance(codes: Codes | None) -> str:
    if codes is None:
        return "The distance between the codes of making and of finding was not measured."
    met, found = codes.met
    return (
        "The codes inferred from demonstrations that paint things red, and from their outcomes "
        f"alone, which only show what to find, lie {codes.same_hue:.2f} of the mean distance "
        "between two concepts apart for the same hue, on average; the two groups' middles lie "
        f"{codes.gap:.2f} apart. Of {found} codes of finding red {met} lie nearer to making things "
        "a colour than to any other concept ([codes.png](codes.png))."
    )
