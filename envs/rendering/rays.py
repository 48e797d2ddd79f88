"""Rays through a MuJoCo scene, meeting what a viewer would show."""

from __future__ import annotations

import mujoco
import numpy as np

FAR = 1e6
"""The distance of rays that meet nothing [m]."""
_SEEN_GROUPS = np.array([1, 1, 1, 0, 0, 0], dtype=np.uint8)


def cast_rays(
    model: mujoco.MjModel, data: mujoco.MjData, origin: np.ndarray, rays: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Follow (N, 3) unit directions from one origin (3,) in world [m].

    Geoms of groups 3 and up and geoms with alpha 0 are passed through.

    Returns:
        (N,) geoms (-1 for none), (N,) distances [m] (`FAR` for none), (N, 3) surface normals.
    """
    count = len(rays)
    geoms = np.empty(count, dtype=np.int32)
    distance = np.empty(count)
    normals = np.empty(3 * count)
    if count:
        mujoco.mj_multiRay(
            model,
            data,
            np.ascontiguousarray(origin, dtype=float),
            np.ascontiguousarray(rays, dtype=float).ravel(),
            _SEEN_GROUPS,
            True,  # static geoms too
            -1,  # no body left out
            geoms,
            distance,
            normals,
            count,
            FAR,
        )
    distance[geoms < 0] = FAR
    return geoms, distance, normals.reshape(count, 3)
