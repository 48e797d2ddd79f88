"""Training events: a pool drawn once from the concepts' samplers.

Every event also holds starting states with the nearest state that shows the concept, which is what
a demonstrator would make of them: the energy learns its distance. Parameters that are held out
(`Concept.held_out`) are refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..envs.concepts import CONCEPTS, Concept, Event
from ..envs.concepts.sampling import CURSOR_REGION
from ..envs.entities import COLOUR, POSITION, EntityState
from ..envs.errors import ConfigError
from .config import TrainConfig

ROWS = 12
"""Rows of training scenes: at most 8 objects, the cursor and 3 zones."""
MOST_OBJECTS = 8
"""Most objects of a training scene."""
_HALF: tuple[str, ...] = (
    *("left_of", "right_of", "above", "below", "colour", "touch"),
    *("line", "triangle", "square", "circle"),
)
_MORE: tuple[str, ...] = ("region", "quantity", "at_distance")
SHARES: dict[str, float] = {**dict.fromkeys(_HALF, 0.5), **dict.fromkeys(_MORE, 1.5)}
"""Share of a batch that a family gets, 1 where none is given."""
_NOISE = (0.02, 0.6)  # of starts around a state that shows the concept [plane units, share]
_CROWD = 0.2  # standard deviation of places around an attended entity [plane units]


@dataclass(frozen=True, kw_only=True)
class EventPool:
    """Events by family, instance and number; F families, I instances, E events, R rows, S starts.

    Attributes:
        before, after, shown: (F, I, E, R, 7) the start, the end, and the scene to identify in.
        masks: (F, I, E, R, 5) uint8: present, movable, paintable, attention, answer.
        starts, targets: (F, I, E, S, R, 5) positions and colours, and the nearest that show it.
        counts: instances of each family in a batch.
    """

    before: Tensor
    after: Tensor
    shown: Tensor
    masks: Tensor
    starts: Tensor
    targets: Tensor
    counts: tuple[int, ...]

    def to(self, device: str) -> EventPool:
        """The pool on another device."""
        moved = {k: v.to(device) if isinstance(v, Tensor) else v for k, v in vars(self).items()}
        return EventPool(**moved)  # pyright: ignore[reportArgumentType]


def training_families() -> tuple[str, ...]:
    """Concepts that are trained: those of one phase; the others are made of them."""
    rng = np.random.default_rng(0)
    return tuple(
        name for name, kind in CONCEPTS.items() if len(kind.random(rng, split="train").phases) == 1
    )


def build_pool(
    config: TrainConfig, progress: Callable[[int], object] = lambda done: None
) -> EventPool:
    """Draw every family's events; `progress` is called with the number just drawn."""
    names = training_families()
    families = [draw_family(name, config, progress) for name in names]
    return join_families(families, names, config)


def join_families(
    families: list[list[np.ndarray]], names: tuple[str, ...], config: TrainConfig
) -> EventPool:
    """The pool of families that `draw_family` drew."""
    arrays = [torch.from_numpy(np.stack(parts)) for parts in zip(*families, strict=True)]
    keys = ("before", "after", "shown", "masks", "starts", "targets")
    shares = [SHARES.get(name, 1.0) * config.concepts_per_family for name in names]
    counts = tuple(max(1, round(share)) for share in shares)
    return EventPool(**dict(zip(keys, arrays, strict=True)), counts=counts)


def draw_family(
    name: str, config: TrainConfig, progress: Callable[[int], object] = lambda done: None
) -> list[np.ndarray]:
    """One family's arrays, (I, E, ...) each, in the order of `EventPool`."""
    rng = np.random.default_rng([config.seed, *name.encode()])
    rows = []
    for _ in range(config.instances):
        concept = CONCEPTS[name].random(rng, split="train")
        events = [draw_training_event(concept, rng, config.starts) for _ in range(config.events)]
        rows.append([np.stack(part) for part in zip(*events, strict=True)])
        progress(config.events)
    return [np.stack(part) for part in zip(*rows, strict=True)]


def draw_event(concept: Concept, rng: np.random.Generator, *, most: int = MOST_OBJECTS) -> Event:
    """An event with a number of objects that the concept allows, each as likely."""
    low = max(concept.num_objects[0], concept.usual_objects[0])
    high = min(concept.num_objects[1], max(low, concept.usual_objects[1]))
    return concept.sample(rng, n_objects=int(rng.integers(low, min(high, most) + 1)))


def draw_training_event(
    concept: Concept, rng: np.random.Generator, starts: int
) -> tuple[np.ndarray, ...]:
    """An event's arrays, in the order of `EventPool`.

    Raises:
        ConfigError: if a parameter of the concept is held out of training.
    """
    if concept.held_out:
        raise ConfigError(
            f"concept={concept!r} is held out of training; draw it with split='train'"
        )
    event = draw_event(concept, rng)
    state = event.after
    masks = (state.present, state.movable, state.paintable, event.attention, event.answer)
    begun = [_draw_start(rng, event, number) for number in range(starts)]
    ended = [concept.nearest(start, event.attention) for start in begun]
    return (
        event.before.entities[:ROWS],
        state.entities[:ROWS],
        _shown(rng, event)[:ROWS],
        np.stack(masks, axis=-1)[:ROWS].astype(np.uint8),
        np.stack([start.entities[:ROWS, :5] for start in begun]),
        np.stack([end.entities[:ROWS, :5] for end in ended]),
    )


def _draw_start(rng: np.random.Generator, event: Event, number: int) -> EntityState:
    """Random places and colours of what may be edited, the event's start, or a disturbed end.

    The first of an event is random, the others are drawn from all three, and from ends that are
    crowded: some of what may be moved has come together around an attended entity.
    """
    state, kind = event.after, rng.random() if number else 0.0
    if 0.15 <= kind < 0.4:
        return event.before
    drawn = state.entities.copy()
    if kind < 0.15:
        drawn[:, POSITION] = rng.uniform(-1.0, 1.0, size=(len(drawn), 2))
        drawn[:, COLOUR] = rng.uniform(0.0, 1.0, size=(len(drawn), 3))
    elif kind < 0.55:
        middle = drawn[rng.choice(np.flatnonzero(event.attention)), POSITION]
        comes = rng.random(len(drawn)) < rng.random()
        places = middle + _CROWD * rng.normal(size=(len(drawn), 2))
        drawn[comes, POSITION] = places[comes]
    else:
        low, high = np.log(_NOISE)
        noise = np.exp(rng.uniform(low, high)) * rng.normal(size=(len(drawn), 5))
        drawn[:, :5] += noise
    drawn[:, POSITION] = drawn[:, POSITION].clip(-1.0, 1.0)
    drawn[:, COLOUR] = drawn[:, COLOUR].clip(0.0, 1.0)
    entities = state.entities.copy()
    entities[state.movable, POSITION] = drawn[state.movable, POSITION]
    entities[state.paintable, COLOUR] = drawn[state.paintable, COLOUR]
    return state.with_entities(entities)


def _shown(rng: np.random.Generator, event: Event) -> np.ndarray:
    """The scene to identify in; where the cursor is not what counts, it stands anywhere."""
    entities = event.shown.entities.copy()
    if not np.array_equal(event.answer, event.attention):
        entities[event.shown.cursor, POSITION] = rng.uniform(-CURSOR_REGION, CURSOR_REGION, 2)
    return entities
