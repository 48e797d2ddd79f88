"""Our agent in the very scenes in which policies are judged: shown the concept, not trained for it.

Every scene has demonstrations of its own, of the same concept with the same parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import gymnasium as gym

from ...envs.demonstrations import record_demonstrations
from ...envs.number_checks import check_whole
from ..concept_agent import ConceptAgent
from ..evaluation.config import STANDARD
from ..model import load_model
from ..rollout import roll_out
from .learner import OTHERS, WORLD


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What our agent made of demonstrations.

    Attributes:
        weights: SHA-256 of its weights.
        demonstrations: how many it was shown before each scene.
        steps: mean number of environment steps in them.
        successes, episodes: how many scenes succeeded, of how many.
    """

    weights: str
    demonstrations: int
    steps: float
    successes: int
    episodes: int


def judge_shown(
    concept: str,
    task: str,
    *,
    episodes: int,
    demonstrations: int = STANDARD,
    on_scene: Callable[[], object] = lambda: None,
) -> Shown:
    """Show a concept anew before each of the scenes that confirm policies, and count successes.

    Args:
        concept: a name of `conceptgym.envs.CONCEPTS`; its parameters are the defaults.
        task: "generate" or "identify".
        episodes: scenes, the first ones of `learner.train`'s last look.
        demonstrations: how many are shown before each scene.
        on_scene: called after each scene.

    Raises:
        UnknownConceptError: on an unknown concept or task.
        ConfigError: unless `episodes` and `demonstrations` are whole numbers of at least 1.
    """
    check_whole("episodes", episodes, least=1, cure="ask for one or more")
    check_whole("demonstrations", demonstrations, least=1, cure="show one or more")
    model, about = load_model(None)
    env = gym.make(WORLD, concept=concept, task=task)
    successes = steps = 0
    for seed in range(OTHERS, OTHERS + episodes):
        shown = record_demonstrations(concept=concept, episodes=demonstrations, seed=seed)
        agent = ConceptAgent(model)
        agent.observe(shown)
        successes += roll_out(agent, env, seed=seed).success
        steps += sum(len(one.trajectory) - 1 for one in shown)  # the start is no step
        on_scene()
    env.close()
    return Shown(
        weights=str(about["sha256"]),
        demonstrations=demonstrations,
        steps=steps / episodes,
        successes=successes,
        episodes=episodes,
    )
