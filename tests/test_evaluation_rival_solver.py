"""Rivals are asked with copies, their answers checked, and several concepts put together."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
from agent_scenes import demonstrations, draw_event

from conceptgym.agents.evaluation.config import Job
from conceptgym.agents.evaluation.rival_solver import RivalSolver
from conceptgym.agents.evaluation.scenes import draw_episode
from conceptgym.agents.evaluation.verdicts import plan_succeeds
from conceptgym.agents.rivals import CopyNearest, Invariants
from conceptgym.envs.errors import NonFiniteError, ShapeError


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
    solver = RivalSolver("mine", lambda seed: Own(), [shown], seed=0)
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
    solver = RivalSolver("mine", lambda seed: mine, [demonstrations("between", 2)], seed=0)
    what = "the plan of rival 'mine'" if task == "plan" else "the answer of rival 'mine'"
    with pytest.raises(kind) as caught:
        solver.plan(event) if task == "plan" else solver.identify(event.shown)
    assert str(caught.value).removeprefix(what).lstrip(" ").startswith(text)


class Right:
    """Moves what is attended a step to the right, from wherever it is."""

    def __init__(self, seed: int) -> None:
        self.shown: Any = None

    def observe(self, demonstrations: Any) -> None:
        self.shown = demonstrations

    def plan(self, state: Any, attention: Any) -> Any:
        entities = state.entities.copy()
        entities[:, 0] += 0.1 * attention
        return [entities]

    def identify(self, state: Any) -> Any:
        return np.zeros_like(state.present)


class Together(Right):
    """Likewise, with how many concepts there are as the size of the step."""

    def plan_together(self, others: Any, state: Any, attentions: Any) -> Any:
        assert len({id(rival) for rival in (self, *others)}) == len(attentions)
        state.entities[:, 0] = len(attentions)
        attentions[:] = True
        return [state.entities]


def test_of_several_concepts_each_rival_sees_one_and_carries_it_out_in_turn() -> None:
    episode = draw_episode(Job("figure + region", 4, 0))
    event = episode.questions["generate"]
    solver = RivalSolver("mine", Right, episode.shown, seed=0)
    (entities,) = solver.plan(event)
    moved = entities[:, 0] - event.before.entities[:, 0]
    steps = event.attentions.sum(0) * event.before.movable  # type: ignore[attr-defined]
    np.testing.assert_allclose(moved, 0.1 * steps, atol=1e-6)
    assert steps.max() == 2  # the second step began where the first one ended


def test_what_can_plan_together_is_asked_to_with_copies() -> None:
    episode = draw_episode(Job("figure + region", 4, 0))
    event = episode.questions["generate"]
    kept = asdict(event)
    (entities,) = RivalSolver("mine", Together, episode.shown, seed=0).plan(event)
    np.testing.assert_equal(asdict(event), kept)
    assert (entities[:, 0] == 2).all()


@pytest.mark.parametrize("name", ["beside + near", "between + colour", "figure + region"])
def test_invariants_are_put_together_and_copies_undo_each_other(name: str) -> None:
    right = {Invariants: 0, CopyNearest: 0}
    for number in range(4):
        episode = draw_episode(Job(name, 4, number), seed=3)
        event = episode.questions["generate"]
        for make in right:
            solver = RivalSolver("it", lambda seed, make=make: make(), episode.shown, seed=0)
            right[make] += plan_succeeds(episode.concept, event, solver.plan(event))
    assert right[Invariants] >= 3 > right[CopyNearest]
