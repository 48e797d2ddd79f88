"""From the environments' arrays to the energy's tensors and back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ..envs.demonstrations import Demonstration
from ..envs.entities import EntityState, check_array
from ..envs.errors import MixedLayoutError, NoDemonstrationsError, ShapeError
from ..envs.spaces import check_positions
from .geometry import SLOTS
from .scene import Scene


def to_tensor(values: np.ndarray | Sequence[np.ndarray]) -> Tensor:
    """A float32 tensor of its own of an array, or of equal arrays stacked."""
    return torch.from_numpy(np.asarray(values).astype(np.float32))


def _rows_in_use(present: np.ndarray) -> int:
    """Rows up to the last present one, but enough for a figure."""
    return max(SLOTS, int(np.flatnonzero(present).max(initial=0)) + 1)


def scene_of(state: EntityState, attention: np.ndarray) -> Scene:
    """A batch of one scene, without the absent rows at its end.

    Raises:
        ShapeError, NonFiniteError: on a state that is no `EntityState`, or unless the attention has
            a finite number for each entity.
    """
    check_state(state)
    check_array(attention, "attention", state.present.shape)
    rows = _rows_in_use(state.present)
    return Scene(
        entities=to_tensor(state.entities)[None, :rows],
        attention=to_tensor(attention)[None, :rows],
        present=to_tensor(state.present)[None, :rows],
        movable=to_tensor(state.movable)[None, :rows],
        paintable=to_tensor(state.paintable)[None, :rows],
    )


def check_state(state: EntityState) -> None:
    """Raise unless it is an `EntityState` of a world's size.

    Raises:
        ShapeError: on an observation or anything else.
        ConfigError: on a position further off than any world observes one.
    """
    if not isinstance(state, EntityState):
        raise ShapeError(
            f"state is a {type(state).__name__}, expected an EntityState; pass "
            "env.unwrapped.state, or conceptgym.envs.state_from_observation(observation)"
        )
    check_positions(state.entities, state.present, "state")


def check_attended(attention: np.ndarray, present: np.ndarray, name: str) -> None:
    """Raise unless an attention (N,) marks an entity that is there.

    Raises:
        ShapeError: if it marks none; the text calls it `name`.
    """
    if not np.any(np.asarray(attention, dtype=bool) & np.asarray(present, dtype=bool)):
        raise ShapeError(f"{name} marks no entity; mark those that take part")


def check_demonstrations(demonstrations: Sequence[Demonstration]) -> None:
    """Raise unless there are demonstrations, all of one layout.

    Raises:
        NoDemonstrationsError: if there is none.
        ShapeError: if an item is no `Demonstration`, or attends to nothing.
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
        check_attended(item.attention, item.present, f"demonstrations[{number}].attention")
    layouts = sorted({item.after.shape for item in demonstrations})
    if len(layouts) > 1:
        raise MixedLayoutError(
            f"demonstrations mix the layouts {layouts}; record them all with entity arrays of "
            "one shape"
        )


def stack_demonstrations(
    demonstrations: Sequence[Demonstration], steps: Sequence[int] | None = None
) -> tuple[Tensor, Scene]:
    """What K demonstrations began with (K, N, 7), and K scenes at `steps`, by default their ends.

    Absent rows at the end are left out, or added where there are too few for a figure. For errors
    see `check_demonstrations`.
    """
    check_demonstrations(demonstrations)
    steps = [-1] * len(demonstrations) if steps is None else steps
    present = [item.present for item in demonstrations]
    rows = _rows_in_use(np.any(present, axis=0))

    def stack(values: Sequence[np.ndarray]) -> Tensor:
        found = to_tensor(values)[:, :rows]
        missing = rows - found.shape[1]  # of arrays shorter than a figure's points
        return functional.pad(found, (0, 0) * (found.dim() - 2) + (0, missing))

    pairs = zip(demonstrations, steps, strict=True)
    after = Scene(
        entities=stack([item.trajectory[step] for item, step in pairs]),
        attention=stack([item.attention for item in demonstrations]),
        present=stack(present),
        movable=stack([item.movable for item in demonstrations]),
        paintable=stack([item.paintable for item in demonstrations]),
    )
    return stack([item.before for item in demonstrations]), after
