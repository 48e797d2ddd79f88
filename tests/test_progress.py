"""Phases are done in order and at rest."""

from __future__ import annotations

import numpy as np
import pytest
from concept_scenes import make_scene, rows

from conceptgym.envs import EntityState
from conceptgym.envs.concepts import Near, Touch
from conceptgym.envs.progress import PHASE_RESIDUAL, Progress

PLACES = [(-0.5, 0.0), (0.0, 0.5), (0.5, 0.0)]
ALL = rows(1, 2, 3)
HOLD = 3
HUES = (0.0, 90.0, 200.0)


def at(place: int | tuple[float, float]) -> EntityState:
    """The cursor on the object of this phase, or anywhere."""
    return make_scene(PLACES[place] if isinstance(place, int) else place, PLACES, hues=HUES)


def three() -> Progress:
    return Progress([Touch(hue=hue) for hue in HUES], HOLD)


def rest(progress: Progress, place: int | tuple[float, float], steps: int) -> list[tuple]:
    return [progress.advance(at(place), ALL, at_rest=True) for _ in range(steps)]


def test_a_phase_is_done_by_resting_where_it_holds() -> None:
    progress = three()
    for number in range(3):
        assert progress.done == number
        ends = rest(progress, number, HOLD)
        last = number == 2
        assert [holds for _, holds, _ in ends] == [last] * HOLD
        assert [ended for *_, ended in ends] == [False] * (HOLD - 1) + [last]
    assert progress.done == 3 and not progress.out_of_order


def test_a_rest_cut_short_counts_from_the_start_again() -> None:
    progress = three()
    for interruption in ({"at_rest": False}, {"at_rest": True}):
        rest(progress, 0, HOLD - 1)
        place = at((0.0, -0.5)) if interruption["at_rest"] else at(0)
        progress.advance(place, ALL, **interruption)
        rest(progress, 0, HOLD - 1)
        assert progress.done == 0
        progress.advance(at((0.0, -0.5)), ALL, at_rest=True)
    rest(progress, 0, HOLD)
    assert progress.done == 1


@pytest.mark.parametrize("later", [1, 2])
def test_resting_on_a_later_one_ends_it(later: int) -> None:
    progress = three()
    assert [ended for *_, ended in rest(progress, later, HOLD)] == [False] * (HOLD - 1) + [True]
    assert progress.out_of_order and progress.done == 0
    progress = three()
    rest(progress, 0, HOLD)
    ends = rest(progress, 2, HOLD)
    assert ends[-1][1:] == (False, True) and progress.out_of_order and progress.done == 1


def test_passing_by_a_later_one_is_no_matter() -> None:
    progress = three()
    for _ in range(4):
        rest(progress, 1, HOLD - 1)
        for _ in range(HOLD + 1):
            assert progress.advance(at(2), ALL, at_rest=False)[1:] == (False, False)
    assert not progress.out_of_order and progress.done == 0


def test_resting_on_an_earlier_one_is_no_matter() -> None:
    progress = three()
    ends = rest(progress, 0, 4 * HOLD)
    assert progress.done == 1 and not progress.out_of_order
    assert not any(ended for *_, ended in ends)


def test_the_residual_is_the_phases_plus_one_for_each_after_it() -> None:
    progress = three()
    for number in range(3):
        for place in (0, 1, 2, (0.3, -0.4)):
            state = at(place)
            expected = Touch(hue=HUES[number]).residual(state, ALL)
            expected += PHASE_RESIDUAL * (2 - number)
            assert progress.residual(state, ALL) == expected
            assert progress.advance(state, ALL, at_rest=False)[0] == expected
        found, *_ = rest(progress, number, HOLD)[-1]
        assert found == progress.residual(at(number), ALL)
    assert progress.done == 3


def test_one_phase_is_the_concept_itself_to_the_bit() -> None:
    concept, attention = Near(), rows(2)
    progress, held = Progress(concept.phases, HOLD), 0
    rng = np.random.default_rng(0)
    for _ in range(300):
        state = at(tuple(np.array(PLACES[1]) + rng.uniform(-0.25, 0.25, 2)))
        at_rest = bool(rng.random() < 0.9)
        residual = concept.residual(state, attention)
        holds = at_rest and concept.succeeds(state, attention)
        held = held + 1 if holds else 0
        expected = (residual, holds, held >= HOLD)
        assert progress.advance(state, attention, at_rest=at_rest) == expected
        assert progress.residual(state, attention) == residual
        assert progress.done == 0 and not progress.out_of_order
