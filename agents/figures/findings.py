"""The paper's findings in one picture: a panel each, bars with 95% Wilson intervals."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..evaluation.findings import Bar, Group, Measured
from ..evaluation.methods import OURS
from .saving import save_figure

_TAB, _STEPS = mpl.colormaps["tab10"], mpl.colormaps["viridis"]
_COLOURS: dict[str, Any] = {
    OURS: _TAB(0),
    "ours-recognition": _TAB(4),
    f"{OURS} (arm)": _TAB(1),
    "chance": _TAB(7),
    "generate_alone": _TAB(5),
    "no_pairs": _TAB(8),
    **{
        f"{OURS}-{n}-steps": _STEPS(place) for n, place in ((0, 0.0), (1, 0.3), (5, 0.5), (50, 0.9))
    },
}
_VARIANT = _TAB(3)
_WIDTH = 0.82  # of a group's bars
_COLUMNS = 2
_MOST_LEVEL = 4  # groups whose names have room side by side


def draw_findings(found: Sequence[Measured], path: Path) -> Path:
    """Write a PNG with a panel for each finding: its groups along x, a bar for each who was asked.

    What was not measured has no bar.
    """
    rows = -(-len(found) // _COLUMNS)
    figure = Figure(figsize=(15.0, 4.6 * rows), layout="constrained")
    axes = figure.subplots(rows, _COLUMNS, squeeze=False).ravel()
    for axis in axes[len(found) :]:
        axis.set_axis_off()
    for axis, measured in zip(axes, found, strict=False):
        _draw_panel(axis, measured)
    save_figure(figure, path, dpi=100)
    return path


def _draw_panel(axis: Axes, measured: Measured) -> None:
    finding = measured.finding
    drawn = [g for g in finding.groups if any((g.title, bar) in measured.rows for bar in g.bars)]
    bars = list(dict.fromkeys(bar for group in finding.groups for bar in group.bars))
    for bar in bars:
        _draw_bars(axis, drawn, bar, measured)
    axis.set_title(f"{finding.number}. {finding.title}: {measured.verdict}", loc="left")
    axis.set(ylim=(0, 112), yticks=range(0, 101, 20), ylabel="success [%]")
    axis.grid(axis="y", alpha=0.3)
    axis.set_axisbelow(True)
    if not drawn:
        axis.set_xticks([])
        axis.text(0.5, 0.5, str(measured.verdict), transform=axis.transAxes, ha="center")
        return
    _name_groups(axis, drawn, {claim.group for claim in finding.claims})
    axis.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=8, frameon=False)


def _name_groups(axis: Axes, groups: Sequence[Group], judged: set[str]) -> None:
    """Names along x, those that the verdict is about in bold; tasks and levels above."""
    turned = len(groups) > _MOST_LEVEL
    axis.set_xticks(
        np.arange(len(groups)),
        [group.name for group in groups],
        rotation=35 if turned else 0,
        ha="right" if turned else "center",
        rotation_mode="anchor" if turned else "default",
    )
    axis.set_xlim(-0.5, len(groups) - 0.5)
    for group, text in zip(groups, axis.get_xticklabels(), strict=True):
        text.set_fontweight("bold" if group.title in judged else "normal")
    for place, group in enumerate(groups):
        if place == 0 or group.section != groups[place - 1].section:
            axis.text(place - 0.45, 105, group.section, fontsize=8, color="0.35")
            axis.axvline(place - 0.5, color="0.6", lw=0.8)


def _draw_bars(axis: Axes, groups: Sequence[Group], bar: Bar, measured: Measured) -> None:
    """One bar's rates in all groups; in each, the group's bars stand side by side."""
    width = _WIDTH / max((len(group.bars) for group in groups), default=1)
    places, rows = [], []
    for place, group in enumerate(groups):
        row = measured.rows.get((group.title, bar))
        if row is not None:
            shift = group.bars.index(bar) - (len(group.bars) - 1) / 2.0
            places.append(place + width * shift)
            rows.append(row)
    if not rows:
        return
    share, low, high = (
        np.array([100.0 * row[key] for row in rows]) for key in ("success", "low", "high")
    )
    axis.bar(
        places,
        share,
        0.92 * width,
        yerr=(share - low, high - share),
        color=_COLOURS.get(bar.name, _VARIANT),
        error_kw={"lw": 1.0, "capsize": min(3.0, 14.0 * width), "ecolor": "0.25"},
        label=bar.name,
    )
