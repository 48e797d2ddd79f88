"""Where any number may be meant, each object is judged alone."""

import numpy as np
import pytest
from rival_scenes import draw, episode, static

from conceptgym.agents.rivals.base import Shown
from conceptgym.agents.rivals.singles import find_edits, find_singles, one_by_one
from conceptgym.agents.rivals.statistics import Law
from conceptgym.envs import CONCEPTS

NOTHING = Law(names=(), centres=np.zeros(0), scales=np.zeros(0))


def show(name: str, seed: int, *, size: int | None = None, **parameters) -> list[Shown]:
    rng = np.random.default_rng(seed)
    concept = CONCEPTS[name](**parameters)
    found: list[Shown] = []
    while len(found) < 5:
        event = draw(concept, rng)
        if size is None or event.attention.sum() == size:
            found.append(
                Shown(
                    before=event.before,
                    after=event.after,
                    attention=event.attention,
                    answer=event.answer,
                )
            )
    return found


def test_a_shared_colour_is_what_tells_objects_apart():
    shown = show("colour", 0, hue=200.0)
    assert len({int(one.attention.sum()) for one in shown}) > 1
    singles = find_singles(shown, NOTHING)
    assert singles is not None and singles.errors == 0
    assert singles.law.names == ("attended redness", "attended greenness", "attended light")
    for one in shown:
        assert np.array_equal(singles.identify(static(one.after)), one.answer)


def test_a_shared_side_of_the_plane_is_what_tells_objects_apart():
    shown = show("region", 1, where="north")
    singles = find_singles(shown, NOTHING)
    assert singles is not None and "attended y" in singles.law.names


@pytest.mark.parametrize("name", ["between", "triangle"])
def test_a_fixed_number_is_not_judged_one_by_one(name):
    shown = show(name, 2)
    assert find_edits(np.random.default_rng(0), shown) is None
    assert (
        find_singles(shown, Law(names=("distance",), centres=np.ones(1), scales=np.ones(1))) is None
    )


def test_one_each_time_may_be_any_number_if_its_own_colour_tells_it():
    shown = show("colour", 3, size=1)
    own = Law(names=("attended light",), centres=np.ones(1), scales=np.ones(1))
    assert find_singles(shown, own) is not None
    assert find_singles(shown, NOTHING) is None


def test_some_object_is_always_marked():
    shown = show("colour", 4, hue=0.0)
    singles = find_singles(shown, NOTHING)
    assert singles is not None
    _, _, event = episode("near", 4)
    assert singles.identify(event.shown).any()


def test_one_by_one_lists_every_marked_entity():
    found = one_by_one(np.array([True, False, True]))
    assert found.tolist() == [[[True, False, False]], [[False, False, True]]]
