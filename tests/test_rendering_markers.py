import numpy as np
import pytest

from conceptgym.envs.entities import MAX_ENTITIES
from conceptgym.envs.errors import NonFiniteError, ShapeError
from conceptgym.envs.rendering.markers import Overlay


def test_nothing_is_marked_unless_told():
    overlay = Overlay()
    assert not overlay.attended_mask.any() and not overlay.identified_mask.any()
    assert overlay.plan_points.shape == (0, 2) and overlay.trail_points.shape == (0, 2)


def test_masks_may_be_observations_of_zeros_and_ones():
    attended = np.zeros(MAX_ENTITIES, dtype=np.int8)
    attended[3] = 1
    assert np.flatnonzero(Overlay(attended=attended).attended_mask).tolist() == [3]


@pytest.mark.parametrize("name", ["plan", "trail"])
def test_a_path_of_another_shape_is_refused(name):
    make = {"plan": lambda path: Overlay(plan=path), "trail": lambda path: Overlay(trail=path)}
    with pytest.raises(ShapeError) as caught:
        make[name](np.zeros(2))
    assert str(caught.value) == (
        f"{name} has shape (2,), expected (N, 2); pass one position a row, or None for no position"
    )


def test_a_mask_of_another_length_is_refused():
    with pytest.raises(ShapeError, match=r"^attended has shape \(3,\), expected \(16,\);"):
        Overlay(attended=np.zeros(3))


def test_nan_in_a_trail_is_refused():
    with pytest.raises(NonFiniteError, match=r"^trail holds nan at index \(1, 0\);"):
        Overlay(trail=np.array([[0.0, 0.0], [np.nan, 0.0]]))
