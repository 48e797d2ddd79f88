"""Scenes of the place world made by hand, and an arm driven through them by open-loop IK."""

from __future__ import annotations

from collections.abc import Sequence

import mujoco
import numpy as np

from conceptgym.envs import ArmPlaceEnv, EntityState, Event, Robot, table_to_plane
from conceptgym.envs.entities import CURSOR, MAX_ENTITIES, NUM_FEATURES
from conceptgym.envs.place_objects import ObjectShape
from conceptgym.envs.place_scene import PlaceScene
from conceptgym.envs.place_start import start_qpos
from conceptgym.envs.place_world import OPEN, PlaceWorld
from conceptgym.envs.robots import PANDA


def shape(kind: str = "cube", *, half: float = 0.012, height: float = 0.012) -> ObjectShape:
    """A shape of wood, 1000 kg/m³ whatever its kind, its faces along the world's axes."""
    height = half if kind == "ball" else height
    area = {"cube": 4.0, "cylinder": np.pi, "ball": np.pi * 2.0 / 3.0}[kind] * half**2
    mass = float(1000.0 * area * 2.0 * height)
    return ObjectShape(kind=kind, half_width=half, half_height=height, mass=mass)


def make_scene(
    places: Sequence[tuple[float, float]],
    shapes: Sequence[ObjectShape] | None = None,
    *,
    piece: bool = True,
) -> PlaceScene:
    """Solid entities at world (x, y) [m]; the cursor comes last, and is a solid piece or absent.

    Where there is no piece, the cursor is a fingertip above (0.45, 0).
    """
    count = len(places)
    entities = np.zeros((MAX_ENTITIES, NUM_FEATURES), dtype=np.float32)
    entities[:count, :2] = table_to_plane(np.array(places))
    entities[:count, 2:5] = 0.5
    cursor = count - 1 if piece else count
    if not piece:
        entities[cursor, :2] = table_to_plane(np.array([0.45, 0.0]))
    entities[cursor, CURSOR] = 1.0
    rows = np.arange(MAX_ENTITIES)
    state = EntityState(
        entities=entities,
        present=rows <= cursor,
        movable=rows == cursor,
        paintable=np.zeros(MAX_ENTITIES, dtype=bool),
    )
    return PlaceScene(
        event=Event(before=state, after=state, attention=rows == 0),
        rows=np.arange(count),
        shapes=tuple(shapes or [shape()] * count),
        piece=cursor if piece else None,
    )


def make_world(
    scene: PlaceScene | None = None, *, robot: Robot = PANDA, opening: float = OPEN
) -> PlaceWorld:
    """A world after its reset, by default with two cubes."""
    world = PlaceWorld(robot)
    scene = scene or make_scene([(0.5, 0.1), (0.5, -0.1)])
    world.reset(scene, scene.event.before, opening=opening)
    return world


def full_state(world: PlaceWorld) -> np.ndarray:
    """Everything that MuJoCo integrates or starts from: warm start, controls and time included."""
    signature = int(mujoco.mjtState.mjSTATE_INTEGRATION)
    state = np.empty(mujoco.mj_stateSize(world.model, signature))
    mujoco.mj_getState(world.model, world.data, state, signature)
    return state


def stay(world: PlaceWorld, *, opening: float | None = None) -> np.ndarray:
    """The action that asks the joints to stay, and the fingers for an opening [m]."""
    n = world.robot.num_joints
    fingers = 2.0 * world.data.act[n] if opening is None else opening
    return world.actions.action(world.data.act[:n], fingers)


def wait(world: PlaceWorld, steps: int, *, opening: float | None = None) -> None:
    """Hold still, the fingers opening or closing."""
    for _ in range(steps):
        world.step(stay(world, opening=opening))


def go_to(
    world: PlaceWorld, target: tuple[float, float, float], *, opening: float, steps: int = 60
) -> None:
    """Command a straight line of the fingertip in world [m], the hand down, then wait 0.6 s."""
    start, robot = world.fingertip_in_world, world.robot
    for share in np.append(np.linspace(0.0, 1.0, steps), np.ones(15)):
        x, y, z = (start + share * (np.array(target) - start)).tolist()
        world.step(world.actions.action(start_qpos(robot, (x, y, z)), opening))


def grasp(world: PlaceWorld, index: int) -> None:
    """Go above an object, down with open fingers, and close them as far as they go."""
    x, y, z = world.poses[index, :3].tolist()
    go_to(world, (x, y, 0.08), opening=OPEN, steps=25)
    go_to(world, (x, y, max(0.004, z - 0.005)), opening=OPEN, steps=20)  # around the middle
    wait(world, 15, opening=0.0)


def lift(world: PlaceWorld, *, by: float = 0.1) -> None:
    """Raise the fingertip, the fingers closed."""
    x, y, z = world.fingertip_in_world.tolist()
    go_to(world, (x, y, z + by), opening=0.0, steps=25)


def put(
    env: ArmPlaceEnv, index: int, place: Sequence[float], *, quat: Sequence[float] = ()
) -> None:
    """Put an object of a running episode somewhere at rest, x, y and z [m]."""
    model, data = env.world.model, env.world.data
    joint = model.joint(f"object_{index}_joint")
    first, speed = int(joint.qposadr[0]), int(joint.dofadr[0])
    data.qpos[first : first + 3] = place
    if len(quat):
        data.qpos[first + 3 : first + 7] = quat
    data.qvel[speed : speed + 6] = 0.0
    mujoco.mj_forward(model, data)


def finish(env: ArmPlaceEnv) -> None:
    """Put every solid entity where the event's answer has it."""
    for index, pose in enumerate(env.scene.poses(env.event.after)):
        put(env, index, pose[:3], quat=pose[3:])
