"""What the place world lets be seen beside the entity states.

| key            | space                | meaning                                 | unit, frame|
|----------------|----------------------|-----------------------------------------|------------|
| `qpos`         | Box (n,)             | joint positions                         | rad        |
| `qvel`         | Box (n,)             | joint velocities                        | rad/s      |
| `gripper`      | Box (1,)             | opening between the finger pads         | m          |
| `fingertip`    | Box (3,)             | fingertip position                      | m, world   |
| `robot`        | Discrete (64)        | which arm, see `robots.robot_number`    |            |
| `touched`      | MultiBinary (16,)    | entities touched by a finger            |            |
| `solid`        | MultiBinary (16,)    | entities that can be grasped or bumped  |            |
| `round`        | MultiBinary (16,)    | those that look alike from all sides    |            |
| `poses`        | Box (16, 7)          | their centres, and turns as quaternions | m, world   |
| `half_extents` | Box (16, 3)          | theirs along their own axes             | m          |

Rows that are not solid are zero.
"""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from gymnasium import spaces

from .arm_model import MAX_OPENING
from .entities import MAX_ENTITIES, POSITION
from .errors import ConfigError
from .frames import table_to_plane
from .place_objects import HALF_HEIGHTS
from .place_scene import PlaceScene
from .place_world import PlaceWorld
from .robots import MOST_ROBOTS, robot_number
from .spaces import POSITION_BOUND, Observation

MOST_NOISE = 0.02
"""Largest standard deviation of the observed places [m]."""
_FAR = 3.0  # [m]: further than anything falls
_MOST_SPEED = 3.0  # largest joint velocity that is seen, in limits


def place_spaces(world: PlaceWorld) -> dict[str, spaces.Space]:
    """The spaces of the keys in the table above, for a world's arm."""
    places = np.concatenate([np.full(3, _FAR), np.ones(4) + 1e-3])
    poses = np.tile(places, (MAX_ENTITIES, 1))
    boxes = {
        **_arm_bounds(world),
        "poses": (-poses, poses),
        "half_extents": (np.zeros((MAX_ENTITIES, 3)), np.full((MAX_ENTITIES, 3), HALF_HEIGHTS[1])),
    }
    masks = ("touched", "solid", "round")
    return {
        **{
            name: spaces.Box(low.astype(np.float32), high.astype(np.float32), dtype=np.float32)
            for name, (low, high) in boxes.items()
        },
        **{name: spaces.MultiBinary(MAX_ENTITIES) for name in masks},
        "robot": spaces.Discrete(MOST_ROBOTS),
    }


def _arm_bounds(world: PlaceWorld) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Least and largest of what is seen of the arm; what is beyond is clipped.

    Joints give way a little at their limits, and where the arm hits something it is thrown back.
    """
    lower, upper = world.joint_limits
    speed = _MOST_SPEED * np.array(world.robot.velocity_limits)
    return {
        "qpos": (lower - 0.1, upper + 0.1),
        "qvel": (-speed, speed),
        "gripper": (np.array([-0.01]), np.array([MAX_OPENING + 0.01])),
        "fingertip": (np.full(3, -_FAR), np.full(3, _FAR)),
    }


def place_observation(
    seen: Observation,
    world: PlaceWorld,
    scene: PlaceScene,
    *,
    noise: float,
    rng: np.random.Generator,
) -> Observation:
    """Add the keys of the table above to an observation of the entities.

    Args:
        seen: of the entity states.
        world: the physics.
        scene: whose solid entities are seen.
        noise: standard deviation of the places [m], alike in `entities` and `poses`.
        rng: its source.
    """
    rows, shapes = scene.rows, scene.shapes
    solid, rounded = np.zeros((2, MAX_ENTITIES), dtype=np.int8)
    poses = np.zeros((MAX_ENTITIES, 7), dtype=np.float32)
    extents = np.zeros((MAX_ENTITIES, 3), dtype=np.float32)
    solid[rows] = 1
    rounded[rows] = [shape.round for shape in shapes]
    extents[rows] = [shape.half_extents for shape in shapes]
    places = world.poses
    if noise > 0.0:
        places[:, :3] += noise * rng.standard_normal((len(rows), 3))
        seen["entities"][rows, POSITION] = np.clip(
            table_to_plane(places[:, :2]), -POSITION_BOUND, POSITION_BOUND
        )
    poses[rows] = np.clip(places, -_FAR, _FAR)
    arm = world.arm_observation()
    return {
        **seen,
        **{
            name: np.clip(arm[name], low, high).astype(np.float32)
            for name, (low, high) in _arm_bounds(world).items()
        },
        "robot": np.int64(robot_number(world.robot)),
        "touched": world.touched.astype(np.int8),
        "solid": solid,
        "round": rounded,
        "poses": poses,
        "half_extents": extents,
    }


def check_noise(observation_noise: Any) -> float:
    """The standard deviation, if it is one.

    Raises:
        ConfigError: on anything but a number from 0 to `MOST_NOISE`.
    """
    if not isinstance(observation_noise, Real) or not 0.0 <= float(observation_noise) <= MOST_NOISE:
        raise ConfigError(
            f"observation_noise={observation_noise!r} must be a number from 0 to {MOST_NOISE} [m]"
        )
    return float(observation_noise)
