"""When a state of the place world counts: every fault, and every part of being settled."""

from __future__ import annotations

from collections.abc import Sequence

import mujoco
import numpy as np
import pytest
from place_scenes import go_to, grasp, lift, make_scene, make_world, shape, wait

from conceptgym.envs.place_judge import (
    AT_REST,
    MOST_DISPLACED,
    OPEN_BY,
    WITHDRAWN_HEIGHT,
    PlaceJudge,
    Verdict,
)
from conceptgym.envs.place_model import TABLE_CENTRE, TABLE_HALF_EXTENTS, rest_height
from conceptgym.envs.place_scene import PlaceScene
from conceptgym.envs.place_world import PlaceWorld

PLACES = [(0.5, 0.1), (0.5, -0.1), (0.6, 0.0)]  # the last is the piece
HIGH = (0.45, 0.0, 0.2)


def begin(scene: PlaceScene | None = None) -> tuple[PlaceWorld, PlaceJudge]:
    scene = scene or make_scene(PLACES)
    world = make_world(scene)
    movable = np.arange(len(scene.rows)) == scene.piece
    return world, PlaceJudge(scene, world, movable=movable)


def put(world: PlaceWorld, index: int, place: Sequence[float], *, speed: float = 0.0) -> None:
    """Put an object's centre at x, y and z [m], moving along x [m/s]."""
    joint = world.model.joint(f"object_{index}_joint")
    world.data.qpos[joint.qposadr[0] :][:3] = place
    world.data.qvel[joint.dofadr[0] :][:6] = [speed, 0, 0, 0, 0, 0]
    mujoco.mj_forward(world.model, world.data)


def test_a_scene_begins_settled_and_without_fault() -> None:
    world, judge = begin()
    assert world.fingertip_in_world[2] > WITHDRAWN_HEIGHT and world.opening > OPEN_BY
    verdict = judge.look()
    assert verdict.settled and verdict.sound and verdict.fault == ""


def test_a_verdict_is_sound_without_any_fault_only() -> None:
    names = ("fallen", "stacked", "displaced")
    clean = dict.fromkeys(names, False)
    assert Verdict(settled=True, **clean).sound and not Verdict(settled=False, **clean).sound
    for name in names:
        verdict = Verdict(settled=True, **{**clean, name: True})
        assert not verdict.sound and verdict.fault == name
    assert Verdict(settled=True, **dict.fromkeys(names, True)).fault == ", ".join(names)


@pytest.mark.parametrize(
    ("opening", "settled"), [(OPEN_BY - 0.002, False), (OPEN_BY + 0.002, True)]
)
def test_the_hand_has_to_be_open(opening: float, settled: bool) -> None:
    world, judge = begin()
    wait(world, 20, opening=opening)
    assert judge.look().settled is settled


@pytest.mark.parametrize(("height", "settled"), [(-0.004, False), (0.004, True)])
def test_the_hand_has_to_be_withdrawn(height: float, settled: bool) -> None:
    world, judge = begin()
    go_to(world, (0.45, 0.0, WITHDRAWN_HEIGHT + height), opening=0.06)
    assert judge.look().settled is settled


def test_the_hand_has_to_let_go() -> None:
    """What it carries high is not settled, and not stacked; nor does a hand that still touches."""
    world, judge = begin()
    grasp(world, 2)
    lift(world, by=0.15)
    assert world.fingertip_in_world[2] > WITHDRAWN_HEIGHT
    verdict = judge.look()
    assert not verdict.settled and verdict.fault == ""  # what is carried stands on nothing
    put(world, 2, (*PLACES[2], rest_height(shape())))
    wait(world, 20, opening=0.06)
    assert judge.look().sound
    world.contacts.clear = False
    assert not judge.look().settled


@pytest.mark.parametrize(("share", "settled"), [(0.9, True), (1.1, False)])
def test_every_object_has_to_be_at_rest(share: float, settled: bool) -> None:
    world, judge = begin()
    for index in range(3):
        put(world, index, (*PLACES[index], 0.012), speed=share * AT_REST)
        assert judge.look().settled is settled
        put(world, index, (*PLACES[index], 0.012))


def test_what_may_not_be_moved_has_to_stay() -> None:
    world, judge = begin()
    put(world, 0, (0.5, 0.1 + 0.9 * MOST_DISPLACED, 0.012))
    assert judge.look().sound
    put(world, 0, (0.5, 0.1 + 1.1 * MOST_DISPLACED, 0.012))
    verdict = judge.look()
    assert verdict.fault == "displaced" and verdict.settled and not verdict.sound
    put(world, 2, (0.62, 0.05, 0.012))  # the piece may
    put(world, 0, (0.5, 0.1, 0.012))
    assert judge.look().sound


def test_what_somebody_else_moved_belongs_where_it_is_then() -> None:
    world, judge = begin()
    put(world, 0, (0.5, 0.15, 0.012))
    put(world, 1, (0.5, -0.15, 0.012))
    judge.excuse(np.array([], dtype=int))
    assert judge.look().displaced
    judge.excuse(np.array([0]))
    assert judge.look().displaced  # the other
    judge.excuse(np.array([1]))
    assert judge.look().sound
    put(world, 0, (0.5, 0.1, 0.012))
    assert judge.look().displaced


def test_nothing_may_stand_on_another_unless_the_concept_says_so() -> None:
    world, judge = begin()
    put(world, 2, (0.5, 0.1, 3 * 0.012))
    wait(world, 10)
    verdict = judge.look()
    assert verdict.fault == "stacked" and verdict.settled
    stacking = make_scene([(0.5, 0.1), (0.5, -0.1), (0.5, 0.1)])  # it ends on the first
    start = stacking.event.before.moved(np.array([2]), np.array([[0.0, -0.5]]))
    world.reset(stacking, start)
    judge = PlaceJudge(stacking, world, movable=np.arange(3) == 2)
    put(world, 2, (0.5, 0.1, 3 * 0.012))
    wait(world, 10)
    assert judge.look().sound
    put(world, 2, (0.6, 0.0, 0.012))
    put(world, 1, (0.5, 0.1, 3 * 0.012))  # another one on top is a fault still
    wait(world, 10)
    assert judge.look().stacked


@pytest.mark.parametrize("kind", ["cube", "cylinder"])
def test_what_lies_on_its_side_is_not_stacked(kind: str) -> None:
    shapes = [shape(kind, half=0.014, height=0.010), shape(), shape()]
    world, judge = begin(make_scene(PLACES, shapes))
    put(world, 0, (*PLACES[0], 0.014))
    first = world.model.joint("object_0_joint").qposadr[0]
    world.data.qpos[first + 3 : first + 7] = [np.sqrt(0.5), np.sqrt(0.5), 0.0, 0.0]
    wait(world, 10)
    assert world.poses[0, 2] > 0.0135 and not judge.look().stacked


def test_what_has_left_the_table_has_fallen() -> None:
    world, judge = begin()
    edge = TABLE_CENTRE[0] + TABLE_HALF_EXTENTS[0]
    put(world, 2, (edge - 0.002, 0.0, 0.012))
    assert not judge.look().fallen
    put(world, 2, (edge + 0.002, 0.0, 0.012))
    assert judge.look().fallen
    wait(world, 20)
    assert world.poses[2, 2] < -0.1
    assert judge.look().fallen
    put(world, 2, (0.6, 0.0, -0.03))
    assert "fallen" in judge.look().fault
