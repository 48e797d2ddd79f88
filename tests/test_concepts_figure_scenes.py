"""Scenes of figures: one figure and no other, at a distance, and no easy tell of which it is."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conceptgym.envs.concepts.alignment import align, least_gap
from conceptgym.envs.concepts.figure import Figure
from conceptgym.envs.concepts.figure_library import FIGURES, as_complex, as_pairs, random_figure
from conceptgym.envs.concepts.figure_scenes import draw_scene

SEEDS = st.integers(0, 2**32 - 1)
TOLERANCE, LEAST_SIZE = Figure.tolerance, Figure.least_size


def scene_of(rng: np.random.Generator, template: np.ndarray, n_objects: int) -> np.ndarray:
    return draw_scene(rng, template, n_objects, tolerance=TOLERANCE, least_size=LEAST_SIZE)


def size_of(points: np.ndarray) -> float:
    return float(np.sqrt((np.abs(points - points.mean()) ** 2).mean()))


@settings(max_examples=40)
@given(SEEDS)
def test_one_figure_is_there_and_no_other(seed: int) -> None:
    rng = np.random.default_rng(seed)
    template = as_complex(random_figure(rng))
    k = len(template)
    n_objects = int(rng.integers(k, 8 if k == 3 else 9))
    points = scene_of(rng, template, n_objects)
    assert points.shape == (n_objects,)
    fits = {
        chosen
        for chosen in combinations(range(n_objects), k)
        if align(points[list(chosen)], template, least_size=LEAST_SIZE).misfit <= 1.05 * TOLERANCE
    }
    assert fits == {tuple(range(k))}
    assert align(points[:k], template).misfit < 1e-9
    assert 0.22 <= size_of(points[:k]) <= 0.45
    assert least_gap(points) >= 0.2 - 1e-9
    assert np.abs(as_pairs(points)).max() <= 0.9 + 1e-9


@pytest.mark.parametrize("name", ["line", "square", "L", "circle"])
def test_twelve_objects_hold_one_figure(name: str) -> None:
    rng = np.random.default_rng(0)
    template = as_complex(FIGURES[name])
    points = scene_of(rng, template, 12)
    chosen = [list(rows) for rows in combinations(range(12), len(template))]
    picked = rng.choice(len(chosen), size=150, replace=False)
    for rows in [chosen[i] for i in picked if chosen[i] != list(range(len(template)))]:
        assert align(points[rows], template, least_size=LEAST_SIZE).misfit > TOLERANCE


def test_every_place_turn_and_size_is_shown() -> None:
    rng = np.random.default_rng(0)
    template = as_complex(FIGURES["L"])  # no symmetry: one turn per scene
    found = [align(scene_of(rng, template, 5), template) for _ in range(400)]
    turns, _ = np.histogram(np.angle([f.factor for f in found]), 8, range=(-np.pi, np.pi))
    assert turns.min() >= 28  # 50 expected
    # Sizes start where the figure's own points keep the spacing of 0.2.
    low = 0.2 / least_gap(template)
    sizes, _ = np.histogram(np.abs([f.factor for f in found]), 4, range=(low, 0.45))
    assert sizes.sum() == 400 and sizes.min() >= 70  # 100 expected
    centres = np.array([f.centre for f in found])
    for part in as_pairs(centres).T:
        assert part.min() < -0.3 and part.max() > 0.3 and abs(part.mean()) < 0.08


def near_figure(points: np.ndarray, figure: np.ndarray) -> bool:
    """Whether points are about as large as the figure and much like it."""
    similar = 0.8 < size_of(points) / size_of(figure) < 1.25
    return similar and align(points, figure / size_of(figure)).misfit < 0.65


@pytest.mark.parametrize("name", ["square", "pentagon", "cross"])
def test_near_figures_of_about_the_same_size_stand_by(name: str) -> None:
    """With as many other objects as the figure has: far more often than random places would."""
    rng = np.random.default_rng(0)
    template = as_complex(FIGURES[name])
    k = len(template)
    scenes = [scene_of(rng, template, 2 * k) for _ in range(150)]
    stand_by = [near_figure(points[k:], points[:k] - points[:k].mean()) for points in scenes]
    drawn = as_complex(rng.uniform(-0.9, 0.9, size=(400 * k, 2))).reshape(400, k)
    by_chance = [near_figure(points, 0.34 * template) for points in drawn]
    assert np.mean(stand_by) > 0.12 > 0.06 > np.mean(by_chance)


@pytest.mark.parametrize(
    "tell",
    [
        lambda points, chosen: -size_of(points[chosen]),
        lambda points, chosen: least_gap(points[chosen]),
        lambda points, chosen: np.abs(points[chosen][:, None] - np.delete(points, chosen)).min(),
        lambda points, chosen: -abs(points[chosen].mean()),
    ],
    ids=["the smallest", "the best spaced", "the most apart", "the most central"],
)
def test_spacing_and_clustering_do_not_tell_the_figure(tell) -> None:
    """Whoever takes the choice of objects that stands out, whatever the figure, is mostly wrong."""
    rng = np.random.default_rng(1)
    right = []
    while len(right) < 150:
        template = as_complex(random_figure(rng))
        k = len(template)
        if not 4 <= k <= 6:
            continue
        points = scene_of(rng, template, 8)
        choices = [list(chosen) for chosen in combinations(range(8), k)]
        best = max(choices, key=lambda chosen: tell(points, chosen))
        right.append(best == list(range(k)))
    assert np.mean(right) < 0.35
