"""Energies of one's own: differentiable terms that are added to what was demonstrated.

Each function returns a `Term`, which maps B scenes to energies (B,): half the weighted sum of
squared violations [plane units²] of the entities that may be moved. Where nothing is violated it
is zero, and it pushes nothing that may not be moved.

    agent.constrain(keep_out_disc((0.2, 0.1), 0.3), minimum_distance(0.25))

Terms are soft: where one contradicts a concept, the plan is the compromise that their weights ask
for. They say where things may end, not which way they may take there.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ..envs.entities import MAX_ENTITIES, check_array
from ..envs.errors import ConfigError
from ..envs.number_checks import is_finite
from .scene import Scene
from .terms import Term, check_weight

Point = Sequence[float] | np.ndarray


def keep_out_disc(centre: Point, radius: float, *, weight: float = 1.0) -> Term:
    """Keeps what may be moved out of a disc.

    Args:
        centre: (2,) [plane units].
        radius: [plane units], above 0.
        weight: factor of the energy, at least 0.

    Raises:
        ShapeError, NonFiniteError: on a centre that is no two finite numbers.
        ConfigError: on a radius or weight out of its range.
    """
    place = _point("centre", centre)
    return _outside(place, place, _above_zero("radius", radius), check_weight(weight))


def keep_out_band(start: Point, end: Point, half_width: float, *, weight: float = 1.0) -> Term:
    """Keeps what may be moved out of a band with round ends: a wall of some length and width.

    Args:
        start: (2,) one end of its middle line [plane units].
        end: (2,) the other end.
        half_width: [plane units], above 0.
        weight: factor of the energy, at least 0.

    Raises:
        ShapeError, NonFiniteError: on ends that are no two finite numbers.
        ConfigError: on a half width or weight out of its range.
    """
    ends = _point("start", start), _point("end", end)
    return _outside(*ends, _above_zero("half_width", half_width), check_weight(weight))


def keep_in_ring(centre: Point, inner: float, outer: float, *, weight: float = 1.0) -> Term:
    """Keeps what may be moved in a ring, such as what an arm reaches around its base.

    Args:
        centre: (2,) [plane units].
        inner: least distance from the centre [plane units], at least 0.
        outer: largest distance, above `inner`.
        weight: factor of the energy, at least 0.

    Raises:
        ShapeError, NonFiniteError: on a centre that is no two finite numbers.
        ConfigError: on radii or a weight out of their range.
    """
    place, weight = _point("centre", centre), check_weight(weight)
    if not (is_finite(inner) and is_finite(outer) and 0.0 <= inner < outer):
        raise ConfigError(
            f"inner={inner!r} and outer={outer!r} must be 0 <= inner < outer; give plane units"
        )

    def term(scene: Scene) -> Tensor:
        away = torch.linalg.vector_norm(scene.positions - _like(scene, place), dim=-1)
        beyond = torch.maximum(inner - away, away - outer)
        return weight * _half_square_of_movable(scene, beyond)

    return term


def wall(point: Point, normal: Point, *, weight: float = 1.0) -> Term:
    """Keeps what may be moved on one side of an endless straight wall.

    Args:
        point: (2,) anywhere on the wall [plane units].
        normal: (2,) points from the wall to the side to be on; its length does not matter.
        weight: factor of the energy, at least 0.

    Raises:
        ShapeError, NonFiniteError: on a point or normal that is no two finite numbers.
        ConfigError: on a normal of length 0, or a negative weight.
    """
    base, side = _point("point", point), _point("normal", normal)
    length = float(np.hypot(*side))
    if length == 0.0:
        raise ConfigError(
            "normal=(0, 0) has no direction; give one that points to the side to be on"
        )
    side, weight = side / length, check_weight(weight)

    def term(scene: Scene) -> Tensor:
        beyond = -((scene.positions - _like(scene, base)) @ _like(scene, side))
        return weight * _half_square_of_movable(scene, beyond)

    return term


def minimum_distance(distance: float, *, weight: float = 1.0) -> Term:
    """Keeps what may be moved at least so far from the cursor and every object; zones do not count.

    Each pair of which one or both may be moved counts once.

    Args:
        distance: [plane units], above 0.
        weight: factor of the energy, at least 0.

    Raises:
        ConfigError: on a distance or weight out of its range.
    """
    least, weight = _above_zero("distance", distance), check_weight(weight)

    def term(scene: Scene) -> Tensor:
        movable = scene.movable * scene.present
        solid = scene.present * (scene.zone < 0.5)
        places = torch.where(movable[..., None] > 0.5, scene.positions, scene.positions.detach())
        first, second = torch.triu_indices(places.shape[1], places.shape[1], offset=1).unbind()
        away = torch.linalg.vector_norm(places[:, first] - places[:, second], dim=-1)
        either = torch.maximum(movable[:, first], movable[:, second])
        counts = either * solid[:, first] * solid[:, second]
        return weight * 0.5 * ((least - away).clamp(min=0.0).square() * counts).sum(-1)

    return term


def keep_apart(radii: np.ndarray, gap: float, *, weight: float = 1.0) -> Term:
    """Keeps solid entities from overlapping: what may be moved away from all that is solid.

    Args:
        radii: (16,) of the entities [plane units], 0 for those that are not solid.
        gap: least distance between two rims [plane units].
        weight: factor of the energy, at least 0.

    Raises:
        ShapeError, NonFiniteError: unless there is a finite radius for every row.
        ConfigError: on a negative radius, gap or weight.
    """
    check_array(radii, "radii", (MAX_ENTITIES,))
    sizes = np.asarray(radii).astype(np.float64)
    if sizes.min() < 0.0:
        raise ConfigError(
            f"radii holds {sizes.min()}, but each must be at least 0; give plane units, and 0 for "
            "what is not solid"
        )
    if not is_finite(gap) or gap < 0.0:
        raise ConfigError(f"gap={gap!r} must be a number of at least 0; give it in plane units")
    weight = check_weight(weight)

    def term(scene: Scene) -> Tensor:
        movable = scene.movable * scene.present
        size = _like(scene, sizes)[: movable.shape[1]]
        places = torch.where(movable[..., None] > 0.5, scene.positions, scene.positions.detach())
        first, second = torch.triu_indices(len(size), len(size), offset=1).unbind()
        # Things on one another have no direction to part in: the offset gives them one.
        away = torch.linalg.vector_norm(places[:, first] - places[:, second] + 1e-9, dim=-1)
        least = torch.where(
            (size[first] > 0) & (size[second] > 0), size[first] + size[second] + gap, 0.0
        )
        either = torch.maximum(movable[:, first], movable[:, second])
        return weight * 0.5 * ((least - away).clamp(min=0.0).square() * either).sum(-1)

    return term


def _outside(start: np.ndarray, end: np.ndarray, reach: float, weight: float) -> Term:
    """Keeps what may be moved further than `reach` from the line between two points."""
    along = end - start
    squared = max(float(along @ along), 1e-12)  # of a point, all shares are as good

    def term(scene: Scene) -> Tensor:
        line = _like(scene, along)
        gap = scene.positions - _like(scene, start)
        share = ((gap @ line) / squared).clamp(0.0, 1.0)
        away = torch.linalg.vector_norm(gap - share[..., None] * line, dim=-1)
        return weight * _half_square_of_movable(scene, reach - away)

    return term


def _half_square_of_movable(scene: Scene, violation: Tensor) -> Tensor:
    """Half the sum over movable entities of squared violations (B, N) where they are above 0."""
    counts = scene.movable * scene.present
    return 0.5 * (violation.clamp(min=0.0).square() * counts).sum(-1)


def _like(scene: Scene, values: np.ndarray) -> Tensor:
    return torch.as_tensor(values).to(scene.entities)


def _point(name: str, value: Point) -> np.ndarray:
    check_array(value, name, (2,))
    return np.asarray(value).astype(np.float64)


def _above_zero(name: str, value: float) -> float:
    if not is_finite(value) or value <= 0.0:
        raise ConfigError(f"{name}={value!r} must be a number above 0; give it in plane units")
    return float(value)
