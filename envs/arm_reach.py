"""`conceptgym/ArmReach-v0`: a robot arm whose fingertip is the cursor."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from gymnasium import spaces

from .arm_actions import ACTION_SIZE
from .arm_model import (
    CONTROL_TIMESTEP,
    HOVER_HEIGHT,
    JOINT_LOWER,
    JOINT_UPPER,
    MAX_OBJECTS,
    MAX_OPENING,
    VELOCITY_LIMITS,
)
from .arm_world import ArmWorld
from .concept_env import ConceptEnv
from .concepts import Concept
from .entities import MAX_ENTITIES, EntityState
from .rendering.arm import ArmRenderer, check_view
from .rendering.markers import Overlay
from .spaces import Observation, clipped, entity_spaces

AT_REST = 0.01
"""The fingertip is at rest below this speed [m/s]."""
HOLD_STEPS = 5
"""A generate episode ends when the concept has held at rest for so many steps."""
WITHDRAWN_HEIGHT = 0.06
"""A fingertip above this has withdrawn from the objects [m above the table]."""
SUBMIT_STEPS = 25
"""An identify answer is submitted by so many steps at rest and withdrawn, after a touch."""
_BOUNDS = {
    name: (np.asarray(low, dtype=np.float32), np.asarray(high, dtype=np.float32))
    for name, low, high in (
        ("qpos", JOINT_LOWER - 0.1, JOINT_UPPER + 0.1),
        ("qvel", -3.0 * VELOCITY_LIMITS, 3.0 * VELOCITY_LIMITS),
        ("gripper", [-0.01], [MAX_OPENING + 0.01]),
        ("fingertip", [-2.0] * 3, [2.0] * 3),
    )
}
"""Least and largest of what is seen of the arm; joints give way a little, and speeds overshoot."""


class ArmReachEnv(ConceptEnv):
    """Bring the fingertip where a concept holds, or touch the entities for which it holds.

    Observation: the flat Dict of `conceptgym.envs.spaces`, positions mapped from the table to the
    plane by `conceptgym.envs.frames`, and:

    | key         | space             | meaning                             | unit, frame      |
    |-------------|-------------------|-------------------------------------|------------------|
    | `qpos`      | Box (7,)          | joint positions                     | rad              |
    | `qvel`      | Box (7,)          | joint velocities                    | rad/s            |
    | `gripper`   | Box (1,)          | opening between the finger pads     | m                |
    | `fingertip` | Box (3,)          | fingertip position                  | m, world         |
    | `touched`   | MultiBinary (16,) | entities touched since the reset    |                  |

    Action, Box(-1, 1, (8,)) float32: joint-position targets and the gripper's opening, see
    `conceptgym.envs.arm_actions`; the set-points follow at no more than the velocity limits. The
    control rate is 25 Hz.

    Success of "generate": the concept's test passes on the physical state and the fingertip is
    slower than 0.01 m/s; the episode terminates when that has held for 5 steps. Of "identify":
    the touched entities are those of `event.answer`. They are submitted, which terminates the
    episode, by staying withdrawn (above 0.06 m) and slower than 0.01 m/s for 25 steps after a
    touch. Truncated after 500 steps.

    Each phase of a concept that has several must hold so for 5 steps; to rest as long where a later
    one holds is out of order, and ends the episode in failure.

    Reward: minus the concept's residual (generate) or minus the share of wrong answers (identify),
    plus 1 on the step that ends the episode in success.
    """

    objects_range: ClassVar[tuple[int, int]] = (3, MAX_OBJECTS)
    hold_steps: ClassVar[int] = HOLD_STEPS
    metadata: dict[str, Any] = {
        "render_modes": ["human", "rgb_array"],
        "render_fps": round(1.0 / CONTROL_TIMESTEP),
    }

    def __init__(
        self,
        concept: str | Concept = "between",
        *,
        camera: str = "front",
        frame_size: tuple[int, int] = (480, 640),
        backend: str = "auto",
        **options: Any,
    ) -> None:
        """Make the world.

        Args:
            concept: a name of `conceptgym.envs.CONCEPTS`, or a `Concept`.
            camera: "front", "top" or "close".
            frame_size: (height, width) of the frames [pixels].
            backend: what draws them, see `conceptgym.envs.rendering.arm.ArmRenderer`.
            **options: as in `ConceptEnv`.

        Raises:
            UnknownConceptError, ConceptParameterError: see `ConceptEnv`.
            ConfigError: on an unknown backend or another frame size; `render` on an unknown camera.
        """
        super().__init__(concept, **options)
        self.world = ArmWorld()
        self.action_space = spaces.Box(-1.0, 1.0, (ACTION_SIZE,), dtype=np.float32)
        self.observation_space = spaces.Dict({**entity_spaces(), **_arm_spaces()})
        check_view(frame_size, backend)
        self._view = {"camera": camera, "size": frame_size, "backend": backend}
        self._renderer: ArmRenderer | None = None
        self._fingertips: list[np.ndarray] = []
        self._waited = 0

    @property
    def answer(self) -> np.ndarray:
        """(MAX_ENTITIES,) bool, the entities touched so far in an identify task."""
        return self.world.touched if self.task == "identify" else super().answer

    def observe(self) -> Observation:
        """The observation of the current state; what is beyond its space is clipped."""
        seen = {**super().observe(), **self.world.arm_observation()}
        return seen | {name: clipped(seen[name], *bounds) for name, bounds in _BOUNDS.items()}

    def step(self, action: np.ndarray) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Command the joints for one control step (0.04 s).

        Raises:
            ShapeError, NonFiniteError: on a bad action.
        """
        _ = self.event  # there is none before the first reset
        self.world.step(action)
        self._state = self.world.entity_state()
        at_rest = self.world.fingertip_speed <= AT_REST
        if self.task == "identify":
            residual = self.residual()
            holds = residual == 0.0
            withdrawn = self.world.fingertip_in_world[2] > WITHDRAWN_HEIGHT
            waits = at_rest and withdrawn and bool(self.answer.any())
            self._waited = self._waited + 1 if waits else 0
            terminated = self._waited >= SUBMIT_STEPS
        else:
            residual, holds, terminated = self._advance(at_rest=at_rest)
        if self.render_mode is not None:
            self._fingertips.append(self.world.fingertip_in_world)
        reward, info = self._judge(residual, holds, terminated=terminated)
        return self.observe(), reward, terminated, False, info

    def close(self) -> None:
        """Free the window and the renderer."""
        if self._renderer is not None:
            self._renderer.close()
        self._renderer = None
        super().close()

    def _tasks(self) -> tuple[str, ...]:
        return self.concept.tasks_on_arm

    def _start(self, state: EntityState) -> None:
        self.world.reset(state)
        self._state = self.world.entity_state()
        self._fingertips = [self.world.fingertip_in_world]
        self._waited = 0

    def _draw(self, overlay: Overlay) -> np.ndarray:
        if self._renderer is None:
            self._renderer = ArmRenderer(self.world.model, **self._view)
        return self._renderer.draw(
            self.world.data,
            overlay,
            object_rows=np.flatnonzero(self.state.objects),
            fingertip_trail=np.array(self._fingertips),
            plan_height=HOVER_HEIGHT,
        )


def _arm_spaces() -> dict[str, spaces.Space]:
    boxes = {name: spaces.Box(*bounds, dtype=np.float32) for name, bounds in _BOUNDS.items()}
    return {**boxes, "touched": spaces.MultiBinary(MAX_ENTITIES)}
