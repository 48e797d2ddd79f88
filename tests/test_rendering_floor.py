import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rendering_scenes import make_scene

from conceptgym.envs.errors import ConfigError, NonFiniteError, ShapeError
from conceptgym.envs.frames import plane_to_table
from conceptgym.envs.rendering.floor import check_energy, energy_picture, find_mat

CENTRE, HALF = np.array([0.5, 0.0]), np.array([0.25, 0.25])
MAT = np.array([0.93, 0.92, 0.90])


def picture(energy: np.ndarray) -> np.ndarray:
    return energy_picture(energy, mat_colour=MAT, centre=CENTRE, half_extents=HALF)


def dip(x: float, y: float, *, side: int = 41) -> np.ndarray:
    """Energies with one low place [plane units], as `ConceptAgent.landscape` lays them out."""
    line = np.linspace(-1, 1, side)
    along_x, along_y = np.meshgrid(line, line)
    away = (along_x - x) ** 2 + (along_y - y) ** 2
    return 1.0 - np.exp(-away / 0.02)


@settings(max_examples=40)
@given(x=st.floats(-0.8, 0.8), y=st.floats(-0.8, 0.8))
def test_the_low_place_is_darkest_where_the_plane_lies_on_the_table(x, y):
    """The plane's right is world +y, its up world -x; rows run along world y, columns along x."""
    painted = picture(dip(x, y))
    weight = np.maximum(0.75 - painted.mean(axis=-1), 0.0)
    row, column = (np.argwhere(weight > 0) + 0.5).T @ weight[weight > 0] / weight.sum()
    place = CENTRE + HALF * (2 * np.array([column, row]) / len(painted) - 1)
    np.testing.assert_allclose(place, plane_to_table(np.array([x, y])), atol=0.012)


def test_around_the_plane_the_mat_is_bare():
    painted = picture(dip(0, 0))
    assert (painted[:20] == 1).all() and (painted[:, -20:] == 1).all()
    assert painted.min() < 0.5


def test_lower_energies_are_darker_without_a_break():
    slope = np.tile(np.linspace(0, 1, 50) ** 2, (50, 1))  # grows along the plane's x: world y
    line = picture(slope)[28:-28, 128].mean(axis=-1)
    assert line[-1] > line[0] + 0.2
    between_lines = line.reshape(10, -1).max(axis=1)
    assert (np.diff(between_lines) > 0).all()


@pytest.mark.parametrize("energy", [np.zeros((9, 9)), np.full((2, 2), 3.0)])
def test_a_flat_energy_leaves_the_mat_bare(energy):
    np.testing.assert_allclose(picture(energy), 1.0)


def test_scale_and_offset_of_the_energy_do_not_matter():
    np.testing.assert_allclose(picture(dip(0.1, 0.3)), picture(7 * dip(0.1, 0.3) - 2), atol=1e-5)


@pytest.mark.parametrize("shape", [(3,), (3, 4), (1, 1), (2, 2, 2)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ShapeError) as caught:
        check_energy(np.zeros(shape))
    assert str(caught.value) == (
        f"energy has shape {shape}, expected (R, R) with R of 2 or more; "
        "pass what ConceptAgent.landscape returns"
    )


def test_infinite_energies_are_refused():
    with pytest.raises(NonFiniteError, match=r"^energy holds inf at index \(0, 1\)"):
        check_energy(np.array([[0.0, np.inf], [0.0, 0.0]]))


def test_a_model_without_a_mat_is_refused():
    with pytest.raises(ConfigError) as caught:
        find_mat(make_scene()[0])
    assert str(caught.value) == "the model has no geom 'workspace_mat' to paint the energy on"
