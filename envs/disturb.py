"""Disturbances: once in an episode, at a seeded time, something happens that nobody planned."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from .arm_model import CONTROL_TIMESTEP, object_name
from .errors import ConfigError
from .frames import TABLE_CENTRE_IN_WORLD
from .place_model import FINGER_GEOMS, OBJECT_FRICTION, rest_height
from .place_scene import PlaceScene
from .place_world import PlaceWorld

DISTURBANCES = ("push", "slip", "move")
"""push: an object is pushed; slip: the hand loses its grip; move: what is referred to is pushed."""
FIRST_STEP, LAST_STEP = 15, 125
"""When a push begins [control steps of 0.04 s]."""
LAST_TOUCH_STEP = 45
"""The same where things are to be touched, which takes less time [control steps]."""
PUSH_STEPS = 10
"""How long a push lasts [control steps]."""
PUSH_DISTANCES = (0.02, 0.05)
"""How far an object is pushed, about [m]."""
LIFTED = 0.05
"""A fingertip above this has lifted what it holds [m]."""
SLIP_STEPS = (3, 40)
"""How long after a lift the grip is lost [control steps]."""
_SLIPPERY_STEPS = 8
_AFTERMATH = 40  # control steps for which what happens to objects is the disturbance's doing
_ROOM = 0.012  # least gap that a push leaves to other objects, rim to rim [m]
_HAND_ROOM = 0.08  # a push waits until the hand is this far away [m]
_STIFFNESS, _DAMPING = 250.0, 22.0  # of the pushing force, by mass [1/s²], [1/s]: for 25 Hz
_DRAG = 0.9 * 9.81 * OBJECT_FRICTION[0]  # nine tenths of the friction, by mass [m/s²]
_WORKSPACE = 0.19  # a pushed object stays in this square around the plane's centre [m]
_DIRECTIONS = 16
_LOOK_EVERY = 10  # control steps after which a push that cannot begin is tried again


def check_disturb(disturb: str | None) -> str | None:
    """The disturbance, if it is one of `DISTURBANCES` or None.

    Raises:
        ConfigError: on anything else.
    """
    if disturb is not None and disturb not in DISTURBANCES:
        raise ConfigError(
            f"disturb={disturb!r} is unknown; choose one of {', '.join(DISTURBANCES)}, or None"
        )
    return disturb


Allowed = Callable[[int, np.ndarray], bool]


class Disturbance:
    """Something that happens once; what it does to objects is nobody's fault."""

    def __init__(self, scene: PlaceScene, first_step: int) -> None:
        self._scene = scene
        self._first_step, self._step, self._began = first_step, 0, -1
        count = len(scene.rows)
        self._all = np.arange(count)
        self._radii = np.array([shape.radius for shape in scene.shapes])  # (n,) [m]

    @property
    def happened(self) -> bool:
        """Whether it has begun."""
        return self._began >= 0

    def act(self, world: PlaceWorld) -> np.ndarray:
        """Do what is due after a control step; the objects (k,) whose places are excused."""
        self._step += 1
        if not self.happened and self._step >= self._first_step and self._begin(world):
            self._began = self._step
        if not self.happened:
            return self._all[:0]
        since = self._step - self._began
        self._go_on(world, since)
        return self._excused() if since <= _AFTERMATH else self._all[:0]

    def _begin(self, world: PlaceWorld) -> bool:
        """Begin, if that is possible now."""
        raise NotImplementedError

    def _go_on(self, world: PlaceWorld, since: int) -> None:
        """Act `since` steps after the beginning."""
        raise NotImplementedError

    def _excused(self) -> np.ndarray:
        raise NotImplementedError


class Slip(Disturbance):
    """The fingers turn slippery some time after they have lifted something."""

    def __init__(self, scene: PlaceScene, rng: np.random.Generator) -> None:
        super().__init__(scene, first_step=1)
        self._wait = int(rng.integers(*SLIP_STEPS))
        self._friction = np.zeros((2, 3))

    def _begin(self, world: PlaceWorld) -> bool:
        holds = bool(world.contacts.holding.any())
        lifted = holds and bool(world.fingertip_in_world[2] > LIFTED)
        self._wait -= int(lifted)
        return lifted and self._wait < 0

    def _go_on(self, world: PlaceWorld, since: int) -> None:
        fingers = [world.model.geom(name).id for name in FINGER_GEOMS]
        if since == 0:
            self._friction = world.model.geom_friction[fingers].copy()
            world.model.geom_friction[fingers] = 1e-4
            world.model.geom_priority[fingers] = 1  # theirs alone counts
        elif since == _SLIPPERY_STEPS:
            world.model.geom_friction[fingers] = self._friction
            world.model.geom_priority[fingers] = 0

    def _excused(self) -> np.ndarray:
        return self._all


