"""closest, furthest: the lead over the next object."""

from __future__ import annotations

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
