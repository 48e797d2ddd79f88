"""Quantities of a figure of points that moving, turning, scaling and reordering it leave alone.

Those with "chirality" in their name change sign under reflection. Besides them, the scale itself.
"""

from __future__ import annotations

import numpy as np

SIZE = "log scale"
"""The quantity that tells how large a figure is, whatever its shape."""
_TINY = 1e-9


def describe_shape(points: np.ndarray) -> dict[str, np.ndarray]:
    """Names to values (B,) for figures (B, m, 2); names with "of m" only compare with the same m.

    The chirality is that of complex moments c_pq = mean of z^p conj(z)^q about the centroid, which
    turn with the figure p - q times: products that cancel the turns are invariant.
    """
    number = points.shape[1]
    if number < 2:
        return {}
    centred = points - points.mean(1, keepdims=True)
    scale = np.sqrt((centred**2).sum((1, 2)) / number) + _TINY
    found = {SIZE: np.log(scale + 0.01)}
    if number < 3:
        return found
    unit = centred / scale[:, None, None]
    first, second = np.triu_indices(number, 1)
    gaps = np.linalg.norm(unit[:, first] - unit[:, second], axis=-1)
    for rank, values in enumerate(np.sort(gaps, axis=1).T):
        found[f"gap {rank} of {number}"] = values
    found.update(_describe_moments(unit[..., 0] + 1j * unit[..., 1], number))
    radii = np.linalg.norm(unit, axis=-1)
    found["radius spread"] = radii.std(1)
    return found


def _describe_moments(z: np.ndarray, number: int) -> dict[str, np.ndarray]:
    second = (z**2).mean(1)
    third, mixed = (z**3).mean(1), (z**2 * z.conj()).mean(1)
    products = {
        "a": mixed**2 * second.conj(),
        "b": third * mixed.conj() * second.conj(),
        "c": third**2 * second.conj() ** 3,
    }
    found = {"elongation": np.abs(second), "flatness": np.sqrt(1.0 - np.abs(second) + _TINY)}
    found[f"mixed of {number}"], found[f"third of {number}"] = np.abs(mixed), np.abs(third)
    for name, value in products.items():
        found[f"chirality {name} of {number}"] = value.imag
        found[f"moment {name} of {number}"] = value.real
    return found
