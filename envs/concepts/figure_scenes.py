"""Scenes with one figure among other objects, in which nothing but the figure tells it.

The other objects are near-figures of about the same size (mirrored, stretched or with points
displaced, as many points of them as there are objects left), objects beside others and objects
anywhere. No other choice of objects forms the figure, by a margin.
"""

from __future__ import annotations

import numpy as np

from .alignment import align, find_copies, least_gap, misfits_of_three
from .figure_library import as_complex, as_pairs
from .sampling import OBJECT_REGION

SPACING = 0.2
"""Least distance between two objects of a scene [plane units]."""
SIZES = (0.22, 0.45)
"""RMS radii of figures that are shown [plane units]."""
# How often the next objects are a near-figure, if there are enough for it, and how often a single
# object stands beside another; of figures of three points, scenes so dense hold too many copies.
_DECOY_SHARE, _DECOY_SHARE_OF_THREE = 0.9, 0.5
_BESIDE_SHARE, _BESIDE_SHARE_OF_THREE = 0.85, 0.5
_FEWEST_OF_DECOY = 3  # points of a near-figure below which it no longer looks like one
_DECOY_SIZES = (0.85, 1.2)  # sizes of near-figures against the figure's
_DECOY_MISFIT = 0.65  # beyond this a near-figure is no more like the figure than chance is
_CANDIDATES = 32
# What no other choice of objects comes below, as a multiple of the tolerance, and how many objects
# may be moved for it: crowded scenes have to make do with less.
_CLEAR = ((2.0, 1), (1.5, 2), (1.25, 6), (1.05, 12))


def draw_scene(
    rng: np.random.Generator,
    template: np.ndarray,
    n_objects: int,
    *,
    tolerance: float,
    least_size: float,
) -> np.ndarray:
    """Objects, (n_objects,) complex [plane units], whose first ones form the figure.

    Args:
        rng: the source of randomness.
        template: (k,) complex, of zero mean and unit RMS radius.
        n_objects: k at least.
        tolerance: misfit up to which a choice of objects forms the figure.
        least_size: see `alignment.align` [plane units].
    """
    while True:
        scene = _Scene(rng, template, tolerance, least_size)
        if scene.fill(n_objects) and scene.repair():
            return scene.points


