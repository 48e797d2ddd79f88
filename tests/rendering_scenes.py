"""Small scenes that the tests of drawing share."""

import mujoco
import numpy as np

from conceptgym.envs.entities import MAX_ENTITIES, NUM_FEATURES, ZONE, EntityState

SCENE = """
<mujoco>
  <visual><headlight ambient="0.3 0.3 0.3" diffuse="0.2 0.2 0.2" specular="0 0 0"/></visual>
  <asset>
    <texture name="sky" type="skybox" builtin="gradient" rgb1="0.9 0.95 1" rgb2="0.4 0.5 0.6"
      width="32" height="192"/>
  </asset>
  <worldbody>
    <light pos="0.5 0 3" dir="0 0 -1" diffuse="0.5 0.5 0.5" specular="0 0 0" castshadow="true"/>
    <camera name="front" pos="1.5 0 0.8" xyaxes="0 1 0 -0.6 0 0.8" fovy="40"/>
    <camera name="top" pos="0.5 0 1.2" xyaxes="0 1 0 -1 0 0" fovy="40"/>
    <geom name="table" type="plane" size="1 1 0.1" rgba="0.8 0.8 0.8 1"/>
    {objects}
    {extra}
  </worldbody>
</mujoco>
"""
OBJECT = """
<body name="object_{i}" pos="{x} {y} 0.015"><freejoint/>
  <geom type="box" size="0.015 0.015 0.015" rgba="{red} 0.2 0.9 1"/></body>
"""


def make_scene(n_objects: int = 3, extra: str = "") -> tuple[mujoco.MjModel, mujoco.MjData]:
    """A table with objects at x = 0.5 m, y = -0.1, 0, 0.1, … m, its kinematics up to date."""
    objects = "".join(
        OBJECT.format(i=i, x=0.5, y=-0.1 + 0.1 * i, red=0.1 * i) for i in range(n_objects)
    )
    model = mujoco.MjModel.from_xml_string(SCENE.format(objects=objects, extra=extra))
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    return model, data


def make_state(positions: list[tuple[float, float]], *, has_cursor: bool = True) -> EntityState:
    """Red entities at these positions; the first one is the cursor unless told."""
    entities = np.zeros((MAX_ENTITIES, NUM_FEATURES), dtype=np.float32)
    count = len(positions)
    entities[:count, :2] = np.reshape(positions, (count, 2))
    entities[:count, 2:5] = (0.9, 0.1, 0.1)
    entities[0, 5] = float(has_cursor and count > 0)
    present = np.arange(MAX_ENTITIES) < count
    nothing = np.zeros(MAX_ENTITIES, dtype=bool)
    return EntityState(entities=entities, present=present, movable=nothing, paintable=nothing)


def with_zones(state: EntityState, *rows: int) -> EntityState:
    """The state with these rows turned into zones."""
    entities = state.entities.copy()
    entities[list(rows), ZONE] = 1.0
    return state.with_entities(entities)


def mask(*rows: int) -> np.ndarray:
    """A mask of entities with these rows set."""
    return np.isin(np.arange(MAX_ENTITIES), rows)


def near(frame: np.ndarray, colour: tuple[int, int, int], tolerance: int = 30) -> np.ndarray:
    """(height, width) bool, the pixels of about this colour."""
    difference = np.abs(frame.astype(int) - np.array(colour))
    return np.all(difference <= tolerance, axis=2)
