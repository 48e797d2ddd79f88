"""When a state of the place world has settled, and what has gone wrong in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .place_model import TABLE_CENTRE, TABLE_HALF_EXTENTS, rest_height
from .place_scene import PlaceScene
from .place_world import PlaceWorld

AT_REST = 0.01
"""An object is at rest below this speed [m/s]."""
OPEN_BY = 0.03
"""The hand is open from this distance between the finger pads on [m]."""
WITHDRAWN_HEIGHT = 0.1
"""A fingertip above this has withdrawn from the objects [m above the table]."""
MOST_DISPLACED = 0.01
"""Objects that are not to be moved stay within this distance of where they were [m]."""
_RAISED = 0.005  # higher than this above its rest, an object stands on another [m]
_FALLEN = -0.02  # an object's centre below this has left the table [m]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a state of the place world is like, whatever the concept.

    Attributes:
        settled: the hand is open, clear and withdrawn, and every object at rest.
        fallen: an object has left the table.
        stacked: an object stands on another that should not.
        displaced: an object that is not to be moved has left its place.
    """

    settled: bool
    fallen: bool
    stacked: bool
    displaced: bool

    @property
    def sound(self) -> bool:
        """Whether the state counts: settled, and nothing wrong."""
        return self.settled and not (self.fallen or self.stacked or self.displaced)

    @property
    def fault(self) -> str:
        """What is wrong, or an empty text."""
        names = ("fallen", "stacked", "displaced")
        return ", ".join(name for name in names if getattr(self, name))


class PlaceJudge:
    """Judges the states of one episode; concepts are judged elsewhere."""

    def __init__(self, scene: PlaceScene, world: PlaceWorld, *, movable: np.ndarray) -> None:
        """Begin with the state that the world is in.

        Args:
            scene: whose concept's piece may stand on an object where the scene's answer has it so.
            world: the physics.
            movable: (n,) bool, the solid entities that may be moved.
        """
        self._scene, self._world = scene, world
        self._fixed = ~movable
        self._rest = np.array([rest_height(shape) for shape in scene.shapes])
        self._places = world.poses[:, :2]
        stops = [scene.poses(stop)[:, 2] for stop in (*scene.event.stops, scene.event.shown)]
        self._may_be_raised = np.any([h > self._rest + _RAISED for h in stops], axis=0)

    def excuse(self, indices: np.ndarray) -> None:
        """Let objects (k,) belong where they are now: somebody else has moved them."""
        if len(indices):
            self._places[indices] = self._world.poses[indices, :2]

    def look(self) -> Verdict:
        """Judge the world's state."""
        world, poses = self._world, self._world.poses  # few NumPy calls: this runs in every step
        away = poses[:, :2] - self._places
        moved = (away * away).sum(axis=1) > MOST_DISPLACED**2
        raised = poses[:, 2] > self._rest + _RAISED
        stacked = raised.any() and (raised & ~self._may_be_raised & ~world.contacts.holding).any()
        beyond = (np.abs(poses[:, :2] - TABLE_CENTRE) > TABLE_HALF_EXTENTS).any()
        return Verdict(
            settled=self._hand_is_off() and bool(world.object_speeds.max() < AT_REST),
            fallen=bool(beyond or poses[:, 2].min() < _FALLEN),
            stacked=bool(stacked),
            displaced=bool((moved & self._fixed).any()),
        )

    def _hand_is_off(self) -> bool:
        world = self._world
        withdrawn = world.fingertip_in_world[2] > WITHDRAWN_HEIGHT
        return bool(withdrawn and world.opening > OPEN_BY and world.contacts.clear)
