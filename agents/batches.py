"""Batches drawn from the pool: demonstrations, states to mend and scenes to identify in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .config import TrainConfig
from .data import EventPool
from .scene import Scene
from .summary import Summary, summarise

_STATIC_SHARE = 0.25  # demonstrations that show only the outcome, not the change
_FOUND_SHARE = 0.2  # sets of demonstrations that only show what is meant: nothing may be edited
_NOISY_SHARE = 0.5  # attention to be mended that is the right one with noise on it
_JITTERED_SHARE = 0.4  # sets of demonstrations whose positions are noisy


@dataclass(frozen=True, kw_only=True)
class Batch:
    """B instances: K demonstrations and Q queries a task each.

    Attributes:
        demos: B * K scenes, given: (B, K), summary: of the demonstrations.
        rows: the demonstrations that are given, as numbers.
        generate: B * Q scenes to mend, target: (B * Q, N, 5) the nearest that show the concept.
        identify: B * Q static scenes, with the right attention.
        noise: (B * Q, N) to add to that attention.
    """

    demos: Scene
    given: Tensor
    rows: Tensor
    summary: Summary
    generate: Scene
    target: Tensor
    identify: Scene
    noise: Tensor


def draw_batch(pool: EventPool, config: TrainConfig, *, step: int) -> Batch:
    """The batch of a training step: a function of the seed and the step alone."""
    rng = np.random.default_rng([config.seed, 1, step])
    instances, events = pool.before.shape[1:3]
    family = np.repeat(np.arange(len(pool.counts)), pool.counts)
    index = _Index(family=family, instance=rng.integers(instances, size=len(family)))
    chosen = np.argsort(rng.random((len(family), events)), axis=1)
    shown, asked = config.most_demonstrations, config.queries
    demos, before, given = _draw_demonstrations(pool, index, chosen[:, :shown], config, rng)
    start = rng.integers(pool.starts.shape[3], size=(len(family), asked))
    mended = index.of(chosen[:, shown : shown + asked])
    generate = _scenes(pool, mended, pool.after)
    entities = generate.entities.clone()
    entities[..., :5] = pool.starts[(*mended, start)].flatten(0, 1)
    # The two tasks may share events, the demonstrations and the queries never do.
    identify = _scenes(pool, index.of(chosen[:, -asked:]), pool.shown, answer=True)
    noise = _draw_noise(identify.attention.cpu().numpy(), config, rng)
    return Batch(
        demos=demos,
        given=given,
        rows=given.flatten().nonzero()[:, 0],
        summary=summarise(before, demos, given),
        generate=generate.replace(entities=entities),
        target=pool.targets[(*mended, start)].flatten(0, 1),
        identify=identify.as_static(),
        noise=torch.from_numpy(noise.astype(np.float32)).to(given.device),
    )


@dataclass(frozen=True, kw_only=True)
class _Index:
    family: np.ndarray
    instance: np.ndarray

    def of(self, events: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Indices into the pool of events (B, M)."""
        return self.family[:, None], self.instance[:, None], events


def _scenes(
    pool: EventPool, index: tuple[np.ndarray, ...], entities: Tensor, *, answer: bool = False
) -> Scene:
    masks = pool.masks[index].flatten(0, 1).float().unbind(-1)
    present, movable, paintable, attention, asked = masks
    return Scene(
        entities=entities[index].flatten(0, 1),
        attention=asked if answer else attention,
        present=present,
        movable=movable,
        paintable=paintable,
    )


def _draw_demonstrations(
    pool: EventPool,
    index: _Index,
    events: np.ndarray,
    config: TrainConfig,
    rng: np.random.Generator,
) -> tuple[Scene, Tensor, Tensor]:
    """Demonstrations, some of them noisy, static or wrong: scenes, their starts, given (B, K)."""
    count, shown = events.shape
    # Every number of demonstrations equally often, so that their total is the same each time.
    numbers = rng.permutation(np.arange(count) % shown + 1)
    family = np.repeat(index.family[:, None], shown, axis=1)
    instance = np.repeat(index.instance[:, None], shown, axis=1)
    wrong = (rng.random(count) < config.wrong_share) & (numbers >= 3)
    place = rng.integers(numbers)
    other = rng.permutation(count)
    family[wrong, place[wrong]] = index.family[other][wrong]
    instance[wrong, place[wrong]] = rng.integers(pool.before.shape[1], size=int(wrong.sum()))
    chosen = (family, instance, events)
    demos, before = _scenes(pool, chosen, pool.after), pool.before[chosen].flatten(0, 1)
    found = np.repeat(rng.random(count) < _FOUND_SHARE, shown)
    static = found | (rng.random(count * shown) < _STATIC_SHARE)
    before = torch.where(_tensor(static, demos).bool()[:, None, None], demos.entities, before)
    editable = _tensor(~found, demos)[:, None]
    demos = demos.replace(movable=demos.movable * editable, paintable=demos.paintable * editable)
    scale = config.jitter * rng.random(count) * (rng.random(count) < _JITTERED_SHARE)
    jitter = np.repeat(scale, shown)[:, None, None] * rng.normal(size=(*demos.present.shape, 2))
    moved = _tensor(jitter, demos) * demos.present[..., None]
    entities, before = demos.entities.clone(), before.clone()
    entities[..., :2] += moved
    before[..., :2] += moved
    given = _tensor(np.arange(shown) < numbers[:, None], demos)
    return demos.replace(entities=entities), before, given


def _draw_noise(attention: np.ndarray, config: TrainConfig, rng: np.random.Generator) -> np.ndarray:
    """What takes the attention (M, N) that is right to one that is to be mended.

    Half are noisy. Others start as inference does, where nothing is known of what is right: a fifth
    the same for all entities, and the rest uniform, or as sure as can be of any others.
    """
    shape, kind = attention.shape, rng.random((len(attention), 1))
    low, high = np.log(config.attention_noise)
    scale = np.exp(rng.uniform(low, high, size=(len(attention), 1)))
    noise = scale * rng.normal(size=shape)
    undecided = rng.random((len(attention), 1)) + scale * 0.1 * rng.normal(size=shape)
    uniform = rng.random(shape)
    sure = (rng.random(shape) < 0.3).astype(np.float64)
    start = np.where(kind < 0.7, undecided, np.where(kind < 0.85, uniform, sure))
    return np.where(kind < _NOISY_SHARE, noise, start - attention)


def _tensor(values: np.ndarray, like: Scene) -> Tensor:
    return torch.from_numpy(np.asarray(values, dtype=np.float32)).to(like.present.device)
