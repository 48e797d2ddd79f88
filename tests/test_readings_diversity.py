"""Diversity: exact energies cover what there is; one answer for all seeds covers nothing."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from conceptgym.agents.config import InferenceConfig
from conceptgym.agents.readings.diversity import measure_diversity, uniform_spread
from conceptgym.agents.scene import Scene
from conceptgym.envs import make_concept
from conceptgym.envs.errors import ConfigError

SHORT = InferenceConfig(particles=4, iterations=8)


def ring(scene: Scene, radius: float = 0.5) -> torch.Tensor:
    """Half the squared distance of the cursor from a ring around the attended entity."""
    cursor = (scene.positions * scene.cursor[..., None]).sum(1)
    middle = (scene.positions * scene.attention[..., None]).sum(1)
    return 0.5 * ((cursor - middle).norm(dim=-1) - radius).square()


def point(scene: Scene) -> torch.Tensor:
    """Half the squared distance of the cursor from the right of the attended entity."""
    cursor = (scene.positions * scene.cursor[..., None]).sum(1)
    middle = (scene.positions * scene.attention[..., None]).sum(1)
    return 0.5 * (cursor - middle - torch.tensor([0.5, 0.0])).square().sum(-1)


def test_a_ring_is_covered_and_every_answer_is_valid() -> None:
    concept = make_concept("at_distance", distance=0.5)
    event = concept.sample(np.random.default_rng(3), n_objects=2)
    found = measure_diversity([ring], concept, event, config=SHORT)
    assert found.valid == 1.0
    assert found.spread > 0.5 * found.reference > 0.0


def test_a_single_place_is_no_diversity() -> None:
    concept = make_concept("right_of", distance=0.5)
    event = concept.sample(np.random.default_rng(3), n_objects=2)
    found = measure_diversity([point], concept, event, config=SHORT)
    assert found.valid == 1.0
    assert found.spread < 1e-3
    assert found.reference == pytest.approx(0.0, abs=1e-6)


def test_one_seed_cannot_be_compared() -> None:
    concept = make_concept("near")
    event = concept.sample(np.random.default_rng(0), n_objects=2)
    with pytest.raises(ConfigError, match="seeds=1 must be at least 2, to compare answers"):
        measure_diversity([ring], concept, event, seeds=1)


def test_only_valid_answers_are_compared() -> None:
    """On a ring of the wrong radius the answers differ, but none is valid."""
    concept = make_concept("at_distance", distance=0.8)
    event = concept.sample(np.random.default_rng(3), n_objects=2)
    found = measure_diversity([ring], concept, event, config=SHORT)
    assert found.valid == 0.0 and not found.held.any()
    assert found.spread == 0.0
    assert np.ptp(found.answers[:, event.before.cursor, :2], axis=0).max() > 0.5


def test_colours_count_where_they_may_be_painted() -> None:
    concept = make_concept("colour", hue=30.0)
    event = concept.sample(np.random.default_rng(0), n_objects=3)
    rows = event.before.paintable

    def nothing(scene: Scene) -> torch.Tensor:
        return 0.0 * scene.entities.sum((1, 2))

    found = measure_diversity([nothing], concept, event, config=SHORT, seeds=3)
    assert found.reference == 0.0 and rows.any()
    uniform = uniform_spread(concept, event)
    assert uniform is not None and uniform > 0.0
    places = found.answers[:, ~rows]
    assert np.array_equal(places, np.broadcast_to(places[0], places.shape))


def test_uniform_answers_are_as_far_apart_as_closed_forms_say() -> None:
    """Of a ring about 4r/pi, of a disc of radius r 128 r / 45 pi; of six places unknown."""
    event = make_concept("at_distance").sample(np.random.default_rng(3), n_objects=2)
    centre = event.before.entities.copy()
    centre[event.attention, :2] = 0.0
    event = replace(event, before=event.before.with_entities(centre))
    found = uniform_spread(make_concept("at_distance", distance=0.6), event)
    assert found == pytest.approx(4 * 0.6 / np.pi, rel=0.05)
    found = uniform_spread(make_concept("left_of", distance=0.4), event)
    assert found == pytest.approx(128 * 0.1 / (45 * np.pi), rel=0.3)
    circle = make_concept("circle")
    assert uniform_spread(circle, circle.sample(np.random.default_rng(0), n_objects=7)) is None
