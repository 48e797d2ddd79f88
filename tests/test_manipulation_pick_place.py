"""One object from here to there in physics: gentle, exact, and honest about what went wrong."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from pick_place_scenes import CONTROLLERS, Bench
from place_scenes import shape

from conceptgym.agents.arm_script import Arm
from conceptgym.agents.manipulation.pick_place import TRAVEL_HEIGHT, Outcome, PickPlace, Task
from conceptgym.agents.manipulation.table_view import TableView
from conceptgym.envs import Robot
from conceptgym.envs.place_model import FINGER_GEOMS
from conceptgym.envs.place_objects import ObjectShape
from conceptgym.envs.robots import PANDA, UR5E

PLACES = [(0.5, 0.1), (0.55, -0.08), (0.42, 0.05)]
TARGET = (0.6, -0.15)


class Carrier(Bench):
    """A bench on which one skill moves object 2, without a policy."""

    def __init__(self, place: tuple[float, float] = TARGET, **options: object) -> None:
        super().__init__(PLACES, {2: place}, **options)  # pyright: ignore[reportArgumentType]
        table = TableView.of(self.observation)
        self.arm = Arm(CONTROLLERS[self.world.robot], table)
        self.skill = PickPlace(self.arm, table, Task(index=2, place=np.array(place)))

    def carry(self, *, happens: Callable[[], bool] = lambda: False) -> Outcome:
        """Run the skill; `happens` is called after each step, until it says that it has."""
        steps, happened = self.skill.run(), False
        try:
            action = next(steps)
            while True:
                self.send(action)
                happened = happened or happens()
                table = TableView.of(self.observation)
                self.skill.see(table)
                action = steps.send(table)
        except StopIteration as end:
            return end.value


def slip(bench: Bench) -> None:
    """Make the fingers slippery."""
    model = bench.world.model
    fingers = [model.geom(name).id for name in FINGER_GEOMS]
    model.geom_friction[fingers] = 1e-4
    model.geom_priority[fingers] = 1


@pytest.mark.parametrize("robot", [PANDA, UR5E])
@pytest.mark.parametrize(
    "carried",
    [
        shape("cube"),
        ObjectShape(kind="cube", half_width=0.014, half_height=0.010, mass=0.03, yaw=0.7),
        shape("cylinder", half=0.010, height=0.016),
        shape("ball", half=0.013),
    ],
)
def test_an_object_is_carried_gently_and_exactly(robot: Robot, carried: ObjectShape) -> None:
    bench = Carrier(shapes=[shape(), shape("cylinder"), carried], robot=robot)
    assert bench.carry() is Outcome.DONE
    world, contacts = bench.world, bench.world.contacts
    assert bench.missed(2, TARGET) < 0.001
    assert world.poses[2, 2] == pytest.approx(carried.half_height, abs=2e-4)
    assert bench.away[:2].max() < 1e-4
    assert contacts.table_contacts == contacts.self_contacts == contacts.link_contacts == 0
    assert 0.5 < contacts.peak_force < 10.0
    assert world.max_velocity_share < 0.9
    assert world.max_torque_share < 0.7  # the Panda's weight alone takes 0.54 of its shoulder
    assert world.max_joint_limit_violation == 0.0
    assert bench.tips[-1][2] > TRAVEL_HEIGHT - 0.002 and bench.openings[-1] > 0.037
    path = np.array(bench.poses)[:, 2, :3]
    assert np.linalg.norm(np.diff(path, axis=0), axis=1).max() < 0.021  # 0.5 m/s at 25 Hz


def test_it_is_lifted_before_and_lowered_after_it_goes_sideways() -> None:
    bench = Carrier()
    bench.carry()
    path = np.array(bench.poses)[:, 2, :3]
    away, left = (np.linalg.norm(path[:, :2] - end, axis=1) for end in (PLACES[2], TARGET))
    on_the_way = (away > 0.005) & (left > 0.005)
    assert on_the_way.any() and path[on_the_way, 2].min() > 0.1
    speed = np.linalg.norm(np.diff(path, axis=0), axis=1) / 0.04
    released = np.array(bench.openings)[1:] > 0.03
    assert speed[(left[1:] < 0.005) & released].max() < 0.03  # it does not fall


@pytest.mark.parametrize("robot", [PANDA, UR5E])
def test_a_cube_is_turned_with_the_hand(robot: Robot) -> None:
    """Beside its neighbours there is room for the fingers at one heading only."""
    place = (0.525, 0.01)
    bench = Carrier(place, robot=robot)
    bench.put(0, (place[0], place[1] + 0.031, 0.012))
    bench.put(1, (place[0], place[1] - 0.031, 0.012))
    before = bench.world.poses[:2]
    bench.skill.see(TableView.of(bench.observation))
    assert bench.carry() is Outcome.DONE
    assert bench.missed(2, place) < 0.001
    assert np.abs(bench.world.poses[:2, :3] - before[:, :3]).max() < 1e-3
    assert bench.world.contacts.peak_force < 10.0


def test_an_object_that_left_before_the_hand_came_down() -> None:
    bench = Carrier()

    def moves() -> bool:
        bench.put(2, (0.42, 0.0, 0.012))
        return True

    assert bench.carry(happens=moves) is Outcome.MOVED
    assert bench.skill.stage == "grasp" and min(tip[2] for tip in bench.tips) > 0.12


def test_an_object_that_leaves_while_the_hand_comes_down() -> None:
    """The hand stops rather than press on what may be below a finger now."""
    bench = Carrier()

    def moves() -> bool:
        if bench.tips[-1][2] < 0.07:
            bench.put(2, (0.42, 0.01, 0.012))
        return bench.tips[-1][2] < 0.07

    assert bench.carry(happens=moves) is Outcome.MOVED
    assert bench.world.contacts.peak_force == 0.0
    assert bench.tips[-1][2] > 0.12 and bench.openings[-1] > 0.03


def test_a_grasp_of_nothing_is_noticed() -> None:
    bench = Carrier()

    def vanishes() -> bool:
        if bench.openings[-1] < 0.028:  # the fingers close
            bench.put(2, (0.36, 0.05, 0.012))
            return True
        return False

    assert bench.carry(happens=vanishes) is Outcome.MISSED
    assert bench.skill.stage == "grasp"
    assert bench.tips[-1][2] > 0.12 and bench.openings[-1] > 0.03


@pytest.mark.parametrize("stage", ["grasp", "transport", "placement"])
def test_a_loss_is_noticed(stage: str) -> None:
    bench = Carrier()

    def slips() -> bool:
        high = bench.tips[-1][2] > 0.06 and bench.world.contacts.holding[2]
        now = bench.skill.stage == stage and high
        if now:
            slip(bench)
        return now

    outcome = bench.carry(happens=slips)
    assert outcome is (Outcome.MISSED if stage == "grasp" else Outcome.DROPPED)
    assert bench.tips[-1][2] > 0.12 and bench.openings[-1] > 0.03


def test_a_place_out_of_reach_is_known_before_anything_is_grasped() -> None:
    bench = Carrier((1.3, 0.0))
    assert bench.carry() is Outcome.UNREACHABLE
    assert bench.skill.stage == "placement" and len(bench.commands) == 0
    assert bench.arm.why_not.startswith("waypoint 0 is out of reach: 0.")


def test_what_cannot_be_put_down_there_is_put_back() -> None:
    """Somebody else takes the place while the object is on its way."""
    bench = Carrier()

    def takes() -> bool:
        if bench.skill.stage == "transport" and bench.tips[-1][1] < 0.0:
            bench.put(0, (*TARGET, 0.012))
            return True
        return False

    assert bench.carry(happens=takes) is Outcome.UNREACHABLE
    assert bench.arm.why_not.startswith("waypoint 0 is ")
    assert bench.missed(2, PLACES[2]) < 0.002 and bench.missed(0, TARGET) < 1e-4
    assert bench.world.poses[2, 2] == pytest.approx(0.012, abs=1e-4)
    assert bench.world.contacts.peak_force < 10.0


def test_no_room_for_the_fingers() -> None:
    bench = Carrier()
    for index, (dx, dy) in enumerate([(0.025, 0.0), (0.0, 0.025)]):
        bench.put(index, (PLACES[2][0] + dx, PLACES[2][1] + dy, 0.012))
    bench.skill.see(TableView.of(bench.observation))
    assert bench.carry() is Outcome.CROWDED
    assert bench.commands == []
    assert bench.arm.why_not.startswith("clearance is -0.")
