"""Loading a model: which files serve, and what the others are refused with."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from agent_scenes import (
    SHORT,
    TINY,
    as_single,
    demonstrations,
    random_codes,
    random_scene,
    tiny_model,
)

from conceptgym.agents import ConceptAgent
from conceptgym.agents.checkpoint import save_tensors
from conceptgym.agents.config import EnergyConfig, InferenceConfig
from conceptgym.agents.model import PRETRAINED, ConceptModel, load_model
from conceptgym.agents.summary import summarise
from conceptgym.agents.tensors import stack_demonstrations
from conceptgym.agents.trainer import Trainer
from conceptgym.assets import asset_path
from conceptgym.envs.errors import CheckpointError


def write(path: Path, model: ConceptModel, **header: Any) -> Path:
    save_tensors(path, model.state_dict(), {"energy": TINY.to_dict(), **header})
    return path


def energies(model: ConceptModel) -> torch.Tensor:
    with torch.no_grad():
        return model.energy(as_single(random_scene(0)), random_codes(0).float())


def test_a_model_comes_back_frozen_and_with_its_header(tmp_path: Path) -> None:
    original = tiny_model(3)
    model, header = load_model(write(tmp_path / "m.safetensors", original, seed=3))
    assert torch.equal(energies(model), energies(original))
    assert header["seed"] == 3
    assert not model.training and not any(p.requires_grad for p in model.parameters())


def test_a_training_checkpoint_gives_its_average(tmp_path: Path) -> None:
    trainer = Trainer(TINY, SHORT, fast=False)
    trainer.average.load_state_dict(tiny_model(4).state_dict())
    path = tmp_path / "checkpoint.safetensors"
    trainer.save(path)
    model, header = load_model(str(path))
    assert torch.equal(energies(model), energies(tiny_model(4)))
    assert not torch.equal(energies(model), energies(trainer.model))
    assert header["step"] == 0


@pytest.mark.parametrize(
    ("trained", "expected"),
    [
        ({}, InferenceConfig()),
        ({"tasks": ("generate",)}, InferenceConfig(code_iterations=0)),
        ({"tasks": ("identify",)}, InferenceConfig(code_iterations=0, recognition=True)),
        ({"objective": "unrolled"}, InferenceConfig(amortised=False, shown_values=True)),
    ],
)
def test_agents_use_a_model_as_it_was_trained(
    tmp_path: Path, trained: dict[str, Any], expected: InferenceConfig
) -> None:
    path = tmp_path / "run.safetensors"
    Trainer(TINY, replace(SHORT, **trained), fast=False).save(path)
    assert load_model(path)[0].inference == expected
    assert ConceptAgent.from_pretrained(path).config == expected
    other = InferenceConfig(particles=3)
    assert ConceptAgent.from_pretrained(path, config=other).config == other


def test_the_bank_comes_with_the_weights_if_there_is_one(tmp_path: Path) -> None:
    original = tiny_model()
    model, _ = load_model(write(tmp_path / "none.safetensors", original))
    assert model.bank.shape == (0, TINY.code_size)
    bank = torch.randn(5, TINY.code_size)
    path = tmp_path / "m.safetensors"
    save_tensors(path, {**original.state_dict(), "bank": bank}, {"energy": TINY.to_dict()})
    model, _ = load_model(path)
    assert torch.equal(model.bank, bank)
    assert torch.equal(energies(model), energies(original))
    assert "bank" not in model.state_dict()


@pytest.mark.parametrize("separate", [False, True])
def test_the_encoder_s_codes_are_those_that_the_energy_takes(separate: bool) -> None:
    config = replace(TINY, separate_codes=separate)
    model = ConceptModel(config)
    before, after = stack_demonstrations(demonstrations("near", 2))
    given = torch.ones(1, 2)
    codes = model.encoder(after, given, summarise(before, after, given))
    assert codes.shape == (1, model.energy.code_size)
    assert model.bank.shape == (0, config.learned_size)


@pytest.mark.parametrize(
    "energy",
    [{"width": 9, "code_size": 4}, {"width": 8, "code_size": 4, "rounds": 1}, {}],
)
def test_tensors_that_do_not_fit_their_configuration(tmp_path: Path, energy: Any) -> None:
    path = write(tmp_path / "m.safetensors", tiny_model(), energy=energy)
    with pytest.raises(CheckpointError) as caught:
        load_model(path)
    assert str(caught.value) == (
        f"checkpoint {path} holds other tensors than its configuration asks for; "
        "it is not a conceptgym model: use another path"
    )


def test_a_file_without_a_model(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    for header, found in (({}, None), ({"energy": 3}, 3), ({"energy": [8]}, [8])):
        save_tensors(path, {"a": torch.ones(1)}, header)
        with pytest.raises(CheckpointError) as caught:
            load_model(path)
        assert str(caught.value) == (
            f"checkpoint {path} has energy={found} in its header, expected the configuration of a "
            "model; it is not a conceptgym model: use another path"
        )
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize(
    ("energy", "reason"),
    [
        (
            {"widht": 8},
            "EnergyConfig has no key 'widht'; it has width, rounds, code_size, pairs, "
            "closed_forms, separate_codes",
        ),
        ({"width": "8"}, "EnergyConfig.width='8' must be a whole number"),
        ({"rounds": 0}, "EnergyConfig.rounds=0 must be at least 1"),
    ],
)
def test_a_configuration_that_is_not_known(tmp_path: Path, energy: Any, reason: str) -> None:
    path = write(tmp_path / "m.safetensors", tiny_model(), energy=energy)
    with pytest.raises(CheckpointError) as caught:
        load_model(path)
    assert str(caught.value) == (
        f"checkpoint {path} has a configuration that this version does not know ({reason}); "
        "install the conceptgym release that wrote it"
    )


@pytest.mark.parametrize("name", ["energy", "bank"])
def test_weights_that_are_not_finite_are_refused(tmp_path: Path, name: str) -> None:
    model, bank = tiny_model(), torch.zeros(2, TINY.code_size)
    key, spoilt = next(iter(model.state_dict().items())) if name == "energy" else ("bank", bank)
    spoilt.view(-1)[0] = torch.nan
    path = tmp_path / "m.safetensors"
    save_tensors(path, {**model.state_dict(), "bank": bank}, {"energy": TINY.to_dict()})
    with pytest.raises(CheckpointError) as caught:
        load_model(path)
    assert str(caught.value) == (
        f"checkpoint {path} holds NaN or infinity in {key}; its training diverged: train it again "
        "or use another path"
    )


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="does not exist; check the path or train one$"):
        load_model(tmp_path / "none.safetensors")


def test_the_shipped_weights_are_the_default() -> None:
    model, header = load_model()
    explicit, _ = load_model(asset_path(PRETRAINED))
    pairs = zip(model.parameters(), explicit.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)
    assert model.energy.config == EnergyConfig.from_dict(header["energy"])
    assert torch.equal(model.bank, explicit.bank)
    assert model.bank.shape[1] == model.energy.config.learned_size
    assert len(model.bank) > 8  # readings of ambiguous demonstrations begin there
    assert 0 < header["step"] <= header["train"]["steps"]
