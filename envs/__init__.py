"""The worlds, their concepts and the recording of demonstrations; importing registers the ids."""

import gymnasium as gym

from .rendering.gl import choose_opengl_backend

choose_opengl_backend()  # before anything imports mujoco, which reads the choice once

from .arm_place import ArmPlaceEnv  # noqa: E402
from .arm_reach import ArmReachEnv  # noqa: E402
from .composed import ArmPlaceComposeEnv, ParticleComposeEnv  # noqa: E402
from .concept_env import ConceptEnv  # noqa: E402
from .concepts import CONCEPTS, TASKS, Concept, Event, compose, make_concept  # noqa: E402
from .demonstrations import Demonstration, record_demonstrations  # noqa: E402
from .entities import FEATURES, MAX_ENTITIES, EntityState  # noqa: E402
from .frames import plane_to_table, table_to_plane  # noqa: E402
from .particle import ParticleEnv  # noqa: E402
from .robots import ROBOTS, Robot, make_robot  # noqa: E402
from .spaces import state_from_observation  # noqa: E402

gym.register(
    id="conceptgym/Particle-v0",
    entry_point="conceptgym.envs.particle:ParticleEnv",
    max_episode_steps=60,
)
gym.register(
    id="conceptgym/ParticleCompose-v0",
    entry_point="conceptgym.envs.composed:ParticleComposeEnv",
    max_episode_steps=60,
)
gym.register(
    id="conceptgym/ArmReach-v0",
    entry_point="conceptgym.envs.arm_reach:ArmReachEnv",
    max_episode_steps=500,
)
gym.register(
    id="conceptgym/ArmPlace-v0",
    entry_point="conceptgym.envs.arm_place:ArmPlaceEnv",
    max_episode_steps=4000,
)
gym.register(
    id="conceptgym/ArmPlaceCompose-v0",
    entry_point="conceptgym.envs.composed:ArmPlaceComposeEnv",
    max_episode_steps=4000,
)

__all__ = [
    "CONCEPTS",
    "FEATURES",
    "MAX_ENTITIES",
    "ROBOTS",
    "TASKS",
    "ArmPlaceComposeEnv",
    "ArmPlaceEnv",
    "ArmReachEnv",
    "Concept",
    "ConceptEnv",
    "Demonstration",
    "EntityState",
    "Event",
    "ParticleComposeEnv",
    "ParticleEnv",
    "Robot",
    "compose",
    "make_concept",
    "make_robot",
    "plane_to_table",
    "record_demonstrations",
    "state_from_observation",
    "table_to_plane",
]
