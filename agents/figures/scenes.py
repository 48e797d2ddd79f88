"""Pictures of scenes: a gallery of the concepts, and filmstrips of an optimisation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from ...envs.concepts import CONCEPTS, compose
from ...envs.entities import POSITION, EntityState
from ...envs.rendering.markers import Overlay
from ...envs.rendering.plane import PlaneRenderer
from ..concept_agent import ConceptAgent
from ..config import InferenceConfig
from ..evaluation.config import Job
from ..evaluation.scenes import draw_episode
from ..model import ConceptModel
from .saving import save_figure

TOGETHER = (
    ("left_of", "near"),
    ("square", "colour", "region"),
    ("between", "at_distance", "colour", "region"),
)
"""Compositions of the gallery, each with parameters of its own."""
FILM = ("between", "colour", "at_distance", "square", "quantity")
"""Concepts of the filmstrips."""
STEPS = (0, 1, 2, 5, 10, 20)
"""Steps of descent after which a filmstrip has a picture."""
MARKS = "amber ring: attended; crosshair: the cursor; blue line: its way; dashed disc: a zone"
"""What the marks in both pictures mean."""
_SEED = 1
_COLUMNS = 6


def draw_gallery(path: Path, *, seed: int = 3, size: int = 300) -> Path:
    """Write a PNG: a scene of each concept, and of some at once, in which they hold; the marks."""
    rows = -(-(len(CONCEPTS) + len(TOGETHER)) // _COLUMNS)
    figure = Figure(figsize=(2.4 * _COLUMNS, 2.7 * rows), layout="constrained")
    axes = np.ravel(np.asarray(figure.subplots(rows, _COLUMNS)))
    renderer = PlaneRenderer(size)
    for axis in axes:
        axis.set_axis_off()
    for axis, names in zip(axes, [*((name,) for name in CONCEPTS), *TOGETHER], strict=False):
        rng = np.random.default_rng([seed, *" ".join(names).encode()])
        terms = [CONCEPTS[name].random(rng) for name in names]
        concept = compose(*terms) if len(terms) > 1 else terms[0]
        event = concept.sample(rng, n_objects=int(np.clip(6, *concept.num_objects)))
        states = [event.before, *event.stops]
        cursor = event.after.cursor
        trail = np.stack([state.entities[cursor, POSITION] for state in states])
        moved = bool(np.ptp(trail, axis=0).max() > 0)
        overlay = Overlay(attended=event.attention, trail=trail if moved else None)
        axis.imshow(renderer.draw(event.after, overlay))
        title = " + ".join(names)
        axis.set_title(title, fontsize=min(11.0, 300.0 / len(title)))
    figure.supxlabel(MARKS, fontsize=11)
    save_figure(figure, path, dpi=90)
    return path


def draw_filmstrips(
    model: ConceptModel,
    path: Path,
    *,
    concepts: Sequence[str] = FILM,
    steps: Sequence[int] = STEPS,
    size: int = 260,
) -> Path:
    """Write a PNG: for each concept a new scene, and what one descent has made of it after steps.

    The descent starts from the scene as it is; the agent itself runs 15 more from random starts.
    """
    shape = (len(concepts), len(steps))
    figure = Figure(figsize=(2.3 * shape[1], 2.5 * shape[0]), layout="constrained")
    axes = np.asarray(figure.subplots(*shape, squeeze=False))
    renderer = PlaneRenderer(size)
    for row, name in zip(axes, concepts, strict=True):
        episode = draw_episode(Job(name, 1, _SEED))
        agent = ConceptAgent(model)
        agent.observe(episode.disturbed()[0])
        event = episode.questions["generate"]
        for axis, count in zip(row, steps, strict=True):
            agent.config = InferenceConfig(particles=1, iterations=count)
            found = agent.generate(event.before, event.attention)
            state = event.before.with_entities(found.entities)
            holds = episode.concept.succeeds(state, event.attention)
            overlay = Overlay(attended=event.attention, trail=_trail(event.before, state))
            axis.imshow(renderer.draw(state, overlay))
            axis.set_title(f"{count} steps: E = {found.energy:.4f}", fontsize=8)
            axis.set_xticks([])
            axis.set_yticks([])
            for spine in axis.spines.values():
                spine.set(color="tab:green" if holds else "0.7", linewidth=3 if holds else 1)
        row[0].set_ylabel(name)
    figure.supxlabel(f"{MARKS}; green frame: the concept holds", fontsize=9)
    save_figure(figure, path, dpi=90)
    return path


def _trail(start: EntityState, end: EntityState) -> np.ndarray | None:
    row = start.cursor
    places = np.stack([start.entities[row, POSITION], end.entities[row, POSITION]])
    return places if np.ptp(places, axis=0).max() > 0 else None
