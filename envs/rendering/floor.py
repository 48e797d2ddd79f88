"""The energy over the plane as colours of the mat that lies on the table."""

from __future__ import annotations

import mujoco
import numpy as np

from ..entities import PLANE_HALF_WIDTH, check_array
from ..errors import ConfigError, ShapeError
from ..frames import table_to_plane

MAT = "workspace_mat"
"""The geom that is painted: a flat box whose axes are the world's."""
_TEXELS = 256
_STOPS = np.array([0.0, 0.12, 0.3, 0.55, 1.0])
_COLOURS = np.array([(38, 118, 180), (72, 158, 200), (134, 202, 212), (196, 229, 221), (0, 0, 0)])
"""From the lowest energy to the highest, ever lighter; the last one is the mat's own."""
_OPACITY = 0.85
_LINES = 10
"""Lines of equal energy between the lowest and the highest."""
_LINE_OPACITY = 0.16
_EDGE = 0.04
"""The paint fades over this much of the plane's edge [plane units]."""


def find_mat(model: mujoco.MjModel) -> int:
    """The id of the mat's geom.

    Raises:
        ConfigError: the model has none.
    """
    geom = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_GEOM, MAT)
    if geom < 0:
        raise ConfigError(f"the model has no geom {MAT!r} to paint the energy on")
    return geom


def check_energy(energy: np.ndarray) -> np.ndarray:
    """The grid as (R, R) float64.

    Raises:
        ShapeError: it is not square, or has less than 2 rows.
        NonFiniteError: it holds NaN or infinity.
    """
    shape = np.shape(energy)
    if len(shape) != 2 or shape[0] != shape[1] or shape[0] < 2:
        raise ShapeError(
            f"energy has shape {shape}, expected (R, R) with R of 2 or more; "
            "pass what ConceptAgent.landscape returns"
        )
    grid = np.asarray(energy, dtype=np.float64)
    check_array(grid, "energy", shape)
    return grid


def mat_picture(model: mujoco.MjModel, energy: np.ndarray) -> np.ndarray:
    """`energy_picture` for the mat of a model.

    Raises:
        ConfigError, ShapeError, NonFiniteError: there is no mat, or on a bad grid.
    """
    mat = find_mat(model)
    material = int(model.geom_matid[mat])
    rgba = model.mat_rgba[material] if material >= 0 else model.geom_rgba[mat]
    return energy_picture(
        energy,
        mat_colour=np.maximum(rgba[:3].astype(np.float64), 1e-3),
        centre=model.geom_pos[mat, :2],
        half_extents=model.geom_size[mat, :2],
    )


def energy_picture(
    energy: np.ndarray, *, mat_colour: np.ndarray, centre: np.ndarray, half_extents: np.ndarray
) -> np.ndarray:
    """(N, N, 3) float32 factors in [0, 1] of the mat's colour; rows along world y, columns along x.

    Half the energy's square root counts, which for a trained energy is a distance: the colours are
    evenly spaced in it, and so are the lines.

    Args:
        energy: (R, R) over the plane, rows along its y, columns along its x, from -1 to 1.
        mat_colour: (3,) shares of 1.
        centre: (2,) the mat's middle in world [m].
        half_extents: (2,) half its sides along world x and y [m].
    """
    steps = (np.arange(_TEXELS) + 0.5) / _TEXELS * 2.0 - 1.0
    x, y = np.meshgrid(centre[0] + half_extents[0] * steps, centre[1] + half_extents[1] * steps)
    places = table_to_plane(np.stack([x, y], axis=-1))  # (N, N, 2)
    level = _level(_interpolated(check_energy(energy), places))
    inside = (PLANE_HALF_WIDTH - np.abs(places).max(axis=-1)) / _EDGE
    opacity = _OPACITY * np.clip(inside, 0.0, 1.0)[..., None]
    painted = _coloured(level, mat_colour)
    painted *= 1.0 - _LINE_OPACITY * _contours(level)[..., None]
    picture = (1.0 - opacity) + opacity * painted / mat_colour
    return np.clip(picture, 0.0, 1.0).astype(np.float32)


def _level(energy: np.ndarray) -> np.ndarray:
    """0 at the least energy, 1 at the greatest, evenly spaced in the distance it stands for."""
    height = np.sqrt(np.maximum(energy - energy.min(), 0.0))
    greatest = float(height.max())
    return height / greatest if greatest > 1e-9 else np.ones_like(height)


def _coloured(level: np.ndarray, mat_colour: np.ndarray) -> np.ndarray:
    colours = _COLOURS / 255.0
    colours[-1] = mat_colour
    return np.stack([np.interp(level, _STOPS, channel) for channel in colours.T], axis=-1)


def _contours(level: np.ndarray) -> np.ndarray:
    """(N, N) 1 on lines of equal level, which are about two texels wide, and 0 elsewhere."""
    slope = np.hypot(*np.gradient(level)) * _LINES
    away = np.abs((level * _LINES + 0.5) % 1.0 - 0.5)
    width = np.maximum(slope, 1e-6)
    flat = slope > 1e-4  # where nothing changes there is no line
    return np.clip(1.5 - away / width, 0.0, 1.0) * flat


def _interpolated(grid: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The grid at (..., 2) positions [plane units], linearly; beyond the plane, its edge."""
    last = len(grid) - 1
    share = (places / PLANE_HALF_WIDTH + 1.0) / 2.0 * last
    column, row = np.moveaxis(np.clip(share, 0.0, last), -1, 0)
    left, low = (np.minimum(part.astype(int), last - 1) for part in (column, row))
    right_share, high_share = column - left, row - low
    lower = grid[low, left] * (1 - right_share) + grid[low, left + 1] * right_share
    upper = grid[low + 1, left] * (1 - right_share) + grid[low + 1, left + 1] * right_share
    return lower * (1 - high_share) + upper * high_share
