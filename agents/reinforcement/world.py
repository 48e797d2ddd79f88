"""The particle world as reinforcement learners want it: one vector in, one vector out.

`conceptgym/Particle-v0` shows 16 rows whose order means nothing, and takes an action for each. A
plain network would have to learn that; here it is built in. Rows are put into slots by what the
observation itself says of them, ties broken by the features, so that the same scene in another
order of rows gives the same vector, to the bit:

| task     | group    | rows                                   | features of a slot         |
|----------|----------|----------------------------------------|----------------------------|
| generate | attended | that the concept is about              | x, y, red, green, blue, 1  |
| generate | free     | others that may be edited              | x, y, red, green, blue, 1  |
| generate | near     | the 3 of the rest nearest the cursor   | x, y, zone, 1              |
| generate | far      | the 3 of the rest furthest from it     | x, y, zone, 1              |
| identify | all      | all but the cursor, nearest first      | x, y, red, green, blue, zone, 1 |

x and y are relative to the cursor [plane units], slots are nearest first (far: furthest first), and
empty slots are zero. The vector begins with the cursor's x and y, and the share of phases done.

Actions: generate has x and y of the cursor where it may be moved, then x, y or red, green, blue of
each attended and free slot that may be edited. They are cubed on the way: a learner that acts at
random then rests once in a while (success asks for rest), and small corrections are easy. Identify
has one number a slot; above 0 says that the entity belongs to the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from ...envs.concepts import Concept, Event
from ...envs.entities import COLOUR, CURSOR, MAX_ENTITIES, NUM_FEATURES, POSITION, ZONE
from ...envs.particle import ParticleEnv
from ...envs.progress import MAX_PHASES

_WHOLE = (*range(5), NUM_FEATURES)  # x, y, red, green, blue, and that there is an entity
_PLACE = (0, 1, ZONE, NUM_FEATURES)
_ALL = (*range(5), ZONE, NUM_FEATURES)
_IN_SIGHT = 3  # of the rest, as the nearest and as the furthest
_MOST_OBJECTS = ParticleEnv.default_most_objects
_TRIALS = 10  # scenes looked at to see what there is in scenes of a concept


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How many slots the scenes of a concept need, and what an action may do.

    Attributes:
        task: "generate" or "identify".
        cursor: whether the cursor may be moved.
        attended: slots for what the concept is about; identify: for all but the cursor.
        free: slots for others that may be edited.
        fixed: whether what the concept is about may not be edited itself, apart from the cursor.
        moves, paints: whether entities in slots may be moved, and painted.
    """

    task: str
    cursor: bool
    attended: int
    free: int
    fixed: bool
    moves: bool
    paints: bool

    @classmethod
    def of(cls, concept: Concept, *, task: str) -> Layout:
        """The layout that fits the concept's scenes of usual size."""
        rng = np.random.default_rng(0)
        most = min(concept.num_objects[1], concept.usual_objects[1], _MOST_OBJECTS)
        events = [concept.sample(rng, n_objects=most) for _ in range(_TRIALS)]
        if task == "identify":
            rows = max(int(event.shown.present.sum()) for event in events) - 1
            return cls(
                task=task,
                cursor=False,
                attended=rows,
                free=0,
                fixed=True,
                moves=False,
                paints=False,
            )
        found = np.array([_seen_in(event) for event in events], dtype=int).max(axis=0).tolist()
        cursor, attended, free, edited, moves, paints = found
        return cls(
            task=task,
            cursor=bool(cursor),
            attended=attended,
            free=free,
            fixed=not edited,
            moves=bool(moves),
            paints=bool(paints),
        )

    @property
    def _edited(self) -> int:
        """Attended slots that an action has numbers for."""
        return 0 if self.fixed else self.attended

    @property
    def _channels(self) -> list[int]:
        """Columns of the world's action that entities in slots use."""
        return [*([0, 1] if self.moves else []), *([2, 3, 4] if self.paints else [])]

    @property
    def observation_size(self) -> int:
        """Numbers of an observation."""
        if self.task == "identify":
            return 3 + self.attended * len(_ALL)
        return 3 + (self.attended + self.free) * len(_WHOLE) + 2 * _IN_SIGHT * len(_PLACE)

    @property
    def action_size(self) -> int:
        """Numbers of an action."""
        if self.task == "identify":
            return self.attended
        return 2 * self.cursor + (self._edited + self.free) * len(self._channels)

    def flatten(self, observation: Mapping[str, Any]) -> np.ndarray:
        """The observation as (observation_size,) float32 in [-2, 2]."""
        table, order = _relative(observation)
        cursor = observation["entities"][_cursor_row(observation), POSITION]
        done = np.float32(observation["phase"]) / np.float32(MAX_PHASES)
        parts = [cursor, np.array([done])]
        if self.task == "identify":
            parts.append(_slots(table, order, self.attended, _ALL))
        else:
            attended, free, rest = _groups(observation, order)
            parts.append(_slots(table, attended, self.attended, _WHOLE))
            parts.append(_slots(table, free, self.free, _WHOLE))
            parts.append(_slots(table, rest, _IN_SIGHT, _PLACE))
            parts.append(_slots(table, rest[::-1], _IN_SIGHT, _PLACE))
        return np.clip(np.concatenate(parts), -2.0, 2.0).astype(np.float32)  # beyond by rounding

    def unflatten(self, observation: Mapping[str, Any], action: np.ndarray) -> np.ndarray:
        """The world's action that (action_size,) means where `observation` is seen."""
        values = np.clip(np.asarray(action, dtype=np.float32), -1.0, 1.0)
        _, order = _relative(observation)
        if self.task == "identify":
            marks = np.full(MAX_ENTITIES, -1.0, dtype=np.float32)
            marks[order[: self.attended]] = values[: len(order)]
            return marks
        edits, values = np.zeros((MAX_ENTITIES, 5), dtype=np.float32), values**3
        if self.cursor:
            edits[_cursor_row(observation), POSITION], values = values[:2], values[2:]
        attended, free, _ = _groups(observation, order)
        slots = values.reshape(self._edited + self.free, -1) if len(values) else values
        for rows, own in ((attended, slots[: self._edited]), (free, slots[self._edited :])):
            kept = rows[: len(own)]
            edits[kept[:, None], self._channels] = own[: len(kept)]
        return edits


