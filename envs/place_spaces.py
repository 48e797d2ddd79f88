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

from functools import cache
from typing import Any

import numpy as np
from gymnasium import spaces

from .arm_model import MAX_OPENING
from .entities import MAX_ENTITIES, POSITION
from .errors import ConfigError
from .frames import table_to_plane
from .number_checks import is_finite
from .place_objects import HALF_HEIGHTS
from .place_scene import PlaceScene
from .place_start import joint_ranges, rigid_model
from .place_world import PlaceWorld
from .robots import MOST_ROBOTS, Robot, robot_number
from .spaces import POSITION_BOUND, Observation, clipped

MOST_NOISE = 0.02
"""Largest standard deviation of the observed places [m]."""
_FAR = 3.0  # [m]: further than anything falls
_MOST_SPEED = 3.0  # largest joint velocity that is seen, in limits


def place_spaces(world: PlaceWorld) -> dict[str, spaces.Space]:
    """The spaces of the keys in the table above, for a world's arm."""
    places = np.concatenate([np.full(3, _FAR), np.ones(4) + 1e-3])
    poses = np.tile(places, (MAX_ENTITIES, 1))
    boxes = {
        **_arm_bounds(world.robot),
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


@cache
def _arm_bounds(robot: Robot) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Least and largest of what is seen of the arm; what is beyond is clipped.

    Joints give way a little at their limits, and where the arm hits something it is thrown back.
    """
    lower, upper = joint_ranges(rigid_model(robot), robot.num_joints)
    speed = _MOST_SPEED * np.array(robot.velocity_limits)
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
    rows, looks, places = scene.rows, scene.looks, world.poses
    poses = np.zeros((MAX_ENTITIES, 7), dtype=np.float32)
    if noise > 0.0:
        places[:, :3] += noise * rng.standard_normal((len(rows), 3))
        seen["entities"][rows, POSITION] = clipped(
            table_to_plane(places[:, :2]), -POSITION_BOUND, POSITION_BOUND
        )
    poses[rows] = clipped(places, -_FAR, _FAR)
    arm, bounds = world.arm_observation(), _arm_bounds(world.robot)
    return {
        **seen,
        **{name: clipped(arm[name], *bounds[name]).astype(np.float32) for name in bounds},
        "robot": np.int64(robot_number(world.robot)),
        "touched": world.touched.astype(np.int8),
        "solid": looks.solid.copy(),
        "round": looks.round.copy(),
        "poses": poses,
        "half_extents": looks.half_extents.copy(),
    }


def check_noise(observation_noise: Any) -> float:
    """The standard deviation, if it is one.

    Raises:
        ConfigError: on anything but a number from 0 to `MOST_NOISE`.
    """
    if not is_finite(observation_noise) or not 0.0 <= float(observation_noise) <= MOST_NOISE:
        raise ConfigError(
            f"observation_noise={observation_noise!r} must be a number from 0 to {MOST_NOISE} [m]"
        )
    return float(observation_noise)
