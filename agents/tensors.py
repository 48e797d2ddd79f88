"""From the environments' arrays to the energy's tensors and back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ..envs.demonstrations import Demonstration
from ..envs.entities import EntityState, check_array
from ..envs.errors import MixedLayoutError, NoDemonstrationsError, ShapeError
from .energy import ConceptEnergy
from .scene import Scene


def to_tensor(values: np.ndarray | Sequence[np.ndarray]) -> Tensor:
    """A float32 tensor of an array, or of equal arrays stacked."""
    return torch.from_numpy(np.asarray(values, dtype=np.float32))


def codes_of(code: np.ndarray, energy: ConceptEnergy, *, times: int) -> Tensor:
    """A concept code (C,) `times` in a row, (times, C), for an energy.

    Raises:
        ShapeError, NonFiniteError: unless the code has as many finite numbers as the energy takes.
    """
    check_array(code, "code", (energy.code_size,))
    return to_tensor(code)[None].expand(times, -1)


def scene_of(state: EntityState, attention: np.ndarray) -> Scene:
    """A batch of one scene.

    Raises:
        ShapeError, NonFiniteError: unless the attention has a finite number for each entity.
    """
    check_array(attention, "attention", state.present.shape)
    return Scene(
        entities=to_tensor(state.entities)[None],
        attention=to_tensor(attention)[None],
        present=to_tensor(state.present)[None],
        movable=to_tensor(state.movable)[None],
        paintable=to_tensor(state.paintable)[None],
    )


def stack_demonstrations(demonstrations: Sequence[Demonstration]) -> tuple[Tensor, Scene]:
    """What K demonstrations began with (K, N, 7), and the K scenes that they ended in.

    Raises:
        NoDemonstrationsError: if there is none.
        ShapeError: if an item is no `Demonstration`.
        NonFiniteError: if a trajectory holds NaN or infinity.
        MixedLayoutError: if their entity arrays differ in shape.
    """
    if not isinstance(demonstrations, Sequence):
        raise ShapeError(
            f"demonstrations is a {type(demonstrations).__name__}, expected a list of them; "
            "pass [demonstration]"
        )
    if len(demonstrations) == 0:
        raise NoDemonstrationsError(
            "demonstrations is empty; pass at least one, such as those of "
            "conceptgym.envs.record_demonstrations(...)"
        )
    for number, item in enumerate(demonstrations):
        if not isinstance(item, Demonstration):
            raise ShapeError(
                f"demonstrations[{number}] is a {type(item).__name__}, expected a Demonstration; "
                "record it with conceptgym.envs.record_demonstrations(...)"
            )
        path = item.trajectory  # checked when it was made, but an array can be written to
        check_array(path, f"demonstrations[{number}].trajectory", path.shape)
    layouts = sorted({item.after.shape for item in demonstrations})
    if len(layouts) > 1:
        raise MixedLayoutError(
            f"demonstrations mix the layouts {layouts}; record them all with entity arrays of "
            "one shape"
        )
    after = Scene(
        entities=to_tensor([item.after for item in demonstrations]),
        attention=to_tensor([item.attention for item in demonstrations]),
        present=to_tensor([item.present for item in demonstrations]),
        movable=to_tensor([item.movable for item in demonstrations]),
        paintable=to_tensor([item.paintable for item in demonstrations]),
    )
    return to_tensor([item.before for item in demonstrations]), after