class FlatWorld(gym.Wrapper[np.ndarray, np.ndarray, dict[str, Any], np.ndarray]):
    """A particle world whose observation and action are vectors; see the module for their layout.

    Attributes:
        layout: what the numbers mean.
    """

    def __init__(self, env: gym.Env, *, layout: Layout | None = None) -> None:
        """Wrap an environment made by ``gym.make("conceptgym/Particle-v0", …)``.

        Args:
            env: the environment.
            layout: that of another world of the same concept and task, if there is one: to find
                it out takes as long as some resets.

        Raises:
            TypeError: on any other environment.
        """
        super().__init__(env)
        world = env.unwrapped
        if not isinstance(world, ParticleEnv):
            raise TypeError(f"env is a {type(world).__name__}, expected a ParticleEnv")
        self.layout = layout or Layout.of(world.concept, task=world.task)
        self.observation_space = spaces.Box(
            -2.0, 2.0, (self.layout.observation_size,), dtype=np.float32
        )
        self.action_space = spaces.Box(-1.0, 1.0, (self.layout.action_size,), dtype=np.float32)
        self._seen: Any = {}

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Draw a scene."""
        self._seen, info = self.env.reset(seed=seed, options=options)
        return self.layout.flatten(self._seen), info

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Apply an action (action_size,)."""
        if not self._seen:
            raise gym.error.ResetNeeded("call reset() before using the environment")
        chosen = self.layout.unflatten(self._seen, action)
        self._seen, reward, terminated, truncated, info = self.env.step(chosen)
        return self.layout.flatten(self._seen), float(reward), terminated, truncated, info


def _seen_in(event: Event) -> tuple[int, ...]:
    """Of a scene: cursor movable, attended, free and edited entities; any moved, any painted."""
    state, attended = event.before, np.asarray(event.attention, dtype=bool)
    movable, paintable = (mask & state.present for mask in (state.movable, state.paintable))
    cursor = int(movable[state.cursor])
    movable = movable.copy()
    movable[state.cursor] = False
    editable = movable | paintable
    free, edited = editable & ~attended, editable & attended
    counts = (attended.sum(), free.sum(), edited.sum(), movable.any(), paintable.any())
    return cursor, *(int(count) for count in counts)


def _cursor_row(observation: Mapping[str, Any]) -> int:
    return int(np.argmax(observation["entities"][:, CURSOR] * observation["present"]))


def _relative(observation: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Features relative to the cursor and a column of ones (16, 8); present rows, nearest first.

    The cursor is left out of the rows.
    """
    entities, row = np.asarray(observation["entities"]), _cursor_row(observation)
    table = np.ones((MAX_ENTITIES, NUM_FEATURES + 1), dtype=np.float32)
    table[:, :NUM_FEATURES] = entities
    table[:, POSITION] -= entities[row, POSITION]
    away = table[:, 0] * table[:, 0] + table[:, 1] * table[:, 1]
    colours = table[:, COLOUR].T
    order = np.lexsort((*colours, table[:, ZONE], table[:, 1], table[:, 0], away))
    there = np.asarray(observation["present"], dtype=bool)[order] & (order != row)
    return table, order[there]


def _groups(
    observation: Mapping[str, Any], order: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The rows of `order` that are attended, others that may be edited, and the rest."""
    attended = np.asarray(observation["attention"], dtype=bool)[order]
    editable = np.asarray(observation["movable"]) | np.asarray(observation["paintable"])
    free = editable.astype(bool)[order] & ~attended
    return order[attended], order[free], order[~attended & ~free]


def _slots(
    table: np.ndarray, rows: np.ndarray, count: int, features: tuple[int, ...]
) -> np.ndarray:
    """The features of the first `count` rows one after the other; empty slots are zero."""
    filled = np.zeros((count, len(features)), dtype=np.float32)
    kept = rows[:count]
    filled[: len(kept)] = table[kept][:, list(features)]
    return filled.ravel()
