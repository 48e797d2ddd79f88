"""Methods of one's own are found by name, and asked like everyone."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from evaluation_scenes import small

from conceptgym.agents.evaluation.evaluator import Evaluator
from conceptgym.agents.evaluation.methods import RIVALS
from conceptgym.agents.evaluation.own_methods import with_own
from conceptgym.agents.evaluation.pool import run_tasks
from conceptgym.envs.errors import ConfigError

DOCS = Path(__file__).parents[1] / "docs"
OWN = {"still": "my_agent:Still"}


class Mute:
    """Observes, and answers nothing."""

    def observe(self, demonstrations: object) -> None: ...


class Seedless(Mute):
    """Offers everything, but for a seed."""

    def __init__(self) -> None: ...

    def plan(self, state: object, attention: object) -> None: ...

    def identify(self, state: object) -> None: ...


@pytest.fixture(autouse=True)
def _my_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The class that docs/protocol.md shows, as a module on the path."""
    text = (DOCS / "protocol.md").read_text()
    (block,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    (tmp_path / "my_agent.py").write_text(block)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "my_agent", raising=False)


def test_they_stand_beside_the_rivals() -> None:
    found = with_own(OWN)
    assert RIVALS.items() <= found.items() and found.keys() - RIVALS.keys() == {"still"}


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("my_agent", "must be MODULE:CLASS, such as my_agent:MyAgent"),
        (":Still", "must be MODULE:CLASS, such as my_agent:MyAgent"),
        (
            "no_such_module:Still",
            "cannot be loaded (No module named 'no_such_module'); put its folder on the path, as "
            "in PYTHONPATH=. python scripts/evaluate.py …",
        ),
        (
            "my_agent:Other",
            "cannot be loaded (module 'my_agent' has no attribute 'Other'); put its folder on "
            "the path, as in PYTHONPATH=. python scripts/evaluate.py …",
        ),
        (f"{__name__}:DOCS", "is no class; name one that is called with a seed"),
        (
            f"{__name__}:Mute",
            "lacks plan, identify; add what conceptgym.agents.rivals.Rival describes",
        ),
        (
            f"{__name__}:Seedless",
            "cannot be called with a seed (too many positional arguments); take it, as in "
            "__init__(self, seed)",
        ),
    ],
)
def test_what_is_none_is_refused(place: str, text: str) -> None:
    with pytest.raises(ConfigError, match=f"^{re.escape(f'rival mine={place!r} {text}')}$"):
        with_own({"mine": place})


def test_they_answer_the_same_questions() -> None:
    config = small(
        concepts=("near", "two_in_order", "beside + near"),
        levels=(1, 4),
        methods=("chance",),
        rivals=("still",),
        demonstrations=(5,),
        conditions=("plain",),
    )
    evaluator = Evaluator(config, rivals=OWN)
    tasks = [(job, config.cells(job)) for job in config.jobs]
    found = evaluator.run_all(tasks)
    asked = {
        method: [(i.concept, i.level, i.task, i.episode) for i in found if i.method == method]
        for method in ("still", "chance")
    }
    assert asked["still"] == asked["chance"]
    assert not any(item.success for item in found if item.method == "still")


def test_a_rival_that_cannot_be_loaded_ends_a_run_before_it_begins() -> None:
    config = small(methods=(), rivals=("mine",))
    tasks = [(job, config.cells(job)) for job in config.jobs]
    with pytest.raises(ConfigError, match="^rival mine='nowhere:Mine' cannot be loaded"):
        next(run_tasks(config, tasks, rivals={"mine": "nowhere:Mine"}))
