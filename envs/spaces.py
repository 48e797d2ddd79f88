"""The observation keys that both worlds share, and how a state becomes an observation.

| key         | space                     | meaning                                             |
|-------------|---------------------------|-----------------------------------------------------|
| `entities`  | Box (16, 7) float32       | entity states, see `conceptgym.envs.entities`       |
| `present`   | MultiBinary (16,)         | rows that hold an entity                            |
| `movable`   | MultiBinary (16,)         | entities whose position may be changed              |
| `paintable` | MultiBinary (16,)         | entities whose colour may be changed                |
| `attention` | MultiBinary (16,)         | attended entities; all zero when they are the answer|
| `task`      | Discrete (2)              | 0 generate, 1 identify                              |
| `phase`     | Discrete (4)              | phases done so far, 0 where there is only one       |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from gymnasium import spaces

from .concepts import TASKS
from .entities import MAX_ENTITIES, NUM_FEATURES, POSITION, EntityState, check_array
from .errors import ConfigError, ShapeError
from .progress import MAX_PHASES

POSITION_BOUND = 10.0
"""Bound of the observed positions [plane units]: the arm's fingertip may leave the table."""
_MASKS = ("present", "movable", "paintable", "attention")
_KEYS = ("entities", *_MASKS, "task", "phase")

Observation = dict[str, Any]


def entity_spaces() -> dict[str, spaces.Space]:
    """The spaces of the keys in the table above."""
    low = np.zeros((MAX_ENTITIES, NUM_FEATURES), dtype=np.float32)
    high = np.ones_like(low)
    low[:, :2], high[:, :2] = -POSITION_BOUND, POSITION_BOUND
    return {
        "entities": spaces.Box(low, high, dtype=np.float32),
        **{name: spaces.MultiBinary(MAX_ENTITIES) for name in _MASKS},
        "task": spaces.Discrete(len(TASKS)),
        "phase": spaces.Discrete(MAX_PHASES + 1),
    }


def entity_observation(
    state: EntityState, attention: np.ndarray, task: str, *, phase: int = 0
) -> Observation:
    """Observe `state`; in an identify task the attention and the edit masks are hidden."""
    entities = state.entities.copy()
    positions = entities[:, POSITION]
    positions[:] = clipped(positions, -POSITION_BOUND, POSITION_BOUND)
    masks = np.zeros((len(_MASKS), MAX_ENTITIES), dtype=np.int8)
    masks[0] = state.present
    if task == "generate":
        masks[1], masks[2], masks[3] = state.movable, state.paintable, attention
    return {
        "entities": entities,
        **dict(zip(_MASKS, masks, strict=True)),
        "task": np.int64(TASKS.index(task)),
        "phase": np.int64(phase),
    }


def clipped(values: np.ndarray, low: np.ndarray | float, high: np.ndarray | float) -> np.ndarray:
    """Values within bounds; np.clip costs three times as much on so few numbers."""
    return np.minimum(np.maximum(values, low), high)


def check_positions(entities: np.ndarray, present: np.ndarray, name: str) -> None:
    """Raise unless present entities (..., N, 7) are where a world may observe them.

    Raises:
        ConfigError: on one further off than `POSITION_BOUND`; the text calls the array `name`.
    """
    positions = entities[..., POSITION]
    far = (np.abs(positions) > POSITION_BOUND) & present[:, None]
    if far.any():
        index = tuple(int(i) for i in np.argwhere(far)[0])
        raise ConfigError(
            f"{name} holds the position {positions[index]} at index {index}, which is outside "
            f"[-{POSITION_BOUND}, {POSITION_BOUND}]; give plane units, in which the plane is "
            "[-1, 1]²"
        )


def check_keys(
    observation: Mapping[str, Any],
    keys: Iterable[str],
    *,
    source: str = "a conceptgym environment",
) -> None:
    """Raise `ShapeError` unless `observation` has all `keys`; `source` says what has them."""
    for key in keys:
        if key not in observation:
            raise ShapeError(
                f"observation has no key {key!r}; it has {sorted(observation)}; "
                f"pass an observation of {source}"
            )


def state_from_observation(observation: Mapping[str, Any]) -> EntityState:
    """The entity state that an observation of either world shows.

    Raises:
        ShapeError: if a key is missing or an array has another shape.
        NonFiniteError: on NaN or infinity.
    """
    check_keys(observation, _KEYS)
    check_array(observation["attention"], "attention", (MAX_ENTITIES,))  # the state checks its own
    names = ("entities", "present", "movable", "paintable")
    return EntityState(**{name: observation[name] for name in names})
