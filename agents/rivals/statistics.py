"""What demonstrations hold constant: each quantity's centre, spread and surprise.

A quantity is a law if its spread over the demonstrations is small beside its spread over random
variants of their scenes. Small spreads arise by chance too, and more often the fewer the
demonstrations and the more the quantities. So a law that is not exact must also explain what the
laws found before it leave open: among the variants which obey those, few obey it as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .features import AXES, Features

_FLOOR = 0.01  # no spread is believed to be less than this share of the chance spread
_EXACT = 0.04  # share of the chance spread up to which a quantity counts as exact: rarely luck
_LOOSE = 0.6  # share from which on it counts as free
_NORMAL = 1.4826  # standard deviations per median absolute deviation, of a normal distribution
_LEAST_SCALE = 0.02  # [plane units or share of colour], where a few values coincide
_LEAST_SPREAD = 1e-3  # of chance; a quantity below it cannot be changed, and says nothing
_WINDOW = 2.0  # spreads around the centre that count as obeying
_PRICE = 5.0  # nats that a law must explain beyond the ones before it: one quantity of fifty
_PRICE_MORE = 0.5  # nats for each further component of a vector
_PRICE_EXACT = 1.5  # nats for an exact law, which is rarely luck
_HINT = 0.35  # share of the chance spread up to which a quantity is at least a hint
_HINT_WEIGHT = 0.2  # of a hint's deviations
_WRONG = 3.0  # nats that leaving a demonstration out must gain to call it wrong
_FEWEST = 4  # demonstrations of which one may be wrong


@dataclass(frozen=True, kw_only=True)
class Law:
    """What the demonstrations agree on.

    Attributes:
        names: the F quantities that are held constant.
        centres: (F,) their values; scales: (F,) what a deviation is measured in.
        gain: nats by which chance is less likely to obey it, less what it costs to state it.
    """

    names: tuple[str, ...]
    centres: np.ndarray
    scales: np.ndarray
    gain: float = 0.0

    @classmethod
    def around(cls, shown: Sequence[Features], names: Sequence[str]) -> Law:
        """That the quantities `names` lie where they do in K demonstrations, whatever they are.

        The centres are medians, the scales robust standard deviations, so that few can be wrong.
        """
        values = np.array([[float(found[name][0]) for name in names] for found in shown])
        centres = np.median(values, axis=0)
        scales = _NORMAL * np.median(np.abs(values - centres), axis=0)
        scales = np.maximum(scales, 0.5 * values.std(axis=0))
        return cls(names=tuple(names), centres=centres, scales=np.maximum(scales, _LEAST_SCALE))

    def deviations(self, found: Features) -> np.ndarray:
        """(B, F) of scenes with the quantities `found`; 0 where a scene has no such quantity."""
        number = len(next(iter(found.values())))
        columns = [
            (found[name] - centre) / scale if name in found else np.zeros(number)
            for name, centre, scale in zip(self.names, self.centres, self.scales, strict=True)
        ]
        return np.stack(columns, axis=1) if columns else np.zeros((number, 0))


_NOTHING = Law(names=(), centres=np.zeros(0), scales=np.zeros(0))


def find_law(
    shown: Sequence[Features],
    chance: Sequence[Features],
    *,
    hints: bool = False,
    distinct: Sequence[int] = (),
) -> Law:
    """What K demonstrations hold constant that chance would not.

    Args:
        shown: for each demonstration its quantities, (1,) each.
        chance: for each demonstration those of M random variants of its scene, (M,) each.
        hints: whether to add, with little weight, what may be luck but settles what is left open.
        distinct: how many of each scene's variants differ; by default all.
    """
    if not shown:
        return _NOTHING
    size = len(next(iter(chance[0].values())))
    counts = np.asarray(distinct or [size] * len(chance), dtype=np.float64)
    names, values, random, usual = _tables(shown, chance)
    if not names:
        return _NOTHING
    centres, scales = values.mean(0), _spreads(values, usual)
    kept, gain = _select(random, centres, scales, usual, names, counts)
    if hints:
        hinted = [int(n) for n in np.flatnonzero(scales <= _HINT * usual) if n not in kept]
        scales[hinted] /= _HINT_WEIGHT
        kept = kept + hinted
    return Law(
        names=tuple(names[number] for number in kept),
        centres=centres[kept],
        scales=scales[kept],
        gain=gain,
    )


def _tables(
    shown: Sequence[Features], chance: Sequence[Features]
) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray]:
    """The F quantities that all scenes have and that vary at all.

    Returns:
        their names; (K, F) of the demonstrations; (K, M, F) of chance; (F,) chance spreads.
    """
    names = sorted(set(shown[0]).intersection(*shown[1:], *chance))
    values = np.array([[float(found[name][0]) for name in names] for found in shown])
    random = np.array([np.stack([found[name] for name in names], axis=1) for found in chance])
    usual = random.std(axis=(0, 1))
    vary = usual > _LEAST_SPREAD
    kept = [name for name, good in zip(names, vary, strict=True) if good]
    return kept, values[:, vary], random[..., vary], usual[vary]


def right_ones(number: int, gain: Callable[[list[int]], float]) -> list[int]:
    """Which of `number` demonstrations to believe; one of four or more may be wrong.

    It is left out if the others' laws explain clearly more without it than the laws of all do.

    Args:
        number: how many there are.
        gain: nats that the laws of some of them explain.
    """
    everyone = list(range(number))
    if number < _FEWEST:
        return everyone
    rests = [[other for other in everyone if other != one] for one in everyone]
    gains = [gain(rest) for rest in rests]
    best = int(np.argmax(gains))
    return rests[best] if gains[best] > gain(everyone) + _WRONG else everyone


def _spreads(values: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """(F,) standard deviations, at least `_FLOOR` of the chance spreads."""
    found = values.std(axis=0, ddof=1) if len(values) > 1 else np.zeros(values.shape[1])
    return np.hypot(found, _FLOOR * usual)


def _select(
    random: np.ndarray,
    centres: np.ndarray,
    scales: np.ndarray,
    usual: np.ndarray,
    names: Sequence[str],
    distinct: np.ndarray,
) -> tuple[list[int], float]:
    """Numbers of the quantities that are laws, and what they explain together [nats].

    The exact ones are taken first, then those that explain more than their price.

    Args:
        random: (K, M, F) quantities of random variants.
        centres, scales: (F,) of the demonstrations; usual: (F,) chance spreads.
        names: (F,) of the quantities.
        distinct: (K,) how many of the variants differ.
    """
    ratios = scales / usual
    window = np.maximum(_WINDOW * scales, 2.0 * _EXACT * usual)
    obeys = np.abs(random - centres) <= window  # (K, M, F)
    sets = _candidates(names, ratios)
    both = np.stack([obeys[:, :, each].all(2) for each in sets], axis=2)  # (K, M, S)

    def explains(left: np.ndarray) -> np.ndarray:
        """(S,) nats that each set explains of the variants (K, M) that are left."""
        rest = left.sum(1, keepdims=True)
        joint = (left[:, :, None] & both).sum(1)
        doubt = 0.5 * random.shape[1] / distinct[:, None]
        return -np.log((joint + doubt) / (rest + doubt)).sum(0)

    first = explains(np.ones(random.shape[:2], dtype=bool))
    kept: set[int] = set()
    for each, gain in zip(sets, first, strict=True):
        # One exact component of a vector makes all of them that are held constant at all a law.
        if ratios[each].min(initial=np.inf) <= _EXACT and gain >= _PRICE_EXACT:
            kept.update(each)
    price = _PRICE if kept else 0.0
    while True:
        left = np.all(obeys[:, :, sorted(kept)], axis=2)
        prices = _prices(sets, names, kept)
        gain = explains(left) - prices
        best = int(gain.argmax())
        if gain[best] <= 0.0:
            doubt = 0.5 * random.shape[1] / distinct
            share = (left.sum(1) + doubt) / (random.shape[1] + doubt)
            return sorted(kept), float(-np.log(share).sum() - price)
        kept.update(sets[best])
        price += prices[best]


def _prices(sets: Sequence[list[int]], names: Sequence[str], kept: set[int]) -> np.ndarray:
    """(S,) nats that each set must explain; components of a vector that is known cost less."""
    heads = {_head(names[number]) for number in kept} - {""}
    prices = []
    for each in sets:
        new = len(set(each) - kept)
        known = bool(each) and _head(names[each[0]]) in heads
        prices.append(new * _PRICE_MORE + (0.0 if known or not new else _PRICE - _PRICE_MORE))
    return np.array(prices)


def _head(name: str) -> str:
    """The vector that a quantity is a component of, or nothing."""
    head, _, axis = name.rpartition(" ")
    return head if axis in AXES else ""


def _candidates(names: Sequence[str], ratios: np.ndarray) -> list[list[int]]:
    """Numbers of the quantities that may be laws together: each alone, and those of one vector."""
    vectors: dict[str, list[int]] = {}
    for number, (name, ratio) in enumerate(zip(names, ratios, strict=True)):
        if ratio <= _LOOSE:
            vectors.setdefault(name, []).append(number)
            if _head(name):
                vectors.setdefault(_head(name), []).append(number)
    return list(vectors.values()) or [[]]
