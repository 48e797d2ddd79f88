"""An agent's constraints: energies of one's own, added, refused and removed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from agent_scenes import (
    demonstrations,
    draw_event,
    observed_agent,
    tiny_model,
)

from conceptgym.agents import ConceptAgent
from conceptgym.agents.config import InferenceConfig
from conceptgym.agents.scene import Scene
from conceptgym.envs.errors import ConfigError, NonFiniteError, ShapeError

EVENT = draw_event(seed=2)


def own_log(scene: Scene) -> torch.Tensor:
    """Defined nowhere."""
    return torch.log(-1.0 - scene.positions[..., 0].square()).sum(1)


def own_norms(scene: Scene) -> torch.Tensor:
    """Distances of all pairs, whose roots have no gradient on the diagonal."""
    gaps = scene.positions[:, :, None] - scene.positions[:, None]
    return gaps.square().sum(-1).sqrt().sum((1, 2))


def own_rims(scene: Scene) -> torch.Tensor:
    """Infinite off the plane's middle."""
    return torch.where(scene.positions.abs() > 0.01, torch.inf, 0.0).sum((1, 2))


def own_strengths(scene: Scene) -> torch.Tensor:
    """Without gradient where the attention is an undecided 0.5."""
    return (scene.attention - 0.5).square().sqrt().sum(1)


def mild(scene: Scene) -> torch.Tensor:
    return 0.1 * scene.positions.square().sum((1, 2))


def test_constraints_add_up_until_they_are_removed() -> None:
    agent = observed_agent()
    plain = agent.energy(EVENT.before, EVENT.attention)

    def two(scene: Scene) -> torch.Tensor:
        return 2.0 + 0.0 * scene.present[:, 0]

    agent.constrain(two)
    agent.constrain(two, two)
    assert agent.energy(EVENT.before, EVENT.attention) == pytest.approx(plain + 6.0)
    agent.observe(demonstrations())  # they outlast the concept
    assert agent.energy(EVENT.before, EVENT.attention) == pytest.approx(plain + 6.0)
    agent.constrain()
    assert agent.energy(EVENT.before, EVENT.attention) == pytest.approx(plain)


def test_a_constraint_is_obeyed_where_the_concept_is_weak() -> None:
    agent = ConceptAgent(tiny_model(), config=InferenceConfig(particles=3, iterations=60))
    agent.observe(demonstrations(), weight=0.0)
    goal = torch.tensor([0.4, -0.3])

    def lead(scene: Scene) -> torch.Tensor:
        gap = (scene.positions - goal).square().sum(-1)
        return 0.5 * (gap * scene.cursor).sum(1)

    agent.constrain(lead)
    made = agent.generate(EVENT.before, EVENT.attention)
    place = made.entities[EVENT.before.cursor, :2]
    np.testing.assert_allclose(place, goal.numpy(), atol=2e-3)


def test_a_constraint_is_a_function() -> None:
    agent = observed_agent()
    with pytest.raises(ConfigError) as caught:
        agent.constrain(lambda scene: scene.present[:, 0], [torch.ones(1)])  # pyright: ignore
    assert str(caught.value) == (
        "terms[1] is a list, expected a function of scenes; pass them one by one, "
        "constrain(one, another)"
    )
    assert len(agent.terms()) == 1


@pytest.mark.parametrize(("term", "found"), [(own_log, "nan"), (own_rims, "inf")])
def test_constraints_that_are_not_finite_are_refused(term: Any, found: str) -> None:
    agent = observed_agent()
    agent.observe(demonstrations("near"), join=True)
    agent.constrain(mild)
    agent.constrain(term)
    for ask in (
        lambda: agent.generate(EVENT.before, EVENT.attention),
        lambda: agent.identify(EVENT.before),
        lambda: agent.energy(EVENT.before, EVENT.attention),
        lambda: agent.energies(EVENT.before, EVENT.attention, EVENT.before.entities[None]),
        lambda: agent.landscape(EVENT.before, EVENT.attention),
    ):
        with pytest.raises(NonFiniteError) as caught:
            ask()
        assert str(caught.value) == (
            f"your own term 1 ('{term.__name__}') returned {found}; every energy must be a finite "
            "number: keep what goes into sqrt, log and divisions where they are defined, by clamp "
            "or torch.where, and give a hard constraint a large weight"
        )


def test_constraints_without_a_gradient_are_refused() -> None:
    agent = observed_agent()
    for term, ask in (
        (own_norms, lambda: agent.generate(EVENT.before, EVENT.attention)),
        (own_strengths, lambda: agent.identify(EVENT.before)),
    ):
        agent.constrain()
        agent.constrain(mild, term)
        with pytest.raises(NonFiniteError) as caught:
            ask()
        assert str(caught.value) == (
            f"the gradient of your own term 1 ('{term.__name__}') holds nan; every entry must be a "
            "finite number: sqrt, norms and powers may have none at 0, log none at 0 or below; add "
            "1e-9 to what goes into them, or choose that by torch.where"
        )
        assert np.isfinite(agent.energy(EVENT.before, EVENT.attention))  # takes no gradient


def test_a_gradient_that_is_not_used_may_be_anything() -> None:
    """Of two absent rows, which lie on one another and may not be moved."""

    def apart(scene: Scene) -> torch.Tensor:
        return (scene.positions[:, -1] - scene.positions[:, -2]).square().sum(-1).sqrt()

    agent = observed_agent()
    plain = agent.generate(EVENT.before, EVENT.attention)
    agent.constrain(apart)
    made = agent.generate(EVENT.before, EVENT.attention)
    assert np.array_equal(made.candidates, plain.candidates)


def test_a_constraint_may_compute_in_float64() -> None:
    agent = observed_agent()
    agent.constrain(mild)
    single = agent.generate(EVENT.before, EVENT.attention)
    agent.constrain()
    agent.constrain(lambda scene: mild(scene).double())
    double = agent.generate(EVENT.before, EVENT.attention)
    np.testing.assert_array_equal(double.candidates, single.candidates)


def test_a_constraint_s_wrong_return_is_called_by_its_own_number() -> None:
    agent = observed_agent()
    agent.constrain(mild)
    agent.constrain(lambda scene: scene.present)
    with pytest.raises(ShapeError) as caught:
        agent.energy(EVENT.before, EVENT.attention)
    assert str(caught.value) == (
        "your own term 1 ('<lambda>') returned (1, 6), expected a tensor of shape (1,); return one "
        "energy a scene"
    )
