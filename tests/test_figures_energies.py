"""Figures of an energy: the file is a PNG, and what is drawn are the agent's own numbers."""

from pathlib import Path

import numpy as np
import pytest
from agent_scenes import demonstrations, draw_event, tiny_model
from matplotlib.colors import hsv_to_rgb
from matplotlib.figure import Figure, SubFigure
from PIL import Image

from conceptgym.agents import ConceptAgent
from conceptgym.agents.figures.energies import draw_energy


def draw(
    concept: str, path: Path, monkeypatch: pytest.MonkeyPatch, *, shown: int = 2
) -> tuple[ConceptAgent, Figure]:
    agent, event = ConceptAgent(tiny_model()), draw_event(concept, seed=9)
    shows = demonstrations(concept, shown)
    agent.observe(shows)
    figures: list[Figure] = []
    save = Figure.savefig

    def savefig(self: Figure, *arguments: object, **options: object) -> None:
        figures.append(self)
        save(self, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Figure, "savefig", savefig)
    written = draw_energy(
        agent, shows, path, state=event.before, attention=event.attention, title="a title"
    )
    assert written == path
    return agent, figures[0]


def parts(figure: Figure) -> tuple[SubFigure, SubFigure]:
    left, right = figure.subfigs
    return left, right


def test_a_png_is_written_into_a_new_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a" / "b" / "energy.png"
    _, figure = draw("between", path, monkeypatch)
    with Image.open(path) as image:
        assert image.format == "PNG"
        assert image.size[0] > 1000 and image.size[1] > 500
        pixels = np.asarray(image.convert("RGB")).reshape(-1, 3)
    assert len(np.unique(pixels, axis=0)) > 500  # a picture, not an empty page
    assert figure.get_suptitle() == "a title"


def test_the_energy_of_the_cursors_place_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent, figure = draw("between", tmp_path / "energy.png", monkeypatch)
    event = draw_event("between", seed=9)
    axis, bar = parts(figure)[1].axes
    (image,) = axis.images
    heights = np.sqrt(2.0 * agent.landscape(event.before, event.attention, resolution=81))
    np.testing.assert_allclose(np.asarray(image.get_array()), heights, rtol=1e-5)
    assert image.get_extent() == [-1, 1, -1, 1] and image.origin == "lower"
    assert bar.get_ylabel() == "√(2E) of the place of the cursor [plane units]"
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("x [plane units]", "y [plane units]")
    marks = np.concatenate([np.asarray(part.get_offsets()) for part in axis.collections])
    found = agent.generate(event.before, event.attention).entities
    cursor = event.before.cursor
    objects = event.before.positions[event.before.objects]
    expected = np.concatenate([objects, [found[cursor, :2], event.before.positions[cursor]]])
    np.testing.assert_allclose(marks, expected, atol=1e-5)


def test_the_energy_of_colours_is_drawn_where_entities_are_to_be_painted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent, figure = draw("colour", tmp_path / "energy.png", monkeypatch)
    event = draw_event("colour", seed=9)
    axis, bar = parts(figure)[1].axes
    (image,) = axis.images
    values = np.asarray(image.get_array())
    assert values.shape == (61, 61) and np.isnan(values[0, 0])  # outside the disc
    assert bar.get_ylabel() == "√(2E) of the attended entities' colour"
    line = np.linspace(-1.0, 1.0, 61)
    for i, j in ((30, 30), (30, 45), (50, 20)):  # centre; hue 0 half-way out; anywhere
        hue = (np.arctan2(line[i], line[j]) / (2.0 * np.pi)) % 1.0
        entities = event.before.entities.copy()
        entities[event.before.paintable, 2:5] = hsv_to_rgb([hue, np.hypot(line[i], line[j]), 0.9])
        energy = agent.energy(event.before.with_entities(entities), event.attention)
        assert values[i, j] == pytest.approx(np.sqrt(2.0 * energy), rel=1e-4)


@pytest.mark.parametrize(("shown", "cells", "pictures"), [(1, 2, 1), (5, 6, 5), (11, 9, 9)])
def test_each_demonstration_has_a_picture_up_to_nine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shown: int, cells: int, pictures: int
) -> None:
    _, figure = draw("near", tmp_path / "energy.png", monkeypatch, shown=shown)
    axes = parts(figure)[0].axes
    assert len(axes) == cells
    filled = [axis for axis in axes if axis.images]
    titles = [axis.get_title() for axis in filled]
    assert titles == [f"shown {n}" for n in range(1, pictures + 1)]
    assert not any(axis.axison for axis in axes)
