"""A picture of ambiguity: what one demonstration may mean, and what a second one leaves of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..envs.demonstrations import Demonstration
from ..envs.entities import POSITION, EntityState
from ..envs.rendering.markers import Overlay
from ..envs.rendering.plane import PlaneRenderer
from .concept_agent import ConceptAgent
from .infer import InferResult

_MAP = mpl.colormaps["viridis"].reversed()
_RESOLUTION = 61


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One meaning that demonstrations may have.

    Attributes:
        code: (code_size,) w.
        surprise: of a demonstration under it, see `infer.surprise`.
        landscape: (R, R) distance √(2E) of the cursor's place from what it asks for in a scene.
    """

    code: np.ndarray
    surprise: float
    landscape: np.ndarray


def distinct_readings(
    agent: ConceptAgent,
    result: InferResult,
    state: EntityState,
    attention: np.ndarray,
    *,
    slack: float = 1.5,
    apart: float = 0.15,
    most: int = 4,
) -> list[Reading]:
    """The likeliest readings that ask for different things in a scene.

    Args:
        agent: whose energy it is.
        result: with several readings (`InferenceConfig.code_particles`).
        state, attention: the scene in which they are compared.
        slack: readings of at most this much more surprise than the least count.
        apart: mean difference of two readings' landscapes [plane units] that makes them two.
        most: how many to return.
    """
    found: list[Reading] = []
    for code, surprise in zip(result.readings[0], result.surprise[0], strict=True):
        if surprise > result.surprise[0][0] + slack or len(found) == most:
            break
        energies = agent.landscape(state, attention, code=code, resolution=_RESOLUTION)
        landscape = np.sqrt(2.0 * energies)
        if all(np.abs(landscape - other.landscape).mean() > apart for other in found):
            found.append(Reading(code=code, surprise=float(surprise), landscape=landscape))
    return found


def draw_readings(
    agent: ConceptAgent,
    demonstrations: Sequence[Demonstration],
    path: Path,
    *,
    state: EntityState,
    attention: np.ndarray,
) -> list[int]:
    """Write a PNG with a row for one demonstration, for two, and so on.

    Args:
        agent: with several `code_particles`; it observes the demonstrations anew.
        demonstrations: shown one after the other.
        path: the PNG.
        state, attention: the scene in which the readings are compared.

    Returns:
        The number of distinct readings after each demonstration.
    """
    rows = []
    for number in range(1, len(demonstrations) + 1):
        result = agent.observe(demonstrations[:number])
        rows.append(distinct_readings(agent, result, state, attention))
    columns = 1 + max(len(row) for row in rows)
    figure = Figure(figsize=(3.0 * columns, 3.2 * len(rows)), layout="constrained")
    axes = figure.subplots(len(rows), columns, squeeze=False)
    renderer = PlaneRenderer(320)
    for axis in axes.ravel():
        axis.set_axis_off()
    for number, (line, row) in enumerate(zip(axes, rows, strict=True), start=1):
        shown = demonstrations[number - 1]
        line[0].imshow(_picture(renderer, shown))
        line[0].set_title(f"shown {number}", fontsize=9)
        for axis, reading in zip(line[1:], row, strict=False):
            _draw_reading(axis, reading, state, attention)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)
    return [len(row) for row in rows]


def _picture(renderer: PlaneRenderer, shown: Demonstration) -> np.ndarray:
    state = shown.state_at(-1)
    trail = shown.trajectory[:, state.cursor, POSITION]
    return renderer.draw(state, Overlay(attended=shown.attention, trail=trail))


def _draw_reading(axis: Axes, reading: Reading, state: EntityState, attention: np.ndarray) -> None:
    axis.imshow(
        reading.landscape, origin="lower", extent=(-1, 1, -1, 1), cmap=_MAP, vmin=0.0, vmax=1.0
    )
    for row in np.flatnonzero(state.objects):
        edge, width = ("white", 2.5) if attention[row] else ("black", 1.0)
        colour = state.colours[row]
        axis.scatter(*state.positions[row], s=90, color=colour, edgecolor=edge, linewidth=width)
    axis.set_title(f"surprise {reading.surprise:.1f}", fontsize=9)
