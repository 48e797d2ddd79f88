"""`conceptgym/ArmPlace-v0`: a robot arm that grasps solid objects and puts them down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from .arm_model import CONTROL_TIMESTEP
from .concept_env import ConceptEnv
from .concepts import ComposedEvent, Concept, Event
from .disturb import (
    LAST_STEP,
    LAST_TOUCH_STEP,
    Disturbance,
    check_disturb,
    draw_disturbance,
)
from .entities import EntityState
from .errors import ConfigError
from .frames import table_to_plane
from .number_checks import is_finite
from .place_judge import AT_REST, WITHDRAWN_HEIGHT, PlaceJudge, Verdict
from .place_model import MOST_OBJECTS
from .place_objects import KINDS, check_kinds
from .place_reach import check_reach
from .place_scene import PlaceScene, can_be_done, draw_place_scene, moves_cursor
from .place_spaces import check_noise, place_observation, place_spaces
from .place_world import OPEN, PlaceWorld
from .rendering.arm import ArmRenderer, check_view
from .rendering.floor import check_energy
from .rendering.markers import Overlay
from .rendering.planned import check_plan_rows, planned_poses
from .robots import Robot, make_robot
from .spaces import Observation, entity_spaces

PLAN_HEIGHT = 0.03
"""Height that a planned place is drawn at [m]."""
TRAIL_STEPS = 100
"""The fingertip's way is drawn for so many steps back, 4 s."""
HOLD_STEPS = 10
"""A phase is done when it has held in a settled state for so many steps."""
SUBMIT_STEPS = 25
"""An identify answer is submitted by so many steps of 25 Hz at rest, withdrawn, after a touch."""


