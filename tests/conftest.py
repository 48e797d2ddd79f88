"""Settings of all tests, and the controllers of arms that several files ask.

Hypothesis draws the same examples each time, and no test is timed.
"""

import pytest
from hypothesis import settings

from conceptgym.agents.ik import IKController
from conceptgym.envs.robots import PANDA, UR5E

settings.register_profile("conceptgym", derandomize=True, deadline=None)
settings.load_profile("conceptgym")


@pytest.fixture(scope="module")
def controller() -> IKController:
    """The Panda's, above an empty table."""
    return IKController()


@pytest.fixture(scope="module", params=[PANDA, UR5E], ids=lambda robot: robot.name)
def among_objects(request: pytest.FixtureRequest) -> IKController:
    """Each arm's, with room for four objects to keep clear of."""
    return IKController(robot=request.param, obstacles=4)
