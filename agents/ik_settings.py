"""Settings of inverse kinematics, and what a search comes to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..envs.frames import TABLE_CENTRE_IN_WORLD
from .config import Config


@dataclass(frozen=True, kw_only=True)
class IKConfig(Config):
    """Settings of `IKController`.

    Attributes:
        position_tolerance: largest distance between fingertip and target [m].
        tilt_tolerance: largest angle between the gripper and straight down [rad].
        iterations: quadratic programs an attempt.
        restarts: further attempts from random joint positions.
        velocity_share: share of the joint velocity limits that a control step may use.
        table_clearance: distance that hand, fingers and forearm keep from the table [m].
        object_clearance: distance that hand and fingers keep from objects [m].
        carried_clearance: distance that a carried object keeps from objects and table [m].
        seed: seed of the restarts.

    Raises:
        ConfigError: if a value is out of range.
    """

    position_tolerance: float = 1e-3
    tilt_tolerance: float = 0.01
    iterations: int = 60
    restarts: int = 8
    velocity_share: float = 0.85
    table_clearance: float = 0.004
    object_clearance: float = 0.002
    carried_clearance: float = 0.0005
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        lengths = ("position_tolerance", "table_clearance", "object_clearance", "carried_clearance")
        for name in (*lengths, "tilt_tolerance", "iterations"):
            self.require(name, getattr(self, name) > 0, "above 0")
        for name in ("restarts", "seed"):
            self.require(name, getattr(self, name) >= 0, "at least 0")
        self.require("velocity_share", 0 < self.velocity_share <= 1, "a share in (0, 1]")


@dataclass(frozen=True, kw_only=True)
class IKResult:
    """What the search for joint positions came to.

    Attributes:
        qpos: (n,) joint positions [rad], within the limits; where it began if not reached.
        position_error: distance between fingertip and target at the best attempt [m].
        reached: whether the tolerances hold at `qpos`.
        iterations: quadratic programs solved.
        restarts: random restarts used.
        reason: "reached", or why not.
    """

    qpos: np.ndarray
    position_error: float
    reached: bool
    iterations: int
    restarts: int
    reason: str


def unreachable_text(target_in_world: np.ndarray, reason: str) -> str:
    """Text of an `UnreachableTargetError`: the target, why, and what to do."""
    point = ", ".join(f"{value:.3f}" for value in np.asarray(target_in_world))
    x, y = TABLE_CENTRE_IN_WORLD
    return (
        f"target_in_world is ({point}) [m], {reason}; move it towards the table's centre, "
        f"({x:.1f}, {y:.1f}) and at least a few centimetres up"
    )
