"""Variants of scenes edit only what may be edited; attentions are each listed once."""

from math import comb

import numpy as np
import pytest
from rival_scenes import episode

from conceptgym.agents.rivals.base import editable_features, phases_of
from conceptgym.agents.rivals.variants import (
    REACH,
    all_attentions,
    kinds_of,
    mutants,
    other_attentions,
    random_edits,
    regrouped,
    transplants,
)


@pytest.mark.parametrize("name", ["near", "colour", "quantity", "triangle"])
def test_variants_change_only_what_may_be_edited(name):
    _, demonstrations, event = episode(name, 0)
    rng = np.random.default_rng(0)
    state = event.before
    ((shown, *_),) = phases_of(demonstrations)
    edits = random_edits(rng, state, 20)
    drawn = [
        edits,
        transplants(rng, shown, state, event.attention, 20),
        mutants(rng, state, edits, 20),
        regrouped(rng, event.attention & state.movable, edits, 20),
    ]
    fixed = ~editable_features(state)
    for variants in drawn:
        assert variants.shape == (20, *state.entities.shape)
        assert np.array_equal(
            variants[:, fixed], np.broadcast_to(state.entities[fixed], (20, fixed.sum()))
        )
        assert np.abs(variants[:, state.movable, :2]).max(initial=0.0) <= REACH
        assert variants[:, state.paintable, 2:5].min(initial=0.0) >= 0.0


def test_a_group_that_is_laid_elsewhere_keeps_its_shape():
    _, _, event = episode("square", 4)
    group = event.attention & event.after.movable
    parent = event.after.entities[None].astype(float)
    parent[:, group, :2] *= 0.2  # so that the border is far
    drawn = regrouped(np.random.default_rng(0), group, parent, 50)
    assert np.array_equal(drawn[:, ~group], np.repeat(parent[:, ~group], 50, axis=0))
    places = drawn[:, group, :2] @ np.array([1.0, 1.0j])
    places = places[np.abs(drawn[:, group, :2]).max((1, 2)) < REACH]  # those not cut off
    first = parent[0, group, :2] @ np.array([1.0, 1.0j])
    assert len(places) > 10
    moves = (places[:, 1:] - places[:, :1]) / (first[1:] - first[0])  # turn and size: one number
    np.testing.assert_allclose(moves, moves[:, :1].repeat(moves.shape[1], axis=1), atol=1e-9)
    assert np.ptp(np.abs(moves)) > 0.1 and np.ptp(np.angle(moves)) > 0.1


def test_every_attention_is_listed_once():
    _, _, event = episode("between", 1)
    state = event.shown
    found = all_attentions(np.random.default_rng(0), state, (2, 0))
    assert len(found) == comb(int(state.objects.sum()), 2) == len(np.unique(found, axis=0))
    assert (found.sum(1) == 2).all() and not found[:, ~state.objects].any()


def test_zones_and_objects_are_chosen_apart():
    _, _, event = episode("quantity", 2)
    state = event.shown
    found = all_attentions(np.random.default_rng(0), state, (1, 1))
    assert len(found) == state.objects.sum() * state.zones.sum()
    assert ((found & state.zones).sum(1) == 1).all()


def test_more_than_there_are_cannot_be_attended():
    _, _, event = episode("near", 3)
    assert len(all_attentions(np.random.default_rng(0), event.shown, (0, 1))) == 0


def test_others_are_all_but_the_one():
    _, _, event = episode("between", 4)
    state, attention = event.shown, event.attention
    rng = np.random.default_rng(0)
    found = other_attentions(rng, state, attention, 500)
    assert len(found) == comb(int(state.objects.sum()), 2) - 1
    assert (found != attention).any(1).all()
    assert kinds_of(state, attention) == (2, 0)
