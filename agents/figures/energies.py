"""Figures of an energy: over the plane, or over colours, with the demonstrations beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import matplotlib.colors
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from ...envs.demonstrations import Demonstration
from ...envs.entities import COLOUR, POSITION, ZONE_RADIUS, EntityState
from ...envs.rendering.markers import Overlay
from ...envs.rendering.plane import PlaneRenderer
from ..concept_agent import ConceptAgent
from ..tensors import scene_of, to_tensor
from ..terms import total_energy
from .saving import save_figure

_MAP = mpl.colormaps["viridis"]


def draw_energy(
    agent: ConceptAgent,
    demonstrations: Sequence[Demonstration],
    path: Path,
    *,
    state: EntityState,
    attention: np.ndarray,
    title: str,
) -> Path:
    """Write a PNG: the demonstrations on the left, the energy of a new scene on the right.

    The energy is that of the cursor's place; where objects are moved instead, that of one of them;
    where the attended entities are to be painted, that of their common colour.

    Args:
        agent: it has observed the demonstrations.
        demonstrations: shown as small pictures of their last frame, with the cursor's trail.
        path: the PNG.
        state, attention: the new scene.
        title: what is shown.
    """
    figure = Figure(figsize=(11.5, 5.6), layout="constrained")
    figure.suptitle(title)
    left, right = np.ravel(np.asarray(figure.subfigures(1, 2, width_ratios=(1.0, 1.15))))
    shown = list(demonstrations)[:9]
    columns = 2 if len(shown) <= 4 else 3
    rows = -(-len(shown) // columns)
    axes = left.subplots(rows, columns, squeeze=False).ravel()
    renderer = PlaneRenderer(320)
    for axis in axes:
        axis.set_axis_off()
    for number, (axis, demonstration) in enumerate(zip(axes, shown, strict=False), start=1):
        axis.imshow(_picture(renderer, demonstration))
        axis.set_title(f"shown {number}", fontsize=9)
    axis = right.subplots()
    if state.paintable.any():
        _draw_colours(agent, axis, state, attention)
    else:
        _draw_plane(agent, axis, state, attention)
    save_figure(figure, path, dpi=110)
    return path


def _picture(renderer: PlaneRenderer, demonstration: Demonstration) -> np.ndarray:
    state = demonstration.state_at(-1)
    trail = demonstration.trajectory[:, state.cursor, POSITION]
    return renderer.draw(state, Overlay(attended=demonstration.attention, trail=trail))


def _draw_plane(agent: ConceptAgent, axis: Axes, state: EntityState, attention: np.ndarray) -> None:
    row = state.cursor
    if state.movable.any() and not state.movable[row]:
        row = int(np.flatnonzero(state.movable)[0])
    what = "the cursor" if row == state.cursor else "one of the movable entities"
    energies = agent.landscape(state, attention, entity=row, resolution=81)
    _draw_map(axis, np.sqrt(2.0 * energies), label=f"√(2E) of the place of {what} [plane units]")
    for other in np.flatnonzero(state.zones):
        axis.add_patch(Circle(tuple(state.positions[other]), ZONE_RADIUS, fill=False, ls="--"))
    for other in np.flatnonzero(state.objects):
        edge, width = ("white", 2.5) if attention[other] else ("black", 1.0)
        colour = state.colours[other]
        axis.scatter(*state.positions[other], s=150, color=colour, edgecolor=edge, linewidth=width)
    found = agent.generate(state, attention).entities[row, POSITION]
    axis.scatter(*found, marker="+", s=200, color="red", linewidth=2.5, label="lowest found")
    axis.scatter(*state.positions[state.cursor], marker="o", s=60, color="0.15", label="cursor")
    axis.set(xlabel="x [plane units]", ylabel="y [plane units]")
    axis.legend(loc="upper right", fontsize=8)


def _draw_colours(
    agent: ConceptAgent, axis: Axes, state: EntityState, attention: np.ndarray
) -> None:
    size = 61
    line = np.linspace(-1.0, 1.0, size)
    x, y = np.meshgrid(line, line)
    radius = np.hypot(x, y)
    hue = (np.arctan2(y, x) / (2.0 * np.pi)) % 1.0
    hsv = np.stack([hue, radius.clip(0.0, 1.0), np.full_like(x, 0.9)], axis=-1)
    colours = matplotlib.colors.hsv_to_rgb(hsv).reshape(-1, 3)
    scene = scene_of(state, attention).repeat(len(colours))
    entities = scene.entities.clone()
    rows = np.flatnonzero(state.paintable)
    entities[:, rows, COLOUR] = to_tensor(colours)[:, None, :]
    with torch.no_grad():
        energies = total_energy(agent.terms(), scene.replace(entities=entities)).numpy()
    distance = np.where(radius <= 1.0, np.sqrt(2.0 * energies.reshape(size, size)), np.nan)
    _draw_map(axis, distance, label="√(2E) of the attended entities' colour")
    angles = np.linspace(0.0, 2.0 * np.pi, 72, endpoint=False)
    rim = matplotlib.colors.hsv_to_rgb(
        np.stack([angles / (2 * np.pi), np.full(72, 0.85), np.full(72, 0.9)], axis=-1)
    )
    axis.scatter(1.08 * np.cos(angles), 1.08 * np.sin(angles), color=rim, s=70)
    axis.set_axis_off()
    axis.set_title("hue round the disc, saturation outwards", fontsize=9)


def _draw_map(axis: Axes, values: np.ndarray, *, label: str) -> None:
    image = axis.imshow(
        values,
        origin="lower",
        extent=(-1, 1, -1, 1),
        cmap=_MAP.reversed(),
        interpolation="bilinear",
    )
    figure = axis.get_figure()
    if figure is not None:
        figure.colorbar(image, ax=axis, label=label, shrink=0.85)
