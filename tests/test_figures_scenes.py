"""Pictures of scenes: every concept once, and descents whose energies are the agent's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from agent_scenes import tiny_model
from matplotlib.figure import Figure
from PIL import Image

from conceptgym.agents import ConceptAgent, InferenceConfig
from conceptgym.agents.evaluation.config import Job
from conceptgym.agents.evaluation.scenes import draw_episode
from conceptgym.agents.figures.scenes import MARKS, TOGETHER, draw_filmstrips, draw_gallery
from conceptgym.envs import CONCEPTS


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """Those that are written."""
    found: list[Figure] = []
    save = Figure.savefig

    def savefig(self: Figure, *arguments: object, **options: object) -> None:
        found.append(self)
        save(self, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Figure, "savefig", savefig)
    return found


def test_the_gallery_shows_every_concept_once_and_some_together(
    tmp_path: Path, figures: list[Figure]
) -> None:
    path = draw_gallery(tmp_path / "new" / "gallery.png", size=64)
    with Image.open(path) as image:
        assert image.format == "PNG"
    shown = [axis for axis in figures[0].axes if axis.images]
    together = [" + ".join(names) for names in TOGETHER]
    assert [axis.get_title() for axis in shown] == [*CONCEPTS, *together]
    assert [len(names) for names in TOGETHER] == [2, 3, 4]
    pictures = np.stack([np.asarray(axis.images[0].get_array()) for axis in shown])
    assert len(np.unique(pictures.reshape(len(shown), -1), axis=0)) == len(shown)
    assert figures[0].get_supxlabel() == MARKS


def test_filmstrips_show_one_descent(tmp_path: Path, figures: list[Figure]) -> None:
    model, names = tiny_model(), ("near", "square")
    path = draw_filmstrips(model, tmp_path / "film.png", concepts=names, steps=(0, 3), size=64)
    assert path.is_file()
    assert figures[0].get_supxlabel() == f"{MARKS}; green frame: the concept holds"
    axes = np.reshape(np.asarray(figures[0].axes, dtype=object), (2, 2))
    for row, name in zip(axes, names, strict=True):
        assert row[0].get_ylabel() == name
        episode = draw_episode(Job(name, 1, 1))
        agent = ConceptAgent(model)
        agent.observe(episode.shown[0])
        event = episode.questions["generate"]
        energies = [agent.energy(event.before, event.attention)]
        agent.config = InferenceConfig(particles=1, iterations=3)
        energies.append(agent.generate(event.before, event.attention).energy)
        titles = [f"{count} steps: E = {e:.4f}" for count, e in zip((0, 3), energies, strict=True)]
        assert [axis.get_title() for axis in row] == titles
        assert energies[1] <= energies[0]
