"""Which quantities are laws: those that random variants of the demonstrations would not obey.

The measure is information: if a share q of a scene's variants obeys a law, that the demonstration
does too is explained by the law for -log q nats. Stating a law has a price in nats, as in minimum
description length (Rissanen, 1978), and what follows from the laws before it explains nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .features import AXES

_EXACT = 0.04  # share of the chance spread up to which a quantity counts as exact: rarely luck
_LOOSE = 0.6  # share from which on it counts as free
_WINDOW = 2.0  # spreads around the centre that count as obeying
_PRICE = 5.0  # nats that a law must explain beyond the ones before it: one quantity of fifty
_PRICE_MORE = 0.5  # nats for each further component of a vector
_PRICE_EXACT = 1.5  # nats for an exact law, which is rarely luck
_HINT = 0.2  # share of the price from which on what is explained is a hint


@dataclass(frozen=True, kw_only=True)
class Variants:
    """Which of M random variants of K demonstrations' scenes obey what F quantities were shown.

    Attributes:
        names: (F,) of the quantities.
        ratios: (F,) their spreads over the demonstrations per chance spread.
        obeys: (K, M, F) bool.
        distinct: (K,) how many of the variants differ.
    """

    names: tuple[str, ...]
    ratios: np.ndarray
    obeys: np.ndarray
    distinct: np.ndarray

    @cached_property
    def sets(self) -> list[list[int]]:
        """Numbers of the quantities that may be laws together: each alone, those of one vector."""
        vectors: dict[str, list[int]] = {}
        for number, (name, ratio) in enumerate(zip(self.names, self.ratios, strict=True)):
            if ratio <= _LOOSE:
                vectors.setdefault(name, []).append(number)
                if _head(name):
                    vectors.setdefault(_head(name), []).append(number)
        return list(vectors.values()) or [[]]

    @cached_property
    def _both(self) -> np.ndarray:
        """(K, M, S) bool, which variants obey each set."""
        return np.stack([np.all(self.obeys[:, :, each], axis=2) for each in self.sets], axis=2)

    @cached_property
    def _doubt(self) -> np.ndarray:
        """(K,) half a variant, for those that were not drawn."""
        return 0.5 * self.obeys.shape[1] / self.distinct

    def explained(self, kept: Sequence[int]) -> float:
        """Nats that the laws `kept` explain together."""
        left = np.all(self.obeys[:, :, kept], axis=2).sum(1)
        share = (left + self._doubt) / (self.obeys.shape[1] + self._doubt)
        return float(-np.log(share).sum())

    def more(self, kept: Sequence[int]) -> np.ndarray:
        """(S,) nats that each set explains beyond the laws `kept`."""
        left = np.all(self.obeys[:, :, kept], axis=2)
        joint = (left[:, :, None] & self._both).sum(1)
        doubt = self._doubt[:, None]
        return -np.log((joint + doubt) / (left.sum(1)[:, None] + doubt)).sum(0)


def obeying(
    random: np.ndarray, centres: np.ndarray, scales: np.ndarray, usual: np.ndarray
) -> np.ndarray:
    """(K, M, F) bool, which quantities of variants (K, M, F) lie where they were shown.

    Args:
        random: the quantities of the variants.
        centres, scales: (F,) of the demonstrations; usual: (F,) chance spreads.
    """
    return np.abs(random - centres) <= np.maximum(_WINDOW * scales, 2.0 * _EXACT * usual)


def select(variants: Variants) -> tuple[list[int], float]:
    """Numbers of the quantities that are laws, and what they explain beyond their prices [nats].

    The exact ones are taken first, then, one after another, those that explain the most.
    """
    kept: set[int] = set()
    for each, gain in zip(variants.sets, variants.more([]), strict=True):
        # One exact component of a vector makes all of them that are held constant at all a law.
        if variants.ratios[each].min(initial=np.inf) <= _EXACT and gain >= _PRICE_EXACT:
            kept.update(each)
    price = _PRICE if kept else 0.0  # exact laws mostly say the same thing
    while True:
        prices = _prices(variants, kept)
        gains = variants.more(sorted(kept)) - prices
        best = int(gains.argmax())
        if gains[best] <= 0.0:
            return sorted(kept), variants.explained(sorted(kept)) - price
        kept.update(variants.sets[best])
        price += prices[best]


def find_hints(variants: Variants, kept: Sequence[int]) -> dict[int, float]:
    """What explains part of its price beyond the laws `kept`: quantities with that part as weight.

    It may be luck, but settles what the laws leave open.
    """
    parts = np.minimum(variants.more(kept) / _PRICE, 1.0)
    return {
        each[0]: float(part)
        for each, part in zip(variants.sets, parts, strict=True)
        if len(each) == 1 and each[0] not in kept and part >= _HINT
    }


def _prices(variants: Variants, kept: set[int]) -> np.ndarray:
    """(S,) nats that each set must explain; components of a vector that is known cost less."""
    heads = {_head(variants.names[number]) for number in kept} - {""}
    prices = []
    for each in variants.sets:
        new = len(set(each) - kept)
        known = bool(each) and _head(variants.names[each[0]]) in heads
        prices.append(new * _PRICE_MORE + (0.0 if known or not new else _PRICE - _PRICE_MORE))
    return np.array(prices)


def _head(name: str) -> str:
    """The vector that a quantity is a component of, or nothing."""
    head, _, axis = name.rpartition(" ")
    return head if axis in AXES else ""
