"""Demonstrations: what a concept looks like, recorded by stepping the particle environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np

from .concepts import Concept, Event
from .entities import NUM_FEATURES, EntityState, check_array, convert_array, convert_masks
from .errors import ConfigError, ShapeError
from .number_checks import check_whole
from .particle import AT_REST, ParticleEnv, action_towards
from .spaces import check_positions

_LEAST_REST = 2  # steps in a row, shorter ones are no rest
_RECORDING = 1  # keeps the recordings' scenes apart from those of reset(seed)


@dataclass(frozen=True, kw_only=True)
class Demonstration:
    """One recorded episode.

    Attributes:
        trajectory: (T, N, 7) entity states over time, see `conceptgym.envs.entities`.
        attention: (N,) bool, the entities that take part.
        present, movable, paintable: (N,) bool, as in `EntityState`.

    What is given is copied; lists, tensors and masks of numbers are converted.

    Raises:
        ShapeError, NonFiniteError: on arrays that do not fit.
        ConfigError: on a position further off than any world observes one.
    """

    trajectory: np.ndarray
    attention: np.ndarray
    present: np.ndarray
    movable: np.ndarray
    paintable: np.ndarray

    def __post_init__(self) -> None:
        check_array(self.present, "present", ("N",))
        number = len(self.present)
        convert_array(self, "trajectory", ("T", number, NUM_FEATURES))
        if len(self.trajectory) == 0:
            raise ShapeError("trajectory holds no state; pass at least one, the end")
        convert_masks(self, "attention", "present", "movable", "paintable", number=number)
        check_positions(self.trajectory, self.present, "trajectory")

    @property
    def before(self) -> np.ndarray:
        """(N, 7) entities at the start."""
        return self.trajectory[0]

    @property
    def after(self) -> np.ndarray:
        """(N, 7) entities at the end."""
        return self.trajectory[-1]

    def state_at(self, step: int) -> EntityState:
        """The state at a step; -1 is the end."""
        return EntityState(
            entities=self.trajectory[step],
            present=self.present,
            movable=self.movable,
            paintable=self.paintable,
        )

    def stops(self) -> tuple[int, ...]:
        """The steps at which phases were done, each the last of a rest; the end is one.

        To rest is to change what may be edited by at most `AT_REST` in each of two steps or more.
        A rest is the end of a phase if an entity that was moved (or painted) before it goes on
        after it: to bring things to their places one by one, with rests between, is one phase.
        What comes before the first change is no stop, so a trajectory of two steps (before, after)
        has one stop, 1.
        """
        features = self._edited_features()  # (T, N, 5)
        changes = np.abs(np.diff(features, axis=0)).max(axis=(1, 2), initial=0.0)
        rests = _rests(changes > AT_REST)
        found: list[int] = []
        moved = np.zeros(features.shape[1], dtype=bool)
        marks = [0, *rests, len(changes)]
        for here, there in zip(marks, marks[1:], strict=False):
            goes_on = np.abs(features[there] - features[here]).max(axis=1) > AT_REST
            if here and (goes_on & moved).any():
                found.append(here)
                moved[:] = False
            moved |= goes_on
        return (*found, len(changes))

    def _edited_features(self) -> np.ndarray:
        """(T, N, 5) positions and colours, 0 where they may not be edited; all if nothing may."""
        masks = np.stack([self.movable] * 2 + [self.paintable] * 3, axis=-1)
        features = self.trajectory[..., : masks.shape[-1]]
        return features * masks if masks.any() else features

    @classmethod
    def of(cls, trajectory: np.ndarray, event: Event) -> Demonstration:
        """A trajectory (T, N, 7) through an event, with the event's masks."""
        return cls(
            trajectory=trajectory,
            attention=event.attention,
            present=event.after.present,
            movable=event.after.movable,
            paintable=event.after.paintable,
        )


def _rests(changes: np.ndarray) -> list[int]:
    """The last step of each rest that follows a change and precedes another; changes (T - 1,)."""
    found, rest, changed = [], 0, False
    for step, change in enumerate(changes):  # from this step to the next
        if not change:
            rest += 1
            continue
        if changed and rest >= _LEAST_REST:
            found.append(step)
        rest, changed = 0, True
    return found


def record_demonstrations(
    env_id: str = "conceptgym/Particle-v0",
    *,
    concept: str | Concept,
    episodes: int = 5,
    seed: int = 0,
    parameters: Mapping[str, Any] | None = None,
    n_objects: int | None = None,
) -> list[Demonstration]:
    """Record episodes of a scripted demonstrator that carries out a concept's generate task.

    Where a concept has several phases, it goes from stop to stop, and rests at each.

    Args:
        env_id: the particle environment's id.
        concept: a name of `conceptgym.envs.CONCEPTS`, or a `Concept`.
        episodes: how many.
        seed: makes the recording repeatable; its scenes differ from those of ``reset(seed=…)``.
        parameters: the concept's parameters where they differ from its defaults.
        n_objects: objects in every scene; by default drawn anew for each.

    Raises:
        UnknownConceptError: on an unknown concept or parameter.
        ConfigError: if `episodes` is no whole number from 1, `seed` none from 0, or the
            environment is not the particle world.
    """
    check_recording(episodes, seed)
    if not _is_particle(env_id):
        raise ConfigError(
            f"env_id={env_id!r} has no scripted demonstrator; use 'conceptgym/Particle-v0', or "
            "conceptgym.agents.record_on_arm for the arm"
        )
    env = gym.make(env_id, concept=concept, parameters=parameters, n_objects=n_objects)
    world = env.unwrapped
    if not isinstance(world, ParticleEnv):
        raise TypeError(f"{env_id} made a {type(world).__name__}, expected a ParticleEnv")
    try:
        seeds = np.random.SeedSequence([seed, _RECORDING]).generate_state(episodes)
        return [_record(env, world, int(number)) for number in seeds]
    finally:
        env.close()


def check_recording(episodes: int, seed: int) -> None:
    """Refuse numbers with which nothing can be recorded.

    Raises:
        ConfigError: if `episodes` is no whole number from 1, or `seed` none from 0.
    """
    check_whole("episodes", episodes, least=1, cure="ask for one or more")
    check_whole("seed", seed, least=0, cure="choose one")


def _is_particle(env_id: str) -> bool:
    spec = gym.registry.get(env_id.rpartition(":")[2])
    return spec is not None and spec.entry_point == "conceptgym.envs.particle:ParticleEnv"


def _record(env: gym.Env, world: ParticleEnv, seed: int) -> Demonstration:
    env.reset(seed=seed)
    event = world.event
    states = [world.state.entities]
    ended, info = False, {"is_success": False}
    while not ended:
        action = action_towards(world.state, event.stops[world.phase].entities)
        _, _, terminated, truncated, info = env.step(action)
        states.append(world.state.entities)
        ended = terminated or truncated
    if not info["is_success"]:
        raise ConfigError(
            f"the demonstrator failed at concept '{world.concept.name}' in the scene of seed "
            f"{seed}; choose another seed or mend the concept's sampler"
        )
    return Demonstration.of(np.stack(states), event)
