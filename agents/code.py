"""The concept code w: what matters, as learned numbers, and which values, as plain ones.

| part | length | meaning | unit |
|---|---|---|---|
| `what` | code_size | learned: which relations the concept is about | unit variance |
| `offset` | 2 | from the attended entities' middle to the cursor | plane units |
| `distance` | 1 | between the cursor and the attended entities | plane units |
| `place` | 2 | the attended entities' middle | plane units |
| `spread` | 2 | of the attended entities' x and y, standard deviations | plane units |
| `colour` | 3 | of the attended entities | share |
| `touched` | 3 | colour of the attended entity that the cursor is nearest to | share |
| `inside` | 1 | objects within a zone's radius of the attended entities' middle | tens |
| `number` | 1 | of attended entities, in tens | tens |
| `template` | 12 | the attended entities' figure: `SLOTS` points, RMS radius one | RMS radii |

The plain part is the demonstrations' own values, so that a value never met in training is carried
over as it is; `what` says whether it matters.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from .geometry import SLOTS

PLAIN = {
    "offset": 2,
    "distance": 1,
    "place": 2,
    "spread": 2,
    "colour": 3,
    "touched": 3,
    "inside": 1,
    "number": 1,
    "template": 2 * SLOTS,
}
"""Lengths of the plain parts, in their order."""
PLAIN_SIZE = sum(PLAIN.values())
TENS = 10.0


@dataclass(frozen=True, kw_only=True)
class Code:
    """Codes (B, code_size + PLAIN_SIZE) taken apart; see the table above."""

    what: Tensor
    offset: Tensor
    distance: Tensor
    place: Tensor
    spread: Tensor
    colour: Tensor
    touched: Tensor
    inside: Tensor
    number: Tensor
    template: Tensor

    @classmethod
    def split(cls, codes: Tensor) -> Code:
        """Take codes apart."""
        what = codes.shape[-1] - PLAIN_SIZE
        parts = codes.split([what, *PLAIN.values()], dim=-1)
        return cls(**dict(zip(("what", *PLAIN), parts, strict=True)))

    def join(self) -> Tensor:
        """The parts as one vector a row."""
        return torch.cat([getattr(self, name) for name in ("what", *PLAIN)], dim=-1)

    def with_fixed_figure(self) -> Code:
        """The same codes, whose figures no gradient is taken of."""
        return replace(self, template=self.template.detach())

    @property
    def figure(self) -> Tensor:
        """(B, SLOTS, 2) the template's points."""
        return self.template.unflatten(-1, (SLOTS, 2))

    @property
    def count(self) -> Tensor:
        """(B,) number of attended entities."""
        return TENS * self.number[..., 0]


def normalise_code(codes: Tensor) -> Tensor:
    """Codes with the learned part at zero mean and unit variance, where the encoder puts it."""
    size = codes.shape[-1] - PLAIN_SIZE
    what = functional.layer_norm(codes[..., :size], (size,))
    return torch.cat([what, codes[..., size:]], dim=-1)
