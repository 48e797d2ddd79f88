"""`conceptgym/Particle-v0`: entities in a plane, one of them the cursor."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from gymnasium import spaces

from .concept_env import ConceptEnv
from .concepts import Concept
from .entities import (
    COLOUR,
    MAX_ENTITIES,
    PLANE_HALF_WIDTH,
    POSITION,
    EntityState,
    check_array,
)
from .rendering.markers import Overlay
from .rendering.plane import PlaneRenderer
from .spaces import Observation, entity_spaces

MAX_MOVE = 0.1
"""Furthest an entity moves along an axis in a step [plane units]."""
MAX_PAINT = 0.1
"""Most a colour channel changes in a step [share]."""
AT_REST = 0.01
"""Changes up to this count as rest [plane units or share, largest entry]."""
HOLD_STEPS = 3
"""An episode ends when the concept has held at rest for so many steps."""


class ParticleEnv(ConceptEnv):
    """Move or paint entities until a concept holds, or say for which entities it holds.

    Observation: a flat Dict, see `conceptgym.envs.spaces`.

    Action of task "generate", Box(-1, 1, (16, 5)) float32; what may not be edited ignores it:

    | index | meaning            | -1       | +1       | unit        |
    |-------|--------------------|----------|----------|-------------|
    | 0     | change of x        | -0.1     | +0.1     | plane units |
    | 1     | change of y        | -0.1     | +0.1     | plane units |
    | 2     | change of red      | -0.1     | +0.1     | share       |
    | 3     | change of green    | -0.1     | +0.1     | share       |
    | 4     | change of blue     | -0.1     | +0.1     | share       |

    Action of task "identify", Box(-1, 1, (16,)) float32: above 0 means that the entity of this row
    belongs to the answer. It ends the episode.

    Success of "generate": the concept's test passes and nothing has changed by more than 0.01 in
    the step; the episode terminates when that has held for 3 steps, and is truncated after 60. Of
    "identify": the answer equals `event.answer` over all present entities.

    Each phase of a concept that has several must hold so for 3 steps; to rest as long where a later
    one holds is out of order, and ends the episode in failure.

    Reward: minus the concept's residual (generate) or minus the share of wrong answers (identify),
    plus 1 on the step that ends the episode in success.

    Actions outside the box are clipped; wrong shapes and NaN raise `ShapeError`, `NonFiniteError`.
    """

    objects_range: ClassVar[tuple[int, int]] = (2, 12)
    hold_steps: ClassVar[int] = HOLD_STEPS

    def __init__(self, concept: str | Concept = "between", **options: Any) -> None:
        """Make the world; options as in `ConceptEnv`."""
        super().__init__(concept, **options)
        shape = (MAX_ENTITIES, 5) if self.task == "generate" else (MAX_ENTITIES,)
        self.action_space = spaces.Box(-1.0, 1.0, shape, dtype=np.float32)
        self.observation_space = spaces.Dict(entity_spaces())
        self._renderer: PlaneRenderer | None = None
        self._answer = np.zeros(MAX_ENTITIES, dtype=bool)

    @property
    def answer(self) -> np.ndarray:
        """(MAX_ENTITIES,) bool, what the identify action marked."""
        return self._answer.copy()

    def step(self, action: np.ndarray) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Apply an action; see the class for its meaning.

        Raises:
            ShapeError, NonFiniteError: on a bad action.
        """
        _ = self.event  # there is none before the first reset
        check_array(action, "action", self.action_space.shape or ())
        bounded = np.clip(np.asarray(action, dtype=np.float32), -1.0, 1.0)
        if self.task == "identify":
            self._answer = (bounded > 0.0) & self.state.present
            residual = self.residual()
            holds, terminated = residual == 0.0, True
        else:
            residual, holds, terminated = self._advance(at_rest=self._edit(bounded))
        reward, info = self._judge(residual, holds, terminated=terminated)
        return self.observe(), reward, terminated, False, info

    def close(self) -> None:
        """Free the window and the renderer."""
        self._renderer = None
        super().close()

    def _start(self, state: EntityState) -> None:
        self._state = replace(state)  # of its own: what is written to it leaves the event alone
        self._answer = np.zeros(MAX_ENTITIES, dtype=bool)

    def _edit(self, action: np.ndarray) -> bool:
        """Move and paint what may be edited; whether that was a rest."""
        state = self.state
        entities = state.entities.copy()
        entities[:, POSITION] += MAX_MOVE * action[:, :2] * state.movable[:, None]
        entities[:, COLOUR] += MAX_PAINT * action[:, 2:] * state.paintable[:, None]
        np.clip(entities[:, POSITION], -PLANE_HALF_WIDTH, PLANE_HALF_WIDTH, out=entities[:, :2])
        np.clip(entities[:, COLOUR], 0.0, 1.0, out=entities[:, COLOUR])
        change = np.abs(entities - state.entities).max()
        self._state = state.with_entities(entities)
        return bool(change <= AT_REST)

    def _draw(self, overlay: Overlay) -> np.ndarray:
        if self._renderer is None:
            self._renderer = PlaneRenderer()
        return self._renderer.draw(self.state, overlay)


def action_towards(state: EntityState, goal: np.ndarray) -> np.ndarray:
    """The generate action (16, 5) that leads `state` straight to the entities `goal` (16, 7)."""
    gap = (goal - state.entities)[:, :5] / np.array([MAX_MOVE] * 2 + [MAX_PAINT] * 3)
    # One factor for all channels keeps each entity on a straight line.
    longest = np.abs(gap).max(axis=1, keepdims=True)
    return (gap / np.maximum(longest, 1.0)).astype(np.float32)
