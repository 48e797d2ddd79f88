"""The world of compositions: what it shows, how it judges, and plans that minimise sums."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from agent_scenes import demonstrations, generated, tiny_model
from doc_tables import describe, read_tables
from gymnasium import spaces

from conceptgym.agents import ConceptAgent, InferenceConfig, Scene
from conceptgym.agents.plan import View
from conceptgym.agents.potentials import keep_out_disc
from conceptgym.agents.terms import Term
from conceptgym.envs import (
    MAX_ENTITIES,
    ArmPlaceEnv,
    ArmReachEnv,
    Concept,
    ConceptEnv,
    EntityState,
    ParticleComposeEnv,
    ParticleEnv,
    compose,
    make_concept,
    record_demonstrations,
)
from conceptgym.envs.composed import ComposedWorld
from conceptgym.envs.concepts import Composed
from conceptgym.envs.concepts.compositions import COMPOSITIONS, random_composition
from conceptgym.envs.errors import ConceptParameterError, ShapeError, UnknownConceptError
from conceptgym.envs.particle import action_towards

ID = "conceptgym/ParticleCompose-v0"


def pad(values: torch.Tensor) -> np.ndarray:
    """Rows up to MAX_ENTITIES."""
    extra = [(0, MAX_ENTITIES - len(values))] + [(0, 0)] * (values.dim() - 1)
    return np.pad(values.detach().numpy(), extra)


def exact_term(concept: Concept, attention: np.ndarray) -> Term:
    """Half the squared distance to the concept's nearest state: what the energy is to learn."""

    def term(scene: Scene) -> torch.Tensor:
        goals = []
        for number in range(len(scene.present)):
            one = scene.map(lambda value, row=number: value[row])
            state = EntityState(
                entities=pad(one.entities),
                present=pad(one.present) > 0.5,
                movable=pad(one.movable) > 0.5,
                paintable=pad(one.paintable) > 0.5,
            )
            goals.append(concept.nearest(state, attention).entities[: len(one.present)])
        gap = scene.entities - torch.from_numpy(np.stack(goals))
        return 0.5 * gap.square().sum((1, 2))

    return term


class ExactAgent(ConceptAgent):
    """Plans with the exact energies of a composition's terms in place of learned ones."""

    def __init__(self, concept: Composed, *, weights: Sequence[float] = (1.0,) * 4) -> None:
        super().__init__(tiny_model(), config=InferenceConfig(particles=6))
        self.concept, self.weights = concept, weights

    def _observed(self) -> list[Any]:
        return []

    def terms(
        self, *, phase: int = 0, attentions: Sequence[np.ndarray] | None = None
    ) -> list[Term]:
        assert attentions is not None and len(attentions) == len(self.concept.terms)
        exact = [exact_term(t, a) for t, a in zip(self.concept.terms, attentions, strict=True)]

        def weighted(term: Term, weight: float) -> Term:
            return lambda scene: weight * term(scene)

        pairs = zip(exact, self.weights, strict=False)
        return [*(weighted(term, weight) for term, weight in pairs if weight), *self._constraints]


def run(agent: ConceptAgent, env: gym.Env, seed: int) -> dict[str, Any]:
    observation, info = env.reset(seed=seed)
    ended = False
    while not ended:
        action, _ = agent.predict(observation)
        observation, _, terminated, truncated, info = env.step(action)
        ended = terminated or truncated
    return info


@pytest.mark.parametrize("name", COMPOSITIONS)
def test_the_least_of_the_summed_energies_makes_all_hold(name: str) -> None:
    """So whatever a learned energy fails at here is the energy's fault, not the scene's."""
    for seed in range(3):
        concept = random_composition(name, np.random.default_rng(seed))
        assert run(ExactAgent(concept), gym.make(ID, concept=concept), seed)["is_success"]


@pytest.mark.parametrize("name", ["at_distance + at_distance", "figure + colour"])
def test_leaving_a_term_out_fails(name: str) -> None:
    concept = random_composition(name, np.random.default_rng(5))
    for weights in ((1.0, 0.0), (0.0, 1.0)):
        agent = ExactAgent(concept, weights=weights)
        env = gym.make(ID, concept=concept)
        assert not any(run(agent, env, seed)["is_success"] for seed in range(2))


def test_an_energy_of_ones_own_adds_in_one_line() -> None:
    """At a distance from two objects: of the two such places one is kept out of."""
    concept = compose(*(make_concept("at_distance", distance=0.6) for _ in range(2)))
    env = gym.make(ID, concept=concept, n_objects=2)
    ends = []
    agent = ExactAgent(concept)
    for _ in range(2):
        assert run(agent, env, 1)["is_success"]
        world = env.unwrapped
        assert isinstance(world, ParticleComposeEnv)
        ends.append(world.state.positions[world.state.cursor])
        agent.constrain(keep_out_disc(ends[0], 0.25))
    assert np.linalg.norm(ends[1] - ends[0]) >= 0.24


@pytest.mark.parametrize("name", COMPOSITIONS)
def test_the_judge_agrees_with_the_composition(name: str) -> None:
    env = ParticleComposeEnv(random_composition(name, np.random.default_rng(2)))
    _, info = env.reset(seed=4)
    event, concept = env.event, env.concept
    assert info["residual"] == concept.residual(event.before, event.attentions) > 1.0
    steps, terminated = 0, False
    while not terminated and steps < 60:
        action = action_towards(env.state, event.after.entities)
        _, reward, terminated, _, info = env.step(action)
        steps += 1
        assert info["residual"] == concept.residual(env.state, event.attentions)
        assert reward == -info["residual"] + info["is_success"]
    assert terminated and info["is_success"]