class _Scene:
    """A scene in the making: the figure comes first in `points`."""

    def __init__(
        self, rng: np.random.Generator, template: np.ndarray, tolerance: float, least_size: float
    ) -> None:
        self.rng, self.template, self.least_size = rng, template, least_size
        self.limits = [(share * tolerance, moves) for share, moves in _CLEAR]
        three = len(template) == 3
        self.decoy_share = _DECOY_SHARE_OF_THREE if three else _DECOY_SHARE
        self.beside_share = _BESIDE_SHARE_OF_THREE if three else _BESIDE_SHARE
        self.size = rng.uniform(*_sizes(template))
        self.points = _posed(rng, template * self.size, 1)[0]

    def fill(self, n_objects: int) -> bool:
        """Add objects up to `n_objects`; false if no room was found."""
        while len(self.points) < n_objects:
            left = n_objects - len(self.points)
            decoy = left >= _FEWEST_OF_DECOY and self.rng.random() < self.decoy_share
            if decoy and self._add_decoy(left):
                continue
            added = self._single(self.points)
            if added is None:
                return False
            self.points = np.append(self.points, added)
        return True

    def repair(self) -> bool:
        """Move objects until none but the figure's form it; false if that fails."""
        if len(self.points) == len(self.template):
            return True
        for limit, moves in self.limits:
            for _ in range(moves):
                moved = self._most_involved(limit)
                if moved is None:
                    return True
                place = self._single(np.delete(self.points, moved))
                if place is None:
                    return False
                self.points[moved] = place
        return False

    def _most_involved(self, limit: float) -> int | None:
        """The object, none of the figure's, in most other copies within the limit, if any is."""
        copies = find_copies(self.points, self.template, limit=limit, least_size=self.least_size)
        counts = np.bincount(copies.ravel(), minlength=len(self.points))
        counts[: len(self.template)] = 0
        return int(np.argmax(counts)) if counts.any() else None

    def _add_decoy(self, left: int) -> bool:
        shape = self._decoy_shape()
        if shape is None:
            return False
        shape = self.rng.permutation(shape)[: min(left, len(shape))]
        poses = _posed(self.rng, shape, _CANDIDATES)
        free = np.abs(poses[:, :, None] - self.points).min(axis=(1, 2)) >= SPACING
        if not free.any():
            return False
        self.points = np.concatenate([self.points, poses[np.argmax(free)]])
        return True

    def _decoy_shape(self) -> np.ndarray | None:
        """A near-figure [plane units]: clearly not the figure, and much like it."""
        least = self.limits[0][0]
        for _ in range(10):
            # conj() mirrors: a share of it stretches the figure, all of it is the mirror image.
            mirrored = 1.0 if self.rng.random() < 0.3 else self.rng.uniform(0.0, 0.4)
            turn = np.exp(1j * self.rng.uniform(0.0, 2.0 * np.pi))
            noise = self.rng.normal(size=(2, len(self.template))) * self.rng.uniform(0.05, 0.4)
            shape = (1.0 - mirrored) * self.template + mirrored * turn * self.template.conj()
            shape = shape + noise[0] + 1j * noise[1]
            shape -= shape.mean()
            size = self.size * self.rng.uniform(*_DECOY_SIZES)
            shape *= size / np.sqrt((np.abs(shape) ** 2).mean())
            if least_gap(shape) < SPACING:
                continue
            if least < align(shape, self.template).misfit <= _DECOY_MISFIT:
                return shape
        return None

    def _single(self, points: np.ndarray) -> complex | None:
        """A place for one more object, or None."""
        spread = self.rng.uniform(-OBJECT_REGION, OBJECT_REGION, size=(_CANDIDATES, 2))
        # As close as the figure's own points, or the figure would be the cluster that stands alone.
        # The figure's middle is a base too: an empty middle would tell the round figures.
        away = self.rng.uniform(0.0, SPACING + self.size, size=_CANDIDATES)
        angles = self.rng.uniform(0.0, 2.0 * np.pi, size=_CANDIDATES)
        k = len(self.template)
        bases = np.append(points, np.full(len(points) // 2 if k > 3 else 0, points[:k].mean()))
        base = self.rng.choice(bases, size=_CANDIDATES)
        beside = as_pairs(base + away * np.exp(1j * angles))
        chosen = np.where(self.rng.random((_CANDIDATES, 1)) < self.beside_share, beside, spread)
        places = as_complex(chosen[np.abs(chosen).max(axis=1) <= OBJECT_REGION])
        places = places[np.abs(places[:, None] - points).min(axis=1) >= SPACING]
        if len(self.template) == 3 and len(places):
            places = self._clear_of_threes(places, points)
        return complex(places[0]) if len(places) else None

    def _clear_of_threes(self, places: np.ndarray, points: np.ndarray) -> np.ndarray:
        """The places that form no figure of three with any two points, as clearly as can be."""
        misfits = misfits_of_three(places, points, self.template, least_size=self.least_size)
        limit = next((limit for limit, _ in self.limits if misfits.max() > limit), np.inf)
        return places[misfits > limit]


def _sizes(template: np.ndarray) -> tuple[float, float]:
    """The RMS radii at which a figure's own points keep the spacing [plane units]."""
    low, high = SIZES
    return min(max(low, SPACING / least_gap(template)), high), high


def _posed(rng: np.random.Generator, shape: np.ndarray, count: int) -> np.ndarray:
    """The shape (k,) turned and put at random inside the objects' region, (count, k)."""
    turned = np.exp(1j * rng.uniform(0.0, 2.0 * np.pi, size=(count, 1))) * shape
    x, y = np.real(turned), np.imag(turned)
    across = rng.uniform(-OBJECT_REGION - x.min(axis=1), OBJECT_REGION - x.max(axis=1))
    up = rng.uniform(-OBJECT_REGION - y.min(axis=1), OBJECT_REGION - y.max(axis=1))
    return turned + (across + 1j * up)[:, None]
