"""Acting on the arm: waypoints, retries, looking again, and targets out of reach."""

from collections.abc import Iterator

import numpy as np
import pytest
from agent_scenes import generated, identified
from arm_policy_scenes import Paths, Scene

from conceptgym.agents import arm_policy
from conceptgym.agents.arm_policy import TOUCH_HEIGHT
from conceptgym.envs import MAX_ENTITIES, plane_to_table
from conceptgym.envs.arm_actions import action_from_targets
from conceptgym.envs.arm_model import HOVER_HEIGHT
from conceptgym.envs.errors import NonFiniteError, ShapeError


@pytest.fixture
def paths(monkeypatch: pytest.MonkeyPatch) -> Iterator[Paths]:
    stub = Paths()
    monkeypatch.setattr(arm_policy, "plan_joint_path", stub.plan)
    yield stub


@pytest.mark.parametrize("task", ["generate", "identify"])
def test_the_plan_is_carried_out(task: str) -> None:
    scene = Scene(task)
    observation, info, ended, steps = scene.observation, {}, False, 0
    while not ended and steps < 400:
        action = scene.policy.act(observation)
        assert scene.env.action_space.contains(action)
        observation, _, ended, _, info = scene.env.step(action)
        steps += 1
    assert ended and info["is_success"]
    assert scene.planner.asked == 1
    assert scene.policy.plan is not None and scene.policy.plan.reason == "reached"


def test_a_target_out_of_reach_is_reported_and_the_arm_holds_still() -> None:
    scene = Scene("generate")
    entities = scene.env.event.after.entities.copy()
    entities[scene.env.state.cursor, :2] = (0.0, -6.0)  # 1.7 m in front of the base
    scene.planner.result = generated(entities)
    still = action_from_targets(scene.observation["qpos"].astype(np.float64))
    for action in scene.act(3):
        np.testing.assert_array_equal(action, still)
    plan = scene.policy.plan
    assert plan is not None and not plan.reached
    assert plan.reason.startswith("waypoint 0 is out of reach")
    assert scene.planner.asked == 1  # it is not tried over and over


def test_no_part_of_a_path_is_followed_that_does_not_reach_its_end(paths: Paths) -> None:
    scene = Scene("identify")
    paths.reached = False
    still = action_from_targets(scene.observation["qpos"].astype(np.float64))
    for action in scene.act(3):
        np.testing.assert_array_equal(action, still)
    plan = scene.policy.plan
    assert plan is not None and not plan.reached and plan.reason == "waypoint 1 is out of reach"
    assert len(paths.asked) == 1


def test_the_fingertip_is_sent_above_the_planned_place(paths: Paths) -> None:
    scene = Scene("generate")
    scene.act(1)
    ((waypoint,),) = paths.asked
    goal = scene.env.event.after
    np.testing.assert_allclose(
        waypoint.position_in_world, [*plane_to_table(goal.positions[goal.cursor]), HOVER_HEIGHT]
    )
    assert waypoint.dwell > 0


@pytest.mark.parametrize("seed", range(3))
def test_objects_are_touched_from_above_nearest_first(paths: Paths, seed: int) -> None:
    scene = Scene("identify", seed=seed)
    state = scene.env.state
    scene.planner.result = identified(state.present)  # all of them, and the cursor itself
    scene.act(1)
    heights = [waypoint.position_in_world[2] for waypoint in paths.asked[0]]
    assert heights == [HOVER_HEIGHT, TOUCH_HEIGHT, HOVER_HEIGHT] * 4
    left = {int(row): state.positions[row] for row in np.flatnonzero(state.objects)}
    place = state.positions[state.cursor]  # midway between two of them: the first row wins
    for found in paths.touched(0):
        row = min(left, key=lambda row: float(np.linalg.norm(left[row] - place)))
        place = left.pop(row)
        np.testing.assert_allclose(found, plane_to_table(place))
    assert not left


