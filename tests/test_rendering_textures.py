import numpy as np
from mujoco import MjData, MjModel, mj_forward

from conceptgym.envs.rendering.camera import Pinhole
from conceptgym.envs.rendering.textures import plane_textures

CHEQUERED = """
<mujoco>
  <asset>
    <texture name="c" type="2d" builtin="checker" rgb1="1 1 1" rgb2="0 0 0" width="64" height="64"/>
    <material name="c" texture="c" texrepeat="{repeat} {repeat}"/>
  </asset>
  <worldbody>
    <camera name="top" pos="0 0 1" fovy="90"/>
    <geom type="plane" size="1 1 0.1" material="c"/>
    <geom type="plane" pos="0 0 -1" size="1 1 0.1"/>
  </worldbody>
</mujoco>
"""


def seen_from_above(repeat: int) -> np.ndarray:
    """Brightness in 64 × 64 pixels, which show exactly the plane's 2 m × 2 m."""
    model = MjModel.from_xml_string(CHEQUERED.format(repeat=repeat))
    data = MjData(model)
    mj_forward(model, data)
    (texture,) = plane_textures(model)
    pinhole = Pinhole.of(model, data, name="top", size=(64, 64))
    rows, columns = np.indices((64, 64)).reshape(2, -1)
    pixels = np.stack([columns, rows], axis=1)
    return texture.colours(data, pinhole, pixels).mean(axis=1).reshape(64, 64)


def test_the_chequers_are_as_many_as_the_material_says():
    brightness = seen_from_above(2)
    along = brightness[3]
    assert np.sum(np.abs(np.diff((along > 0.5).astype(int)))) in (3, 4)
    assert set(np.unique(brightness[4::8, 4::8].round(2))) == {0.0, 1.0}


def test_chequers_smaller_than_a_pixel_turn_grey():
    brightness = seen_from_above(400)
    np.testing.assert_allclose(brightness, 0.5, atol=0.02)
