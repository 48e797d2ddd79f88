"""Trials in processes: what one process gives, as long as there is time."""

from __future__ import annotations

import re

import pytest
import torch

from conceptgym.agents.concept_agent import ConceptAgent
from conceptgym.agents.place_outcomes import run_trial
from conceptgym.agents.place_pool import run_trials
from conceptgym.agents.place_trials import Trial
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


def test_it_stops_when_the_time_is_up() -> None:
    assert len(list(run_trials(FEW, seed=0, workers=1, minutes=0.0))) == 1


def test_nothing_to_do_starts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("multiprocessing.get_context", None)
    assert list(run_trials([], seed=0)) == []


@pytest.mark.parametrize("workers", [0, -2])
def test_no_workers_is_an_error(workers: int) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"workers={workers} must be at least 1")):
        next(run_trials(FEW, seed=0, workers=workers))
