"""Curves: what is drawn are the outcomes' own rates."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from evaluation_scenes import outcomes
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from conceptgym.agents.evaluation.evaluator import Outcome
from conceptgym.agents.figures.curves import draw_curves
from conceptgym.agents.wilson import wilson_interval


def both(successes: int, episodes: int, **changes: object) -> list[Outcome]:
    tasks = ("generate", "identify")
    return [item for task in tasks for item in outcomes(successes, episodes, task=task, **changes)]


def draw(
    found: list[Outcome], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, tuple[Axes, ...]]:
    """The axes of each figure by its file's name."""
    figures: dict[str, tuple[Axes, ...]] = {}
    save = Figure.savefig

    def savefig(self: Figure, path: Path, **options: object) -> None:
        figures[Path(path).name.removesuffix(".part")] = tuple(self.axes)
        save(self, path, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Figure, "savefig", savefig)
    paths = draw_curves(found, folder)
    assert [path.name for path in paths] == list(figures)
    for path in paths:
        with Image.open(path) as image:
            assert image.format == "PNG"
    return figures


def lines(axis: Axes) -> dict[str, list[list[float]]]:
    """Each line's points, to a tenth; along x, the number that the nearest tick is named by."""
    numbers = [float(text.get_text()) for text in axis.get_xticklabels()]
    found = {str(line.get_label()): np.asarray(line.get_xydata()) for line in axis.get_lines()}
    return {
        name: [[numbers[round(x)], round(y, 1)] for x, y in points.tolist()]
        for name, points in found.items()
        if len(points)
    }


def shifts(axis: Axes) -> list[float]:
    """How far each line's points stand beside their ticks, the same for all of them."""
    found = [np.asarray(line.get_xydata())[:, 0] for line in axis.get_lines()]
    beside = [places - places.round() for places in found if len(places)]
    assert all(np.ptp(each) < 1e-9 for each in beside)
    return [round(float(each[0]), 6) for each in beside]


def test_demonstrations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        *both(5, 10, demonstrations=1),
        *both(9, 10),
        *both(2, 10, demonstrations=1, method="chance"),
        *both(3, 10, method="chance"),
        *both(7, 10, method="ours-5-steps"),  # with five alone: no line
        *both(7, 10, method="ours-guess"),  # not with all numbers: none either
        *both(7, 10, method="ours-guess", demonstrations=10),
        *both(9, 10, demonstrations=10),
        *both(4, 10, demonstrations=10, method="chance"),
        *both(1, 10, condition="wrong"),
        *both(1, 10, level=2),
        *both(0, 10, concept="touch"),
    ]
    generate, identify = draw(found, tmp_path / "new", monkeypatch)["demonstrations.png"]
    expected = {
        "ours": [[1.0, 50.0], [5.0, 90.0], [10.0, 90.0]],
        "chance": [[1.0, 20.0], [5.0, 30.0], [10.0, 40.0]],
    }
    assert lines(generate) == lines(identify) == expected
    assert (generate.get_title(), generate.get_xlabel()) == ("generate", "demonstrations")
    assert getattr(generate.figure, "_supylabel").get_text() == (  # noqa: B009
        "success [%], shaded: 95% Wilson interval"
    )
    assert shifts(generate) == [-0.05, 0.05]


def test_demonstrations_by_level(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A panel for each task and level; compositions are generated alone."""
    pair = {"concept": "beside + near", "level": 4}
    found = [
        *both(9, 10),
        *both(5, 10, demonstrations=1),
        *both(8, 10, level=2),
        *both(4, 10, demonstrations=1, level=2),
        *outcomes(7, 10, **pair),
        *outcomes(3, 10, demonstrations=1, **pair),
    ]
    axes = draw(found, tmp_path, monkeypatch)["demonstrations.png"]
    assert {axis.get_title(): lines(axis)["ours"] for axis in axes} == {
        "generate, new scenes": [[1.0, 50.0], [5.0, 90.0]],
        "generate, held-out parameters": [[1.0, 40.0], [5.0, 80.0]],
        "generate, pairs": [[1.0, 30.0], [5.0, 70.0]],
        "identify, new scenes": [[1.0, 50.0], [5.0, 90.0]],
        "identify, held-out parameters": [[1.0, 40.0], [5.0, 80.0]],
    }


def test_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours stands at its own number of steps; what differs in more is left out."""
    found = [
        *both(1, 10, method="ours-0-steps"),
        *both(4, 10, method="ours-1-steps"),
        *both(9, 10),
        *both(2, 10, method="ours-scratch"),
        *both(2, 10, method="ours-guess"),
        *both(2, 10, method="ours-recognition"),
        *both(3, 10, level=2),
        *both(6, 10, level=2, method="ours-50-steps"),
    ]
    axis, _ = draw(found, tmp_path, monkeypatch)["steps.png"]
    assert lines(axis) == {
        "level 1": [[0.0, 10.0], [1.0, 40.0], [20.0, 90.0]],
        "level 2": [[20.0, 30.0], [50.0, 60.0]],
    }


def test_steps_are_compared_on_the_same_questions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [
        *both(4, 10, method="ours-1-steps"),
        *both(10, 40),  # right in the first ten
        *both(0, 10, concept="closest"),  # of which the other was not asked
    ]
    axis, _ = draw(found, tmp_path, monkeypatch)["steps.png"]
    assert lines(axis) == {"level 1": [[1.0, 40.0], [20.0, 100.0]]}


def test_objects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        *both(9, 10, objects=3),
        *both(7, 10, objects=3, concept="closest"),
        *both(5, 10, objects=11, level=3),
        *both(1, 10, objects=3, level=2),
    ]
    axis, _ = draw(found, tmp_path, monkeypatch)["objects.png"]
    assert lines(axis) == {
        "all scenes": [[3.0, 80.0], [11.0, 50.0]],
        "arrangement": [[3.0, 90.0], [11.0, 50.0]],
        "proximity": [[3.0, 70.0]],
    }
    assert axis.get_title() == "generate (grey: more than ever trained)"


def test_lines_that_coincide_stand_beside_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [
        *both(10, 10, objects=3),
        *both(10, 10, objects=3, concept="closest"),
        *both(10, 10, objects=8),
        *both(10, 10, objects=9, level=3),
    ]
    axis, _ = draw(found, tmp_path, monkeypatch)["objects.png"]
    assert {y for points in lines(axis).values() for _, y in points} == {100.0}
    assert shifts(axis) == [-0.1, 0.0, 0.1]  # all scenes and two families
    (grey,) = axis.patches
    box = grey.get_extents().transformed(axis.transData.inverted())
    assert (box.x0, box.x1) == pytest.approx((1.5, axis.get_xlim()[1]))  # between 8 and 9


def test_an_axis_begins_below_its_lowest_interval(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [*both(98, 100, demonstrations=1), *both(100, 100)]
    axes = draw(found, tmp_path, monkeypatch)["demonstrations.png"]
    low, _ = wilson_interval(98, 100)
    assert 90.0 < 100.0 * low < 95.0
    assert [axis.get_ylim() for axis in axes] == [(90.0, 101.0)] * 2
    (spread,) = axes[0].collections
    heights = np.concatenate([path.vertices for path in spread.get_paths()])[:, 1]
    assert heights.min() == pytest.approx(100.0 * low)


def test_nothing_is_drawn_of_nothing(tmp_path: Path) -> None:
    assert draw_curves(both(1, 2), tmp_path) == []
