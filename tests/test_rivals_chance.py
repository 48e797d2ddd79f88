"""Chance answers are valid, differ, and are as many as were shown."""

import numpy as np
import pytest
from rival_scenes import episode, static

from conceptgym.agents.rivals import Chance
from conceptgym.agents.rivals.base import editable_features


@pytest.mark.parametrize("name", ["near", "colour", "quantity", "triangle"])
def test_only_what_may_be_edited_differs_and_it_stays_in_the_plane(name):
    _, demonstrations, event = episode(name, 0)
    rival = Chance(seed=1)
    rival.observe(demonstrations)
    entities = rival.plan(event.before, event.attention)[-1]
    editable = editable_features(event.before)
    assert np.array_equal(entities[~editable], event.before.entities[~editable])
    assert (entities[editable] != event.before.entities[editable]).all()
    assert np.abs(entities[editable]).max() <= 0.95 or name == "colour"
    if name == "colour":
        assert entities[editable].min() >= 0.0 and entities[editable].max() <= 1.0


def test_the_same_seed_gives_the_same_answers_and_another_gives_others():
    _, demonstrations, event = episode("near", 2)
    answers = []
    for seed in (5, 5, 6):
        rival = Chance(seed=seed)
        rival.observe(demonstrations)
        answers.append(rival.plan(event.before, event.attention)[-1])
    assert np.array_equal(answers[0], answers[1])
    assert not np.array_equal(answers[0], answers[2])


def test_what_is_planned_before_changes_no_answer():
    """A resumed evaluation asks for what is missing alone."""
    _, demonstrations, event = episode("between", 3)
    plans, answers = [], []
    for order in ("pi", "ip", "p", "i"):
        rival = Chance(seed=4)
        rival.observe(demonstrations)
        for asked in order:
            if asked == "p":
                plans.append(rival.plan(event.before, event.attention)[-1])
            else:
                answers.append(rival.identify(static(event.shown)))
    assert all(np.array_equal(plan, plans[0]) for plan in plans)
    assert all(np.array_equal(answer, answers[0]) for answer in answers)


def test_as_many_entities_as_shown_are_marked_and_all_are_equally_likely():
    _, demonstrations, event = episode("between", 3)
    rival = Chance(seed=0)
    rival.observe(demonstrations)
    scene = static(event.shown)
    counts = np.zeros(len(scene.present))
    for _ in range(600):
        answer = rival.identify(scene)
        assert answer.sum() == 2
        counts += answer
    objects = scene.objects
    assert counts[~objects].sum() == 0
    expected = 1200 / objects.sum()
    assert np.abs(counts[objects] - expected).max() < 4.0 * np.sqrt(expected)


def test_zones_are_marked_where_zones_were():
    _, demonstrations, event = episode("quantity", 4)
    rival = Chance(seed=0)
    rival.observe(demonstrations)
    answer = rival.identify(static(event.shown))
    assert answer.sum() == 1 and event.shown.zones[answer].all()


def test_one_plan_for_each_phase():
    _, demonstrations, event = episode("three_in_order", 5)
    rival = Chance(seed=0)
    rival.observe(demonstrations)
    assert len(rival.plan(event.before, event.attention)) == 3
