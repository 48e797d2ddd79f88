"""Events and hand-made scenes that the tests of concepts and worlds share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from conceptgym.envs import CONCEPTS, MAX_ENTITIES, Concept, EntityState, Event
from conceptgym.envs.concepts.sampling import hue_to_rgb
from conceptgym.envs.entities import COLOUR, CURSOR, NUM_FEATURES, POSITION

SEEDS = st.integers(0, 2**32 - 1)
TURNABLE = ["near", "at_distance", "between", "closest", "furthest"]
"""The concepts about where the cursor is that know no directions."""
RELATIONAL = ["left_of", "right_of", "above", "below", "offset", *TURNABLE]
"""The concepts about where the cursor is relative to the attended."""
SIMPLE = ["colour", "region", *RELATIONAL]
"""The concepts of one phase and of no figures and zones."""


@st.composite
def events(draw: st.DrawFn, name: str) -> tuple[Concept, Event]:
    """A concept of this name with random parameters, and an event of it of any size."""
    rng = np.random.default_rng(draw(SEEDS))
    concept = CONCEPTS[name].random(rng)
    return concept, concept.sample(rng, n_objects=draw(st.integers(*concept.num_objects)))


def sizes(name: str) -> list[int]:
    """Numbers of objects to test a concept with: fewest, usual and most."""
    kind = CONCEPTS[name]
    low, high = kind.num_objects
    return sorted({low, min(high, max(low, 5)), min(high, kind.usual_objects[1]), high})


def make_scene(
    cursor: Sequence[float],
    objects: Sequence[Sequence[float]],
    *,
    hues: Sequence[float] | None = None,
) -> EntityState:
    """The cursor in row 0 and objects in the rows after it, of these hues [degrees], 0 if none."""
    count = len(objects) + 1
    entities = np.zeros((MAX_ENTITIES, NUM_FEATURES), dtype=np.float32)
    entities[:count, POSITION] = [cursor, *objects]
    entities[1:count, COLOUR] = [hue_to_rgb(hue) for hue in hues or [0.0] * len(objects)]
    entities[0, CURSOR] = 1.0
    present = np.arange(MAX_ENTITIES) < count
    nothing = np.zeros(MAX_ENTITIES, dtype=bool)
    return EntityState(entities=entities, present=present, movable=nothing, paintable=nothing)


def rows(*attended: int) -> np.ndarray:
    """(MAX_ENTITIES,) bool, an attention on these rows."""
    return np.isin(np.arange(MAX_ENTITIES), attended)


def with_positions(state: EntityState, positions: np.ndarray) -> EntityState:
    """The state with other positions (MAX_ENTITIES, 2); absent rows stay zero."""
    entities = state.entities.copy()
    entities[state.present, POSITION] = positions[state.present]
    return state.with_entities(entities)


def with_colours(state: EntityState, colours: np.ndarray) -> EntityState:
    """The state with other colours (MAX_ENTITIES, 3) of its objects."""
    entities = state.entities.copy()
    entities[state.objects, COLOUR] = colours[state.objects]
    return state.with_entities(entities)


def reordered(state: EntityState, order: np.ndarray) -> EntityState:
    """The state with its rows in another order (MAX_ENTITIES,)."""
    masks = {name: getattr(state, name)[order] for name in ("present", "movable", "paintable")}
    return replace(state, entities=state.entities[order], **masks)
