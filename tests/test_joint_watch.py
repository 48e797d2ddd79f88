"""The extremes of a sequence of states are those of the whole sequence."""

from __future__ import annotations

import numpy as np

from conceptgym.envs.joint_watch import JointWatch


def test_a_fresh_watch_has_seen_its_start_alone() -> None:
    watch = JointWatch(np.array([0.5, -0.5]))
    assert watch.limit_violation(np.full(2, -1.0), np.ones(2)) == 0.0
    assert watch.velocity_share(np.ones(2)) == watch.torque_share(np.ones(2)) == 0.0


def test_extremes_are_those_of_all_states() -> None:
    rng = np.random.default_rng(0)
    qpos, qvel, torque = rng.normal(size=(3, 20, 4))
    watch = JointWatch(qpos[0])
    for state in zip(qpos, qvel, torque, strict=True):
        watch.look(*state)
    lower, upper = np.array([-0.5, -9.0, -9.0, -9.0]), np.full(4, 9.0)
    assert watch.limit_violation(lower, upper) == max(0.0, -0.5 - qpos[:, 0].min())
    assert watch.limit_violation(-upper, upper) == 0.0
    limits = np.array([1.0, 2.0, 4.0, 8.0])
    assert watch.velocity_share(limits) == (np.abs(qvel) / limits).max()
    assert watch.torque_share(limits) == (np.abs(torque) / limits).max()


def test_the_start_is_not_changed() -> None:
    qpos = np.zeros(3)
    JointWatch(qpos).look(np.ones(3), np.ones(3), np.ones(3))
    assert not qpos.any()