class ArmPlaceEnv(ConceptEnv):
    """Grasp and place solid objects until a concept holds, or touch those for which it holds.

    Where the concept moves the cursor, the cursor is a solid piece among the objects, to be grasped
    and placed; otherwise it is the fingertip. A piece that is placed where an object is stands on
    top of it.

    Observation: the flat Dict of `conceptgym.envs.spaces`, positions mapped from the table to the
    plane by `conceptgym.envs.frames`, and the keys of `conceptgym.envs.place_spaces`.

    Action, Box(-1, 1, (n + 1,)) float32: joint-position targets and the hand's opening, see
    `conceptgym.envs.arm_actions`; n is 7 for the Panda. The set-points follow at no more than the
    velocity limits. The control rate is 25 Hz, or less by `control_rate`.

    Success of "generate" is judged on the settled state: the concept's test passes, the hand is
    open, withdrawn (fingertip above 0.1 m) and touches nothing, every object is slower than 1 cm/s,
    none has left the table, none stands on another unless the concept says so, and those that are
    not movable are within 1 cm of where they were. The episode terminates when that has held for 10
    steps, and in failure when an object has left the table. Of "identify": the touched entities are
    those of `event.answer`, and none was displaced. They are submitted, which terminates the
    episode, by staying withdrawn and slower than 0.01 m/s for 25 steps after a touch: 1 s, so
    fewer steps at a lower control rate. Truncated after 4000 steps.

    Reward: minus the concept's residual (generate) or minus the share of wrong answers (identify),
    plus 1 on the step that ends the episode in success. `info["fault"]` names what is wrong with
    the state: fallen, stacked, displaced.
    """

    objects_range: ClassVar[tuple[int, int]] = (3, MOST_OBJECTS)  # the piece counts as one
    hold_steps: ClassVar[int] = HOLD_STEPS
    metadata: dict[str, Any] = {
        "render_modes": ["human", "rgb_array"],
        "render_fps": round(1.0 / CONTROL_TIMESTEP),
    }

    def __init__(
        self,
        concept: str | Concept = "between",
        *,
        robot: str | Path | Robot = "panda",
        kinds: Sequence[str] = KINDS,
        observation_noise: float = 0.0,
        disturb: str | None = None,
        control_rate: int = 25,
        camera: str = "front",
        frame_size: tuple[int, int] = (480, 640),
        backend: str = "auto",
        **options: Any,
    ) -> None:
        """Make the world.

        Args:
            concept: a name of `conceptgym.envs.CONCEPTS`, or a `Concept`.
            robot: a name of `conceptgym.envs.ROBOTS`, the path of an arm's MJCF, or a `Robot`.
            kinds: what objects may be, of "cube", "cylinder" and "ball"; balls are left out where
                something is to stand on them.
            observation_noise: standard deviation of the observed places [m].
            disturb: what happens once in an episode, at a seeded time: "push" (an object is
                pushed), "slip" (the hand loses its grip) or "move" (what the concept refers to is
                pushed); None for nothing.
            control_rate: actions a second [Hz], a divisor of 25.
            camera: "front", "top" or "close".
            frame_size: (height, width) of the frames [pixels].
            backend: what draws them, see `conceptgym.envs.rendering.arm.ArmRenderer`.
            **options: as in `ConceptEnv`; `n_objects` counts the objects beside the cursor.

        Raises:
            UnknownConceptError: see `ConceptEnv`.
            ConfigError: on an unknown robot, kind, disturbance or backend, or a number or frame
                size out of its range; `render` on an unknown camera.
            UnreachableTargetError: if the arm does not reach all of the plane.
        """
        self.robot = make_robot(robot)
        check_reach(self.robot)
        self._kinds = check_kinds(kinds)
        self._noise = check_noise(observation_noise)
        self._disturb = check_disturb(disturb)
        self._repeats = _check_rate(control_rate)
        self.metadata = {**self.metadata, "render_fps": int(control_rate)}
        super().__init__(concept, **options)
        self.world = PlaceWorld(self.robot)
        size = (self.robot.num_joints + 1,)
        self.action_space = spaces.Box(-1.0, 1.0, size, dtype=np.float32)
        self.observation_space = spaces.Dict({**entity_spaces(), **place_spaces(self.world)})
        check_view(frame_size, backend)
        self._view = {"camera": camera, "size": frame_size, "backend": backend}
        self._renderer: ArmRenderer | None = None
        self._scene: PlaceScene | None = None
        self._places: PlaceJudge | None = None
        self._disturbance: Disturbance | None = None
        self._fingertips: list[np.ndarray] = []
        self._plan_rows = np.zeros(0, dtype=int)
        self._energy: np.ndarray | None = None
        self._waited = 0

    @property
    def scene(self) -> PlaceScene:
        """The scene's solid entities and their shapes."""
        if self._scene is None:
            raise gym.error.ResetNeeded("call reset() before using the environment")
        return self._scene

    @property
    def answer(self) -> np.ndarray:
        """(MAX_ENTITIES,) bool, the entities touched so far in an identify task."""
        return self.world.touched if self.task == "identify" else super().answer

    @property
    def disturbed(self) -> bool:
        """Whether the episode's disturbance has happened."""
        return self._disturbance is not None and self._disturbance.happened

    @property
    def verdict(self) -> Verdict:
        """What the current state is like: settled, and what is wrong."""
        _ = self.scene
        return self._judged.look()

    def observe(self) -> Observation:
        """The observation of the current state."""
        seen = super().observe()
        return place_observation(seen, self.world, self.scene, noise=self._noise, rng=self._eyes)

    def step(self, action: np.ndarray) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Command the joints for one control step.

        Raises:
            ShapeError, NonFiniteError: on a bad action.
        """
        _ = self.event  # there is none before the first reset
        for _ in range(self._repeats):
            self.world.step(action)
            if self._disturbance is not None:
                self._judged.excuse(self._disturbance.act(self.world))
        self._state = self.world.entity_state()
        verdict = self._verdict = self.verdict
        if self.task == "identify":
            residual, holds, terminated = self._touching(verdict)
        else:
            residual, holds, terminated = self._advance(at_rest=verdict.sound)
        terminated = terminated or verdict.fallen
        if self.render_mode is not None:
            self._fingertips.append(self.world.fingertip_in_world)
        holds = holds and not verdict.fallen
        reward, info = self._judge(residual, holds, terminated=terminated)
        return self.observe(), reward, terminated, False, info

    def show_plan(self, positions: np.ndarray | None, rows: np.ndarray | None = None) -> None:
        """Draw planned places into the coming frames: of solid entities, as ghosts of their shape.

        Args:
            positions: (K, 2) [plane units]; None for no plan.
            rows: (K,) rows of the entities that are to go there; without it, all are the cursor's.

        Raises:
            ShapeError, NonFiniteError, ConfigError: on bad places, or rows that hold no entity.
        """
        if positions is not None:
            self._plan_rows = check_plan_rows(rows, positions, self.state)
        super().show_plan(positions)

    def show_energy(self, energy: np.ndarray | None) -> None:
        """Paint energies onto the table in the coming frames of this episode.

        Args:
            energy: (R, R) over the plane as `ConceptAgent.landscape` returns: rows along y, columns
                along x, from -1 to 1 [plane units]; None to paint nothing.

        Raises:
            ShapeError, NonFiniteError: on another shape, NaN or infinity.
        """
        self._energy = None if energy is None else check_energy(energy).copy()

    def close(self) -> None:
        """Free the window and the renderer."""
        if self._renderer is not None:
            self._renderer.close()
        self._renderer = None
        super().close()

    @property
    def _judged(self) -> PlaceJudge:
        if self._places is None:
            raise gym.error.ResetNeeded("call reset() before using the environment")
        return self._places

    def _touching(self, verdict: Verdict) -> tuple[float, bool, bool]:
        """The residual of what was touched, whether it is right, and whether it is submitted."""
        residual, world = self.residual(), self.world
        at_rest = world.fingertip_speed <= AT_REST
        withdrawn = world.fingertip_in_world[2] > WITHDRAWN_HEIGHT
        waits = at_rest and withdrawn and bool(self.answer.any())
        self._waited = self._waited + 1 if waits else 0
        holds = residual == 0.0 and not verdict.displaced
        return residual, holds, self._waited >= SUBMIT_STEPS // self._repeats

    def _check_objects(self, n_objects: int | None) -> tuple[int, int]:
        piece = int(moves_cursor(self.concept))
        low, high = self.objects_range
        return self._objects_between(n_objects, low - piece, high - piece)

    def _draw_event(self, n_objects: int) -> Event:
        self._scene = draw_place_scene(
            self.np_random, self.concept, n_objects=n_objects, task=self.task, kinds=self._kinds
        )
        return self._scene.event

    def _start(self, state: EntityState) -> None:
        generate = self.task == "generate"
        self.world.reset(self.scene, state, opening=OPEN if generate else 0.0)
        self._state = self.world.entity_state()
        movable = state.movable[self.scene.rows] & generate
        self._places = PlaceJudge(self.scene, self.world, movable=movable)
        self._verdict = self._places.look()
        seeds = self.np_random.integers(2**32, size=2)
        self._eyes = np.random.default_rng(seeds[0])
        self._disturbance = None
        if self._disturb is not None:
            rng = np.random.default_rng(seeds[1])
            self._disturbance = draw_disturbance(
                self._disturb,
                rng,
                self.scene,
                allowed=self._may_be_pushed,
                last_step=LAST_STEP if generate else LAST_TOUCH_STEP,
            )
        self._fingertips = [self.world.fingertip_in_world]
        self._energy = None
        self._waited = 0

    def _may_be_pushed(self, index: int, place: np.ndarray) -> bool:
        """Whether the task could be done with a solid entity at a (2,) place in world [m]."""
        row = self.scene.rows[index : index + 1]
        state = self.world.entity_state().moved(row, table_to_plane(place)[None])
        event = self.event
        attention = event.attentions if isinstance(event, ComposedEvent) else event.attention
        if self.task == "identify":
            return self.concept.succeeds(state, attention)
        phases = self.concept.phases[self.phase :]
        return all(can_be_done(self.scene, phase, state, attention) for phase in phases)

    def _info(self, residual: float, success: bool) -> dict[str, Any]:
        verdict = self._verdict
        own = {"settled": verdict.settled, "fault": verdict.fault}
        return {**super()._info(residual, success), **own}

    def _tasks(self) -> tuple[str, ...]:
        return self.concept.tasks_on_table

    def _draw(self, overlay: Overlay) -> np.ndarray:
        if self._renderer is None:
            self._renderer = ArmRenderer(self.world.model, **self._view)
        scene, state = self.scene, self.state
        planned: dict[int, np.ndarray] = {}
        if self._plan is not None:
            planned, others = planned_poses(scene, state, self._plan, self._plan_rows)
            overlay = replace(overlay, plan=others)
        return self._renderer.draw(
            self.world.data,
            overlay,
            object_rows=scene.rows,
            tray_rows=np.flatnonzero(state.zones),
            fingertip_trail=np.array(self._fingertips[-TRAIL_STEPS:]),
            plan_height=PLAN_HEIGHT,
            planned=planned,
            piece=scene.piece,
            energy=self._energy,
        )


def _check_rate(control_rate: int) -> int:
    """Physics steps of 0.04 s an action."""
    usual = round(1.0 / CONTROL_TIMESTEP)
    if not is_finite(control_rate) or control_rate not in (1, 5, usual):  # True is no rate
        raise ConfigError(f"control_rate={control_rate!r} Hz must be 1, 5 or {usual}")
    return usual // int(control_rate)
