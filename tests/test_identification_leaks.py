"""Nothing but the concept gives an identify answer away.

A classifier that sees all about an object but the relation (its row, place, neighbours, colour
group) must rank the attended one no better than chance in held-out scenes; with the relation it
must find it, and with the relation of a shuffled scene it must not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest
from identification import (
    N_SCENES,
    Scenes,
    bare_features,
    draw_scenes,
    held_out_auc,
    shuffled_relation,
    true_relation,
)

from conceptgym.envs import (
    CONCEPTS,
    MAX_ENTITIES,
    ArmReachEnv,
    Concept,
    ConceptEnv,
    Event,
    ParticleEnv,
    make_concept,
)
from conceptgym.envs.concepts import Closest, Furthest, Proximity
from conceptgym.envs.concepts.sampling import (
    CURSOR_REGION,
    assemble,
    attended_mask,
    random_colours,
    spaced_positions,
)

CHANCE = (0.465, 0.535)
"""Just under four standard errors of the held-out AUC around 0.5."""
SIZES = {"between": 4}
ARRANGED = ("quantity", "line", "triangle", "square", "circle", "figure")
"""Where objects lie among each other is the relation itself here: no scene features are bare."""


def bare(scenes: Scenes) -> list[np.ndarray]:
    return [bare_features(state) for state, _, _ in scenes]


@pytest.fixture(scope="module", params=[name for name in CONCEPTS if name not in ARRANGED])
def scenes(request: pytest.FixtureRequest) -> Scenes:
    size = SIZES.get(request.param, 5)
    return draw_scenes(request.param, n_objects=size, n_scenes=2 * N_SCENES, seed=0)


def test_without_the_relation_the_answer_is_not_found(scenes: Scenes) -> None:
    assert CHANCE[0] < held_out_auc(scenes, bare) < CHANCE[1]


def test_with_the_relation_it_is(scenes: Scenes) -> None:
    assert held_out_auc(scenes, true_relation) > 0.9


def test_with_a_shuffled_relation_it_is_not(scenes: Scenes) -> None:
    assert CHANCE[0] < held_out_auc(scenes, shuffled_relation) < CHANCE[1]


def test_every_row_and_number_is_attended_alike(scenes: Scenes) -> None:
    """Rows are the cheapest tell: each of the first n + 1 holds an answer equally often."""
    answers = np.array([answer for _, answer, _ in scenes])
    counts = answers.sum(axis=0)
    size = int(scenes[0][0].present.sum())
    assert not counts[size:].any()
    expected = counts.sum() / size
    assert np.abs(counts[:size] - expected).max() < 5.0 * np.sqrt(expected)


@dataclass(frozen=True, kw_only=True)
class CursorFirst(Proximity):
    """What a sampler would do that leaks: any cursor, and then whichever object leads."""

    name: ClassVar[str] = "cursor_first"
    description: ClassVar[str] = "leaks"

    def sample_after(
        self, rng: np.random.Generator, n_objects: int
    ) -> tuple[np.ndarray, np.ndarray]:
        while True:
            positions = spaced_positions(rng, n_objects)
            cursor = rng.uniform(-CURSOR_REGION, CURSOR_REGION, size=2)
            ranked = np.argsort(self.sign * np.linalg.norm(positions - cursor, axis=1))
            entities = assemble(cursor, positions, random_colours(rng, n_objects))
            away = self.sign * np.linalg.norm(positions[ranked[:2]] - cursor, axis=1)
            if away[1] - away[0] >= 0.1:
                return entities, attended_mask(n_objects, int(ranked[0]))


@dataclass(frozen=True, kw_only=True)
class LeakyClosest(CursorFirst):
    sign: ClassVar[float] = Closest.sign


@dataclass(frozen=True, kw_only=True)
class LeakyFurthest(CursorFirst):
    sign: ClassVar[float] = Furthest.sign


@pytest.mark.parametrize("leaky", [LeakyClosest(), LeakyFurthest()], ids=["closest", "furthest"])
def test_a_sampler_that_leaks_is_caught(leaky: Concept) -> None:
    """Isolated objects are the closest, and outer ones the furthest, from more places."""
    drawn = draw_scenes(leaky, n_objects=5, n_scenes=2 * N_SCENES, seed=0)
    assert held_out_auc(drawn, bare) > CHANCE[1] + 0.03


def observe_with_answer(env: ConceptEnv, event: Event, monkeypatch: pytest.MonkeyPatch) -> dict:
    monkeypatch.setattr(type(env.concept), "sample", lambda self, rng, n_objects: event)
    observation, _ = env.reset(seed=0)
    return {**observation, "frame": env.render()}


@pytest.mark.parametrize("world", [ParticleEnv, ArmReachEnv])
def test_the_same_scene_with_another_answer_looks_the_same(
    world: type[ConceptEnv], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Observation and picture are functions of the scene: every bit, in both worlds."""
    concept = make_concept("closest")
    env = world(concept, task="identify", render_mode="rgb_array")
    event = concept.sample(np.random.default_rng(0), n_objects=4)
    objects = np.flatnonzero(event.after.objects)
    with monkeypatch.context() as patch:
        seen = []
        for row in objects:
            attention = np.arange(MAX_ENTITIES) == row
            masks = {"movable": attention, "paintable": ~attention}
            after = replace(event.after, **masks)
            asked = {"attention": attention, "answer": attention}
            other = replace(event, after=after, shown=after, stops=(after,), **asked)
            seen.append(observe_with_answer(env, other, patch))
    env.close()
    for observation in seen[1:]:
        for key, value in seen[0].items():
            np.testing.assert_array_equal(observation[key], value)
