"""Settings of inverse kinematics validate themselves; texts say the way out."""

from __future__ import annotations

import numpy as np
import pytest

from conceptgym.agents.ik_settings import IKConfig, unreachable_text
from conceptgym.envs.errors import ConfigError


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"restarts": -1}, "restarts is -1, expected 0 or more"),
        ({"velocity_share": 1.5}, "velocity_share is 1.5, expected a share in (0, 1]"),
        ({"iterations": 0}, "iterations is 0, expected more than 0"),
        ({"position_tolerance": 0.0}, "position_tolerance is 0.0, expected more than 0"),
        ({"object_clearance": 0.0}, "object_clearance is 0.0, expected more than 0"),
        ({"carried_clearance": -1.0}, "carried_clearance is -1.0, expected more than 0"),
    ],
)
def test_bad_settings(settings: dict, text: str) -> None:
    with pytest.raises(ConfigError) as error:
        IKConfig(**settings)
    assert str(error.value) == text


def test_the_text_of_an_unreachable_target_names_it_and_the_way_out() -> None:
    assert unreachable_text(
        np.array([1.0, 0.25, 0.1]), "out of reach: 0.300 m from the target"
    ) == (
        "target_in_world is (1.000, 0.250, 0.100) [m], out of reach: 0.300 m from the target; move "
        "it towards the table's centre, (0.5, 0.0) and at least a few centimetres up"
    )
