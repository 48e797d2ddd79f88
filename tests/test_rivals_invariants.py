"""Invariants carry out concepts that they are never told of, and hold out against one error."""

import inspect
from dataclasses import replace

import numpy as np
import pytest
from rival_scenes import demonstrate, draw, episode, reordered, static

from conceptgym.agents import rivals
from conceptgym.agents.rivals import Chance, Invariants
from conceptgym.agents.rivals.base import editable_features
from conceptgym.envs import Demonstration, make_concept
from conceptgym.envs.concepts.composed import compose
from conceptgym.envs.errors import NoDemonstrationsError

EPISODES = 6


def observing(demonstrations: list[Demonstration]) -> Invariants:
    rival = Invariants()
    rival.observe(demonstrations)
    return rival


@pytest.mark.parametrize("name", ["left_of", "between", "closest", "touch", "triangle", "quantity"])
def test_unseen_scenes_are_solved(name):
    done = 0
    for seed in range(EPISODES):
        concept, demonstrations, event = episode(name, seed)
        rival = observing(demonstrations)
        entities = rival.plan(event.before, event.attention)[-1]
        done += concept.succeeds(event.before.with_entities(entities), event.attention)
        done += np.array_equal(rival.identify(static(event.shown)), event.answer)
    assert done >= 2 * EPISODES - 2


def test_phases_are_carried_out_in_their_order():
    concept, demonstrations, event = episode("two_in_order", 1)
    plan = observing(demonstrations).plan(event.before, event.attention)
    for phase, entities in zip(concept.phases, plan, strict=True):
        assert phase.succeeds(event.before.with_entities(entities), event.attention)


def test_a_colour_is_given_to_each_attended_object():
    rng = np.random.default_rng(2)
    concept = make_concept("colour", hue=200.0)
    rival = observing([demonstrate(draw(concept, rng)) for _ in range(5)])
    event = next(e for e in (draw(concept, rng) for _ in range(99)) if e.attention.sum() == 3)
    entities = rival.plan(event.before, event.attention)[-1]
    assert concept.succeeds(event.before.with_entities(entities), event.attention)


def test_only_what_may_be_edited_differs_and_stays_in_the_plane():
    for name in ("near", "colour", "square"):
        _, demonstrations, event = episode(name, 3)
        entities = observing(demonstrations).plan(event.before, event.attention)[-1]
        fixed = ~editable_features(event.before)
        assert np.array_equal(entities[fixed], event.before.entities[fixed])
        assert np.abs(entities[:, :2]).max() <= 1.0


def test_nothing_is_changed_where_nothing_may_be():
    _, demonstrations, event = episode("near", 4)
    scene = static(event.before)
    assert np.array_equal(
        observing(demonstrations).plan(scene, event.attention)[-1], scene.entities
    )


def test_the_same_demonstrations_give_the_same_answer():
    _, demonstrations, event = episode("closest", 5)
    first, second = (observing(demonstrations) for _ in range(2))
    assert np.array_equal(
        first.plan(event.before, event.attention)[-1],
        second.plan(event.before, event.attention)[-1],
    )


def test_the_order_of_rows_in_a_scene_means_nothing_to_identify():
    _, demonstrations, event = episode("between", 6)
    order = np.random.default_rng(0).permutation(len(event.attention))
    rival, other = (
        observing(demonstrations),
        observing([reordered(one, order) for one in demonstrations]),
    )
    scene = static(event.shown)
    assert np.array_equal(rival.identify(scene), other.identify(scene))
    masks = {name: getattr(scene, name)[order] for name in ("present", "movable", "paintable")}
    turned = replace(scene, entities=scene.entities[order], **masks)
    assert np.array_equal(rival.identify(turned), rival.identify(scene)[order])


@pytest.mark.parametrize("name", ["left_of", "between", "touch"])
def test_one_wrong_demonstration_in_five_hurts_little(name):
    done = 0
    for seed in range(EPISODES):
        concept, demonstrations, event = episode(name, seed)
        chance = Chance(seed)
        chance.observe(demonstrations)
        wrong = demonstrations[2]
        trajectory = wrong.trajectory.copy()
        trajectory[1:] = chance.plan(wrong.state_at(0), wrong.attention)[-1]
        demonstrations[2] = replace(wrong, trajectory=trajectory)
        entities = observing(demonstrations).plan(event.before, event.attention)[-1]
        done += concept.succeeds(event.before.with_entities(entities), event.attention)
    assert done >= EPISODES - 1


@pytest.mark.parametrize("name", ["left_of", "between", "triangle"])
def test_a_single_demonstration_is_repeated_relative_to_what_is_attended(name):
    done = 0
    for seed in range(EPISODES):
        concept, demonstrations, event = episode(name, seed, shown=1)
        entities = observing(demonstrations).plan(event.before, event.attention)[-1]
        done += concept.succeeds(event.before.with_entities(entities), event.attention)
    assert done >= EPISODES - 1


def test_a_single_demonstration_in_which_nothing_else_could_be_meant_is_taken():
    rng = np.random.default_rng(8)
    event = make_concept("between").sample(rng, n_objects=2)
    assert np.array_equal(
        observing([demonstrate(event)]).identify(static(event.shown)), event.answer
    )


def test_several_concepts_are_brought_about_at_once():
    rng = np.random.default_rng(9)
    figure, place = make_concept("square"), make_concept("region", where="north")
    both = compose(figure, place)
    done = 0
    for _ in range(EPISODES):
        event = both.sample(rng, n_objects=6)
        first, second = (
            observing([demonstrate(draw(c, rng)) for _ in range(5)]) for c in both.terms
        )
        (entities,) = first.plan_together([second], event.before, event.attentions)
        done += both.succeeds(event.before.with_entities(entities), event.attentions)
    assert done >= EPISODES - 1


def test_alone_it_plans_together_what_it_plans():
    concept, demonstrations, event = episode("near", 5)
    rival = observing(demonstrations)
    (plan,) = rival.plan(event.before, event.attention)
    (same,) = rival.plan_together([], event.before, event.attention[None])
    assert np.array_equal(plan, same)


def test_before_any_demonstration_it_refuses():
    concept, demonstrations, event = episode("near", 7)
    with pytest.raises(NoDemonstrationsError):
        observing(demonstrations).plan_together(
            [Invariants()], event.before, np.stack([event.attention] * 2)
        )
    with pytest.raises(NoDemonstrationsError):
        Invariants().identify(event.shown)
    with pytest.raises(NoDemonstrationsError):
        Invariants().plan(event.before, event.attention)[-1]


def test_no_rival_imports_the_concepts():
    modules = [value for value in vars(rivals).values() if inspect.ismodule(value)]
    assert modules
    for module in modules:
        imports = [line for line in inspect.getsource(module).splitlines() if "import" in line]
        assert not any("concepts" in line for line in imports)
