"""Verdicts on plans: what is judged is the state that a plan leads to."""

from __future__ import annotations

import numpy as np
import pytest
from agent_scenes import draw_event

from conceptgym.agents.evaluation.verdicts import carried_out, plan_succeeds
from conceptgym.envs import CONCEPTS


@pytest.mark.parametrize("name", list(CONCEPTS))
def test_a_demonstrators_plan_succeeds_and_staying_does_not(name: str) -> None:
    for seed in range(3):
        concept = CONCEPTS[name]()
        event = draw_event(name, seed=seed, n_objects=6)
        stops = [stop.entities for stop in event.stops]
        assert plan_succeeds(concept, event, stops)
        assert not plan_succeeds(concept, event, [event.before.entities] * len(stops))


def test_every_phase_must_pass_in_its_turn() -> None:
    concept, event = CONCEPTS["three_in_order"](), draw_event("three_in_order", n_objects=6)
    first, second, third = (stop.entities for stop in event.stops)
    assert plan_succeeds(concept, event, [first, second, third])
    for wrong in ([second, first, third], [first, third, third], [first, second], [third]):
        assert not plan_succeeds(concept, event, wrong)


def test_only_what_may_be_edited_is_carried_out() -> None:
    event = draw_event("colour", n_objects=4)
    drawn = np.random.default_rng(0).normal(size=event.before.entities.shape) * 5.0
    changed = carried_out(event.before, drawn.astype(np.float32)).entities
    painted = event.before.paintable
    assert painted.any() and not event.before.movable.any()
    np.testing.assert_array_equal(changed[~painted], event.before.entities[~painted])
    np.testing.assert_allclose(changed[painted, 2:5], drawn[painted, 2:5].clip(0.0, 1.0))
    np.testing.assert_array_equal(changed[painted, :2], event.before.entities[painted, :2])


def test_nothing_leaves_the_plane() -> None:
    event = draw_event("near")
    drawn = event.before.entities + 10.0
    changed = carried_out(event.before, drawn)
    assert changed.positions[event.before.cursor].tolist() == [1.0, 1.0]
