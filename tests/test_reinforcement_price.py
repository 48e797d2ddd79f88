"""The price of demonstrations is the number of steps that were recorded."""

import pytest

from conceptgym.agents.evaluation.config import STANDARD
from conceptgym.agents.reinforcement.price import demonstrated_steps
from conceptgym.envs import record_demonstrations
from conceptgym.envs.errors import UnknownConceptError


def test_it_counts_the_steps_of_the_world() -> None:
    shown = record_demonstrations(concept="near", episodes=STANDARD)
    steps = sum(len(one.trajectory) - 1 for one in shown)  # the start is no step
    assert demonstrated_steps("near", recordings=STANDARD) == pytest.approx(steps)


def test_order_takes_a_way_for_each_of_its_places() -> None:
    two, three = (demonstrated_steps(f"{n}_in_order", recordings=20) for n in ("two", "three"))
    assert 1.3 < three / two < 1.7


def test_an_unknown_concept_is_refused() -> None:
    with pytest.raises(UnknownConceptError, match="^concept='nearby' is unknown"):
        demonstrated_steps("nearby")
