"""An observation of the place world taken apart: solid things on a table, and the arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import mujoco
import numpy as np

from ...envs.entities import MAX_ENTITIES, check_array
from ...envs.robots import Robot, robot_numbered
from ...envs.spaces import check_keys
from ..ik_model import Obstacle
from .footprints import Footprint

_KEYS = {
    "gripper": (1,),
    "fingertip": (3,),
    "touched": (MAX_ENTITIES,),
    "solid": (MAX_ENTITIES,),
    "round": (MAX_ENTITIES,),
    "poses": (MAX_ENTITIES, 7),
    "half_extents": (MAX_ENTITIES, 3),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class TableView:
    """What is on the table and where the arm is.

    Attributes:
        robot: the arm.
        qpos: (J,) its joint positions [rad].
        opening: distance between the finger pads [m].
        fingertip: (3,) in world [m].
        touched: (MAX_ENTITIES,) bool, entities that a finger has touched.
        rows: (n,) rows of the solid entities.
        poses: (n, 7) their centres in world [m], and turns as quaternions.
        half_extents: (n, 3) theirs along their own axes [m].
        round: (n,) bool, those that look alike from all sides.
    """

    robot: Robot
    qpos: np.ndarray
    opening: float
    fingertip: np.ndarray
    touched: np.ndarray
    rows: np.ndarray
    poses: np.ndarray
    half_extents: np.ndarray
    round: np.ndarray

    @classmethod
    def of(cls, observation: Mapping[str, Any]) -> TableView:
        """Read an observation of `conceptgym/ArmPlace-v0`.

        Raises:
            ShapeError, NonFiniteError: if a key is missing, or an array does not fit.
        """
        check_keys(observation, ["qpos", "robot", *_KEYS], source="conceptgym/ArmPlace-v0")
        robot = robot_numbered(int(observation["robot"]))
        for key, shape in {**_KEYS, "qpos": (robot.num_joints,)}.items():
            check_array(observation[key], f"observation['{key}']", shape)
        rows = np.flatnonzero(observation["solid"])
        return cls(
            robot=robot,
            qpos=np.asarray(observation["qpos"], dtype=np.float64),
            opening=float(np.asarray(observation["gripper"])[0]),
            fingertip=np.asarray(observation["fingertip"], dtype=np.float64),
            touched=np.asarray(observation["touched"]).astype(bool),
            rows=rows,
            poses=np.asarray(observation["poses"], dtype=np.float64)[rows],
            half_extents=np.asarray(observation["half_extents"], dtype=np.float64)[rows],
            round=np.asarray(observation["round"])[rows].astype(bool),
        )

    @property
    def centres(self) -> np.ndarray:
        """(n, 3) centres of the solid entities in world [m]."""
        return self.poses[:, :3]

    @property
    def footprints(self) -> tuple[Footprint, ...]:
        """(n,) their outlines from above, however they lie."""
        return self._lying[0]

    @property
    def half_heights(self) -> np.ndarray:
        """(n,) half of how high they are, as they lie [m]."""
        return self._lying[1]

    @cached_property
    def _lying(self) -> tuple[tuple[Footprint, ...], np.ndarray]:
        each = zip(self.poses, self.half_extents, self.round, strict=True)
        lying = [_lying(*one) for one in each]
        return tuple(outline for outline, _ in lying), np.array([height for _, height in lying])

    @property
    def tops(self) -> np.ndarray:
        """(n,) heights of the objects' tops above the table [m]."""
        return self.centres[:, 2] + self.half_heights

    @property
    def bottoms(self) -> np.ndarray:
        """(n,) heights of what they stand on [m]."""
        return self.centres[:, 2] - self.half_heights

    def others(self, index: int, *, above: float = -1.0) -> tuple[int, ...]:
        """The other objects whose tops are above a height [m]."""
        return tuple(
            other for other in range(len(self.rows)) if other != index and self.tops[other] > above
        )

    def obstacles(self, indices: Sequence[int]) -> list[Obstacle]:
        """These objects as things to keep clear of."""
        return [self.obstacle(index) for index in indices]

    def obstacle(self, index: int) -> Obstacle:
        """An object as a thing to keep clear of, or to carry."""
        outline = self.footprints[index]
        return Obstacle(
            centre=self.centres[index],
            half_extents=np.append(outline.half_extents, self.half_heights[index]),
            yaw=outline.yaw,
            round=outline.round,
        )


def _lying(pose: np.ndarray, extents: np.ndarray, rounded: bool) -> tuple[Footprint, float]:
    """The outline from above of an object, and half its height [m], whichever side is up."""
    axes = _rotation(pose[3:])  # columns: its own axes in world
    up = int(np.argmax(np.abs(axes[2])))
    first, second = (axis for axis in range(3) if axis != up)
    yaw = float(np.arctan2(axes[1, first], axes[0, first]))
    ball = rounded and np.ptp(extents) < 1e-9
    footprint = Footprint(
        centre=pose[:2],
        half_extents=extents[[first, second]],
        yaw=0.0 if rounded and (up == 2 or ball) else yaw,
        round=bool(rounded and (up == 2 or ball)),
    )
    return footprint, float(extents[up])


def _rotation(quaternion: np.ndarray) -> np.ndarray:
    """(3, 3) of (w, x, y, z), of whatever length."""
    matrix = np.empty(9)
    mujoco.mju_quat2Mat(matrix, quaternion / max(float(np.linalg.norm(quaternion)), 1e-9))
    return matrix.reshape(3, 3)
