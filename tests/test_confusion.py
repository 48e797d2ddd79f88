"""What failures are put down to, on scenes made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from conceptgym.agents.confusion import (
    EXCESSIVE,
    IMPRECISE,
    INCOMPLETE,
    OTHER,
    SAME_OFFSET,
    explain_generation,
    explain_identification,
    shown_alternatives,
)
from conceptgym.envs import CONCEPTS, Demonstration, EntityState, make_concept
from conceptgym.envs.concepts.sampling import hue_to_rgb
from conceptgym.envs.entities import MAX_ENTITIES, NUM_FEATURES

FAR = [(0.9, 0.9), (-0.9, 0.9)]
HUES = (0.0, 120.0, 240.0)


def scene(cursor: tuple[float, float], *objects: tuple[float, float]) -> EntityState:
    """The cursor in row 0, objects of different colours in the rows after it."""
    entities = np.zeros((MAX_ENTITIES, NUM_FEATURES), dtype=np.float32)
    entities[: len(objects) + 1, :2] = [cursor, *objects]
    entities[0, 5] = 1.0
    for row in range(1, len(objects) + 1):
        entities[row, 2:5] = hue_to_rgb(HUES[row % 3])
    present = np.arange(MAX_ENTITIES) <= len(objects)
    movable = np.arange(MAX_ENTITIES) == 0
    return EntityState(
        entities=entities, present=present, movable=movable, paintable=np.zeros_like(present)
    )


def mask(*rows: int) -> np.ndarray:
    return np.isin(np.arange(MAX_ENTITIES), rows)


def shown(state: EntityState, *rows: int) -> Demonstration:
    return Demonstration(
        trajectory=state.entities[None],
        attention=mask(*rows),
        present=state.present,
        movable=state.movable,
        paintable=state.paintable,
    )


LEFT = make_concept("left_of", distance=0.3)
TO_THE_LEFT = scene((-0.3, 0.0), (0.0, 0.0), *FAR)
"""left of, near and closest to the entity in row 1."""
BELOW = scene((0.0, -0.45), (0.0, 0.0), *FAR)


def names(concept: str, *demonstrations: Demonstration) -> set[str]:
    return {a.name for a in shown_alternatives(make_concept(concept), demonstrations)}


def test_one_demonstration_shows_many_concepts() -> None:
    found = names("left_of", shown(TO_THE_LEFT, 1))
    assert found == {"near", "closest", "colour", SAME_OFFSET}


def test_more_demonstrations_rule_alternatives_out() -> None:
    assert names("closest", shown(TO_THE_LEFT, 1), shown(BELOW, 1)) == {"colour"}
    recoloured = BELOW.entities.copy()
    recoloured[1, 2:5] = hue_to_rgb(60.0)
    other = shown(BELOW.with_entities(recoloured), 1)
    assert names("closest", shown(TO_THE_LEFT, 1), other) == set()


def test_the_demonstrated_distance_is_what_counts() -> None:
    alternatives = shown_alternatives(make_concept("near"), [shown(TO_THE_LEFT, 1)])
    left = next(a for a in alternatives if a.name == "left_of")
    assert left.holds(scene((-0.2, 0.5), (0.1, 0.5), *FAR), mask(1))
    assert not left.holds(scene((-0.5, 0.5), (0.1, 0.5), *FAR), mask(1))


@pytest.mark.parametrize(
    ("cursor", "expected"),
    [
        ((-0.48, 0.0), (IMPRECISE,)),  # 0.18 beyond its place, the tolerance is 0.1
        ((0.0, 0.25), ("near", "closest")),
        ((0.0, 0.6), ("closest",)),
        ((0.9, -0.9), ("closest",)),
        ((0.9, 0.6), (OTHER,)),
    ],
)
def test_generations(cursor: tuple[float, float], expected: tuple[str, ...]) -> None:
    alternatives = shown_alternatives(LEFT, [shown(TO_THE_LEFT, 1)])
    end = scene(cursor, (0.0, 0.0), *FAR)
    assert explain_generation(LEFT, alternatives, state=end, attention=mask(1)) == expected


def test_taking_the_demonstration_literally() -> None:
    closest, start = make_concept("closest"), scene((0.4, 0.4), (0.0, 0.0), *FAR)
    alternatives = shown_alternatives(closest, [shown(start, 1)])
    crowded = scene((0.45, 0.35), (0.0, 0.0), (0.5, 0.5), FAR[1])
    found = explain_generation(closest, alternatives, state=crowded, attention=mask(1))
    assert found == (SAME_OFFSET,)
    crowded = scene((0.45, 0.35), FAR[1], (0.5, 0.5), (0.0, 0.0))
    found = explain_identification(alternatives, state=crowded, attention=mask(2), answer=mask(3))
    assert found == (SAME_OFFSET,)


def test_who_moves_cannot_have_meant_a_colour() -> None:
    alternatives = shown_alternatives(LEFT, [shown(TO_THE_LEFT, 1)])
    end = scene((0.9, 0.6), (0.0, 0.0), *FAR)  # row 1 wears the demonstrated colour
    assert explain_generation(LEFT, alternatives, state=end, attention=mask(1)) == (OTHER,)
    found = explain_identification(alternatives, state=end, attention=mask(2), answer=mask(1))
    assert found == ("colour",)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (mask(2), ("near", "closest")),
        (mask(3), (OTHER,)),
        (mask(), (INCOMPLETE,)),
        (mask(1, 3), (EXCESSIVE,)),
        (mask(2, 3), (OTHER,)),
    ],
)
def test_identifications(answer: np.ndarray, expected: tuple[str, ...]) -> None:
    alternatives = shown_alternatives(LEFT, [shown(TO_THE_LEFT, 1)])
    # left of row 1 as demonstrated, but nearer to row 2; row 2 has another colour
    state = scene((-0.3, 0.0), (0.0, 0.0), (-0.3, 0.25), (0.9, 0.9))
    found = explain_identification(alternatives, state=state, attention=mask(1), answer=answer)
    assert found == expected


@pytest.mark.parametrize("name", CONCEPTS)
def test_a_concept_is_no_alternative_to_itself(name: str) -> None:
    rng = np.random.default_rng(3)
    concept = CONCEPTS[name].random(rng)
    event = concept.sample(rng, n_objects=max(3, concept.num_objects[0]))
    demonstration = shown(event.after, *np.flatnonzero(event.attention).tolist())
    assert name not in {a.name for a in shown_alternatives(concept, [demonstration])}
