"""Copying repeats a demonstration: exactly in its own scene, and shifted with what is attended."""

import numpy as np
import pytest
from rival_scenes import demonstrate, draw, episode, static

from conceptgym.agents.rivals import CopyNearest
from conceptgym.agents.rivals.base import editable_features
from conceptgym.envs import make_concept


@pytest.mark.parametrize("name", ["near", "between", "colour", "triangle", "closest"])
def test_in_a_demonstrated_scene_it_repeats_the_demonstration(name):
    _, demonstrations, _ = episode(name, 0)
    rival = CopyNearest()
    rival.observe(demonstrations)
    for demonstration in demonstrations:
        found = rival.plan(demonstration.state_at(0), demonstration.attention)[-1]
        assert np.allclose(found, demonstration.after, atol=1e-5)
        scene = static(demonstration.state_at(-1))
        assert np.array_equal(rival.identify(scene), demonstration.attention)


def test_the_cursor_keeps_its_place_relative_to_what_is_attended():
    rng = np.random.default_rng(1)
    concept = make_concept("offset", direction=0.0, distance=0.4)
    shown, event = draw(concept, rng), draw(concept, rng)
    rival = CopyNearest()
    rival.observe([demonstrate(shown)])
    found = rival.plan(event.before, event.attention)[-1]
    cursor, (row,) = event.before.cursor, event.attention.nonzero()[0]
    assert np.allclose(found[cursor, :2] - found[row, :2], (0.4, 0.0), atol=1e-5)


def test_only_what_may_be_edited_differs():
    for name in ("near", "colour", "quantity", "square"):
        _, demonstrations, event = episode(name, 2)
        rival = CopyNearest()
        rival.observe(demonstrations)
        found = rival.plan(event.before, event.attention)[-1]
        fixed = ~editable_features(event.before)
        assert np.array_equal(found[fixed], event.before.entities[fixed])
        assert np.abs(found[:, :2]).max() <= 1.0


def test_entities_of_another_kind_are_never_marked():
    _, demonstrations, event = episode("quantity", 3)
    rival = CopyNearest()
    rival.observe(demonstrations)
    answer = rival.identify(static(event.shown))
    assert answer.sum() == 1 and event.shown.zones[answer].all()


def test_one_plan_for_each_phase():
    _, demonstrations, event = episode("two_in_order", 4)
    rival = CopyNearest()
    rival.observe(demonstrations)
    plan = rival.plan(event.before, event.attention)
    assert len(plan) == 2
    assert np.array_equal(plan[-1], rival.plan(event.before, event.attention)[-1])
