"""What a concept's demonstrations could change: what its energy may ask of a larger scene.

Where concepts are composed, more may be edited than any of them was ever shown with: a figure of
blue entities is moved and painted, but figures were only moved and colours only painted. A term
that is limited to what its own demonstrations could change judges such a scene as one of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..envs.demonstrations import Demonstration
from ..envs.entities import CURSOR
from .scene import Scene
from .tensors import check_demonstrations, to_tensor
from .terms import Term


@dataclass(frozen=True, kw_only=True)
class Edits:
    """Which entities some demonstration could move or paint, by their part in it.

    Attributes:
        moved: (3,) whether the cursor, the attended entities and the others could be moved.
        painted: (3,) whether they could be painted.
    """

    moved: tuple[bool, ...]
    painted: tuple[bool, ...]

    @classmethod
    def of(cls, demonstrations: Sequence[Demonstration]) -> Edits:
        """What demonstrations could change; everything, if they could change nothing at all.

        Those that show nothing but where things lie do not tell what may be changed.

        Raises:
            NoDemonstrationsError, ShapeError, NonFiniteError, MixedLayoutError: on demonstrations
                that do not fit.
        """
        check_demonstrations(demonstrations)
        moved, painted = np.zeros(3, dtype=bool), np.zeros(3, dtype=bool)
        for item in demonstrations:
            cursor = item.after[:, CURSOR] > 0.5
            attended = item.attention & ~cursor
            parts = np.stack([cursor, attended, ~cursor & ~attended])
            moved |= (parts & item.movable).any(axis=1)
            painted |= (parts & item.paintable).any(axis=1)
        if not (moved.any() or painted.any()):
            moved[:] = painted[:] = True
        return cls(moved=tuple(moved.tolist()), painted=tuple(painted.tolist()))

    def limit(self, term: Term, attention: np.ndarray | None = None) -> Term:
        """The term, in scenes in which only that may be edited which demonstrations could change.

        Args:
            term: maps scenes to energies (B,).
            attention: (N,) the term's own attended entities; by default the scenes'.
        """

        def limited(scene: Scene) -> Tensor:
            own = scene.attention if attention is None else to_tensor(attention).to(scene.attention)
            cursor = scene.cursor > 0.5
            attended = (own[..., : cursor.shape[1]] > 0.5) & ~cursor
            parts = torch.stack([cursor, attended, ~cursor & ~attended]).to(scene.movable)

            def kept(mask: Tensor, allowed: Sequence[bool]) -> Tensor:
                return mask * torch.einsum("p,pbn->bn", mask.new_tensor(allowed), parts)

            return term(
                scene.replace(
                    movable=kept(scene.movable, self.moved),
                    paintable=kept(scene.paintable, self.painted),
                )
            )

        return limited
