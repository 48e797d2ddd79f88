"""Methods: who they are, and who shares what."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from agent_scenes import demonstrations, draw_event, tiny_model

from conceptgym.agents import ConceptAgent, InferenceConfig
from conceptgym.agents.evaluation import methods as module
from conceptgym.agents.evaluation.methods import (
    METHODS,
    OURS,
    RECOGNISER,
    RIVALS,
    VARIANTS,
    AgentSolver,
    Solvers,
)
from conceptgym.envs import CONCEPTS


def solvers(concept: str = "near") -> Solvers:
    shown = [demonstrations(concept, 2)]
    return Solvers({OURS: tiny_model()}, shown, concept=CONCEPTS[concept](), seed=0)


def test_every_method_answers_both_questions() -> None:
    event, asked = draw_event(seed=5), solvers("between")
    for method in METHODS:
        solver = asked.get(method)
        (entities,) = solver.plan(event)
        assert entities.shape == event.before.entities.shape and np.isfinite(entities).all()
        if method != RECOGNISER:
            assert solver.identify(event.shown).shape == event.answer.shape


def test_variants_are_ours_but_for_what_they_are_named_after() -> None:
    usual = InferenceConfig()
    assert VARIANTS[OURS] == usual
    changed = {
        name: {key for key, value in vars(config).items() if value != getattr(usual, key)}
        for name, config in VARIANTS.items()
    }
    steps = {f"ours-{n}-steps": {"iterations"} for n in (0, 1, 5, 50)}
    assert changed == {
        "ours": set(),
        "ours-guess": {"code_iterations"},
        "ours-scratch": {"amortised"},
        "ours-values": {"amortised", "shown_values"},
        "ours-recognition": {"recognition"},
        **steps,
    }


def test_w_is_inferred_once_where_variants_agree_on_it(monkeypatch: pytest.MonkeyPatch) -> None:
    observed: list[InferenceConfig] = []

    class Counted(ConceptAgent):
        def observe(self, *arguments: Any, **options: Any) -> Any:
            observed.append(self.config)
            return super().observe(*arguments, **options)

    monkeypatch.setattr(module, "ConceptAgent", Counted)
    asked = solvers()
    for method in VARIANTS:
        asked.get(method)
    starts = {(one.code_iterations, one.amortised, one.shown_values) for one in observed}
    assert len(observed) == len(starts) == 4  # ours, the guess, from scratch, from the values


def test_shared_agents_answer_as_agents_of_their_own() -> None:
    event, asked = draw_event(seed=5), solvers("between")
    shared = {method: asked.get(method) for method in VARIANTS}  # all, before any is asked
    for method, config in VARIANTS.items():
        agent = ConceptAgent(tiny_model(), config=config)
        agent.observe(demonstrations("between", 2))
        own = agent.generate(event.before, event.attention).entities
        np.testing.assert_array_equal(shared[method].plan(event)[0], own)


def test_a_shared_agent_is_handed_out_as_its_method_asks_it() -> None:
    """As the arm uses it, whoever asked it last."""
    asked = solvers("between")
    ours, variant = asked.get(OURS), asked.get("ours-1-steps")
    assert isinstance(ours, AgentSolver) and isinstance(variant, AgentSolver)
    assert variant.agent.config.iterations == 1
    assert ours.agent.config == VARIANTS[OURS]


def test_several_concepts_are_observed_together() -> None:
    shown = [demonstrations("near", 2), demonstrations("colour", 2)]
    solver = Solvers({OURS: tiny_model()}, shown, concept=CONCEPTS["near"](), seed=0).get(OURS)
    assert isinstance(solver, AgentSolver)
    assert len(solver.agent.terms()) == 2


def test_rivals_are_made_from_seeds() -> None:
    event = draw_event(seed=5)
    shown = [demonstrations("between", 2)]
    rivals = (
        Solvers({}, shown, concept=CONCEPTS["between"](), seed=seed).get("chance")
        for seed in (0, 0, 1)
    )
    plans = [rival.plan(event)[0] for rival in rivals]
    np.testing.assert_array_equal(plans[0], plans[1])
    assert not np.array_equal(plans[0], plans[2])
    assert set(RIVALS) <= set(METHODS)
