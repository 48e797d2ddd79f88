"""Diversity: exact energies cover what there is; one answer for all seeds covers nothing."""

import numpy as np
import pytest
import torch

from conceptgym.agents.config import InferenceConfig
from conceptgym.agents.diversity import measure_diversity
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
    assert found.coverage > 0.5


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
