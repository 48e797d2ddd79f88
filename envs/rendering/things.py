"""Which geoms of an arm's model are objects and trays, and what they look like from above."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from ..errors import ConfigError
from .arm_markers import Ghost, Piece
from .solids import KINDS, Solid

_BOX = int(mujoco.mjtGeom.mjGEOM_BOX)


@dataclass(frozen=True, kw_only=True)
class Things:
    """The objects and trays of one model.

    Attributes:
        model: whose they are.
        objects: (n,) ids of the geoms of the bodies object_0, object_1, …
        trays: (m,) ids of the geoms tray_0, tray_1, …
    """

    model: mujoco.MjModel
    objects: np.ndarray
    trays: np.ndarray

    @classmethod
    def of(cls, model: mujoco.MjModel) -> Things:
        """Those of a model, up to the first whose name is missing."""
        bodies = _named(model, mujoco.mjtObj.mjOBJ_BODY, "object")
        trays = _named(model, mujoco.mjtObj.mjOBJ_GEOM, "tray")
        return cls(model=model, objects=model.body_geomadr[bodies], trays=trays)

    @property
    def geoms(self) -> np.ndarray:
        """(n + m,) the objects', then the trays'."""
        return np.concatenate([self.objects, self.trays])

    @property
    def radii(self) -> np.ndarray:
        """(n + m,) of the circles around them, seen from above when they stand upright [m]."""
        sizes, types = self.model.geom_size[self.geoms], self.model.geom_type[self.geoms]
        return np.where(types == _BOX, np.hypot(sizes[:, 0], sizes[:, 1]), sizes[:, 0])

    def positions(self, data: mujoco.MjData) -> np.ndarray:
        """(n + m, 3) their middles in world [m]."""
        return data.geom_xpos[self.geoms].copy()

    def ghost(self, data: mujoco.MjData, index: int, pose: np.ndarray) -> Ghost:
        """An object at a pose (7,), and where it is now.

        Raises:
            ConfigError: see `solid`.
        """
        solid = self.solid(index, pose)
        return Ghost(solid=solid, start=self._bottom(data, index))

    def piece(self, data: mujoco.MjData, index: int) -> Piece:
        """The object that is the cursor.

        Raises:
            ConfigError: there is no such object.
        """
        self._check(index)
        return Piece(bottom=self._bottom(data, index), radius=float(self.radii[index]))

    def solid(self, index: int, pose: np.ndarray) -> Solid:
        """An object's shape at a pose (7,) of its own.

        Raises:
            ConfigError: there is no such object, or it is of a shape that no ghost is drawn of.
        """
        self._check(index)
        geom = self.objects[index]
        return Solid(
            kind=KINDS.get(int(self.model.geom_type[geom]), "another"),
            half_extents=self._half_extents(index),
            pose=np.asarray(pose, dtype=np.float64),
            colour=self.model.geom_rgba[geom, :3].astype(np.float64),
        )

    def _check(self, index: int) -> None:
        count = len(self.objects)
        if not 0 <= index < count:
            raise ConfigError(f"object {index} is not among the {count} objects of the model")

    def _bottom(self, data: mujoco.MjData, index: int) -> np.ndarray:
        """(3,) the middle of an object's lower side, as if it were upright [m]."""
        return data.geom_xpos[self.objects[index]] - [0.0, 0.0, self._half_extents(index)[2]]

    def _half_extents(self, index: int) -> np.ndarray:
        """(3,) along the object's own axes [m]."""
        geom = self.objects[index]
        kind, size = KINDS.get(int(self.model.geom_type[geom])), self.model.geom_size[geom]
        order = {"cylinder": [0, 0, 1], "ball": [0, 0, 0]}.get(kind or "", [0, 1, 2])
        return size[order]


def _named(model: mujoco.MjModel, kind: mujoco.mjtObj, stem: str) -> np.ndarray:
    """Ids of stem_0, stem_1, … up to the first that is missing."""
    found: list[int] = []
    while True:
        index = mujoco.mj_name2id(model, kind, f"{stem}_{len(found)}")
        if index < 0:
            return np.array(found, dtype=int)
        found.append(index)
