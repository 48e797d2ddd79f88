from dataclasses import dataclass

import numpy as np
import pytest
from rendering_scenes import make_state

from conceptgym.envs.entities import EntityState
from conceptgym.envs.errors import ConfigError, ShapeError
from conceptgym.envs.rendering.planned import check_plan_rows, planned_poses

STATE = make_state([(0.0, 0.0), (0.5, 0.5), (-0.5, 0.2)])


@dataclass
class Scene:
    """Rows 1 and 2 are solid; a pose's place is the position itself."""

    rows = np.array([1, 2])

    def poses(self, state: EntityState) -> np.ndarray:
        poses = np.zeros((2, 7))
        poses[:, :2] = state.positions[self.rows]
        return poses


def test_solid_entities_get_poses_and_others_keep_their_places():
    positions = np.array([[0.1, 0.2], [0.3, 0.4]])
    poses, others = planned_poses(Scene(), STATE, positions, np.array([2, 0]))
    assert list(poses) == [1]
    np.testing.assert_allclose(poses[1][:2], [0.1, 0.2])
    np.testing.assert_allclose(others, [[0.3, 0.4]])


def test_all_places_are_the_cursors_unless_told():
    np.testing.assert_array_equal(check_plan_rows(None, np.zeros((2, 2)), STATE), [0, 0])


def test_rows_without_an_entity_are_refused():
    with pytest.raises(ConfigError) as caught:
        check_plan_rows(np.array([1, 5]), np.zeros((2, 2)), STATE)
    assert str(caught.value) == "rows holds 5, where no entity is; choose from [0, 1, 2]"


def test_there_is_one_row_a_place():
    with pytest.raises(ShapeError) as caught:
        check_plan_rows(np.array([1]), np.zeros((2, 2)), STATE)
    assert str(caught.value) == "rows has shape (1,), expected (2,); one for each place"


def test_places_have_two_coordinates():
    with pytest.raises(ShapeError) as caught:
        check_plan_rows(None, np.zeros((2, 3)), STATE)
    assert str(caught.value) == (
        "positions has shape (2, 3), expected (K, 2); pass an array of that shape"
    )
