"""A batch of scenes as tensors: what the energy scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Scene:
    """B scenes of N rows.

    Attributes:
        entities: (B, N, 7), see `conceptgym.envs.entities`.
        attention: (B, N), 1 for attended entities; any real number while it is being inferred.
        present, movable, paintable: (B, N), 0 or 1.
        static: whether the question is which entities are attended, rather than how the editable
            ones should be.
    """

    entities: Tensor
    attention: Tensor
    present: Tensor
    movable: Tensor
    paintable: Tensor
    static: bool = False

    @property
    def positions(self) -> Tensor:
        """(B, N, 2) [plane units]."""
        return self.entities[..., 0:2]

    @property
    def colours(self) -> Tensor:
        """(B, N, 3) [share]."""
        return self.entities[..., 2:5]

    @property
    def cursor(self) -> Tensor:
        """(B, N) 1 for the cursor."""
        return self.entities[..., 5]

    @property
    def zone(self) -> Tensor:
        """(B, N) 1 for zones."""
        return self.entities[..., 6]

    @property
    def objects(self) -> Tensor:
        """(B, N) 1 for what is neither the cursor nor a zone."""
        return self.present * (1.0 - self.cursor) * (1.0 - self.zone)

    def replace(self, **changes: Tensor | bool) -> Scene:
        """The scenes with some attributes replaced."""
        return replace(self, **changes)  # pyright: ignore[reportArgumentType]

    def map(self, change: Callable[[Tensor], Tensor]) -> Scene:
        """The scenes with every tensor changed."""
        tensors = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "static"}
        return replace(self, **{name: change(value) for name, value in tensors.items()})

    def repeat(self, times: int) -> Scene:
        """Each scene `times` in a row, (B * times, ...)."""
        return self.map(lambda value: value.repeat_interleave(times, dim=0))

    def as_static(self) -> Scene:
        """The same scenes with nothing to edit, so that the attention is what is asked for."""
        nothing = torch.zeros_like(self.movable)
        return replace(self, movable=nothing, paintable=nothing, static=True)

    def take(self, rows: Tensor) -> Scene:
        """The scenes of these numbers (M,)."""
        return self.map(lambda value: value[rows])
