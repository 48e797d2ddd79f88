"""What the contacts of the place world are counted as, in states made for it."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
from place_scenes import go_to, grasp, lift, make_scene, make_world, shape, wait

from conceptgym.envs import ROBOTS, Robot
from conceptgym.envs.place_contacts import ContactWatch
from conceptgym.envs.place_start import start_qpos
from conceptgym.envs.place_world import OPEN, PlaceWorld

EVERY = pytest.mark.parametrize("robot", ROBOTS.values(), ids=list(ROBOTS))


def look(world: PlaceWorld) -> ContactWatch:
    """What a fresh watch sees of the world's state."""
    mujoco.mj_forward(world.model, world.data)
    watch = ContactWatch(world.model, len(world.poses))
    watch.look(world.data)
    return watch


def set_qpos(world: PlaceWorld, qpos: np.ndarray) -> None:
    world.data.qpos[: len(qpos)] = qpos


@EVERY
def test_resting_objects_and_an_arm_in_the_air_count_as_nothing(robot: Robot) -> None:
    watch = look(make_world(robot=robot))
    counts = (watch.table_contacts, watch.self_contacts, watch.link_contacts, watch.peak_force)
    assert counts == (0, 0, 0, 0.0) and watch.clear
    assert not watch.touched.any() and not watch.holding.any()


def test_without_a_model_there_is_nothing_to_see() -> None:
    watch = ContactWatch()
    assert watch.clear and watch.peak_force == 0.0 and len(watch.touched) == 0


@EVERY
def test_a_finger_beside_an_object_touches_it_and_does_not_hold_it(robot: Robot) -> None:
    world = make_world(make_scene([(0.5, 0.1), (0.5, -0.1)]), robot=robot, opening=0.0)
    go_to(world, (0.5, 0.05, 0.012), opening=0.0)
    assert not world.touched.any()
    go_to(world, (0.5, 0.085, 0.012), opening=0.0, steps=20)  # a finger is 1.4 cm thick
    watch = world.contacts
    assert watch.touched.tolist() == [True, False] and not watch.holding.any()
    assert not watch.clear and 0.0 < watch.peak_force < 20.0
    assert watch.link_contacts == watch.table_contacts == watch.self_contacts == 0
    np.testing.assert_array_equal(np.flatnonzero(world.touched), [0])
    force = watch.peak_force
    go_to(world, (0.5, 0.05, 0.1), opening=0.0)
    assert watch.clear and watch.touched[0] and watch.peak_force == force  # it is remembered


def test_a_grasp_holds_until_the_hand_opens() -> None:
    world = make_world(make_scene([(0.5, 0.1), (0.5, -0.1)], [shape("cylinder"), shape()]))
    grasp(world, 0)
    assert world.contacts.holding.tolist() == [True, False]
    lift(world, by=0.005)
    assert world.contacts.holding.tolist() == [True, False] and not world.contacts.clear
    wait(world, 15, opening=OPEN)
    assert not world.contacts.holding.any() and world.contacts.clear
    assert 1.0 < world.contacts.peak_force < 30.0


@EVERY
def test_the_hand_in_the_table_is_one_contact_a_step(robot: Robot) -> None:
    world = make_world(robot=robot)
    set_qpos(world, start_qpos(robot, (0.45, 0.0, -0.003)))
    mujoco.mj_forward(world.model, world.data)
    assert len(world.data.contact.geom) > 2  # both fingers, several points each
    watch = look(world)
    assert watch.table_contacts == 1 and watch.clear
    assert watch.self_contacts == watch.link_contacts == 0 and not watch.touched.any()
    watch.look(world.data)
    assert watch.table_contacts == 2


@EVERY
def test_the_palm_on_an_object_is_a_links_contact(robot: Robot) -> None:
    world = make_world(make_scene([(0.5, 0.1), (0.45, 0.0)]), robot=robot)
    hand = world.model.geom("arm/hand_collision").id
    world.data.qpos[world.model.joint("object_1_joint").qposadr[0] :][:3] = world.data.geom_xpos[
        hand
    ] - [0.0, 0.0, 0.04]
    watch = look(world)
    assert watch.link_contacts == 1 and watch.self_contacts == 0 and not watch.clear
    assert not watch.touched.any() and watch.peak_force > 0.0


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("panda", [0.0, 1.04, -1.56, -2.92, -0.55, 0.73, -2.37]),
        ("ur5e", [0.0, -1.57, 3.1, 0.0, 0.0, 0.0]),
    ],
)
def test_a_folded_arm_touches_itself(name: str, folded: list[float]) -> None:
    world = make_world(robot=ROBOTS[name])
    set_qpos(world, np.array(folded))
    watch = look(world)
    assert watch.self_contacts == 1 and watch.clear and not watch.touched.any()
