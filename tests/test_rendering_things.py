import numpy as np
import pytest
from rendering_scenes import make_scene

from conceptgym.envs.errors import ConfigError
from conceptgym.envs.rendering.things import Things

EXTRA = """
<body name="object_1" pos="0.4 0.1 0.02"><freejoint/>
  <geom type="cylinder" size="0.012 0.02" rgba="0 1 0 1"/></body>
<body name="object_2" pos="0.6 0.1 0.011"><freejoint/><geom type="sphere" size="0.011"/></body>
<body name="object_3" pos="0.6 0.3 0.1"><freejoint/><geom type="capsule" size="0.01 0.02"/></body>
<geom name="tray_0" type="cylinder" pos="0.5 0.2 0" size="0.07 0.0003"/>
"""
MODEL, DATA = make_scene(1, EXTRA)
THINGS = Things.of(MODEL)


def test_objects_come_before_trays_with_the_circles_around_them():
    assert len(THINGS.objects) == 4 and len(THINGS.trays) == 1
    np.testing.assert_allclose(THINGS.radii, [0.015 * np.sqrt(2), 0.012, 0.011, 0.01, 0.07])
    np.testing.assert_allclose(THINGS.positions(DATA)[[1, 4], :2], [[0.4, 0.1], [0.5, 0.2]])


def test_a_ghost_has_the_objects_shape_and_colour():
    pose = np.array([0.3, 0.0, 0.05, 1, 0, 0, 0])
    ghost = THINGS.ghost(DATA, 1, pose)
    assert ghost.solid.kind == "cylinder"
    np.testing.assert_allclose(ghost.solid.half_extents, [0.012, 0.012, 0.02])
    np.testing.assert_allclose(ghost.solid.colour, [0, 1, 0])
    np.testing.assert_allclose(ghost.start, [0.4, 0.1, 0.0], atol=1e-9)
    np.testing.assert_allclose(THINGS.solid(2, pose).half_extents, 0.011)


def test_an_object_that_does_not_exist_is_refused():
    with pytest.raises(ConfigError) as caught:
        THINGS.piece(DATA, 4)
    assert str(caught.value) == "object 4 is not among the 4 objects of the model"


def test_no_ghost_is_drawn_of_other_shapes():
    with pytest.raises(ConfigError, match=r"^kind is 'another', allowed are"):
        THINGS.solid(3, np.array([0, 0, 0, 1, 0, 0, 0]))
