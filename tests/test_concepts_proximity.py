"""closest, furthest: the lead over the next object."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from concept_scenes import make_scene, rows

from conceptgym.envs.concepts import Closest, Furthest, Proximity

EPSILON = 1e-5  # positions are float32
KINDS = [Closest(), Furthest()]


def leads(concept: Proximity, lead: float):
    """Row 1 at 0.5 from the cursor; the next object is behind it in rank by `lead`."""
    other = 0.5 + concept.sign * lead
    last = 0.5 + concept.sign * 0.4
    return make_scene((0.1, -0.2), [(0.6, -0.2), (0.1, -0.2 + other), (0.1 - last, -0.2)])


@pytest.mark.parametrize("concept", KINDS, ids=lambda concept: concept.name)
@pytest.mark.parametrize(
    ("lead", "residual"), [(0.3, 0.0), (0.1, 0.0), (0.04, 0.06), (0.0, 0.1), (-0.3, 0.4)]
)
def test_the_residual_is_what_the_lead_lacks_of_a_tenth(
    concept: Proximity, lead: float, residual: float
) -> None:
    assert concept.residual(leads(concept, lead), rows(1)) == pytest.approx(residual, abs=1e-6)


@pytest.mark.parametrize("concept", KINDS, ids=lambda concept: concept.name)
def test_a_lead_of_005_is_asked_for(concept: Proximity) -> None:
    assert concept.succeeds(leads(concept, 0.05 + EPSILON), rows(1))
    assert not concept.succeeds(leads(concept, 0.05 - EPSILON), rows(1))


def test_the_nearest_is_closest_and_the_furthest_is_not() -> None:
    scene = make_scene((0, 0), [(0.2, 0), (0, 0.5), (-0.8, 0)])
    for concept, answer in ((Closest(), 1), (Furthest(), 3)):
        for row in (1, 2, 3):
            assert concept.succeeds(scene, rows(row)) == (row == answer)


@pytest.mark.parametrize("concept", KINDS, ids=lambda concept: concept.name)
def test_a_lone_object_leads(concept: Proximity) -> None:
    assert concept.residual(make_scene((0, 0), [(0.5, 0.5)]), rows(1)) == 0.0


@pytest.mark.parametrize("concept", KINDS, ids=lambda concept: concept.name)
@pytest.mark.parametrize("n_objects", [2, 6, 9, 12])
def test_all_could_be_meant_or_among_many_at_least_three(
    concept: Proximity, n_objects: int
) -> None:
    rng = np.random.default_rng(n_objects)
    for _ in range(10):
        event = concept.sample(rng, n_objects=n_objects)
        cursors = rng.uniform(-0.95, 0.95, size=(600, 2))
        gaps = np.linalg.norm(
            cursors[:, None] - event.after.positions[event.after.objects], axis=-1
        )
        leaders = set((concept.sign * gaps).argmin(axis=1).tolist())
        few = concept.name == "furthest" and n_objects > 6
        assert len(leaders) >= 3 if few else len(leaders) == n_objects


def test_the_usual_sizes_are_those_where_each_could_be_meant() -> None:
    assert Closest.usual_objects == (2, 8) and Furthest.usual_objects == (2, 6)


def test_nearest_goes_past_the_middle_by_half_the_lead() -> None:
    """Between two objects, in line with both, distances differ by twice the way from the middle."""
    scene = replace(make_scene((0.4, 0.0), [(-0.5, 0.0), (0.5, 0.0)]), movable=rows(0))
    for concept, goal in ((Closest(), -0.05), (Furthest(), 0.4)):
        found = concept.nearest(scene, rows(1)).positions[0]
        np.testing.assert_allclose(found, (goal, 0.0), atol=0.003)


@pytest.mark.parametrize("concept", KINDS, ids=lambda concept: concept.name)
@pytest.mark.parametrize("seed", range(6))
def test_nearest_is_as_near_as_on_a_fine_grid(concept: Proximity, seed: int) -> None:
    event = concept.sample(np.random.default_rng(seed), n_objects=5)
    start, row = event.before, event.before.cursor
    axis = np.linspace(-0.95, 0.95, 191)
    places = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    away = np.linalg.norm(places[:, None] - start.positions, axis=-1)
    others = away[:, start.objects & ~event.attention]
    lead = (concept.sign * others).min(axis=1) - (concept.sign * away[:, event.attention])[:, 0]
    least = np.linalg.norm(places[lead >= 0.1] - start.positions[row], axis=1).min()
    goal = concept.nearest(start, event.attention)
    travel = np.linalg.norm(goal.positions[row] - start.positions[row])
    assert least - 0.015 <= travel <= least + 0.003


@pytest.mark.parametrize("concept", KINDS, ids=lambda concept: concept.name)
def test_nearest_where_nothing_leads_clearly_has_the_largest_lead(concept: Proximity) -> None:
    """Two objects 0.06 apart: no lead is larger than that."""
    scene = replace(make_scene((0.5, 0.5), [(0.0, 0.0), (0.06, 0.0)]), movable=rows(0))
    goal = concept.nearest(scene, rows(1))
    assert concept.residual(goal, rows(1)) == pytest.approx(0.04, abs=1e-3)
