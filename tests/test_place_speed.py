"""The comparison with a peer: as many steps on both sides, in turns, and ratios of their times."""

from __future__ import annotations

import json
import re
from typing import Any, cast

import gymnasium as gym
import numpy as np
import pytest
from test_scripts import parse

from conceptgym.agents import ConceptAgent
from conceptgym.agents.peer import HOW_TO_GET, Peer
from conceptgym.agents.place import speed as place_speed
from conceptgym.agents.place.speed import (
    AGENT,
    AWAKE,
    BLOCK,
    RANDOM,
    SETTINGS,
    Episode,
    Setting,
    Times,
    check_peer,
    record_episode,
    time_setting,
)
from conceptgym.envs import record_demonstrations
from conceptgym.envs.errors import ConfigError


class FakePeer:
    """Answers at once: a second a step."""

    def __init__(self, **facts: Any) -> None:
        self.facts = {"substeps": 20, "timestep": 0.002, **facts}
        self.asked: list[tuple[str, int]] = []

    def reset(self) -> float:
        return 0.004

    def run(self, steps: int) -> float:
        self.asked.append(("run", steps))
        return float(steps)

    def work(self, steps: int) -> float:
        self.asked.append(("work", steps))
        return float(steps)


def as_peer(peer: FakePeer) -> Peer:
    return cast(Peer, peer)


@pytest.fixture(scope="module")
def agent() -> ConceptAgent:
    return ConceptAgent.from_pretrained()


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place_speed, "BLOCK", 5)


def test_every_kind_of_action_is_timed() -> None:
    assert {setting.actions for setting in SETTINGS} == {RANDOM, AWAKE, AGENT}
    assert len(set(SETTINGS)) == len(SETTINGS)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("actions", [RANDOM, AWAKE])
def test_random_actions_sleep_or_not(agent: ConceptAgent, actions: str) -> None:
    peer = FakePeer()
    setting = Setting(concept="left_of", n_objects=3, actions=actions)
    times = time_setting(setting, agent, as_peer(peer), repeats=1, seed=0)
    blocks = place_speed.BLOCKS
    assert times.steps == [5] * blocks and peer.asked == [("run", 5)] * blocks
    assert len(times.ours) == len(times.peers) == len(times.resets) == len(times.peer_resets)
    assert times.objects == [4] * blocks, "three and the piece"
    assert times.awake == [4.0 if actions == AWAKE else 0.0] * blocks
    assert min(times.ours) > 0.0 and min(times.resets) > 0.0


def test_the_agents_whole_episode_is_timed(
    agent: ConceptAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place_speed, "EPISODES", 1)
    peer = FakePeer()
    setting = Setting(concept="left_of", n_objects=2, actions=AGENT)
    times = time_setting(setting, agent, as_peer(peer), repeats=2, seed=0)
    assert peer.asked == [("work", steps) for steps in times.steps]
    assert max(abs(steps - BLOCK) for steps in times.steps) < BLOCK / 4
    assert sum(times.steps) == 2 * len(record(agent, 0).actions)
    assert len(times.resets) == 2 and len(times.peer_resets) == len(times.steps)
    assert 0.0 < np.mean(times.awake) < 3.0, "what it moves is awake"


def record(agent: ConceptAgent, seed: int) -> Episode:
    agent.observe(record_demonstrations(concept="left_of", episodes=5, seed=0))
    env = gym.make("conceptgym/ArmPlace-v0", concept="left_of", n_objects=2)
    return record_episode(agent, env, seed=seed)


