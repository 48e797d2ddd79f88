"""How well points form a figure: the best position, rotation, size and order, in closed form.

Points are complex numbers x + iy here, so that one complex factor is a rotation and a size. For a
template t with zero mean and unit RMS radius and k points z in a given order, the sum of squares
of z - (c + a t) is least at c = mean(z) and a = sum(conj(t) z) / k, and |a| is the RMS radius of
the figure that was fitted. This is the orthogonal Procrustes problem in two dimensions without
reflections (Gower and Dijksterhuis, Procrustes Problems, 2004, chapter 4).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations

import numpy as np

_LEAST = 1e-12  # the least size of all


@dataclass(frozen=True, kw_only=True)
class Alignment:
    """A template laid on points.

    Attributes:
        order: (k,) which point takes each of the template's places.
        centre: where the template's centre lies, as a complex number [the points' unit].
        factor: the complex number that turns and sizes the template; |factor| is its RMS radius.
        misfits: (k,) distance of each place's point from the place [the points' unit].
        misfit: the largest misfit as a share of the RMS radius, plus what that radius lacks of
            the least size, as a share of the least size.
    """

    order: np.ndarray
    centre: complex
    factor: complex
    misfits: np.ndarray
    misfit: float


@lru_cache(maxsize=8)
def orders(k: int) -> np.ndarray:
    """All orders of k things, (k!, k)."""
    table = np.array(list(permutations(range(k))), dtype=np.intp)
    table.setflags(write=False)
    return table


@lru_cache(maxsize=16)
def pairs(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Every pair of n things once: the first of each and the second, (n (n - 1) / 2,) each."""
    first, second = np.triu_indices(n, 1)
    return first, second


def least_gap(points: np.ndarray) -> float:
    """The least distance between two of the points (k,) complex, in their unit."""
    first, second = pairs(len(points))
    return float(np.abs(points[first] - points[second]).min())


def align(points: np.ndarray, template: np.ndarray, *, least_size: float = 0.0) -> Alignment:
    """Lay a template on points in the order that leaves the least misfit.

    Each order gets its position, rotation and size by least squares. The figure may be turned and
    sized but not mirrored.

    Args:
        points: (k,) complex.
        template: (k,) complex, of zero mean and unit RMS radius.
        least_size: RMS radius below which the misfit grows [the points' unit].
    """
    table = orders(len(template))
    centre = points.mean()
    placed = (points - centre)[table]
    factors = placed @ template.conj() / len(template)
    misfits = np.abs(placed - factors[:, None] * template)
    totals = _misfit(misfits.max(axis=1), np.abs(factors), least_size)
    best = int(np.argmin(totals))
    return Alignment(
        order=table[best],
        centre=complex(centre),
        factor=complex(factors[best]),
        misfits=misfits[best],
        misfit=float(totals[best]),
    )


def find_copies(
    points: np.ndarray, template: np.ndarray, *, limit: float, least_size: float
) -> np.ndarray:
    """Every choice of points that forms the figure with a misfit of at most `limit`.

    The template's places are filled one after another, and a part is dropped as soon as no
    completion of it can stay within the limit: the points of a good copy are all within
    limit * |a| of their places, so a part's own least squares are at most the sum of those.

    Args:
        points: (n,) complex, n at least k.
        template: (k,) complex, of zero mean and unit RMS radius.
        limit: largest misfit, see `Alignment.misfit`; below 1.
        least_size: see `align`; above 0.

    Returns:
        (m, k) point numbers in the order of the template's places; a choice that fits in several
        orders, as a symmetric figure does, is there as often.
    """
    k, places = len(template), _spread_order(template)
    template = template[places]
    rows = _triples(len(points))
    for count in range(3, k + 1):
        if count > 3:
            rows = _extended(rows, len(points))
        rows = rows[_possible(points[rows], template[:count], limit, least_size)]
    placed = points[rows]
    placed -= placed.sum(axis=1, keepdims=True) / k
    factors = placed @ template.conj() / k
    largest = np.abs(placed - factors[:, None] * template).max(axis=1)
    fits = _misfit(largest, np.abs(factors), least_size) <= limit
    return rows[fits][:, np.argsort(places)]


