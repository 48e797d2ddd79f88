"""Our agent among the policies' scenes: which scenes, what it is shown, what is counted."""

from typing import cast

import numpy as np
import pytest

from conceptgym.agents import ConceptAgent
from conceptgym.agents.model import load_model
from conceptgym.agents.reinforcement import shown
from conceptgym.agents.reinforcement.learner import OTHERS, make_world
from conceptgym.agents.reinforcement.shown import judge_shown
from conceptgym.envs import record_demonstrations
from conceptgym.envs.errors import ConfigError, UnknownConceptError
from conceptgym.envs.particle import ParticleEnv


def test_it_is_asked_in_the_scenes_that_confirm_policies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each shown anew; a scene fails where the agent does, and its steps are those shown."""
    seen, given = [], []

    class Idle(ConceptAgent):
        def observe(self, demonstrations, **options):
            given.append(sum(len(one.trajectory) - 1 for one in demonstrations))
            return super().observe(demonstrations, **options)

        def predict(self, observation, *args, **options):
            if options.get("episode_start") is not None:
                seen.append(observation["entities"])
            action, state = super().predict(observation, *args, **options)
            return (action if len(seen) == 1 else np.zeros_like(action)), state

    monkeypatch.setattr(shown, "ConceptAgent", Idle)
    scenes: list[int] = []
    found = judge_shown("near", "generate", episodes=2, on_scene=lambda: scenes.append(len(seen)))
    assert (found.successes, found.episodes, found.demonstrations) == (1, 2, 5)
    assert found.steps == pytest.approx(np.mean(given)) and given[0] != given[1]
    assert found.weights == load_model(None)[1]["sha256"] and scenes == [1, 2]
    world = make_world("near", "generate")
    for number, entities in enumerate(seen):
        world.reset(seed=OTHERS + number)
        scene = cast(ParticleEnv, world.unwrapped)
        np.testing.assert_array_equal(entities, scene.state.entities)


def test_fewer_demonstrations_cost_fewer_steps() -> None:
    one = judge_shown("between", "identify", episodes=1, demonstrations=1)
    recorded = record_demonstrations(concept="between", episodes=1, seed=OTHERS)
    assert one.demonstrations == 1 and one.steps == len(recorded[0].trajectory) - 1


def test_order_takes_a_way_for_each_of_its_places() -> None:
    two, three = (
        judge_shown(f"{number}_in_order", "identify", episodes=4).steps
        for number in ("two", "three")
    )
    assert 1.3 < three / two < 1.7


def test_what_is_unknown_or_nothing_is_refused() -> None:
    with pytest.raises(UnknownConceptError, match="^concept='nearby' is unknown"):
        judge_shown("nearby", "generate", episodes=1)
    with pytest.raises(ConfigError) as error:
        judge_shown("near", "generate", episodes=1, demonstrations=0)
    assert str(error.value) == (
        "demonstrations=0 must be a whole number of at least 1; show one or more"
    )
    with pytest.raises(ConfigError) as error:
        judge_shown("near", "generate", episodes=0)
    assert (
        str(error.value) == "episodes=0 must be a whole number of at least 1; ask for one or more"
    )
