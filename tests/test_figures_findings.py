"""The findings' picture: its bars are the rates, side by side, with their intervals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from finding_outcomes import made_up
from matplotlib.axes import Axes
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from PIL import Image

from conceptgym.agents.evaluation.findings import Finding, Measured, measure_all
from conceptgym.agents.evaluation.findings_paper import FINDINGS
from conceptgym.agents.figures.findings import draw_findings


def draw(found: list[Measured], path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Axes]:
    figures: list[Figure] = []
    save = Figure.savefig

    def savefig(self: Figure, *arguments: object, **options: object) -> None:
        figures.append(self)
        save(self, *arguments, **{**options, "dpi": 20})  # type: ignore[arg-type]

    monkeypatch.setattr(Figure, "savefig", savefig)
    assert draw_findings(found, path) == path
    with Image.open(path) as image:
        assert image.format == "PNG"
    return figures[0].axes


def bars(axis: Axes) -> dict[str, BarContainer]:
    return {str(c.get_label()): c for c in axis.containers if isinstance(c, BarContainer)}


def measured(finding: Finding, successes: dict[str, int], *without: str) -> Measured:
    (found,) = measure_all([finding], made_up(finding, successes, without=without))
    return found


def test_heights_and_intervals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = measured(FINDINGS[0], {"ours": 20, "separate_codes": 10})
    axis = draw([found], tmp_path / "new" / "a.png", monkeypatch)[0]
    parts = bars(axis)
    heights = {name: [patch.get_height() for patch in part] for name, part in parts.items()}
    assert heights == {"ours": [100, 100], "separate_codes": [50, 50]}
    for bar in found.finding.groups[0].bars:
        row, errors = found.rows["make", bar], parts[bar.name].errorbar
        assert errors is not None
        (line,) = errors.lines[2]
        np.testing.assert_allclose(
            line.get_segments()[0][:, 1], [100 * row["low"], 100 * row["high"]]
        )
    assert axis.get_title("left") == f"1. {found.finding.title}: {found.verdict}"
    names = {text.get_text(): text.get_fontweight() for text in axis.get_xticklabels()}
    assert names == {"make": "bold", "find": "bold"}


def test_no_two_bars_overlap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [measured(FINDINGS[number], {}) for number in (1, 3)]  # the fullest panels
    for axis, one in zip(draw(found, tmp_path / "a.png", monkeypatch), found, strict=True):
        spans = sorted(
            (patch.get_x(), patch.get_x() + patch.get_width())
            for part in bars(axis).values()
            for patch in part
        )
        assert len(spans) == len(one.rows)
        assert all(end < begin for (_, end), (begin, _) in zip(spans, spans[1:], strict=False))
        texts = [text.get_text() for text in axis.texts]
        assert texts == list(dict.fromkeys(group.section for group in one.finding.groups))


def test_what_is_missing_has_no_bar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    finding = FINDINGS[4]
    lacking = "no_relations", "no_pairs"
    found = [measured(finding, {}, *lacking), measured(finding, {}, *lacking, "ours")]
    some, none = draw(found, tmp_path / "a.png", monkeypatch)
    assert set(bars(some)) == {"ours"} and not bars(none)
    assert [text.get_text() for text in none.texts] == ["not measured"]


def test_no_two_methods_of_a_panel_share_a_colour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [measured(finding, {}) for finding in FINDINGS]
    for axis in draw(found, tmp_path / "a.png", monkeypatch):
        colours = [part[0].get_facecolor() for part in bars(axis).values()]
        assert len(set(colours)) == len(colours) > 1
