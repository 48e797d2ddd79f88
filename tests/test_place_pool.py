"""Trials in processes: what one process gives, as long as there is time."""

from __future__ import annotations

import re

import pytest
import torch

from conceptgym.agents.concept_agent import ConceptAgent
from conceptgym.agents.place.outcomes import run_trial
from conceptgym.agents.place.pool import _lessons, run_trials
from conceptgym.agents.place.trials import Trial
from conceptgym.envs.errors import ConfigError

FEW = [Trial(0, "near", "plane"), Trial(1, "identify near", "plain")]


@pytest.fixture
def one_thread() -> None:
    """As the workers have: sums in another order differ in their last bits."""
    torch.set_num_threads(1)


@pytest.mark.usefixtures("one_thread")
def test_a_process_finds_what_is_found_here() -> None:
    agent = ConceptAgent.from_pretrained()
    direct = [run_trial(agent, trial, seed=3) for trial in FEW]
    assert list(run_trials(FEW, seed=3, workers=1)) == direct
    assert direct[0] != direct[1]


@pytest.mark.usefixtures("one_thread")
def test_what_shares_demonstrations_is_done_by_one_worker() -> None:
    shown_on_arm = "plane, shown on the arm"
    mixed = [Trial(number, "near", where) for number in (4, 5, 6) for where in ("plain", "plane")]
    mixed += [Trial(7, "near", shown_on_arm), Trial(5, "between", "plane")]
    assert [[(t.episode, t.cell, t.condition) for t in group] for group in _lessons(mixed)] == [
        [(4, "near", "plain")],
        [(4, "near", "plane")],
        [(5, "near", "plain"), (6, "near", "plain")],
        [(5, "near", "plane"), (6, "near", "plane")],
        [(7, "near", shown_on_arm)],
        [(5, "between", "plane")],
    ]
    planned = [Trial(number, "near", "plane") for number in range(2)]
    agent = ConceptAgent.from_pretrained()
    direct = [run_trial(agent, trial, seed=3) for trial in planned]
    assert list(run_trials(planned, seed=3, workers=2)) == direct


def test_it_stops_when_the_time_is_up() -> None:
    assert len(list(run_trials(FEW, seed=0, workers=1, minutes=1e-9))) == 1
    assert not list(run_trials(FEW, seed=0, workers=1, minutes=0.0))


def test_nothing_to_do_starts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("multiprocessing.get_context", None)
    assert list(run_trials([], seed=0)) == []


@pytest.mark.parametrize("workers", [0, -2])
def test_no_workers_is_an_error(workers: int) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"workers={workers} must be at least 1")):
        next(run_trials(FEW, seed=0, workers=workers))
