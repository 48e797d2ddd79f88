"""Demonstrations recorded on the arm: a scripted demonstrator grasps and places solid objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np

from ..envs.arm_place import ArmPlaceEnv
from ..envs.concepts import Concept, Event
from ..envs.demonstrations import Demonstration, check_recording
from ..envs.entities import POSITION, EntityState
from ..envs.errors import ConfigError
from ..envs.place_model import MOST_OBJECTS
from ..envs.robots import Robot, make_robot
from .generate import GenerateResult
from .identify import IdentifyResult
from .ik import IKController
from .manipulation.policy import PlacePolicy
from .terms import Term

EVERY = 5
"""Control steps between two recorded states: 5 Hz, at which 1 cm/s is rest."""
SHOWN_WITHIN = 0.05
"""What a demonstration moves ends this near to where it is meant to [plane units]."""
_RECORDING = 2  # keeps these scenes apart from those of reset(seed) and of other recordings
_TRIES = 12  # scenes for each demonstration: now and then one is no good, see `_record`
_BLOCK = 3  # scenes are drawn in blocks: a demonstration's first do not depend on how many follow


class Demonstrator:
    """A planner that knows the answer of an event."""

    def __init__(self, event: Event, *, puts_on_top: bool = False) -> None:
        self._event = event
        self.puts_on_top = puts_on_top

    def generate(
        self,
        state: EntityState,
        attention: np.ndarray,
        *,
        phase: int = 0,
        attentions: Sequence[np.ndarray] | None = None,
        extra: Sequence[Term] = (),
    ) -> GenerateResult:
        """The event's state at the end of a phase."""
        stops = self._event.stops
        entities = stops[min(phase, len(stops) - 1)].entities
        return GenerateResult.known(entities, reason="shown")

    def energies(
        self,
        state: EntityState,
        attention: np.ndarray,
        entities: np.ndarray,
        *,
        phase: int = 0,
        attentions: Sequence[np.ndarray] | None = None,
        extra: Sequence[Term] = (),
    ) -> np.ndarray:
        """Half the squared distances (P,) from what is shown [plane units²]."""
        shown = self.generate(state, attention, phase=phase).entities
        return half_squared_distances(entities, shown)

    def identify(self, state: EntityState) -> IdentifyResult:
        """Refuse: there is nothing to show."""
        raise NotImplementedError("a demonstrator shows how to generate")


def half_squared_distances(entities: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """(P,) of the positions in (P, N, 7) from those in (N, 7) [plane units²]."""
    away = entities[..., POSITION] - shown[..., POSITION]
    return 0.5 * (away * away).sum(axis=(1, 2))


def record_on_arm(
    concept: str | Concept,
    *,
    episodes: int = 5,
    seed: int = 0,
    robot: str | Path | Robot = "panda",
    parameters: Mapping[str, Any] | None = None,
    n_objects: int | None = None,
) -> list[Demonstration]:
    """Record episodes of a scripted demonstrator in `conceptgym/ArmPlace-v0`.

    They hold the objects' positions in the plane, as demonstrations of the particle world do, and
    serve in either world.

    Args:
        concept: a name of `conceptgym.envs.CONCEPTS`, or a `Concept`.
        episodes: how many.
        seed: makes the recording repeatable.
        robot: the arm, see `conceptgym.envs.make_robot`.
        parameters: the concept's parameters where they differ from its defaults.
        n_objects: objects beside the cursor; by default drawn anew for each.

    Raises:
        UnknownConceptError: on an unknown concept or parameter, or one that an arm cannot generate.
        ConfigError: if `episodes` is below 1, `seed` is no whole number from 0, on an unknown
            robot, or if the demonstrator failed in twelve scenes in a row.
    """
    check_recording(episodes, seed)
    arm = make_robot(robot)
    env = gym.make(
        "conceptgym/ArmPlace-v0",
        concept=concept,
        robot=arm,
        parameters=parameters,
        n_objects=n_objects,
    )
    controller = IKController(robot=arm, obstacles=MOST_OBJECTS)
    try:
        return [_first_success(env, controller, group) for group in _scenes(int(seed), episodes)]
    finally:
        env.close()


def _scenes(seed: int, episodes: int) -> list[list[int]]:
    """Seeds of `_TRIES` scenes for each demonstration."""
    blocks = [
        np.random.SeedSequence([seed, _RECORDING, block]).generate_state(_BLOCK * episodes)
        for block in range(_TRIES // _BLOCK)
    ]
    return np.concatenate([b.reshape(episodes, _BLOCK) for b in blocks], axis=1).tolist()


def _first_success(env: gym.Env, controller: IKController, seeds: list[int]) -> Demonstration:
    for seed in seeds:
        shown = _record(env, controller, seed)
        if shown is not None:
            return shown
    raise ConfigError(
        f"the demonstrator failed in {len(seeds)} scenes in a row, the last of seed {seeds[-1]}; "
        "choose another seed, or another number of objects"
    )


def _record(env: gym.Env, controller: IKController, seed: int) -> Demonstration | None:
    """One episode, if the demonstrator succeeds in it, and has brought everything to its place.

    A figure that happens to hold before its last things are moved ends the episode, but shows the
    concept badly.
    """
    world = env.unwrapped
    if not isinstance(world, ArmPlaceEnv):
        raise TypeError(f"env is a {type(world).__name__}, expected an ArmPlaceEnv")
    observation, _ = env.reset(seed=seed)
    shown = Demonstrator(world.event, puts_on_top=world.concept.stacks)
    policy = PlacePolicy(shown, lambda robot: controller)
    states = [world.state.entities]
    ended, step, info = False, 0, {"is_success": False}
    while not ended:
        observation, _, terminated, truncated, info = env.step(policy.act(observation))
        ended, step = terminated or truncated, step + 1
        if ended or step % EVERY == 0:
            states.append(world.state.entities)
    end, event = world.state, world.event
    missed = np.linalg.norm((end.entities - event.after.entities)[:, POSITION], axis=1)
    if not info["is_success"] or missed[event.after.movable].max(initial=0.0) > SHOWN_WITHIN:
        return None
    return Demonstration.of(np.stack(states), event)
