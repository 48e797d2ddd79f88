"""Checkpoints: one safetensors file with its own JSON header; nothing is ever unpickled.

The header travels inside the file (safetensors metadata), so one atomic rename replaces both, and
holds a SHA-256 digest of the tensors and of itself, so that a truncated or altered file is refused.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from ..envs.errors import CheckpointError
from .text_files import unfinished_file

FORMAT = 1
"""Version of the header's layout."""


def save_tensors(
    path: Path | str, tensors: Mapping[str, Tensor], header: Mapping[str, Any]
) -> None:
    """Write tensors and header to `path`; a kill at any moment leaves the old file or the new."""
    path = Path(path)
    plain = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    full = {**header, "format": FORMAT}
    full["sha256"] = _digest(plain, full)
    data = safetensors.torch.save(plain, metadata={"header": json.dumps(full, sort_keys=True)})
    with unfinished_file(path) as unfinished, unfinished.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def load_tensors(
    path: Path | str, expected: Mapping[str, Any] | None = None
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read what `save_tensors` wrote.

    Args:
        path: the file.
        expected: header entries that must be equal, such as the configuration to go on with.

    Raises:
        CheckpointError: if the file is missing, truncated, altered, or differs from `expected`.
    """
    path = Path(path)
    if path.is_dir():
        raise CheckpointError(f"checkpoint {path} is a folder; name the file in it")
    if not path.is_file():
        raise CheckpointError(f"checkpoint {path} does not exist; check the path or train one")
    try:
        with safe_open(str(path), framework="pt") as file:
            text = (file.metadata() or {}).get("header")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"checkpoint {path} cannot be read ({error}); it is truncated or not a safetensors "
            "file: fetch or train it again"
        ) from error
    header = _parse_header(path, text)
    if header.get("sha256") != _digest(tensors, header):
        raise CheckpointError(
            f"checkpoint {path} does not match its own digest; it was altered: "
            "fetch or train it again"
        )
    wanted = json.loads(json.dumps(dict(expected or {})))
    for name, found, value in _differences({key: header.get(key) for key in wanted}, wanted):
        raise CheckpointError(
            f"checkpoint {path} has {name}={found!r}, expected {value!r}; "
            "use its own configuration or another path"
        )
    return tensors, header


def _differences(found: Any, wanted: Any, name: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Entries that differ, with dotted names, as (name, found, wanted)."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        for key in sorted({*found, *wanted}):
            yield from _differences(found.get(key), wanted.get(key), f"{name}.{key}".lstrip("."))
    elif found != wanted:
        yield name, found, wanted


def _parse_header(path: Path, text: str | None) -> dict[str, Any]:
    try:
        header = dict(json.loads(text or ""))
    except (ValueError, TypeError) as error:
        raise CheckpointError(
            f"checkpoint {path} has no readable header; it was not written by conceptgym"
        ) from error
    if header.get("format") != FORMAT:
        raise CheckpointError(
            f"checkpoint {path} has format {header.get('format')}, this version reads {FORMAT}; "
            "install the conceptgym release that wrote it"
        )
    return header


def _digest(tensors: Mapping[str, Tensor], header: Mapping[str, Any]) -> str:
    signed = {name: value for name, value in header.items() if name != "sha256"}
    digest = hashlib.sha256(json.dumps(signed, sort_keys=True).encode())
    for name in sorted(tensors):
        value = tensors[name]
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
        flat = value.detach().cpu().contiguous().reshape(-1)
        digest.update(flat.view(torch.uint8).numpy().tobytes())  # numpy has no bfloat16
    return digest.hexdigest()
