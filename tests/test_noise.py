"""Figures and numbers from noisy demonstrations: nearer the truth than averages, else untouched."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from conceptgym.agents.code import SLOTS, TENS, Code
from conceptgym.agents.model import ConceptModel, load_model
from conceptgym.agents.noise import denoised
from conceptgym.agents.summary import summarise
from conceptgym.agents.tensors import stack_demonstrations
from conceptgym.envs import make_concept
from conceptgym.envs.concepts import Concept
from conceptgym.envs.concepts.alignment import align
from conceptgym.envs.concepts.figure_library import FIGURES, as_complex
from conceptgym.envs.demonstrations import Demonstration
from conceptgym.envs.entities import POSITION

MODEL: ConceptModel = load_model(None)[0]
AGREEING = [("square", {}), ("line", {}), ("figure", {"points": "L"}), ("quantity", {"count": 4})]


def shown(concept: Concept, count: int, *, seed: int, noise: float = 0.0) -> list[Demonstration]:
    """Demonstrations, their entities shifted by up to `noise` along each axis [plane units]."""
    rng, found = np.random.default_rng(seed), []
    for _ in range(count):
        event = concept.sample(rng, n_objects=min(8, concept.num_objects[1]))
        stops = np.stack([event.before.entities, event.after.entities])
        stops[..., POSITION] += rng.uniform(-noise, noise, size=(stops.shape[1], 2))
        found.append(Demonstration.of(stops, event))
    return found


def codes(demonstrations: list[Demonstration]) -> tuple[Code, Code]:
    """The code of the averages, and the one from which noise was taken."""
    before, scenes = stack_demonstrations(demonstrations)
    there = torch.ones(1, len(demonstrations))
    with torch.no_grad():
        summary = summarise(before, scenes, there)
        guess = MODEL.encoder(scenes, there, summary)
        return Code.split(guess), Code.split(denoised(guess, scenes, summary))


def misfit(code: Code, points: np.ndarray) -> float:
    """The largest distance of a point from its place, as a share of the figure's RMS radius."""
    found = code.figure[0, : len(points)].numpy().astype(float) @ [1.0, 1.0j]
    return align(0.4 * found, points, least_size=0.1).misfit


def with_numbers(numbers: list[int]) -> list[Demonstration]:
    """Demonstrations of `quantity`, each of another number of objects."""
    return [shown(make_concept("quantity", count=n), 1, seed=s)[0] for s, n in enumerate(numbers)]


@pytest.mark.parametrize(("name", "parameters"), AGREEING)
@pytest.mark.parametrize("count", [1, 2, 5])
def test_where_demonstrations_agree_nothing_changes(
    name: str, parameters: dict, count: int
) -> None:
    average, found = codes(shown(make_concept(name, **parameters), count, seed=3))
    assert torch.equal(average.join(), found.join())


@pytest.mark.parametrize("name", ["between", "colour", "region", "closest", "triangle"])
@settings(max_examples=5)
@given(seed=st.integers(0, 999))
def test_concepts_without_figures_of_four_or_zones_are_left_alone(name: str, seed: int) -> None:
    concept = make_concept(name)
    average, found = codes(shown(concept, 5, seed=seed, noise=0.1))
    assert torch.equal(average.join(), found.join())


@pytest.mark.parametrize("name", ["line", "square", "circle"])
def test_noisy_symmetric_figures_come_nearer_to_symmetry(name: str) -> None:
    points = as_complex(FIGURES[name])
    pairs = [codes(shown(make_concept(name), 5, seed=seed, noise=0.1)) for seed in range(12)]
    before, after = ([misfit(code, points) for code in side] for side in zip(*pairs, strict=True))
    assert np.mean(after) < 0.75 * np.mean(before)


@pytest.mark.parametrize("name", ["L", "arc", "T"])
def test_noisy_figures_without_turns_are_no_worse(name: str) -> None:
    concept = make_concept("figure", points=name)
    points = as_complex(FIGURES[name])
    pairs = [codes(shown(concept, 5, seed=seed, noise=0.1)) for seed in range(12)]
    before, after = ([misfit(code, points) for code in side] for side in zip(*pairs, strict=True))
    assert np.mean(after) < 1.05 * np.mean(before)


def test_a_larger_figure_tells_more() -> None:
    """Of two squares, the small one distorted: the mean is nearer the large one."""
    large, small = shown(make_concept("square"), 2, seed=0)
    rows = np.flatnonzero(large.attention)
    square = np.array([[1, 1], [1, -1], [-1, -1], [-1, 1]]) * 0.35
    bent = np.array([[1.8, 1], [1, -1], [-1, -1], [-1, 1]]) * 0.18
    pair = []
    for item, places in ((large, square), (small, bent)):
        path = item.trajectory.copy()
        path[-1][rows, POSITION] = places
        pair.append(replace(item, trajectory=path, attention=large.attention))
    average, found = codes(pair)
    points = as_complex(FIGURES["square"])
    assert misfit(found, points) < 0.6 * misfit(average, points)


@pytest.mark.parametrize("count", [3, 5, 10])
def test_figures_keep_their_size_and_place(count: int) -> None:
    _, found = codes(shown(make_concept("circle"), count, seed=1, noise=0.1))
    figure = found.figure[0]
    assert figure.square().sum().item() == pytest.approx(SLOTS, rel=1e-5)
    np.testing.assert_allclose(figure.mean(0), 0.0, atol=1e-6)
    apart = torch.cdist(figure, figure)
    assert apart[0, 1] == pytest.approx(apart.max().item(), abs=1e-5)  # see `find_figure`


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([6, 5, 6, 5, 4], 6),
        ([6, 6, 5, 5, 5], 6),
        ([3, 3, 3, 3, 5], 3),  # one shows something else
        ([3, 3, 3, 1, 3], 3),
        ([2, 4, 3], 3),
    ],
)
def test_a_zone_holds_the_largest_number_but_one(numbers: list[int], expected: int) -> None:
    _, found = codes(with_numbers(numbers))
    assert TENS * found.inside.item() == pytest.approx(expected)
    _, again = codes(with_numbers(numbers)[::-1])
    assert torch.equal(found.inside, again.inside)


def test_of_two_numbers_none_is_the_largest_but_one() -> None:
    average, found = codes(with_numbers([4, 5]))
    assert torch.equal(average.inside, found.inside)


def test_a_wrong_demonstration_with_a_zone_says_nothing_about_others() -> None:
    several = shown(make_concept("between"), 4, seed=0)
    average, found = codes([*several, *with_numbers([5])])
    assert torch.equal(average.join(), found.join())
