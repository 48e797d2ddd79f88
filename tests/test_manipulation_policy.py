"""The closed loop among solid things: all wishes fulfilled, or a reason why not."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from agent_scenes import demonstrations, generated, identified, tiny_model
from pick_place_scenes import CONTROLLERS, Bench, Wish
from place_scenes import shape
from stable_baselines3.common.evaluation import evaluate_policy
from test_manipulation_pick_place import slip

import conceptgym.envs
from conceptgym.agents import ConceptAgent
from conceptgym.agents.arm_script import Arm
from conceptgym.agents.config import InferenceConfig
from conceptgym.agents.generate import GenerateResult
from conceptgym.agents.identify import IdentifyResult
from conceptgym.agents.manipulation.policy import MOST_TRIES, PlacePolicy
from conceptgym.agents.manipulation.table_view import TableView
from conceptgym.envs import ArmPlaceEnv, EntityState, Robot, plane_to_table
from conceptgym.envs.errors import NonFiniteError, ShapeError
from conceptgym.envs.place_model import FINGER_GEOMS
from conceptgym.envs.robots import PANDA, UR5E

PLACES = [(0.5, 0.1), (0.6, -0.1), (0.42, -0.05)]
TARGET = (0.6, 0.05)
LYING = (np.cos(np.pi / 4), 0.0, np.sin(np.pi / 4), 0.0)


def check_gentle(bench: Bench) -> None:
    world, contacts = bench.world, bench.world.contacts
    assert contacts.table_contacts == contacts.self_contacts == contacts.link_contacts == 0
    assert contacts.peak_force < 20.0
    assert world.max_velocity_share < 1.0 and world.max_torque_share < 0.6
    places = np.array(bench.poses)[:, :, :3]
    assert np.linalg.norm(np.diff(places, axis=0), axis=-1).max() < 0.03


@pytest.mark.parametrize("robot", [PANDA, UR5E])
def test_two_objects_swap_places(robot: Robot) -> None:
    """One must be parked, so that it takes three moves."""
    bench = Bench(PLACES, {0: PLACES[1], 1: PLACES[0]}, robot=robot)
    bench.run(900)
    bench.run(30, until=lambda: bench.reason == "reached" and len(bench.policy.attempts) == 3)
    assert bench.summary == [("placement", "done")] * 3
    assert max(bench.missed(0, PLACES[1]), bench.missed(1, PLACES[0])) < 0.002
    assert bench.away[2] < 1e-4
    check_gentle(bench)


def test_a_figure_of_four() -> None:
    places = [(0.45, 0.1), (0.5, -0.1), (0.62, 0.0), (0.4, -0.12)]
    wishes = {0: (0.45, 0.05), 1: (0.45, -0.05), 2: (0.55, 0.05), 3: (0.55, -0.05)}
    kinds = ("cube", "cylinder", "ball", "cube")
    bench = Bench(places, wishes, shapes=[shape(kind) for kind in kinds])
    bench.run(900)
    assert max(bench.missed(*wish) for wish in wishes.items()) < 0.002
    check_gentle(bench)


@pytest.mark.parametrize("robot", [PANDA, UR5E])
def test_the_piece_is_put_on_top(robot: Robot) -> None:
    bench = Bench(PLACES, {2: (0.503, 0.102)}, robot=robot, puts_on_top=True)
    bench.run()
    for _ in range(40):
        bench.step()
    piece, under = bench.world.poses[[2, 0]]
    assert piece[2] == pytest.approx(0.036, abs=2e-4)
    assert np.linalg.norm(piece[:2] - under[:2]) < 0.0035  # near the middle of what is below
    assert bench.away[:2].max() < 5e-4
    falls = np.diff(np.array(bench.poses)[-60:, 2, 2])
    assert falls.min() > -0.004  # no more than its way down, 0.25 m/s at most
    assert bench.reason == "reached" and bench.summary == [("placement", "done")]
    check_gentle(bench)


def test_a_plan_that_is_carried_out_is_left_alone() -> None:
    bench = Bench(PLACES, {2: TARGET})
    bench.run()
    for _ in range(400):
        bench.step()
    assert bench.reason == "reached" and bench.summary == [("placement", "done")]
    assert bench.planner.asked == 2  # before, and to see that nothing is left to do
    np.testing.assert_array_equal(bench.commands[-1], bench.commands[-200])
    np.testing.assert_allclose(
        bench.policy.placement_errors(), [bench.missed(2, TARGET)], atol=1e-4
    )


def test_what_is_pushed_after_it_was_placed_is_put_back() -> None:
    bench = Bench(PLACES, {2: TARGET})
    bench.run()
    for round_ in range(5):  # however often
        for _ in range(100):
            bench.step()
        bench.put(2, (0.55, 0.0, 0.012))
        bench.run()
        assert len(bench.policy.attempts) >= round_ + 1
        assert bench.missed(2, TARGET) < 0.002
    for _ in range(60):
        bench.step()
    assert bench.reason == "reached" and bench.summary == [("placement", "done")] * 6


@pytest.mark.parametrize(("height", "opening"), [(0.2, 1.0), (0.06, 1.0), (0.02, 0.028)])
def test_what_moves_away_before_it_is_grasped_is_grasped_there(
    height: float, opening: float
) -> None:
    """While the hand comes, while it comes down, and as it closes."""
    bench = Bench(PLACES, {2: TARGET})
    bench.run(until=lambda: bench.tips[-1][2] < height and bench.openings[-1] < opening)
    bench.put(2, (0.38, -0.08, 0.012))
    bench.run()
    assert [stage for stage, outcome in bench.summary if outcome != "done"] == ["grasp"]
    assert bench.missed(2, TARGET) < 0.002
    check_gentle_but_for_what_was_put(bench)


def check_gentle_but_for_what_was_put(bench: Bench) -> None:
    contacts = bench.world.contacts
    assert contacts.table_contacts == contacts.self_contacts == contacts.link_contacts == 0
    assert contacts.peak_force < 20.0


def test_what_slips_out_of_the_hand_is_picked_up_again() -> None:
    bench = Bench(PLACES, {2: TARGET})
    model = bench.world.model
    fingers = [model.geom(name).id for name in FINGER_GEOMS]
    friction = model.geom_friction[fingers].copy()
    bench.run(until=lambda: bench.tips[-1][2] > 0.1 and bool(bench.world.contacts.holding[2]))
    slip(bench)
    for _ in range(8):
        bench.step()
    model.geom_friction[fingers], model.geom_priority[fingers] = friction, 0
    bench.run()
    lost = [outcome for _, outcome in bench.summary if outcome != "done"]
    assert lost in (["dropped on the way"], ["missed the grasp"])
    assert bench.missed(2, TARGET) < 0.002 and bench.away[:2].max() < 1e-4


@pytest.mark.parametrize("robot", [PANDA, UR5E])
def test_a_toppled_cylinder_is_grasped_as_it_lies(robot: Robot) -> None:
    solid = [shape(), shape(), shape("cylinder", half=0.011, height=0.016)]
    bench = Bench(PLACES, {2: TARGET}, shapes=solid, robot=robot)
    bench.put(2, (*PLACES[2], 0.011), LYING)
    bench.run()
    assert bench.missed(2, TARGET) < 0.003
    assert bench.world.poses[2, 2] == pytest.approx(0.011, abs=2e-4)
    check_gentle(bench)


def test_it_gives_up_and_says_why() -> None:
    bench = Bench(PLACES, {2: TARGET})
    side = 1.0
    while not (bench.policy.attempts and bench.reason.startswith("gave up")):
        if len(bench.commands) % 20 == 0 and bench.tips[-1][2] < 0.13:
            side = -side
            bench.put(2, (0.42 + 0.03 * side, -0.05, 0.012))
        bench.step()
        assert len(bench.commands) < 1000
    assert bench.reason == f"gave up after {MOST_TRIES} tries: grasp: not where it was expected"
    assert bench.summary == [("grasp", "not where it was expected")] * MOST_TRIES
    assert bench.policy.plan is not None and not bench.policy.plan.reached
    for _ in range(40):
        bench.step()
    assert len(bench.policy.attempts) == MOST_TRIES


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ((0.505, 0.1), "target of object 2 overlaps object 0, which stays"),
        ((1.4, 0.05), "placement: unreachable (waypoint 0 is out of reach: 0."),
    ],
)
def test_what_cannot_be_done_is_said_and_the_arm_stays(
    place: tuple[float, float], reason: str
) -> None:
    bench = Bench(PLACES, {2: place})
    for _ in range(35 * MOST_TRIES):
        bench.step()
        assert reason in bench.reason
    assert bench.reason.startswith(f"gave up after {MOST_TRIES} tries: {reason}")
    np.testing.assert_array_equal(bench.commands[0], bench.commands[-1])
    assert bench.away.max() < 1e-4 and not bench.policy.plan.reached  # pyright: ignore


def test_the_next_phase_is_planned_for() -> None:
    bench = Bench(PLACES, {2: TARGET})
    bench.run()
    for _ in range(40):
        bench.step()
    bench.planner.wishes = {2: PLACES[2]}
    bench.step()
    assert bench.planner.asked == 2
    for _ in range(350):
        bench.step(phase=np.int64(1))
    assert bench.missed(2, PLACES[2]) < 0.002
    assert bench.summary == [("placement", "done")] * 2


@pytest.mark.parametrize("robot", [PANDA, UR5E])
def test_exactly_what_is_meant_is_touched_from_above(robot: Robot) -> None:
    bench = Bench([*PLACES, (0.47, 0.1)], [0, 2], task="identify", robot=robot)
    bench.run(260, until=lambda: bool(bench.policy.attempts))
    assert bench.summary == [("touch", "done")] and bench.reason == "reached"
    assert np.flatnonzero(bench.world.touched).tolist() == [0, 2]
    assert bench.away.max() < 5e-4
    for _ in range(10):
        bench.step()
    assert bench.tips[-1][2] == pytest.approx(0.125, abs=0.002)
    assert max(bench.openings[5:]) < 0.002
    tips = np.array(bench.tips)
    low = tips[tips[:, 2] < 0.1]
    gaps = np.linalg.norm(low[:, None, :2] - np.array(PLACES)[[0, 2]], axis=-1).min(axis=1)
    assert gaps.max() < 0.002 and low[:, 2].min() > 0.022  # it stops where it touches
    assert bench.world.contacts.peak_force < 40.0


def test_a_touch_goes_on_until_it_is_felt_and_no_further() -> None:
    """Of an object that is lower than it looks, the fingertip finds the top."""
    bench = Bench(PLACES, [1], task="identify")
    bench.run(200, until=lambda: bool(bench.world.touched[1]))
    at = len(bench.tips)
    bench.run(60, until=lambda: bench.tips[-1][2] > 0.12)
    after = np.array(bench.tips[at:])
    assert after[:, 2].min() > bench.tips[at - 1][2] - 0.004


def test_an_object_that_moves_away_is_touched_there() -> None:
    bench = Bench(PLACES, [1], task="identify")
    bench.run(200, until=lambda: bench.tips[-1][2] < 0.08)
    bench.put(1, (0.55, 0.0, 0.012))
    bench.run(300, until=lambda: bool(bench.policy.attempts))
    assert bench.reason == "reached" and np.flatnonzero(bench.world.touched).tolist() == [1]


def test_what_cannot_be_touched_is_said() -> None:
    bench = Bench([(1.0, 0.3), *PLACES], [0, 2], task="identify")
    bench.run(300, until=lambda: bool(bench.policy.attempts))
    assert bench.reason.startswith("entity 0 was not touched: waypoint 0 is out of reach: 0.")
    assert np.flatnonzero(bench.world.touched).tolist() == [2]
    nothing = Bench(PLACES, [], task="identify")
    nothing.run(40, until=lambda: bool(nothing.policy.attempts))
    assert nothing.reason == "the plan leaves nothing for the arm to touch"


def test_bad_observations() -> None:
    bench = Bench(PLACES, {2: TARGET})
    seen = bench.observation
    with pytest.raises(ShapeError) as missing:
        bench.policy.act({key: value for key, value in seen.items() if key != "poses"})
    assert str(missing.value).startswith("observation has no key 'poses'; it has ['attention', ")
    entities = seen["entities"].copy()
    entities[0, 1] = np.nan
    with pytest.raises(NonFiniteError) as value:
        bench.policy.act({**seen, "entities": entities})
    assert str(value.value) == (
        "entities holds nan at index (0, 1); every entry must be a finite number"
    )
    bench.step()  # the policy goes on


@pytest.mark.parametrize("task", ["generate", "identify"])
@pytest.mark.parametrize("steps", [0, 1])
def test_what_was_interrupted_is_begun_anew(
    monkeypatch: pytest.MonkeyPatch, task: str, steps: int
) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    bench = Bench(PLACES, {2: TARGET} if task == "generate" else [2], task=task)
    for _ in range(steps):
        bench.step()
    with monkeypatch.context() as context:
        context.setattr(Arm, "action", interrupted)
        with pytest.raises(KeyboardInterrupt):
            bench.step()
    fresh = PlacePolicy(Wish(bench.planner.wishes), CONTROLLERS.__getitem__)
    seen = bench.observation
    np.testing.assert_array_equal(bench.policy.act(seen), fresh.act(seen))
    assert bench.planner.asked == 2


def test_another_episode_is_recognised() -> None:
    """By other objects, another arm, a jump of the joints, or another question."""
    bench = Bench(PLACES, {2: TARGET})
    bench.run(until=lambda: bool(bench.world.contacts.holding[2]))
    others = [
        Bench(PLACES, {2: TARGET}),
        Bench(PLACES, {2: TARGET}, robot=UR5E),
        Bench(PLACES[1:] + PLACES[:1], {2: TARGET}, shapes=[shape(half=0.011)] * 3),
    ]
    for other in others:
        for _ in range(3):
            bench.policy.act(bench.observation)
        planned = bench.planner.asked
        action = bench.policy.act(other.observation)
        assert bench.planner.asked == planned + 1 and bench.policy.attempts == []
        fresh = PlacePolicy(Wish({2: TARGET}), CONTROLLERS.__getitem__)
        np.testing.assert_array_equal(action, fresh.act(other.observation))


def test_the_same_scene_with_other_sizes_is_another_episode() -> None:
    first = Bench(PLACES, {2: TARGET})
    second = Bench(PLACES, {2: TARGET}, shapes=[shape(half=0.011)] * 3)
    first.step()
    first.policy.act(second.observation)
    assert first.planner.asked == 2


class Oracle(ConceptAgent):
    """Looks the answers up in the worlds that it acts in, by where the objects are."""

    def __init__(self, *worlds: gym.Env) -> None:
        super().__init__(tiny_model(), config=InferenceConfig(code_iterations=0))
        self.worlds = worlds
        self.observe(demonstrations(count=1))  # of anything, so that it acts

    def _event(self, state: EntityState) -> Any:
        events = [world.unwrapped.event for world in self.worlds]  # pyright: ignore
        fixed = [np.flatnonzero(event.before.objects & ~event.before.movable) for event in events]
        gaps = [
            np.abs(event.after.positions[rows] - state.positions[rows]).max()
            for event, rows in zip(events, fixed, strict=True)
        ]
        return events[int(np.argmin(gaps))]

    def generate(self, state: EntityState, *args: Any, **options: Any) -> GenerateResult:
        return generated(self._event(state).after.entities)

    def identify(self, state: EntityState) -> IdentifyResult:
        return identified(self._event(state).answer)


def place_env(seed: int, **options: Any) -> gym.Env:
    env = gym.make("conceptgym/ArmPlace-v0", **{"concept": "between", "n_objects": 3, **options})
    env.reset(seed=seed)
    return env


def test_the_piece_goes_where_the_plane_says() -> None:
    """Plane and table share one mapping: the planned place in the world, and back."""
    env = place_env(3)
    agent, seen = Oracle(env), env.unwrapped.observe()  # pyright: ignore
    info, steps, ended = {}, 0, False
    while not ended:
        action, _ = agent.predict(seen)
        assert env.action_space.contains(action)
        seen, _, terminated, truncated, info = env.step(action)
        ended, steps = terminated or truncated, steps + 1
    world = env.unwrapped
    assert isinstance(world, ArmPlaceEnv) and info["is_success"] and steps < 400
    planned = world.event.after.positions[world.event.after.cursor]
    assert world.scene.piece is not None
    there = world.world.poses[world.scene.piece, :2]
    np.testing.assert_allclose(there, plane_to_table(planned), atol=0.002)
    np.testing.assert_allclose(
        TableView.of(seen).centres[world.scene.piece, :2], plane_to_table(planned), atol=0.002
    )
    plan = agent.plan()
    assert plan is not None and plan.reason == "reached"


def test_many_at_once_act_as_one_by_one() -> None:
    """Policies share a controller and its obstacles; nothing of one is seen by another."""
    seeds, steps = (3, 4), 130
    vector = gym.vector.SyncVectorEnv([lambda seed=seed: place_env(seed) for seed in seeds])
    together = Oracle(*vector.envs)
    seen, _ = vector.reset(seed=list(seeds))
    actions = []
    for _ in range(steps):
        action, _ = together.predict(seen)
        actions.append(action)
        seen, _, ended, _, _ = vector.step(action)
        assert not ended.any()
    for row, seed in enumerate(seeds):
        env = place_env(seed)
        alone, (seen, _) = Oracle(env), env.reset(seed=seed)
        for step in range(steps):
            action, _ = alone.predict(seen)
            np.testing.assert_array_equal(action, actions[step][row])
            seen, _, _, _, _ = env.step(action)
    vector.close()


def test_the_same_scene_again_is_begun_anew() -> None:
    env = place_env(3)
    agent = Oracle(env)
    runs = []
    for _ in range(2):
        (seen, _), actions = env.reset(seed=3), []
        for step in range(60):
            action, _ = agent.predict(seen, episode_start=np.array([step == 0]))
            actions.append(action)
            seen, *_ = env.step(action)
        runs.append(actions)
    np.testing.assert_array_equal(*runs)


@pytest.mark.parametrize("task", ["generate", "identify"])
def test_evaluate_policy_works(task: str) -> None:
    env = place_env(5, task=task)
    rewards, lengths = evaluate_policy(
        Oracle(env),  # pyright: ignore[reportArgumentType]
        env,
        n_eval_episodes=2,
        return_episode_rewards=True,
        warn=False,
    )
    assert len(rewards) == len(lengths) == 2 and max(lengths) < 500  # pyright: ignore


def test_both_robots_are_served_in_turn() -> None:
    envs = [place_env(3), place_env(3, robot="ur5e")]
    agent = Oracle(*envs)
    for env in envs:
        seen, _ = env.reset(seed=3)
        action, _ = agent.predict(seen)
        assert env.action_space.contains(action)
    assert conceptgym.envs.ROBOTS["ur5e"].num_joints == 6
