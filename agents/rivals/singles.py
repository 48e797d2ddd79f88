"""What each attended object holds constant by itself, where their number is free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...envs.entities import EntityState
from .base import Shown
from .features import describe
from .scenes import scenes_of
from .statistics import Law, find_law
from .variants import kinds_of, random_edits

_VARIANTS = 64  # random variants for each attended object
_OWN = tuple(
    tuple(f"attended {name}" for name in names)
    for names in (
        ("x",),
        ("y",),
        ("x", "y"),
        ("radius",),
        ("border",),
        ("redness", "greenness", "light"),
    )
)
"""Sets of quantities that an object has whatever else is attended."""


@dataclass(frozen=True, kw_only=True)
class Singles:
    """A law of objects taken alone, where any number of them may be meant.

    Attributes:
        law: what tells each object that is meant from the others of its scene.
        threshold: cost up to which an object is meant.
        errors: objects of the demonstrations that it gets wrong.
        gap: how far the costs of the two kinds are apart, on a scale of logarithms.
    """

    law: Law
    threshold: float
    errors: int
    gap: float

    def identify(self, state: EntityState) -> np.ndarray:
        """(N,) bool, all objects that fulfil the law, or else the one that comes nearest."""
        answer = np.zeros(state.present.shape, dtype=bool)
        rows = np.flatnonzero(state.objects)
        costs = costs_of(self.law, state)
        answer[rows[costs <= self.threshold]] = True
        answer[rows[costs.argmin()]] = True
        return answer


def find_edits(rng: np.random.Generator, shown: Sequence[Shown]) -> Law | None:
    """What each attended object holds constant against edits; None if their number is fixed."""
    if len({kinds_of(each.after, each.attention) for each in shown}) == 1:
        return None
    acted, chance = [], []
    for each in shown:
        drawn = random_edits(rng, each.after, _VARIANTS)
        for alone in one_by_one(each.attention & each.after.objects):
            acted.append(describe(scenes_of(each.after, each.after.entities[None], alone)))
            chance.append(describe(scenes_of(each.after, drawn, alone)))
    return find_law(acted, chance) if acted else None


def find_singles(shown: Sequence[Shown], joint: Law) -> Singles | None:
    """What tells each object that is meant from the others, by its own place or colour.

    The set of quantities is taken that parts the demonstrations' objects with the fewest errors,
    and of those the one that parts them most clearly. None if the number of objects that are
    meant seems fixed: it does not vary, and `joint`, what tells them together, is of another kind
    or tells more than their own places and colours.
    """
    if len({kinds_of(each.after, each.answer) for each in shown}) == 1 and not (
        joint.names and all(name.startswith("attended ") for name in joint.names)
    ):
        return None
    acted = [
        describe(scenes_of(each.after, each.after.entities[None], alone))
        for each in shown
        for alone in one_by_one(each.answer & each.after.objects)
    ]
    if not acted:
        return None
    found = [_fit(Law.around(acted, names), shown) for names in _OWN]
    return min(found, key=lambda one: (one.errors, -one.gap))


def one_by_one(mask: np.ndarray) -> np.ndarray:
    """(k, 1, N) bool, attentions to each of the k marked entities alone."""
    return np.eye(len(mask), dtype=bool)[mask][:, None]


def costs_of(law: Law, state: EntityState) -> np.ndarray:
    """(n,) how little each object fulfils a law alone."""
    found = describe(scenes_of(state, state.entities[None], one_by_one(state.objects)[:, 0]))
    return (law.deviations(found) ** 2).sum(1)


def _fit(law: Law, shown: Sequence[Shown]) -> Singles:
    """A law with the threshold that parts what is meant from the rest with the fewest errors.

    Of all that do, it is the middle of the widest gap, on a scale of logarithms.
    """
    costs = np.log1p(np.concatenate([costs_of(law, each.after) for each in shown]))
    meant = np.concatenate([each.answer[each.after.objects] for each in shown])
    order = costs.argsort()
    costs, meant = costs[order], meant[order]
    ends = np.append(costs, costs[-1] + 1.0)
    errors = np.cumsum(~meant) + meant.sum() - np.cumsum(meant)  # with all up to this one marked
    gaps = np.where(errors == errors.min(), np.diff(ends), -1.0)
    best = int(gaps.argmax())
    return Singles(
        law=law,
        threshold=float(np.expm1((ends[best] + ends[best + 1]) / 2.0)),
        errors=int(errors[best]),
        gap=float(gaps[best]),
    )
