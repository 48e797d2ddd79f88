"""Methods: who shares what, and verdicts on plans."""

from __future__ import annotations

from dataclasses import asdict
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
    RivalSolver,
    Solvers,
    carried_out,
    plan_succeeds,
)
from conceptgym.envs import CONCEPTS
from conceptgym.envs.errors import NonFiniteError, ShapeError


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


class Own:
    """A method that answers what it is told to, and writes into all that it is given."""

    plan_ = identify_ = None

    def observe(self, demonstrations: Any) -> None:
        for item in demonstrations:
            item.trajectory[:] = 0.0

    def plan(self, state: Any, attention: Any) -> Any:
        state.entities[:, :2] = attention[:] = 1.0
        return [state.entities] if self.plan_ is None else self.plan_

    def identify(self, state: Any) -> Any:
        state.entities[:], state.present[:] = 0.0, False
        return state.present if self.identify_ is None else self.identify_


def test_what_a_rival_writes_into_is_its_own() -> None:
    event, shown = draw_event(seed=5), demonstrations("between", 2)
    kept = [asdict(item) for item in (event, *shown)]
    solver = RivalSolver("mine", Own(), shown)  # type: ignore[arg-type]
    solver.plan(event)
    solver.identify(event.shown)
    np.testing.assert_equal([asdict(item) for item in (event, *shown)], kept)


ENTITIES = np.zeros((16, 7))


@pytest.mark.parametrize(
    ("task", "answer", "kind", "text"),
    [
        ("plan", 5, ShapeError, "is a int, expected a list of entity arrays, one for each phase;"),
        ("plan", (), ShapeError, "is empty, expected a list of entity arrays, one for each phase;"),
        ("plan", ENTITIES, ShapeError, "is an array of shape (16, 7), expected a list of entity"),
        (
            "plan",
            [ENTITIES[:3]],
            ShapeError,
            ", phase 0, has shape (3, 7), expected (16, 7); pass an array of that shape",
        ),
        (
            "plan",
            [np.full((16, 7), np.nan)],
            NonFiniteError,
            ", phase 0, holds nan at index (0, 0); every",
        ),
        ("identify", "x", ShapeError, "has shape (), expected (16,); pass an array of that shape"),
        ("identify", np.zeros(3), ShapeError, "has shape (3,), expected (16,); pass an array of"),
        ("identify", np.full(16, 0.3), ShapeError, "holds other numbers than 0 and 1; return a"),
        ("identify", np.full(16, np.nan), NonFiniteError, "holds nan at index (0,); every entry"),
    ],
)
def test_a_rivals_wrong_answers_are_named(
    task: str, answer: Any, kind: type[Exception], text: str
) -> None:
    event, mine = draw_event(seed=5), Own()
    setattr(mine, f"{task}_", answer)
    solver = RivalSolver("mine", mine, demonstrations("between", 2))  # type: ignore[arg-type]
    what = "the plan of rival 'mine'" if task == "plan" else "the answer of rival 'mine'"
    with pytest.raises(kind) as caught:
        solver.plan(event) if task == "plan" else solver.identify(event.shown)
    assert str(caught.value).removeprefix(what).lstrip(" ").startswith(text)


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


@pytest.mark.parametrize("name", list(CONCEPTS))
def test_a_demonstrators_plan_succeeds_and_staying_does_not(name: str) -> None:
    for seed in range(3):
        concept = CONCEPTS[name]()
        event = draw_event(name, seed=seed, n_objects=6)
        stops = [stop.entities for stop in event.stops]
        assert plan_succeeds(concept, event, stops)
        assert not plan_succeeds(concept, event, [event.before.entities] * len(stops))


def test_every_phase_must_pass_in_its_turn() -> None:
    concept, event = CONCEPTS["three_in_order"](), draw_event("three_in_order", n_objects=6)
    first, second, third = (stop.entities for stop in event.stops)
    assert plan_succeeds(concept, event, [first, second, third])
    for wrong in ([second, first, third], [first, third, third], [first, second], [third]):
        assert not plan_succeeds(concept, event, wrong)


def test_only_what_may_be_edited_is_carried_out() -> None:
    event = draw_event("colour", n_objects=4)
    drawn = np.random.default_rng(0).normal(size=event.before.entities.shape) * 5.0
    changed = carried_out(event.before, drawn.astype(np.float32)).entities
    painted = event.before.paintable
    assert painted.any() and not event.before.movable.any()
    np.testing.assert_array_equal(changed[~painted], event.before.entities[~painted])
    np.testing.assert_allclose(changed[painted, 2:5], drawn[painted, 2:5].clip(0.0, 1.0))
    np.testing.assert_array_equal(changed[painted, :2], event.before.entities[painted, :2])


def test_nothing_leaves_the_plane() -> None:
    event = draw_event("near")
    drawn = event.before.entities + 10.0
    changed = carried_out(event.before, drawn)
    assert changed.positions[event.before.cursor].tolist() == [1.0, 1.0]


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