def test_observations_show_each_terms_entities() -> None:
    env = ParticleComposeEnv(("between", "colour", "region"))
    observation, _ = env.reset(seed=0)
    assert env.observation_space.contains(observation)
    shown = observation["attentions"]
    assert np.array_equal(shown[:3], env.event.attentions) and not shown[3].any()
    assert np.array_equal(observation["attention"], shown.any(axis=0))
    assert shown.sum(axis=1)[0] == 2 and np.array_equal(shown[1], shown[2])


def test_the_documented_key_is_the_space() -> None:
    (table,) = read_tables(ComposedWorld.__doc__)
    space = ParticleComposeEnv().observation_space
    assert isinstance(space, spaces.Dict)
    assert [(row["key"], row["space"]) for row in table] == [
        ("attentions", describe(space["attentions"]))
    ]


def test_the_same_seed_is_the_same_scene() -> None:
    one, other = (gym.make(ID).reset(seed=9)[0] for _ in range(2))
    assert all(np.array_equal(one[key], other[key]) for key in one)


def test_views_read_the_attentions() -> None:
    env = ParticleComposeEnv(("region", "colour"))
    observation, _ = env.reset(seed=1)
    view = View.of(observation)
    assert view.attentions is not None
    assert np.array_equal(view.attentions, env.event.attentions)
    plain = {key: value for key, value in observation.items() if key != "attentions"}
    assert View.of(plain).attentions is None
    assert view.same_scene(View.of(observation)) and not view.same_scene(View.of(plain))
    swapped = observation["attentions"].copy()
    swapped[0] = np.roll(swapped[0], 1)
    assert not view.same_scene(View.of(observation | {"attentions": swapped}))


def test_attentions_of_another_shape_are_refused() -> None:
    observation, _ = ParticleComposeEnv().reset(seed=0)
    with pytest.raises(ShapeError) as caught:
        View.of(observation | {"attentions": np.zeros((2, 16))})
    assert str(caught.value) == (
        "attentions has shape (2, 16), expected (4, 16); pass an array of that shape"
    )


def test_the_policy_asks_for_each_term_with_its_own_entities() -> None:
    asked: list[Any] = []
    env = ParticleComposeEnv()
    observation, _ = env.reset(seed=0)

    class Noting(ConceptAgent):
        def generate(self, state: EntityState, attention: np.ndarray, **options: Any) -> Any:
            asked.append(options)
            return generated(state.entities)

    agent = Noting(tiny_model())
    agent.observe(demonstrations("left_of"))
    agent.predict(observation)
    (options,) = asked
    assert np.array_equal(options["attentions"], env.event.attentions)


def test_an_untrained_agent_that_observed_both_acts() -> None:
    """Also in a vector of environments; with one concept observed it says what is missing."""
    env = gym.make_vec(ID, num_envs=2, vectorization_mode="sync", concept=("left_of", "near"))
    observation, _ = env.reset(seed=0)
    agent = ConceptAgent(tiny_model(), config=InferenceConfig(particles=2, iterations=2))
    agent.observe(demonstrations("left_of"))
    with pytest.raises(ShapeError) as caught:
        agent.predict(observation)
    assert str(caught.value) == (
        "attentions has 2 entries, expected 1; pass one for each observed concept"
    )
    agent.observe(demonstrations("near"), join=True)
    action, _ = agent.predict(observation)
    assert env.action_space.contains(action)


def test_only_compositions_and_only_generate() -> None:
    with pytest.raises(UnknownConceptError) as caught:
        ParticleComposeEnv(task="identify")
    assert str(caught.value) == (
        "task='identify' is unknown for concept 'left_of + near' in ParticleComposeEnv; "
        "choose one of generate"
    )
    for alone in ("near", make_concept("near")):
        with pytest.raises(ConceptParameterError, match=r" are 1, expected 2 to 4; compose that "):
            ParticleComposeEnv(alone)  # pyright: ignore[reportArgumentType]
    for nothing in (None, 3):
        with pytest.raises(UnknownConceptError) as none:
            ParticleComposeEnv(nothing)  # pyright: ignore[reportArgumentType]
        assert str(none.value) == (
            f"concept={nothing} names no concepts; give two to four, such as ('left_of', 'near')"
        )


@pytest.mark.parametrize("world", [ParticleEnv, ArmReachEnv, ArmPlaceEnv])
def test_a_world_of_one_concept_refuses_several(world: type[ConceptEnv]) -> None:
    with pytest.raises(UnknownConceptError) as error:
        world(compose("left_of", "near"))
    assert str(error.value) == (
        f"concept 'left_of + near' is several at once, {world.__name__} takes one; use "
        "conceptgym/ParticleCompose-v0 or conceptgym/ArmPlaceCompose-v0"
    )


def test_four_concepts_shown_one_by_one_hold_at_once() -> None:
    """The most that there are, by the shipped weights: half of them place the cursor."""
    concept = compose("between", "at_distance", "colour", "region")
    agent = ConceptAgent.from_pretrained()
    for number, term in enumerate(concept.terms):
        shown = record_demonstrations(concept=term, episodes=5, seed=number)
        agent.observe(shown, join=number > 0)
    env = gym.make(ID, concept=concept)
    assert [run(agent, env, seed)["is_success"] for seed in range(3)] == [True] * 3
