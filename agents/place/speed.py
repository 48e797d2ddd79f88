"""The speed of ArmPlace-v0, beside that of a peer which makes as many sub-steps a control step."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import gymnasium as gym
import mujoco
import numpy as np

from ...envs.arm_model import PHYSICS_TIMESTEP, SUBSTEPS
from ...envs.arm_place import ArmPlaceEnv
from ...envs.demonstrations import record_demonstrations
from ...envs.errors import ConfigError
from ...envs.place_world import PlaceWorld
from ..concept_agent import ConceptAgent
from ..peer import Peer

BLOCK = 50
"""Control steps that are timed together; a whole episode of the peer's."""
BLOCKS = 5
"""Blocks of random actions a repeat, each in a scene of its own."""
EPISODES = 3
"""Scenes that the agent acts in."""
RANDOM, AWAKE, AGENT = "random", "random, awake", "agent"
"""What acts. In our physics what is at rest sleeps and costs little; if "awake", nothing sleeps."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What is timed: a concept, objects beside its solid cursor (None: as drawn), what acts."""

    concept: str
    n_objects: int | None
    actions: str


SETTINGS = (
    Setting(concept="left_of", n_objects=7, actions=RANDOM),
    Setting(concept="left_of", n_objects=7, actions=AWAKE),
    Setting(concept="left_of", n_objects=2, actions=AWAKE),
    Setting(concept="left_of", n_objects=7, actions=AGENT),
    Setting(concept="left_of", n_objects=None, actions=RANDOM),
    Setting(concept="square", n_objects=None, actions=RANDOM),
    Setting(concept="square", n_objects=None, actions=AGENT),
)


@dataclass(frozen=True, kw_only=True)
class Episode:
    """What the agent did in a scene, and where that led."""

    seed: int
    actions: list[np.ndarray]
    end: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Times:
    """Pairs of blocks, and resets.

    Attributes:
        steps: (n,) control steps of each block.
        ours: (n,) CPU time of ours [s].
        peers: (n,) CPU time of the peer's block beside it [s]; empty without a peer.
        resets: CPU times of our resets [s].
        peer_resets: CPU times of the peer's [s].
        objects: solid objects of each scene.
        awake: mean number of objects that were awake, in each block.
    """

    steps: list[int] = field(default_factory=list)
    ours: list[float] = field(default_factory=list)
    peers: list[float] = field(default_factory=list)
    resets: list[float] = field(default_factory=list)
    peer_resets: list[float] = field(default_factory=list)
    objects: list[int] = field(default_factory=list)
    awake: list[float] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        """Steps a second, their ratio (ours over the peer's) by pairs and over all, and resets."""
        steps = np.array(self.steps)
        row: dict[str, Any] = {
            "objects": "-".join(map(str, sorted({min(self.objects), max(self.objects)}))),
            "awake": float(np.average(self.awake, weights=steps)),
            "ours [1/s]": 1.0 / float(np.median(self.ours / steps)),
            "peer [1/s]": None,
            "median": None,
            "quartiles": None,
            "of sums": None,
            "blocks": len(steps),
            "reset [ms]": 1e3 * float(np.median(self.resets)),
            "peer's [ms]": None,
        }
        if self.peers:
            ratios = np.divide(self.peers, self.ours)
            low, middle, high = np.quantile(ratios, [0.25, 0.5, 0.75])
            row |= {
                "peer [1/s]": 1.0 / float(np.median(self.peers / steps)),
                "median": float(middle),
                "quartiles": f"{low:.2f}-{high:.2f}",
                "of sums": float(np.sum(self.peers) / np.sum(self.ours)),
                "peer's [ms]": 1e3 * float(np.median(self.peer_resets)),
            }
        return row


def check_peer(peer: Peer) -> None:
    """Refuse a peer with other sub-steps than ours.

    Raises:
        ConfigError: naming both.
    """
    theirs = peer.facts.get("substeps"), peer.facts.get("timestep")
    if theirs != (SUBSTEPS, PHYSICS_TIMESTEP):
        raise ConfigError(
            f"the peer makes {theirs[0]} sub-steps of {theirs[1]} s a control step, ArmPlace-v0 "
            f"{SUBSTEPS} of {PHYSICS_TIMESTEP} s; their steps a second cannot be compared"
        )


