"""docs/composition.md: its example runs as written, and its table is the benchmark's."""

import re
from pathlib import Path

import pytest
from agent_scenes import tiny_model
from doc_tables import read_tables

from conceptgym.agents import ConceptAgent, InferenceConfig
from conceptgym.envs.concepts.compositions import COMPOSITIONS

TEXT = (Path(__file__).parents[1] / "docs" / "composition.md").read_text()


def test_the_example_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """With an untrained model in place of the shipped one: it acts until the episode ends."""
    agent = ConceptAgent(tiny_model(), config=InferenceConfig(particles=2, iterations=2))
    monkeypatch.setattr(ConceptAgent, "from_pretrained", lambda: agent)
    (block,) = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)
    names: dict = {}
    exec(block, names)
    assert names["terminated"] or names["truncated"]
    assert len(agent.terms()) == 3


def test_the_table_is_the_benchmark() -> None:
    (table,) = read_tables(TEXT)
    found = {
        row["composition"]: tuple(
            tuple(re.split(r", | or ", names)) for names in row["terms"].split("; ")
        )
        for row in table
    }
    assert found == COMPOSITIONS
