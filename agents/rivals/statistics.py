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

from .features import Features
from .selection import Variants, find_hints, obeying, select

_FLOOR = 0.01  # no spread is believed to be less than this share of the chance spread
_NORMAL = 1.4826  # standard deviations per median absolute deviation, of a normal distribution
_LEAST_SCALE = 0.02  # [plane units or share of colour], where a few values coincide
_LEAST_SPREAD = 1e-3  # of chance; a quantity below it cannot be changed, and says nothing
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
    if not shown or not chance[0]:
        return _NOTHING
    size = len(next(iter(chance[0].values())))
    counts = np.asarray(distinct or [size] * len(chance), dtype=np.float64)
    names, values, random, usual = _tables(shown, chance)
    if not names:
        return _NOTHING
    centres, scales = values.mean(0), _spreads(values, usual)
    variants = Variants(
        names=tuple(names),
        ratios=scales / usual,
        obeys=obeying(random, centres, scales, usual),
        distinct=counts,
    )
    kept, gain = select(variants)
    if hints:
        for number, weight in find_hints(variants, kept).items():
            scales[number] /= weight
            kept = [*kept, number]
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
