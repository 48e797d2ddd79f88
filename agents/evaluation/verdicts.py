"""Whether a plan does what a concept asks for, judged on the states that it leads to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...envs.concepts import Concept, Event
from ...envs.concepts.composed import ComposedEvent
from ...envs.entities import COLOUR, PLANE_HALF_WIDTH, POSITION, EntityState

Plan = Sequence[np.ndarray]
"""Entities (N, 7) to bring about one after the other, one for each phase."""


def plan_succeeds(concept: Concept, event: Event, plan: Plan) -> bool:
    """Whether a plan for an event's start makes every phase of a concept come true, in order.

    Judged on the states that the plan leads to, which Particle-v0 reaches exactly: only what may
    be edited changes, and nothing leaves the plane.
    """
    if len(plan) != len(concept.phases):
        return False
    composed = isinstance(event, ComposedEvent)
    state, attention = event.before, event.attentions if composed else event.attention
    for phase, entities in zip(concept.phases, plan, strict=True):
        state = carried_out(state, entities)
        if not phase.succeeds(state, attention):
            return False
    return True


def carried_out(state: EntityState, entities: np.ndarray) -> EntityState:
    """The state after its editable features were brought as near to `entities` as may be."""
    changed = state.entities.copy()
    moves, paints = state.movable & state.present, state.paintable & state.present
    limit = PLANE_HALF_WIDTH
    changed[moves, POSITION] = np.clip(entities[moves, POSITION], -limit, limit)
    changed[paints, COLOUR] = np.clip(entities[paints, COLOUR], 0.0, 1.0)
    return state.with_entities(changed)