class Push(Disturbance):
    """An object is pushed along the table, clear of the others.

    A spring-like force pulls it along a smooth path; what overcomes friction acts where the object
    stands, so that it does not tip. A ball rolls.
    """

    def __init__(
        self,
        scene: PlaceScene,
        rng: np.random.Generator,
        *,
        candidates: np.ndarray,
        allowed: Allowed = lambda index, place: True,
        last_step: int = LAST_STEP,
    ) -> None:
        """Push one of `candidates` (k,), indices of the scene, to a place that is allowed."""
        super().__init__(scene, int(rng.integers(FIRST_STEP, last_step)))
        self._order = rng.permutation(candidates)
        self._distance = float(rng.uniform(*PUSH_DISTANCES))
        self._angles = rng.permutation(_DIRECTIONS) * (2.0 * math.pi / _DIRECTIONS)
        self._allowed = allowed
        self._index = -1
        self._start, self._way = np.zeros((2, 2))

    def _begin(self, world: PlaceWorld) -> bool:
        if (self._step - self._first_step) % _LOOK_EVERY:
            return False
        places = world.poses[:, :2]
        hand = np.linalg.norm(places - world.fingertip_in_world[:2], axis=1)
        standing = world.poses[:, 2]
        for index in self._order:
            near = np.linalg.norm(places - places[index], axis=1) < self._radii[index]
            alone = np.count_nonzero(near) == 1 and standing[index] < 2.0 * self._radii[index]
            if hand[index] < _HAND_ROOM or not alone:
                continue
            for angle in self._angles:
                way = self._distance * np.array([math.cos(angle), math.sin(angle)])
                free = self._is_free(places, int(index), way)
                if free and self._allowed(int(index), places[index] + way):
                    self._index, self._start, self._way = int(index), places[index].copy(), way
                    return True
        return False

    def _is_free(self, places: np.ndarray, index: int, way: np.ndarray) -> bool:
        end = places[index] + way
        if np.abs(end - TABLE_CENTRE_IN_WORLD).max() > _WORKSPACE:
            return False
        others = self._all != index
        gap = places[others] - places[index]
        share = np.clip(gap @ way / (way @ way), 0.0, 1.0)
        away = np.linalg.norm(gap - share[:, None] * way, axis=1)
        room = self._radii[others] + self._radii[index] + _ROOM
        # From a neighbour that is nearer than that already, it may be pushed away.
        return bool(np.all(away >= np.minimum(room, np.linalg.norm(gap, axis=1))))

    def _go_on(self, world: PlaceWorld, since: int) -> None:
        data, body = world.data, world.model.body(object_name(self._index)).id
        data.xfrc_applied[body] = 0.0
        if since > PUSH_STEPS:
            return
        shape = self._scene.shapes[self._index]
        share = min(1.0, (since + 0.5) / PUSH_STEPS)
        goal = self._start + share**2 * (3.0 - 2.0 * share) * self._way
        pace = 6.0 * share * (1.0 - share) / (PUSH_STEPS * CONTROL_TIMESTEP) * self._way
        place = world.poses[self._index, :2]
        speed = data.qvel[world.velocity_addresses[self._index, :2]]
        pull, drag = np.zeros((2, 3))
        pull[:2] = shape.mass * (_STIFFNESS * (goal - place) + _DAMPING * (pace - speed))
        if shape.kind != "ball" and share < 1.0:
            drag[:2] = shape.mass * _DRAG * self._way / self._distance
        data.xfrc_applied[body, :3] = pull + drag
        data.xfrc_applied[body, 3:] = np.cross([0.0, 0.0, -rest_height(shape)], drag)

    def _excused(self) -> np.ndarray:
        return self._all[self._index : self._index + 1]


def draw_disturbance(
    disturb: str,
    rng: np.random.Generator,
    scene: PlaceScene,
    *,
    allowed: Allowed = lambda index, place: True,
    last_step: int = LAST_STEP,
) -> Disturbance:
    """A disturbance for a scene, at a time of its own.

    Args:
        disturb: one of `DISTURBANCES`.
        rng: the source of randomness.
        scene: whose solid entities there are.
        allowed: whether an object, by its index, may be pushed to a (2,) place in world [m].
        last_step: before which a push begins, if it can.
    """
    if disturb == "slip":
        return Slip(scene, rng)
    event = scene.event
    candidates = np.arange(len(scene.rows))
    meant = event.attention[scene.rows] & ~event.before.movable[scene.rows]
    if disturb == "move" and meant.any():
        candidates = candidates[meant]
    return Push(scene, rng, candidates=candidates, allowed=allowed, last_step=last_step)
