"""docs/composition.md: its examples run as written, and its tables are those of the code."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from agent_scenes import observed_agent, random_scene, tiny_model
from doc_tables import read_tables
from matplotlib.figure import Figure
from PIL import Image

from conceptgym.agents import ConceptAgent, InferenceConfig, potentials
from conceptgym.agents.scene import Scene
from conceptgym.agents.tensors import scene_of
from conceptgym.agents.terms import total_energy
from conceptgym.envs.concepts.compositions import COMPOSITIONS
from conceptgym.envs.entities import CURSOR, POSITION, EntityState

TEXT = (Path(__file__).parents[1] / "docs" / "composition.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """What the examples name when they have run one after the other, with an untrained model.

    It acts until the episode ends.
    """
    agent = ConceptAgent(tiny_model(), config=InferenceConfig(particles=2, iterations=2))
    monkeypatch.setattr(ConceptAgent, "from_pretrained", lambda: agent)
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.chdir(tmp_path)
    found: dict[str, Any] = {}
    for block in BLOCKS:
        exec(block, found)
    return found


def test_the_examples_run(names: dict[str, Any]) -> None:
    assert names["terminated"] or names["truncated"]
    assert names["agent"].terms()[-1] is names["near_diagonal"]
    assert len(names["agent"].terms()) == 4
    with Image.open("landscape.png") as image:
        assert image.format == "PNG"


def test_the_state_is_the_environments_and_the_landscape_its_energies(
    names: dict[str, Any],
) -> None:
    agent, state, obs = names["agent"], names["state"], names["obs"]
    for field, value in vars(names["env"].unwrapped.state).items():
        np.testing.assert_array_equal(getattr(state, field), value)
    assert names["energies"].shape == (61, 61)
    moved = state.moved(np.array([state.cursor]), np.array([[0.5, -1.0]]))  # right of the middle
    there = agent.energy(moved, obs["attention"], attentions=names["own"])
    assert names["energies"][0, 45] == pytest.approx(there, rel=1e-4)
    (axis,) = names["plt"].gcf().axes
    assert isinstance(axis.get_figure(), Figure)
    assert axis.images[0].get_extent() == [-1, 1, -1, 1]
    names["plt"].close("all")


def test_the_term_of_ones_own_draws_to_the_diagonal(names: dict[str, Any]) -> None:
    term, scene = names["near_diagonal"], random_scene(3)
    places = scene.positions.clone().requires_grad_()
    rest = scene.entities[..., 2:]
    energy = term(scene.replace(entities=torch.cat([places, rest], dim=-1)))
    gap = (scene.positions[..., 0] - scene.positions[..., 1]) / 2**0.5
    counts = scene.movable * scene.present
    torch.testing.assert_close(energy, 0.05 * (gap.square() * counts).sum(-1))
    (slope,) = torch.autograd.grad(energy.sum(), places)
    assert torch.isfinite(slope).all() and not slope[counts == 0].any()
    assert not term(scene.as_static()).any()
    assert total_energy([term], scene).shape == (2,)


def test_the_terms_that_there_are_are_named() -> None:
    public = {name for name, value in vars(potentials).items() if _is_term(name, value)}
    (text,) = re.findall(r"`conceptgym.agents.potentials` has (.*?)\. They", TEXT, flags=re.DOTALL)
    assert set(re.findall(r"`(\w+)`", text)) == public


def _is_term(name: str, value: Any) -> bool:
    own = getattr(value, "__module__", "") == potentials.__name__
    return own and callable(value) and not name.startswith("_")


def test_the_table_is_what_a_scene_has() -> None:
    _, table = sorted(read_tables(TEXT), key=lambda rows: "attribute" in rows[0])
    state = _state(rows=3)
    scene = scene_of(state, state.objects).repeat(5)
    sizes = {"B": 5, "N": 6}
    for row in table:
        shape = tuple(sizes.get(size) or int(size) for size in re.findall(r"\w+", row["shape"]))
        value = getattr(scene, row["attribute"])
        assert value.dtype == torch.float32 and tuple(value.shape) == shape
    public = {*Scene.__dataclass_fields__, *vars(Scene)}
    values = {name: getattr(scene, name) for name in public if not name.startswith("_")}
    tensors = {name for name, value in values.items() if isinstance(value, torch.Tensor)}
    assert {row["attribute"] for row in table} == tensors


def test_rows_after_the_last_entity_are_left_out_and_absent_ones_are_zero() -> None:
    for rows, kept in ((3, 6), (9, 9), (16, 16)):
        state = _state(rows=rows)
        scene = scene_of(state, state.objects)
        assert scene.present.shape == (1, kept) and float(scene.present.sum()) == rows
        assert not scene.entities[:, rows:].any()


def test_identifying_and_generating_ask_about_static_scenes() -> None:
    """Where nothing may be edited."""
    agent, state, asked = observed_agent(), _state(rows=3), []

    def note(scene: Scene) -> torch.Tensor:
        asked.append((scene.static, bool(scene.movable.any() or scene.paintable.any())))
        return torch.zeros_like(scene.present[:, 0])

    agent.constrain(note)
    agent.identify(state)
    assert set(asked) == {(True, False)}
    asked.clear()
    agent.generate(state, state.objects)
    assert set(asked) == {(True, False), (False, True)}


def _state(rows: int) -> EntityState:
    """So many entities, the first of them a cursor that may be moved."""
    entities = np.zeros((16, 7), dtype=np.float32)
    entities[:rows, POSITION] = np.random.default_rng(rows).uniform(-1, 1, size=(rows, 2))
    entities[0, CURSOR] = 1.0
    first = np.arange(16) < 1
    return EntityState(
        entities=entities, present=np.arange(16) < rows, movable=first, paintable=~first & first
    )


def test_the_table_is_the_benchmark() -> None:
    table, _ = sorted(read_tables(TEXT), key=lambda rows: "attribute" in rows[0])
    found = {
        row["composition"]: tuple(
            tuple(re.split(r", | or ", names)) for names in row["terms"].split("; ")
        )
        for row in table
    }
    assert found == COMPOSITIONS
