"""Energies in chunks, compiled or not: what each scene gets alone, whatever is beside it."""

from __future__ import annotations

import re
import threading
from dataclasses import replace

import pytest
import torch
from agent_scenes import random_scene, tiny_model

from conceptgym.agents.config import EnergyConfig
from conceptgym.agents.evaluation import energies as evaluation_energies
from conceptgym.agents.evaluation.energies import CompiledEnergies, Energies, Needs, energies
from conceptgym.agents.model import ConceptModel
from conceptgym.agents.scene import Scene

NEEDS: list[Needs] = [
    (False, False, False),
    (True, False, False),
    (False, True, False),
    (False, False, True),
    (True, True, True),
]


def question(count: int, rows: int = 9, *, static: bool = False) -> tuple[Scene, torch.Tensor]:
    scene = random_scene(count, count=count, rows=rows).map(torch.Tensor.float)
    codes = torch.randn(count, tiny_model().energy.code_size, generator=torch.manual_seed(count))
    return scene.as_static() if static else scene, codes


def alone(
    model: ConceptModel, scene: Scene, codes: torch.Tensor, needs: Needs
) -> list[torch.Tensor]:
    """Energies and the gradients that are needed, scene by scene."""
    found = []
    for row in range(len(codes)):
        one = scene.take(torch.tensor([row]))
        entities, attention, code = one.entities, one.attention, codes[row : row + 1].clone()
        asked = [v for v, need in zip((entities, attention, code), needs, strict=True) if need]
        for value in asked:
            value.requires_grad_(True)
        level = model.energy(one.replace(entities=entities, attention=attention), code)
        gradients = torch.autograd.grad(level.sum(), asked) if asked else ()
        found.append([level.detach(), *gradients])
    return [torch.cat(parts) for parts in zip(*found, strict=True)]


def in_small_chunks(ways: Energies) -> Energies:
    ways.chunk = 4
    return ways


