"""What both worlds share: the scene's draw, the observation, the reward and the picture."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import gymnasium as gym
import numpy as np

from .concepts import TASKS, Composed, Concept, Event, make_concept
from .entities import MAX_ENTITIES, POSITION, EntityState, check_array
from .errors import ConceptParameterError, UnknownConceptError
from .number_checks import is_finite
from .progress import MAX_PHASES, Progress
from .rendering.markers import Overlay
from .rendering.window import Window
from .spaces import Observation, entity_observation

SUCCESS_BONUS = 1.0
"""The reward's success term, paid on the step that ends an episode in success."""


class ConceptEnv(gym.Env[Observation, np.ndarray]):
    """Base of the two worlds; they add their physics, action space and judgement.

    Reward: `info["reward_terms"]` holds "residual" (minus the residual) and "success"
    (`SUCCESS_BONUS` or 0); the reward is their sum. `info["is_success"]` is a bool, True only on
    the step that terminates the episode in success.

    Concepts of several phases are generated in their order, see `Progress`: the residual is the
    current phase's plus 1 for each later one; `is_success` comes with the last. The observation's
    `phase` counts the phases done. An identify task shows one scene, `event.shown`, and no phases.
    """

    objects_range: ClassVar[tuple[int, int]]
    """Fewest and most objects of a scene of this world, cursor and zones not counted."""
    default_most_objects: ClassVar[int] = 8
    """Most objects of a scene where their number is left open; larger scenes are asked for."""
    composes: ClassVar[bool] = False
    """Whether it takes a composition of concepts."""
    hold_steps: ClassVar[int]
    """A phase is done when it has held at rest for so many steps."""
    metadata: dict[str, Any] = {"render_modes": ["human", "rgb_array"], "render_fps": 25}

    def __init__(
        self,
        concept: str | Concept = "between",
        *,
        task: str = "generate",
        parameters: Mapping[str, Any] | None = None,
        n_objects: int | None = None,
        render_mode: str | None = None,
    ) -> None:
        """Make a world for one concept and task.

        Args:
            concept: a name of `conceptgym.envs.CONCEPTS`, or a `Concept`.
            task: "generate" (make the concept hold for the observed attention) or "identify"
                (say which entities it holds for, or what else the concept asks for).
            parameters: the concept's parameters where they differ from its defaults.
            n_objects: objects in every scene; by default drawn anew for each, at most
                `default_most_objects`.
            render_mode: "human", "rgb_array" or None.

        Raises:
            UnknownConceptError: on an unknown concept, parameter, task, number or render mode, or a
                concept for which this world has no task.
            ConceptParameterError: on a parameter out of its range, or too many phases.
        """
        self.concept = self._check_concept(make_concept(concept, **_checked(parameters)))
        self.task = self._check_task(task)
        self.render_mode = self._check_render_mode(render_mode)
        self._objects_range = self._check_objects(n_objects)
        self._progress = Progress(self._check_phases(), self.hold_steps)
        self._event: Event | None = None
        self._state: EntityState | None = None
        self._trail: list[np.ndarray] = []
        self._plan: np.ndarray | None = None
        self._window: Window | None = None
        self._status = ""

    @property
    def event(self) -> Event:
        """The current scene as it was drawn, with its answer; for judges, not for policies."""
        if self._event is None:
            raise gym.error.ResetNeeded("call reset() before using the environment")
        return self._event

    @property
    def state(self) -> EntityState:
        """The current entity state."""
        if self._state is None:
            raise gym.error.ResetNeeded("call reset() before using the environment")
        return self._state

    def __getstate__(self) -> dict[str, Any]:
        """All but what draws, which cannot be copied: a copy makes its own."""
        return self.__dict__ | {"_renderer": None, "_window": None}

    def show_plan(self, positions: np.ndarray | None) -> None:
        """Draw (K, 2) planned positions of the cursor [plane units] into the coming frames.

        Raises:
            ShapeError, NonFiniteError: on another shape, NaN or infinity.
        """
        if positions is not None:
            check_array(positions, "positions", ("K", 2))
            positions = np.asarray(positions).astype(np.float64)
        self._plan = positions

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Draw a scene: the same seed gives the same bits, whatever happened before."""
        super().reset(seed=seed)
        low, high = self._objects_range
        n_objects = int(self.np_random.integers(low, high + 1))
        self._event = self._draw_event(n_objects)
        generate = self.task == "generate"
        self._progress = Progress(self._check_phases(), self.hold_steps)
        self._start(self._event.before if generate else self._event.shown)
        self._plan, self._status = None, ""
        self._trail = [self._cursor_position()]
        self._show()
        return self.observe(), self._info(self.residual(), False)

    def observe(self) -> Observation:
        """The observation of the current state."""
        return entity_observation(self.state, self.event.attention, self.task, phase=self.phase)

    @property
    def phase(self) -> int:
        """How many of a generate task's phases are done; 0 where there is only one."""
        return self._progress.done

    def _judge(
        self, residual: float, holds: bool, *, terminated: bool
    ) -> tuple[float, dict[str, Any]]:
        """The step's reward and info, after its picture was brought up to date.

        Success counts only where it ends the episode: paid on every step, it would be worth most
        to a policy that keeps the episode from ending.
        """
        success = holds and terminated
        if self.render_mode is not None:
            self._trail.append(self._cursor_position())
        failure = "out of order" if self._progress.out_of_order else "failed"
        self._status = "success" if success else failure if terminated else ""
        info = self._info(residual, success)
        self._show()
        return float(sum(info["reward_terms"].values())), info

    def _info(self, residual: float, success: bool) -> dict[str, Any]:
        terms = {"residual": -residual, "success": SUCCESS_BONUS if success else 0.0}
        return {"is_success": success, "residual": residual, "reward_terms": terms}

    def _cursor_position(self) -> np.ndarray:
        return self.state.entities[self.state.cursor, POSITION].astype(np.float64)

    def residual(self) -> float:
        """The current residual: of concept and phase, or the share of entities answered wrongly."""
        if self.task == "identify":
            return self.mismatch()
        return self._progress.residual(self.state, self.event.attention)

    def _advance(self, *, at_rest: bool) -> tuple[float, bool, bool]:
        """A generate task's residual, whether its last phase holds, and whether it ends."""
        return self._progress.advance(self.state, self.event.attention, at_rest=at_rest)

    def _draw_event(self, n_objects: int) -> Event:
        """Draw the scene's event."""
        return self.concept.sample(self.np_random, n_objects=n_objects)

    @abstractmethod
    def _start(self, state: EntityState) -> None:
        """Begin an episode in `state`, and set `_state`."""

    @abstractmethod
    def _draw(self, overlay: Overlay) -> np.ndarray:
        """A frame (H, W, 3) uint8."""

    @property
    def answer(self) -> np.ndarray:
        """(MAX_ENTITIES,) bool, the entities answered so far in an identify task."""
        return np.zeros(MAX_ENTITIES, dtype=bool)

    def mismatch(self) -> float:
        """Share of the present entities on which `answer` differs from `event.answer`."""
        present = self.state.present
        wrong = (self.answer != self.event.answer) & present
        return float(np.count_nonzero(wrong) / np.count_nonzero(present))

    def render(self) -> np.ndarray | None:  # type: ignore[override]
        """The frame in mode "rgb_array"; in mode "human" it is shown as the episode runs."""
        _ = self.event  # refuses before the first reset
        return self._frame() if self.render_mode == "rgb_array" else None

    def close(self) -> None:
        """Free the window."""
        if self._window is not None:
            self._window.close()
        self._window = None

    def _show(self) -> None:
        if self.render_mode != "human":
            return
        if self._window is None:
            self._window = Window(fps=self.metadata["render_fps"])
        self._window.show(self._frame())

    def _frame(self) -> np.ndarray:
        overlay = Overlay(
            attended=self._shown_attention(),
            identified=self.answer,
            plan=self._plan,
            trail=np.array(self._trail),
            title=f"{self.concept.name.replace('_', ' ')} · {self.task}",
            status=self._status,
        )
        return self._draw(overlay)

    def _shown_attention(self) -> np.ndarray | None:
        """What pictures mark: what is asked for is shown once it is judged, not before."""
        if self.task == "generate":
            return self.event.attention
        return self.event.answer if self._status else None

    def _tasks(self) -> tuple[str, ...]:
        return TASKS

    def _check_concept(self, concept: Concept) -> Concept:
        if isinstance(concept, Composed) and not self.composes:
            raise UnknownConceptError(
                f"concept '{concept.name}' is several at once, {type(self).__name__} takes one; "
                "use conceptgym/ParticleCompose-v0 or conceptgym/ArmPlaceCompose-v0"
            )
        return concept

    def _check_task(self, task: str) -> str:
        if not self._tasks():
            raise UnknownConceptError(
                f"task={task!r} cannot be done: {type(self).__name__} has no task for concept "
                f"'{self.concept.name}'; use conceptgym/Particle{'Compose' * self.composes}-v0"
            )
        if task not in self._tasks():
            raise UnknownConceptError(
                f"task={task!r} is unknown for concept '{self.concept.name}' in "
                f"{type(self).__name__}; choose one of {', '.join(self._tasks())}"
            )
        return task

    def _check_phases(self) -> tuple[Concept, ...]:
        phases = self.concept.phases
        if not 1 <= len(phases) <= MAX_PHASES:
            raise ConceptParameterError(
                f"concept '{self.concept.name}' has {len(phases)} phases; "
                f"an episode can have 1 to {MAX_PHASES}"
            )
        return phases

    def _check_render_mode(self, render_mode: str | None) -> str | None:
        allowed = self.metadata["render_modes"]
        if render_mode is not None and render_mode not in allowed:
            raise UnknownConceptError(
                f"render_mode={render_mode!r} is unknown; choose one of {', '.join(allowed)}"
            )
        return render_mode

    def _check_objects(self, n_objects: int | None) -> tuple[int, int]:
        return self._objects_between(n_objects, *self.objects_range)

    def _objects_between(self, n_objects: int | None, low: int, high: int) -> tuple[int, int]:
        """Fewest and most objects of a scene, of those that this world has room for."""
        low = max(low, self.concept.num_objects[0])
        high = min(high, self.concept.num_objects[1])
        if n_objects is None:
            usual = self.concept.usual_objects
            return max(low, usual[0]), min(high, usual[1], self.default_most_objects)
        if not is_finite(n_objects) or n_objects not in range(low, high + 1):  # 3.0 is
            raise UnknownConceptError(
                f"n_objects={n_objects!r} is outside [{low}, {high}] for concept "
                f"'{self.concept.name}' in {type(self).__name__}; choose a whole number in that "
                "range"
            )
        return int(n_objects), int(n_objects)


def _checked(parameters: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The parameters, if they are given by name."""
    if parameters is not None and not isinstance(parameters, Mapping):
        raise ConceptParameterError(
            f"parameters={parameters!r} is a {type(parameters).__name__}, expected a dictionary "
            "from names to values; pass {'distance': 0.5} or the like"
        )
    return parameters or {}
