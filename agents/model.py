"""The energy and the encoder as one model, and how its weights are shipped."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..assets import asset_path
from ..envs.concepts import TASKS
from ..envs.errors import CheckpointError, ConfigError
from .checkpoint import load_tensors
from .config import EnergyConfig, InferenceConfig
from .encoder import ConceptEncoder
from .energy import ConceptEnergy

PRETRAINED = "weights/concept_energy.safetensors"
"""The shipped weights, an asset; the JSON beside it says how they were made and what they reach."""


class ConceptModel(nn.Module):
    """The energy E(x, a, w) and the encoder that guesses w, trained together."""

    def __init__(self, config: EnergyConfig) -> None:
        super().__init__()
        self.energy = ConceptEnergy(config)
        self.encoder = ConceptEncoder(config)
        self.bank = torch.zeros(0, config.learned_size)
        """(M, learned_size) learned parts of codes met in training, see `bank.py`."""
        self.inference = InferenceConfig()
        """How agents use it unless told otherwise."""


def load_model(path: Path | str | None = None) -> tuple[ConceptModel, dict[str, Any]]:
    """A frozen model from a checkpoint, by default the shipped one, and the checkpoint's header.

    Training checkpoints serve as well: their averaged weights are taken.

    Raises:
        CheckpointError: if the file is missing, truncated, altered or not a model's, or a weight
            is not finite.
    """
    source = Path(path) if path is not None else asset_path(PRETRAINED)
    tensors, header = load_tensors(source)
    bank = tensors.pop("bank", None)
    averaged = {
        name.removeprefix("average."): value
        for name, value in tensors.items()
        if name.startswith("average.")
    }
    model = ConceptModel(_energy_config(source, header))
    try:
        model.load_state_dict(averaged or tensors)
        model.bank = model.bank if bank is None else bank
        model.inference = _inference_for(header)
    except (KeyError, TypeError, ConfigError, RuntimeError) as error:
        raise CheckpointError(
            f"checkpoint {source} holds other tensors than its configuration asks for; "
            "it is not a conceptgym model: use another path"
        ) from error
    _check_finite(source, {**model.state_dict(), "bank": model.bank})
    return model.requires_grad_(False).eval(), header


def _energy_config(source: Path, header: Mapping[str, Any]) -> EnergyConfig:
    """The configuration of the energy in a checkpoint's header."""
    if not isinstance(header.get("energy"), Mapping):
        raise CheckpointError(
            f"checkpoint {source} has energy={header.get('energy')!r} in its header, expected the "
            "configuration of a model; it is not a conceptgym model: use another path"
        )
    try:
        return EnergyConfig.from_dict(header["energy"])
    except ConfigError as error:
        raise CheckpointError(
            f"checkpoint {source} has a configuration that this version does not know ({error}); "
            "install the conceptgym release that wrote it"
        ) from error


def _check_finite(source: Path, tensors: Mapping[str, Tensor]) -> None:
    for name, value in tensors.items():
        if not value.isfinite().all():
            raise CheckpointError(
                f"checkpoint {source} holds NaN or infinity in {name}; its training diverged: "
                "train it again or use another path"
            )


def _inference_for(header: dict[str, Any]) -> InferenceConfig:
    """What suits how a model was trained.

    Without an encoder w holds what the demonstrations plainly show, and its learned part is sought.
    Trained for one task, half of what w is inferred by knows nothing, so the encoder's guess stays;
    and trained to identify alone, it generates by descent on that.
    """
    tasks = tuple(header.get("train", {}).get("tasks", TASKS))
    usual = InferenceConfig()
    amortised = header.get("amortised", True)
    return InferenceConfig(
        amortised=amortised,
        shown_values=not amortised,
        code_iterations=usual.code_iterations if len(tasks) > 1 else 0,
        recognition=tasks == ("identify",),
    )
