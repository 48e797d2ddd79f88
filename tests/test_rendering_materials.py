import numpy as np
from mujoco import MjData, MjModel
from rendering_scenes import make_scene

from conceptgym.envs.rendering.materials import Surfaces, lights, sky_profile

MATERIALS = """
<mujoco>
  <asset><material name="gold" rgba="0.9 0.8 0.1 1" emission="0.25"/></asset>
  <worldbody>
    <geom size="1" material="gold"/>
    <geom size="1" material="gold" rgba="0.1 0.2 0.3 1"/>
    <geom size="1" rgba="0.4 0.5 0.6 1"/>
  </worldbody>
</mujoco>
"""


def test_a_geoms_own_colour_wins_over_its_materials():
    surfaces = Surfaces.of(MjModel.from_xml_string(MATERIALS))
    expected = [[0.9, 0.8, 0.1], [0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]
    np.testing.assert_allclose(surfaces.colour, expected, atol=1e-6)
    np.testing.assert_allclose(surfaces.emission, [0.25, 0.25, 0.0])


def test_a_model_without_a_light_gets_one():
    model = MjModel.from_xml_string('<mujoco><worldbody><geom size="1"/></worldbody></mujoco>')
    assert len(lights(model, MjData(model))) == 1


def test_the_models_lights_are_read():
    model, data = make_scene(0)
    (light,) = lights(model, data)
    np.testing.assert_allclose(light.position, [0.5, 0, 3])
    np.testing.assert_allclose(light.diffuse, 0.5)
    assert light.casts_shadow


def test_a_directional_light_shines_from_far_against_its_direction():
    extra = '<light type="directional" dir="0 -1 -1" castshadow="false"/>'
    model, data = make_scene(0, extra)
    light = next(light for light in lights(model, data) if not light.casts_shadow)
    away = light.position - model.stat.center
    np.testing.assert_allclose(away / np.linalg.norm(away), np.array([0, 1, 1]) / np.sqrt(2))


def test_a_spot_fades_from_its_axis_as_opengl_says():
    model, data = make_scene(0)
    (light,) = lights(model, data)
    angle = np.deg2rad([0.0, 30.0, 44.9, 45.1])
    directions = np.stack([np.sin(angle), np.zeros(4), -np.cos(angle)], axis=1)
    expected = [1.0, np.cos(angle[1]) ** 10, np.cos(angle[2]) ** 10, 0.0]
    np.testing.assert_allclose(light.strength(directions, np.ones(4)), expected, rtol=1e-5)


def test_the_sky_runs_from_its_first_colour_above_to_its_second_below():
    model, _ = make_scene(0)
    profile = sky_profile(model)
    np.testing.assert_allclose(profile[0], [0.4, 0.5, 0.6], atol=0.05)
    np.testing.assert_allclose(profile[-1], [0.9, 0.95, 1], atol=0.05)
    assert (np.diff(profile, axis=0) > -1e-6).all()


def test_a_model_without_a_sky_gets_one():
    profile = sky_profile(MjModel.from_xml_string(MATERIALS))
    assert (profile > 0.4).all() and (profile < 1).all()
