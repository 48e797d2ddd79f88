"""A picture of ambiguity: what one demonstration may mean, and what a second one leaves of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from ...envs.demonstrations import Demonstration
from ...envs.entities import POSITION, EntityState
from ...envs.rendering.markers import Overlay
from ...envs.rendering.plane import PlaneRenderer
from ..concept_agent import ConceptAgent
from ..infer import InferResult, surprise
from ..tensors import stack_demonstrations, to_tensor
from ..terms import combine_readings
from .saving import save_figure

_MAP = mpl.colormaps["viridis"].reversed()
_RESOLUTION = 61
_SLACK = 3.0  # more surprise, over all demonstrations, that rules a reading out
_FURTHEST = 1.0  # distance from which on all is drawn alike [plane units]


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
    shown: int = 1,
    slack: float = _SLACK,
    apart: float = 0.15,
    most: int = 4,
    resolution: int = _RESOLUTION,
) -> list[Reading]:
    """The likeliest readings that ask for different things in a scene.

    Readings by which all the demonstrations together are e^slack, some twenty times, less likely
    than by the likeliest are ruled out: the more are shown, the less surprise each may cause.

    Args:
        agent: whose energy it is.
        result: with several readings (`InferenceConfig.code_particles`).
        state, attention: the scene in which they are compared.
        shown: how many demonstrations the result is from.
        slack: readings of at most this much more surprise than the least, summed over the
            demonstrations, count.
        apart: mean difference of two readings' landscapes [plane units] that makes them two.
        most: how many to return.
        resolution: places along each side of a landscape.
    """
    found: list[Reading] = []
    for code, score in zip(result.readings[0], result.surprise[0], strict=True):
        if shown * (score - result.surprise[0][0]) > slack or len(found) == most:
            break
        energies = agent.landscape(state, attention, code=code, resolution=resolution)
        landscape = np.sqrt(2.0 * energies)
        if all(np.abs(landscape - other.landscape).mean() > apart for other in found):
            found.append(Reading(code=code, surprise=float(score), landscape=landscape))
    return found


def surprises(
    agent: ConceptAgent, readings: Sequence[Reading], demonstrations: Sequence[Demonstration]
) -> list[float]:
    """How unlikely one of these demonstrations is under each reading, see `infer.surprise`."""
    _, scenes = stack_demonstrations(demonstrations)
    codes = to_tensor([reading.code for reading in readings])
    return surprise(agent.model, scenes, codes, seed=agent.config.seed).tolist()


def ruled_out(
    agent: ConceptAgent,
    readings: Sequence[Reading],
    demonstrations: Sequence[Demonstration],
    *,
    least: float,
    slack: float = _SLACK,
) -> list[bool]:
    """Which readings of fewer demonstrations all of these rule out.

    Args:
        agent: whose energy it is.
        readings: found before.
        demonstrations: all that were shown since, those that the readings are from included.
        least: the least surprise of a reading that was found from all of them.
        slack: as in `distinct_readings`.
    """
    scores = surprises(agent, readings, demonstrations)
    return _too_surprising(scores, len(demonstrations), least=least, slack=slack)


def _too_surprising(
    scores: Sequence[float], shown: int, *, least: float, slack: float = _SLACK
) -> list[bool]:
    """Which surprises of a demonstration rule a reading out, where so many were shown."""
    least = min(least, *scores)
    return [shown * (score - least) > slack for score in scores]


def combined_landscape(readings: Sequence[Reading], temperature: float = 0.0) -> np.ndarray:
    """(R, R) distance √(2E) of E the least of the readings' energies, or their free energy.

    A free energy is below the mean of the energies and never below their least.
    """
    energies = np.stack([0.5 * reading.landscape**2 for reading in readings], axis=-1)
    combined = combine_readings(torch.from_numpy(energies), temperature).numpy()
    return np.sqrt(2.0 * combined.clip(min=0.0))


def draw_readings(
    agent: ConceptAgent,
    demonstrations: Sequence[Demonstration],
    path: Path,
    *,
    state: EntityState,
    attention: np.ndarray,
    temperature: float = 0.01,
    most: int = 3,
) -> list[int]:
    """Write a PNG with a row for one demonstration, for two, and so on.

    A row shows the demonstration that is added, the readings of all so far in another scene with
    their surprise, and there the least of their energies and their free energy. Readings that all
    demonstrations rule out are crossed out, with the surprise that they cause by then.

    Args:
        agent: with several `code_particles`; it observes the demonstrations anew.
        demonstrations: shown one after the other.
        path: the PNG.
        state, attention: the scene in which the readings are compared.
        temperature: of the free energy.
        most: readings that are drawn at most.

    Returns:
        The number of distinct readings that are drawn for each number of demonstrations.
    """
    rows, least = [], 0.0
    for number in range(1, len(demonstrations) + 1):
        result = agent.observe(demonstrations[:number])
        least = float(result.surprise[0][0])
        rows.append(distinct_readings(agent, result, state, attention, shown=number, most=most))
    later = [surprises(agent, row, demonstrations) for row in rows]
    lost = [_too_surprising(scores, len(demonstrations), least=least) for scores in later]
    columns = 3 + max(len(row) for row in rows)
    figure = Figure(figsize=(2.6 * columns + 0.9, 3.0 * len(rows)), layout="constrained")
    axes = figure.subplots(len(rows), columns, squeeze=False)
    for axis in axes.ravel():
        axis.set_axis_off()
    renderer, image = PlaneRenderer(320), None
    fates = zip(axes, rows, lost, later, strict=True)
    for number, (line, row, gone, then) in enumerate(fates, start=1):
        line[0].imshow(_picture(renderer, demonstrations[number - 1]))
        line[0].set_title(f"demonstration {number}", fontsize=10)
        for place, (axis, reading) in enumerate(zip(line[1:-2], row, strict=False), start=1):
            _draw_map(axis, reading.landscape, state, attention)
            title = f"reading {place}: surprise {reading.surprise:.1f}"
            if number < len(rows):
                title += f"\nin the end {then[place - 1]:.1f}"
            if gone[place - 1]:
                axis.plot([-1, 1], [-1, 1], [-1, 1], [1, -1], color="red", linewidth=2)
            axis.set_title(title, fontsize=10)
        for axis, warmth, name in (
            (line[-2], 0.0, "least of them"),
            (line[-1], temperature, f"free energy, T = {temperature:g}"),
        ):
            image = _draw_map(axis, combined_landscape(row, warmth), state, attention)
            axis.set_title(name, fontsize=10)
    if image is not None:
        label = "√(2E) of the cursor's place [plane units]"
        figure.colorbar(image, ax=axes, label=label, shrink=0.8, pad=0.01)
    save_figure(figure, path, dpi=100)
    return [len(row) for row in rows]


def _picture(renderer: PlaneRenderer, shown: Demonstration) -> np.ndarray:
    state = shown.state_at(-1)
    trail = shown.trajectory[:, state.cursor, POSITION]
    return renderer.draw(state, Overlay(attended=shown.attention, trail=trail))


def _draw_map(
    axis: Axes, landscape: np.ndarray, state: EntityState, attention: np.ndarray
) -> AxesImage:
    image = axis.imshow(
        landscape,
        origin="lower",
        extent=(-1, 1, -1, 1),
        cmap=_MAP,
        vmin=0.0,
        vmax=_FURTHEST,
        interpolation="bilinear",
    )
    for row in np.flatnonzero(state.objects):
        edge, width = ("red", 2.5) if attention[row] else ("black", 1.0)
        colour = state.colours[row]
        axis.scatter(*state.positions[row], s=90, color=colour, edgecolor=edge, linewidth=width)
    return image
