"""What touched what in the place world, as seen at the end of each control step."""

from __future__ import annotations

import mujoco
import numpy as np

from .arm_model import object_name
from .place_model import FINGER_GEOMS, TABLE

_OTHER, _TABLE, _OBJECT, _ARM, _FINGER = 0, 1, 2, 4, 8  # bits: those of the arm are the largest


class ContactWatch:
    """Counts contacts of the arm since it was made.

    Attributes:
        table_contacts: control steps that ended with arm or hand touching the table.
        self_contacts: control steps that ended with the arm touching itself.
        link_contacts: control steps that ended with the arm or the palm, not a finger, touching an
            object.
        peak_force: largest force of a contact between hand and object [N].
        touched: (n,) bool, the objects that a finger has touched.
        clear: whether arm and hand touch no object now.
    """

    def __init__(self, model: mujoco.MjModel | None = None, count: int = 0) -> None:
        """Watch a model with `count` objects; without a model there is nothing to see."""
        self.table_contacts = 0
        self.self_contacts = 0
        self.link_contacts = 0
        self.peak_force = 0.0
        self.touched = np.zeros(count, dtype=bool)
        self._pads = np.zeros((2, count), dtype=bool)  # which finger touches which object now
        self.clear = True
        self._force = np.zeros(6)
        self._model = model
        if model is not None:
            self._sort(model, count)

    @property
    def holding(self) -> np.ndarray:
        """(n,) bool, the objects that both fingers touch now."""
        return self._pads[0] & self._pads[1]

    def _sort(self, model: mujoco.MjModel, count: int) -> None:
        """Say of every geom what it belongs to."""
        self._kinds = np.full(model.ngeom, _OTHER)
        self._indices = np.full(model.ngeom, -1)
        self._kinds[model.geom_bodyid > 0] = _ARM  # what is no object and not fixed to the world
        self._fingers = [model.geom(name).id for name in FINGER_GEOMS]
        self._kinds[self._fingers] = _FINGER
        self._kinds[model.geom(TABLE).id] = _TABLE
        for index in range(count):
            geom = model.geom(object_name(index)).id
            self._kinds[geom], self._indices[geom] = _OBJECT, index

    def look(self, data: mujoco.MjData) -> None:
        """Count the contacts of a state."""
        pairs = data.contact.geom  # (ncon, 2)
        self.clear, self._pads[:] = True, False
        if len(pairs) == 0:
            return
        kinds = self._kinds[pairs]
        if np.bitwise_or.reduce(kinds, axis=None) < _ARM:
            return  # most steps: objects rest on the table, and nothing touches the arm
        seen = {""}
        for number in np.flatnonzero((kinds >= _ARM).any(axis=1)):
            seen.add(self._note(data, int(number), kinds[number], pairs[number]))
        self.table_contacts += "table" in seen
        self.self_contacts += "self" in seen
        self.link_contacts += "link" in seen

    def _note(self, data: mujoco.MjData, number: int, kinds: np.ndarray, geoms: np.ndarray) -> str:
        """Note a contact of the arm, and say what it counts as."""
        if _TABLE in kinds:
            return "table"
        if _OBJECT not in kinds:
            return "self" if min(kinds) >= _ARM else ""
        self.clear = False
        index = int(self._indices[geoms].max())
        mujoco.mj_contactForce(self._model, data, number, self._force)
        self.peak_force = max(self.peak_force, float(np.linalg.norm(self._force[:3])))
        if _FINGER not in kinds:
            return "link"
        finger = self._fingers.index(int(geoms[kinds == _FINGER][0]))
        self._pads[finger, index] = self.touched[index] = True
        return ""
