"""Training events: a pool drawn once from the concepts' samplers, and batches drawn from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..envs.concepts import CONCEPTS, Concept, Event
from .config import TrainConfig
from .energy import Scene

_STATIC_SHARE = 0.25  # demonstrations that show only the outcome, not the change


@dataclass(frozen=True, kw_only=True)
class EventPool:
    """Events by family, instance and number.

    Attributes:
        before, after: (families, instances, events, N, 6) float32.
        masks: (families, instances, events, N, 4) uint8: present, movable, paintable, attention.
    """

    before: Tensor
    after: Tensor
    masks: Tensor

    def to(self, device: str) -> EventPool:
        """The pool on another device."""
        return EventPool(**{name: value.to(device) for name, value in vars(self).items()})


@dataclass(frozen=True, kw_only=True)
class Batch:
    """B instances: K demonstrations and Q queries a task each.

    Attributes:
        demos_before: (B * K, N, 6), demos: B * K scenes, given: (B, K).
        generate: B * Q scenes in which the concept holds, with what may be edited.
        identify: B * Q scenes in which it holds, static.
    """

    demos_before: Tensor
    demos: Scene
    given: Tensor
    generate: Scene
    identify: Scene


def build_pool(
    config: TrainConfig, progress: Callable[[int], object] = lambda done: None
) -> EventPool:
    """Draw every family's events; `progress` is called with the number just drawn."""
    families = [_draw_family(name, config, progress) for name in CONCEPTS]
    before, after, masks = (np.stack(parts) for parts in zip(*families, strict=True))
    return EventPool(
        before=torch.from_numpy(before),
        after=torch.from_numpy(after),
        masks=torch.from_numpy(masks),
    )


def _draw_family(
    name: str, config: TrainConfig, progress: Callable[[int], object]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng([config.seed, list(CONCEPTS).index(name)])
    rows = []
    for _ in range(config.instances):
        concept = CONCEPTS[name].random(rng)
        events = [draw_event(concept, rng) for _ in range(config.events)]
        rows.append([np.stack(part) for part in zip(*map(_event_arrays, events), strict=True)])
        progress(config.events)
    before, after, masks = (np.stack(part) for part in zip(*rows, strict=True))
    return before, after, masks


def draw_event(concept: Concept, rng: np.random.Generator) -> Event:
    """An event with a number of objects that the concept allows, each as likely."""
    low, high = concept.num_objects
    return concept.sample(rng, n_objects=int(rng.integers(low, high + 1)))


def _event_arrays(event: Event) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    state = event.after
    masks = np.stack([state.present, state.movable, state.paintable, event.attention], axis=-1)
    return event.before.entities, state.entities, masks.astype(np.uint8)


def draw_batch(pool: EventPool, config: TrainConfig, *, step: int) -> Batch:
    """The batch of a training step: a function of the seed and the step alone."""
    rng = np.random.default_rng([config.seed, 1, step])
    families, instances, events = pool.before.shape[:3]
    count = families * config.concepts_per_family
    family = np.repeat(np.arange(families), config.concepts_per_family)
    instance = rng.integers(instances, size=count)
    chosen = np.argsort(rng.random((count, events)), axis=1)
    shown, asked = config.most_demonstrations, config.queries
    # The two tasks may share events, the demonstrations and the queries never do.
    identified = chosen[:, -asked:]

    def scenes(numbers: np.ndarray) -> tuple[Tensor, Scene]:
        index = (family[:, None], instance[:, None], numbers)
        masks = pool.masks[index].flatten(0, 1).float().unbind(-1)
        present, movable, paintable, attention = masks
        after = Scene(
            entities=pool.after[index].flatten(0, 1),
            attention=attention,
            present=present,
            movable=movable,
            paintable=paintable,
        )
        return pool.before[index].flatten(0, 1), after

    demos_before, demos = scenes(chosen[:, :shown])
    static = torch.from_numpy(rng.random(len(demos_before)) < _STATIC_SHARE)
    static = static.to(demos_before.device)[:, None, None]
    numbers = rng.integers(1, shown + 1, size=(count, 1))
    given = torch.from_numpy((np.arange(shown) < numbers).astype(np.float32))
    _, identify = scenes(identified)
    none = torch.zeros_like(identify.movable)
    return Batch(
        demos_before=torch.where(static, demos.entities, demos_before),
        demos=demos,
        given=given.to(demos_before.device),
        generate=scenes(chosen[:, shown : shown + asked])[1],
        identify=identify.replace(movable=none, paintable=none),
    )
