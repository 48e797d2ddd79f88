"""A physical table with hand-made objects, driven by a policy whose plans are given by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import mujoco
import numpy as np
from agent_scenes import generated, identified
from place_scenes import make_scene

from conceptgym.agents.arm_demonstrations import half_squared_distances
from conceptgym.agents.generate import GenerateResult
from conceptgym.agents.identify import IdentifyResult
from conceptgym.agents.ik import IKController
from conceptgym.agents.manipulation.policy import EXPECTED_WITHIN, PlacePolicy
from conceptgym.agents.terms import Term
from conceptgym.envs import EntityState, Robot, table_to_plane
from conceptgym.envs.entities import MAX_ENTITIES, POSITION
from conceptgym.envs.place_judge import OPEN_BY, WITHDRAWN_HEIGHT
from conceptgym.envs.place_model import MOST_OBJECTS
from conceptgym.envs.place_objects import ObjectShape
from conceptgym.envs.place_scene import PlaceScene
from conceptgym.envs.place_spaces import place_observation
from conceptgym.envs.place_world import OPEN, PlaceWorld
from conceptgym.envs.robots import PANDA, UR5E
from conceptgym.envs.spaces import Observation, entity_observation

CONTROLLERS = {robot: IKController(robot=robot, obstacles=MOST_OBJECTS) for robot in (PANDA, UR5E)}
"""Made once: building one takes a while."""
Place = tuple[float, float]


class Wish:
    """Stands for the agent: wants some rows at world (x, y) [m], or identifies some.

    Attributes:
        asked: how often it was asked.
        extra: the energies that were added, by question.
    """

    def __init__(
        self, wishes: Mapping[int, Place] | Sequence[int], *, puts_on_top: bool = False
    ) -> None:
        self.wishes, self._puts_on_top = wishes, puts_on_top
        self.asked = 0
        self.extra: list[Sequence[Term]] = []

    def generate(
        self,
        state: EntityState,
        attention: np.ndarray,
        *,
        phase: int = 0,
        attentions: Sequence[np.ndarray] | None = None,
        extra: Sequence[Term] = (),
    ) -> GenerateResult:
        self.asked += 1
        self.extra.append(extra)
        assert isinstance(self.wishes, Mapping)
        return generated(moved(state, self.wishes))

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
        assert isinstance(self.wishes, Mapping)
        return half_squared_distances(entities, moved(state, self.wishes))

    @property
    def puts_on_top(self) -> bool:
        return self._puts_on_top

    def identify(self, state: EntityState) -> IdentifyResult:
        self.asked += 1
        return identified(np.isin(np.arange(MAX_ENTITIES), list(self.wishes)))


def moved(state: EntityState, places: Mapping[int, Place]) -> np.ndarray:
    """(16, 7) entities with rows at world (x, y) [m]."""
    entities = state.entities.copy()
    for row, place in places.items():
        entities[row, POSITION] = table_to_plane(np.array(place))
    return entities


class Bench:
    """A table, an arm and a policy; every control step is recorded.

    Attributes:
        poses: (n, 7) of the objects after each step.
        tips: (3,) of the fingertip after each step [m].
        openings: of the fingers after each step [m].
        commands: the actions.
    """

    def __init__(
        self,
        places: Sequence[Place],
        wishes: Mapping[int, Place] | Sequence[int],
        *,
        shapes: Sequence[ObjectShape] | None = None,
        robot: Robot = PANDA,
        task: str = "generate",
        puts_on_top: bool = False,
    ) -> None:
        self.scene: PlaceScene = make_scene(places, shapes, piece=task == "generate")
        self.task, self._phase = task, 0
        state = self.scene.event.before
        mask = np.isin(np.arange(MAX_ENTITIES), list(wishes))
        self._masks = {"movable": mask & (task == "generate")}
        self.world = PlaceWorld(robot)
        self.world.reset(self.scene, state, opening=OPEN if task == "generate" else 0.0)
        self.planner = Wish(wishes, puts_on_top=puts_on_top)
        self.policy = PlacePolicy(self.planner, CONTROLLERS.__getitem__)
        self.start = self.world.poses
        self.poses: list[np.ndarray] = [self.start]
        self.tips: list[np.ndarray] = [self.world.fingertip_in_world]
        self.openings: list[float] = [self.world.opening]
        self.commands: list[np.ndarray] = []

    @property
    def observation(self) -> Observation:
        """What the policy sees."""
        attention = self.scene.event.attention
        seen = entity_observation(
            self.world.entity_state(), attention, self.task, phase=self._phase
        )
        seen.update({name: mask.astype(np.int8) for name, mask in self._masks.items()})
        rng = np.random.default_rng(0)
        return place_observation(seen, self.world, self.scene, noise=0.0, rng=rng)

    @property
    def reason(self) -> str:
        """What the policy says of its plan."""
        assert self.policy.plan is not None
        return self.policy.plan.reason

    @property
    def away(self) -> np.ndarray:
        """(n,) how far the objects are from where they began, seen from above [m]."""
        return np.linalg.norm(self.poses[-1][:, :2] - self.start[:, :2], axis=1)

    @property
    def summary(self) -> list[tuple[str, str]]:
        """Stages and outcomes so far."""
        return [(attempt.stage, attempt.outcome) for attempt in self.policy.attempts]

    def step(self, **changes: Any) -> None:
        """One control step."""
        self.send(self.policy.act({**self.observation, **changes}))

    def send(self, action: np.ndarray) -> None:
        """Carry out an action and record what comes of it."""
        self.world.step(action)
        self.commands.append(action)
        self.poses.append(self.world.poses)
        self.tips.append(self.world.fingertip_in_world)
        self.openings.append(self.world.opening)

    def run(self, most: int = 600, *, until: Callable[[], bool] | None = None) -> int:
        """Step until something holds, by default until all is where it should be; the steps."""
        for count in range(most):
            if until() if until is not None else self.done:
                return count
            self.step()
        raise AssertionError(f"after {most} steps: {self.summary}")

    @property
    def done(self) -> bool:
        """Whether every wish is fulfilled and the hand is off."""
        assert isinstance(self.planner.wishes, Mapping)
        wishes = self.planner.wishes.items()
        there = all(self.missed(row, place) < EXPECTED_WITHIN for row, place in wishes)
        off = self.world.contacts.clear and self.tips[-1][2] > WITHDRAWN_HEIGHT
        return there and off and self.openings[-1] > OPEN_BY

    def put(self, index: int, place: Sequence[float], quat: Sequence[float] = ()) -> None:
        """Put an object somewhere at rest, as somebody else would [m]."""
        model, data = self.world.model, self.world.data
        joint = model.joint(f"object_{index}_joint")
        first, speed = int(joint.qposadr[0]), int(joint.dofadr[0])
        data.qpos[first : first + 3] = place
        if len(quat):
            data.qpos[first + 3 : first + 7] = quat
        data.qvel[speed : speed + 6] = 0.0
        mujoco.mj_forward(model, data)

    def missed(self, index: int, place: Place) -> float:
        """How far an object is from a place, seen from above [m]."""
        return float(np.linalg.norm(self.world.poses[index, :2] - np.array(place)))