def time_setting(
    setting: Setting, agent: ConceptAgent, peer: Peer | None, *, repeats: int, seed: int
) -> Times:
    """Time a setting, blocks of ours and of the peer's in turns, resets apart.

    The peer takes random actions where ours does, and does its own task where our agent acts.

    Args:
        setting: what to time.
        agent: who acts where the setting asks for it; observes the concept.
        peer: what to time beside it, if anything.
        repeats: times that `BLOCKS` scenes are begun, or an episode of the agent is run.
        seed: of the scenes.

    Raises:
        RuntimeError: if the agent's actions lead elsewhere than when they were recorded, or control
            steps make other sub-steps than they say.
    """
    options: dict[str, Any] = {} if setting.n_objects is None else {"n_objects": setting.n_objects}
    env = gym.make("conceptgym/ArmPlace-v0", concept=setting.concept, **options)
    env.action_space.seed(seed)
    clock = _Clock(env, peer, at_work=setting.actions == AGENT)
    if setting.actions == AGENT:
        agent.observe(record_demonstrations(concept=setting.concept, episodes=5, seed=seed))
        scenes = range(seed, seed + min(repeats, EPISODES))
        episodes = [record_episode(agent, env, seed=scene) for scene in scenes]
        for number in range(repeats):
            clock.replay(episodes[number % len(episodes)])
    else:
        for number in range(repeats * BLOCKS):
            clock.reset(seed + number)
            if setting.actions == AWAKE:
                clock.world.model.opt.enableflags &= ~int(mujoco.mjtEnableBit.mjENBL_SLEEP)
            clock.time_pair([env.action_space.sample() for _ in range(BLOCK)])
    env.close()
    return clock.times


def record_episode(agent: ConceptAgent, env: gym.Env, *, seed: int) -> Episode:
    """The agent's episode in a scene, to its end."""
    observation, _ = env.reset(seed=seed)
    actions: list[np.ndarray] = []
    ended = False
    while not ended:
        action, _ = agent.predict(observation)
        observation, _, terminated, truncated, _ = env.step(action)
        actions.append(action)
        ended = terminated or truncated
    return Episode(seed=seed, actions=actions, end=_place(env).world.data.qpos.copy())


class _Clock:
    """Times an environment of ours and, if there is one, the peer."""

    def __init__(self, env: gym.Env, peer: Peer | None, *, at_work: bool) -> None:
        self._env, self._peer, self._at_work = env, peer, at_work
        self._place = _place(env)
        self.times = Times()

    @property
    def world(self) -> PlaceWorld:
        """The physics of ours."""
        return self._place.world

    def reset(self, seed: int) -> None:
        """Begin a scene of ours."""
        begin = time.process_time()
        self._env.reset(seed=seed)
        self.times.resets.append(time.process_time() - begin)
        self.times.objects.append(len(self._place.scene.rows))

    def replay(self, episode: Episode) -> None:
        """Run an episode again, in about equal blocks."""
        self.reset(episode.seed)
        count = max(1, round(len(episode.actions) / BLOCK))
        for block in np.array_split(np.arange(len(episode.actions)), count):
            self.time_pair([episode.actions[step] for step in block])
        if not np.array_equal(self.world.data.qpos, episode.end):
            raise RuntimeError("the agent's actions led elsewhere than when they were recorded")

    def time_pair(self, actions: Sequence[np.ndarray]) -> None:
        """A block of ours and as many steps of the peer's; each is as often the first."""
        number = len(self.times.steps)
        turns = [self._time_ours, self._time_peer]
        for take in turns[:: -1 if number.bit_count() % 2 else 1]:  # Thue and Morse's order
            take(actions)

    def _time_peer(self, actions: Sequence[np.ndarray]) -> None:
        if self._peer is None:
            return
        self.times.peer_resets.append(self._peer.reset())
        take = self._peer.work if self._at_work else self._peer.run
        self.times.peers.append(take(len(actions)))

    def _time_ours(self, actions: Sequence[np.ndarray]) -> None:
        spent, awake, data = 0.0, 0, self.world.data
        start = data.time
        for action in actions:
            begin = time.process_time()
            self._env.step(action)
            spent += time.process_time() - begin
            awake += data.ntree_awake - 1  # the arm always is
        substeps = (data.time - start) / PHYSICS_TIMESTEP
        if round(substeps) != len(actions) * SUBSTEPS:
            raise RuntimeError(f"{len(actions)} control steps made {substeps:.0f} sub-steps")
        self.times.steps.append(len(actions))
        self.times.ours.append(spent)
        self.times.awake.append(awake / len(actions))


def _place(env: gym.Env) -> ArmPlaceEnv:
    world = env.unwrapped
    if not isinstance(world, ArmPlaceEnv):
        raise ConfigError(f"env is a {type(world).__name__}; pass one of conceptgym/ArmPlace-v0")
    return world
