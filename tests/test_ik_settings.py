"""Settings of inverse kinematics validate themselves; texts say the way out."""

from __future__ import annotations

import numpy as np
import pytest

from conceptgym.agents.ik_settings import IKConfig, unreachable_text
from conceptgym.envs.errors import ConfigError


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"restarts": -1}, "restarts=-1 must be at least 0"),
        ({"restarts": np.nan}, "restarts=nan must be a whole number"),
        ({"velocity_share": 1.5}, "velocity_share=1.5 must be a share in (0, 1]"),
        ({"iterations": 0}, "iterations=0 must be above 0"),
        ({"iterations": 1.5}, "iterations=1.5 must be a whole number"),
        ({"position_tolerance": 0.0}, "position_tolerance=0.0 must be above 0"),
        ({"position_tolerance": np.inf}, "position_tolerance=inf must be a finite number"),
        ({"object_clearance": 0.0}, "object_clearance=0.0 must be above 0"),
        ({"carried_clearance": -1.0}, "carried_clearance=-1.0 must be above 0"),
        ({"seed": -1}, "seed=-1 must be at least 0"),
        ({"seed": 1.5}, "seed=1.5 must be a whole number"),
    ],
)
def test_bad_settings(settings: dict, text: str) -> None:
    with pytest.raises(ConfigError) as error:
        IKConfig(**settings)
    assert str(error.value) == f"IKConfig.{text}"


def test_the_text_of_an_unreachable_target_names_it_and_the_way_out() -> None:
    assert unreachable_text(
        np.array([1.0, 0.25, 0.1]), "out of reach: 0.300 m from the target"
    ) == (
        "target_in_world is (1.000, 0.250, 0.100) [m], out of reach: 0.300 m from the target; move "
        "it towards the table's centre, (0.5, 0.0) and at least a few centimetres up"
    )