def check(
    ways: Energies, model: ConceptModel, scene: Scene, codes: torch.Tensor, needs: Needs
) -> None:
    level, gradients = in_small_chunks(ways)(model.energy, scene, codes, needs)
    assert tuple(g is not None for g in gradients) == needs
    found = [level, *(g for g in gradients if g is not None)]
    for one, other in zip(found, alone(model, scene, codes, needs), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("static", [False, True])
@pytest.mark.parametrize("needs", NEEDS)
def test_every_scene_gets_what_it_gets_alone(static: bool, needs: Needs) -> None:
    for count in (1, 4, 11):
        check(Energies(), tiny_model(), *question(count, static=static), needs)


@pytest.mark.parametrize("changes", [{}, {"pairs": False}, {"separate_codes": True}])
def test_a_compiled_energy_gives_every_scene_what_it_gets_alone(changes: dict[str, bool]) -> None:
    """In graphs as they are compiled, but for the last step, which takes minutes."""
    model = ConceptModel(EnergyConfig(width=16, rounds=1, code_size=8, **changes))
    ways = CompiledEnergies(after=0, backend="aot_eager")
    model.requires_grad_(False).eval()
    codes = torch.randn(11, model.energy.code_size, generator=torch.manual_seed(0))
    for count in (1, 4, 11):
        scene, _ = question(count, static=not changes)
        check(ways, model, scene, codes[:count], (False, False, True))


def counting() -> tuple[list[list[tuple[int, ...]]], object]:
    """The shapes that each compiled graph was compiled for, as they come, and a backend."""
    shapes: list[list[tuple[int, ...]]] = []

    def backend(graph, inputs):
        shapes.append([tuple(value.shape) for value in inputs if value.dim() == 3])
        return graph.forward

    return shapes, backend


class Apart:
    """An energy that is traced quickly."""

    def __init__(self, factor: float = 1.0) -> None:
        self._factor = factor

    def __call__(self, scene: Scene, codes: torch.Tensor) -> torch.Tensor:
        apart = (scene.entities - codes[:, None, :1]).square().sum((1, 2))
        return self._factor * apart + (scene.attention.sum(1) if scene.static else 0.0)


def test_a_kind_is_compiled_once_for_chunks_of_one_shape() -> None:
    energy, (shapes, backend) = Apart(), counting()
    ways = in_small_chunks(CompiledEnergies(after=0, backend=backend))  # type: ignore[arg-type]
    for count in (1, 3, 4, 9):
        ways(energy, *question(count), (False, False, True))
    assert shapes == [[(4, 9, 7)]]
    ways(energy, *question(3, rows=13), (False, False, True))
    ways(energy, *question(3, static=True), (False, False, True))
    ways(energy, *question(3), (True, False, False))
    ways(Apart(2.0), *question(3), (True, False, False))
    assert len(shapes) == 5


def test_many_energies_can_be_compiled() -> None:
    """More than `torch._dynamo.config.recompile_limit`, beyond which it would raise."""
    shapes, backend = counting()
    ways = CompiledEnergies(after=0, backend=backend)  # type: ignore[arg-type]
    scene, codes = question(2)
    found = [ways(Apart(k), scene, codes, (False, False, False))[0] for k in range(1, 13)]
    for k, level in enumerate(found, start=1):
        torch.testing.assert_close(level, k * found[0])
    assert len(shapes) == 12


def test_learned_energies_of_one_configuration_are_compiled_once() -> None:
    """Their weights go in as arguments, so every one gets its own numbers."""
    shapes, backend = counting()
    ways = CompiledEnergies(after=0, backend=backend)  # type: ignore[arg-type]
    scene, codes = question(3)
    for seed in range(10):
        torch.manual_seed(seed)
        model = ConceptModel(tiny_model().energy.config).requires_grad_(False).eval()
        check(ways, model, scene, codes, (False, False, True))
    assert len(shapes) == 1
    other = ConceptModel(replace(tiny_model().energy.config, separate_codes=True))
    codes = torch.randn(3, other.energy.code_size, generator=torch.manual_seed(0))
    check(ways, other.requires_grad_(False).eval(), scene, codes, (False, False, True))
    assert len(shapes) == 2


def test_what_is_asked_for_seldom_is_not_compiled() -> None:
    energy, (shapes, backend) = Apart(), counting()
    ways = CompiledEnergies(after=10, backend=backend)  # type: ignore[arg-type]
    for _ in range(2):
        ways(energy, *question(5), (False, False, True))
        ways(energy, *question(5), (True, False, False))
    assert not shapes
    ways(energy, *question(1), (False, False, True))
    assert len(shapes) == 1


def test_what_another_process_compiles_is_computed_as_it_comes_meanwhile() -> None:
    energy, (shapes, backend) = Apart(), counting()
    turn = threading.Lock()
    ways = CompiledEnergies(after=0, backend=backend, turn=turn)  # type: ignore[arg-type]
    with turn:
        meanwhile = ways(energy, *question(5), (False, False, True))
    assert not shapes
    found = ways(energy, *question(5), (False, False, True))
    assert len(shapes) == 1
    for one, other in zip((meanwhile[0], meanwhile[1][2]), (found[0], found[1][2]), strict=True):
        torch.testing.assert_close(one, other)
    assert turn.acquire(False)  # it was given back
    ways(energy, *question(5), (False, False, True))  # nothing is left to compile
    assert len(shapes) == 1


def test_scenes_are_computed_in_one_of_a_few_sizes() -> None:
    rows = torch.tensor([2, 6, 7, 9, 10, 13, 14, 16])
    present = (torch.arange(16) < rows[:, None]).float()
    assert CompiledEnergies().sizes(present) == [6, 6, 9, 9, 13, 13, 16, 16]
    present[0, 9] = 1.0  # absent ones in between count as well
    assert CompiledEnergies().sizes(present)[0] == 13
    assert CompiledEnergies().sizes(torch.ones(1, 20)) == [20]
    assert Energies().sizes(present) == [0] * 8


def test_what_is_passed_in_stays_as_it_is() -> None:
    model, (scene, codes) = tiny_model(), question(3)
    kept = scene.map(torch.clone)
    Energies()(model.energy, scene, codes, (True, True, True))
    assert not codes.requires_grad and not scene.entities.requires_grad
    torch.testing.assert_close(scene.entities, kept.entities, rtol=0.0, atol=0.0)


def test_where_compiling_fails_energies_are_computed_as_they_come() -> None:
    tries = []

    def backend(graph, inputs):
        tries.append(graph)
        raise ValueError("Python.h: no such file")

    energy, (scene, codes) = Apart(), question(5)
    ways = CompiledEnergies(after=0, backend=backend)  # type: ignore[arg-type]
    with pytest.warns(UserWarning, match="^compile: failed, so no more is compiled: .*Python.h"):
        level, gradients = ways(energy, scene, codes, (False, False, True))
    torch.testing.assert_close(level, energy(scene, codes))
    assert gradients[2] is not None
    ways(energy, scene, codes, (False, False, True))
    ways(energy, scene, codes, (True, False, False))
    assert len(tries) == 1


def test_an_energys_own_error_is_raised() -> None:
    def broken(scene: Scene, codes: torch.Tensor) -> torch.Tensor:
        return codes @ codes  # (5, C) times (5, C)

    ways = CompiledEnergies(after=0, backend="eager")
    with pytest.warns(UserWarning, match="compile: failed"), pytest.raises(RuntimeError):
        ways(broken, *question(5), (False, False, True))


@pytest.mark.parametrize(
    "platform, variable, name",
    [("linux", None, "g++"), ("darwin", None, "clang++"), ("linux", "icpx", "icpx")],
)
def test_without_a_compiler_energies_are_computed_as_they_come(
    platform: str, variable: str | None, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation_energies.sys, "platform", platform)
    monkeypatch.setattr(evaluation_energies.shutil, "which", lambda asked: None)
    monkeypatch.delenv("CXX", raising=False)
    if variable is not None:
        monkeypatch.setenv("CXX", variable)
    text = (
        f"compile: found no C++ compiler {name!r}, so energies are computed without, half as "
        "fast; install it, set CXX to another, or pass --no-compile"
    )
    with pytest.warns(UserWarning, match=f"^{re.escape(text)}$"):
        assert type(energies(compiled=True)) is Energies


def test_compiling_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation_energies.shutil, "which", lambda name: name)
    assert type(energies(compiled=True)) is CompiledEnergies
    assert type(energies(compiled=False)) is Energies