def test_another_way_than_recorded_is_found_out(
    agent: ConceptAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    episode = record(agent, 0)
    other = Episode(seed=1, actions=episode.actions[:60], end=episode.end)
    monkeypatch.setattr(place_speed, "record_episode", lambda *_, **__: other)
    setting = Setting(concept="left_of", n_objects=2, actions=AGENT)
    with pytest.raises(RuntimeError, match="the agent's actions led elsewhere than when they were"):
        time_setting(setting, agent, None, repeats=1, seed=0)


def test_ours_and_the_peers_turns_alternate(
    agent: ConceptAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    clock = place_speed._Clock
    for name in ("_time_ours", "_time_peer"):
        monkeypatch.setattr(clock, name, lambda self, actions, name=name: order.append(name[6:]))
    env = gym.make("conceptgym/ArmPlace-v0", concept="left_of")
    timer = clock(env, None, at_work=False)
    for _ in range(8):
        timer.time_pair([])
        timer.times.steps.append(1)
    firsts = order[::2]
    assert order[1::2] == [{"ours": "peer", "peer": "ours"}[who] for who in firsts]
    assert firsts == ["ours", "peer", "peer", "ours", "peer", "ours", "ours", "peer"]


def test_the_summary_of_known_times() -> None:
    times = Times(
        steps=[50, 50, 100],
        ours=[0.05, 0.05, 0.2],
        peers=[0.1, 0.15, 0.2],
        resets=[0.01, 0.03, 0.02],
        peer_resets=[0.001, 0.002, 0.009],
        objects=[5, 8, 6],
        awake=[0.0, 2.0, 1.0],
    )
    row = times.summary()
    assert json.loads(json.dumps(row)) == row
    assert row.pop("quartiles") == "1.50-2.50" and row.pop("objects") == "5-8"
    expected = {"awake": 1.0, "ours [1/s]": 1000.0, "peer [1/s]": 500.0, "median": 2.0}
    expected |= {"of sums": 1.5, "blocks": 3, "reset [ms]": 20.0, "peer's [ms]": 2.0}
    assert row == pytest.approx(expected)


def test_without_a_peer_ours_is_timed_alone() -> None:
    times = Times(steps=[50], ours=[0.05], resets=[0.01], objects=[8], awake=[0.0])
    row = times.summary()
    assert row["ours [1/s]"] == pytest.approx(1000.0) and row["objects"] == "8"
    for name in ("peer [1/s]", "median", "quartiles", "of sums", "peer's [ms]"):
        assert row[name] is None


def test_other_substeps_are_refused() -> None:
    check_peer(as_peer(FakePeer()))
    text = (
        "the peer makes 10 sub-steps of 0.004 s a control step, ArmPlace-v0 20 of 0.002 s; "
        "their steps a second cannot be compared"
    )
    with pytest.raises(ConfigError, match=f"^{re.escape(text)}$"):
        check_peer(as_peer(FakePeer(substeps=10, timestep=0.004)))


def test_other_worlds_are_refused(agent: ConceptAgent) -> None:
    env = gym.make("conceptgym/Particle-v0", concept="near")
    agent.observe(record_demonstrations(concept="near", episodes=1, seed=0))
    text = "env is a ParticleEnv; pass one of conceptgym/ArmPlace-v0"
    with pytest.raises(ConfigError, match=f"^{re.escape(text)}$"):
        record_episode(agent, env, seed=0)


def test_the_table_says_how_to_get_a_peer_and_what_it_was() -> None:
    module, _ = parse("benchmark", "")
    note = module.describe_place(None)
    assert note.endswith(f"20 sub-steps of 0.002 s a control step. No peer ran: {HOW_TO_GET}")
    versions = {"environment": "Fetch", "gymnasium-robotics": "9.9", "mujoco": "3.1", "objects": 1}
    note = module.describe_place(FakePeer(**versions))
    assert "Fetch of gymnasium-robotics 9.9 20 of 0.002 s, on MuJoCo 3.1, with 1 obj" in note


def test_a_benchmark_with_a_wrong_peer_stops_at_once() -> None:
    module, args = parse("benchmark", "--peer-python /nope/python")
    with pytest.raises(ConfigError, match="peer_python='/nope/python' cannot be run: No such file"):
        module.main(args)