def _misfit(largest: np.ndarray, sizes: np.ndarray, least_size: float) -> np.ndarray:
    """`Alignment.misfit` of the largest misfits and the RMS radii, (m,) each."""
    floor = max(least_size, _LEAST)  # keeps it continuous where points coincide
    return largest / np.maximum(sizes, floor) + np.maximum(0.0, 1.0 - sizes / floor)


def _possible(placed: np.ndarray, part: np.ndarray, limit: float, least_size: float) -> np.ndarray:
    """Which points (m, j) may fill the places `part` (j,) of a figure within the limit."""
    placed = placed - placed.sum(axis=1, keepdims=True) / len(part)
    part = part - part.mean()
    spread = float(np.vdot(part, part).real)
    fitted = np.abs(placed @ part.conj()) / spread
    parts = placed.view(np.float64)  # x and y of each point, side by side
    squares = np.einsum("mj,mj->m", parts, parts) - spread * fitted**2
    # The whole figure's size |a| differs from the part's by at most limit * |a| * sqrt(j / spread).
    slack = 1.0 - limit * np.sqrt(len(part) / spread)
    largest = fitted / slack if slack > 0.0 else np.full(len(placed), np.inf)
    largest = np.maximum(largest, least_size)
    big_enough = fitted >= least_size * (1.0 - limit) * max(slack, 0.0)
    return big_enough & (squares <= len(part) * (limit * largest) ** 2 + 1e-12)


def _spread_order(template: np.ndarray) -> np.ndarray:
    """The template's places, (k,): the furthest pair, then the place furthest from both, ..."""
    gaps = np.abs(template[:, None] - template)
    first, second = divmod(int(np.argmax(gaps)), len(template))
    least = np.minimum(gaps[first], gaps[second])
    rest = [i for i in np.argsort(-least, kind="stable") if i not in (first, second)]
    return np.array([first, second, *rest])


@lru_cache(maxsize=16)
def _triples(n: int) -> np.ndarray:
    table = np.array(list(permutations(range(n), 3)), dtype=np.intp)
    table.setflags(write=False)
    return table


def _extended(rows: np.ndarray, n: int) -> np.ndarray:
    """Each row (m, j) with each point that it lacks, (m * (n - j), j + 1)."""
    free = np.ones((len(rows), n), dtype=bool)
    np.put_along_axis(free, rows, False, axis=1)
    which, added = np.nonzero(free)
    return np.concatenate([rows[which], added[:, None]], axis=1)


def misfits_of_three(
    candidates: np.ndarray, points: np.ndarray, template: np.ndarray, *, least_size: float
) -> np.ndarray:
    """The least misfit of each candidate with any two of the points, in any order, (q,).

    Three points are a centre, a multiple of the template and a multiple of one pattern that is
    orthogonal to both: that pattern's share is all the misfit.

    Args:
        candidates: (q,) complex.
        points: (m,) complex, two at least.
        template: (3,) complex, of zero mean and unit RMS radius.
        least_size: see `align`.
    """
    first, second = pairs(len(points))
    placed = np.empty((len(candidates), len(first), 3), dtype=complex)
    placed[..., 0], placed[..., 1] = points[first], points[second]
    placed[..., 2] = candidates[:, None]
    pattern = np.roll(template, 1) - np.roll(template, -1)  # conjugated, what is orthogonal
    pattern = pattern / np.linalg.norm(pattern)
    table = orders(3)
    sizes = np.abs(placed @ (template[table].conj() / 3.0).T)
    largest = np.abs(placed @ pattern[table].T) * np.abs(pattern).max()
    return np.min(_misfit(largest, sizes, least_size), axis=(1, 2))