def test_only_what_a_touch_missed_is_tried_again_and_not_for_ever(paths: Paths) -> None:
    scene = Scene("identify")
    first, second = np.flatnonzero(scene.env.event.attention)
    touched = np.eye(MAX_ENTITIES, dtype=np.int8)[first]
    scene.act(2)
    scene.act(20, touched=touched)
    assert len(paths.touched(0)) == 2
    missed = plane_to_table(scene.env.state.positions[second])
    assert len(paths.asked) == 1 + 3
    for number in (1, 2, 3):
        np.testing.assert_allclose(paths.touched(number), [missed])
    assert scene.planner.asked == 1


def test_when_all_are_touched_nothing_is_tried_again(paths: Paths) -> None:
    scene = Scene("identify")
    actions = scene.act(6, touched=scene.env.event.attention.astype(np.int8))
    assert len(paths.asked) == 1
    for action in actions[2:]:
        np.testing.assert_array_equal(action, actions[1])  # it waits where the path ended


@pytest.mark.parametrize(("task", "asked"), [("generate", 2), ("identify", 1)])
def test_a_moved_object_asks_for_another_path(paths: Paths, task: str, asked: int) -> None:
    """What to generate depends on where things are; which objects are meant does not."""
    scene = Scene(task)
    scene.act(1)
    scene.policy.act(scene.with_object_moved(0.01))
    assert len(paths.asked) == 1
    for _ in range(2):
        scene.policy.act(scene.with_object_moved(0.2))
        assert len(paths.asked) == 2 and scene.planner.asked == asked


def test_another_episode_is_planned_for_anew(paths: Paths) -> None:
    scene = Scene("generate")
    scene.act(3)
    assert scene.planner.asked == 1
    scene.act(2, attention=np.roll(scene.observation["attention"], 1))
    assert scene.planner.asked == 2
    jump = scene.observation["qpos"] + np.float32(0.6)  # no joint moves so far in a step
    scene.act(2, attention=np.roll(scene.observation["attention"], 1), qpos=jump)
    assert scene.planner.asked == 3


def test_the_next_phase_is_planned_for(paths: Paths) -> None:
    scene = Scene("generate")
    scene.act(2)
    scene.act(2, phase=np.int64(1))
    assert scene.planner.phases == [0, 1] and len(paths.asked) == 2


@pytest.mark.parametrize("task", ["generate", "identify"])
def test_what_was_interrupted_is_planned_for_anew(
    paths: Paths, monkeypatch: pytest.MonkeyPatch, task: str
) -> None:
    scene, fresh = Scene(task), Scene(task)
    with monkeypatch.context() as context:
        context.setattr(arm_policy, "plan_joint_path", interrupted)
        with pytest.raises(KeyboardInterrupt):
            scene.act(1)
    np.testing.assert_array_equal(scene.act(2), fresh.act(2))
    assert len(paths.asked) == 2


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_plan_that_touches_nothing_says_so(paths: Paths) -> None:
    scene = Scene("identify")
    scene.planner.result = identified(np.eye(MAX_ENTITIES, dtype=bool)[scene.env.state.cursor])
    scene.act(3)
    plan = scene.policy.plan
    assert plan is not None and not plan.reached
    assert plan.reason == "the plan leaves nothing for the arm to move or touch"
    assert scene.planner.asked == 1 and paths.asked == []


def test_bad_arm_observations_are_refused() -> None:
    scene = Scene("generate")
    qpos = scene.observation["qpos"].copy()
    qpos[3] = np.nan
    bad = [
        ({"qpos": qpos}, NonFiniteError, "observation['qpos'] holds nan at index (3,); every"),
        ({"qpos": qpos[:6]}, ShapeError, "observation['qpos'] has shape (6,), expected (7,); pass"),
        ({"touched": qpos}, ShapeError, "observation['touched'] has shape (7,), expected (16,)"),
    ]
    for changes, kind, text in bad:
        with pytest.raises(kind) as caught:
            scene.act(1, **changes)
        assert str(caught.value).startswith(text)
    del scene.observation["touched"]
    with pytest.raises(
        ShapeError, match=r"^observation has no key 'touched'; it has \['attention'"
    ):
        scene.act(1)
