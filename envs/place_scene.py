"""A scene of the place world: which entities are solid, of what shape, and where they lie.

The cursor is a solid piece where the concept moves it; where the concept moves other entities, the
cursor is the fingertip.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .concepts import Composed, Concept, Event
from .entities import CURSOR, MAX_ENTITIES, NUM_FEATURES, EntityState
from .frames import METRES_PER_PLANE_UNIT, plane_to_table
from .place_model import rest_height
from .place_objects import ObjectShape, draw_shapes

SPACING = 0.2
"""Least distance between two solid entities [plane units], unless one stands on the other."""
ENOUGH = 0.9
"""Share of `SPACING` that solid entities are apart where a disturbance has moved one."""
ON_TOP = 0.1
"""A piece this near to an object's centre stands on it [plane units]."""
_TRIES = 10_000


@dataclass(frozen=True, kw_only=True)
class Looks:
    """Solid entities by row: which there are (16,), which are round (16,), half extents (16, 3)."""

    solid: np.ndarray
    round: np.ndarray
    half_extents: np.ndarray


@dataclass(frozen=True, kw_only=True)
class PlaceScene:
    """An event whose solid entities have shapes.

    Attributes:
        event: the concept's event.
        rows: (n,) rows of the solid entities, `object_i` being that of `rows[i]`.
        shapes: (n,) theirs.
        piece: index in `rows` of the cursor, None where the cursor is the fingertip.
    """

    event: Event
    rows: np.ndarray
    shapes: tuple[ObjectShape, ...]
    piece: int | None

    @cached_property
    def looks(self) -> Looks:
        """What the solid entities look like, by row."""
        solid, rounded = np.zeros((2, MAX_ENTITIES), dtype=np.int8)
        extents = np.zeros((MAX_ENTITIES, 3), dtype=np.float32)
        solid[self.rows] = 1
        rounded[self.rows] = [shape.round for shape in self.shapes]
        extents[self.rows] = [shape.half_extents for shape in self.shapes]
        return Looks(solid=solid, round=rounded, half_extents=extents)

    def poses(self, state: EntityState) -> np.ndarray:
        """(n, 7) places [m] and turns (quaternions) in world of the solid entities at rest.

        They stand on the table; the piece stands on the object that it is on, if any.
        """
        poses = np.zeros((len(self.rows), 7))
        poses[:, :2] = plane_to_table(state.positions[self.rows])
        poses[:, 2] = [rest_height(shape) for shape in self.shapes]
        half_turns = 0.5 * np.array([shape.yaw for shape in self.shapes])
        poses[:, 3], poses[:, 6] = np.cos(half_turns), np.sin(half_turns)
        if self.piece is not None:
            under = _under_piece(state, self.rows, self.piece)
            poses[self.piece, 2] += sum(2.0 * rest_height(self.shapes[index]) for index in under)
        return poses


def draw_place_scene(
    rng: np.random.Generator,
    concept: Concept,
    *,
    n_objects: int,
    task: str,
    kinds: Sequence[str],
) -> PlaceScene:
    """Draw events until one keeps its solid entities apart at the start and where it ends.

    Args:
        rng: the source of randomness.
        concept: of the event.
        n_objects: objects beside the cursor.
        task: "generate" or "identify": which of the event's states are used.
        kinds: what objects may be; balls are left out where something stands on them.

    Raises:
        RuntimeError: if no such event was found.
    """
    if concept.stacks:
        kinds = [kind for kind in kinds if kind != "ball"] or ["cube"]
    for _ in range(_TRIES):
        event = concept.sample(rng, n_objects=n_objects)
        rows, piece = _solid(event)
        # At the start everything stands on the table, whatever it may stand on in the end.
        start, ends = (event.before, event.stops) if task == "generate" else (event.shown, ())
        gaps = [_least_gap(start, rows, piece, stacks=False)]
        gaps += [_least_gap(end, rows, piece, stacks=concept.stacks) for end in ends]
        if min(gaps) >= SPACING:
            spacing = METRES_PER_PLANE_UNIT * min(gaps)
            shapes = draw_shapes(rng, len(rows), kinds=kinds, spacing=spacing)
            return PlaceScene(event=event, rows=rows, shapes=shapes, piece=piece)
    raise RuntimeError(f"no event of concept '{concept.name}' keeps its objects apart")


def can_be_done(
    scene: PlaceScene, concept: Concept, state: EntityState, attention: np.ndarray
) -> bool:
    """Whether the nearest state in which a concept holds keeps a scene's solid entities apart."""
    there = concept.nearest(state, attention)
    gap = _least_gap(there, scene.rows, scene.piece, stacks=concept.stacks)
    return gap >= ENOUGH * SPACING and concept.succeeds(there, attention)


def moves_cursor(concept: Concept) -> bool:
    """Whether a generate task of the concept moves the cursor, rather than other entities."""
    if isinstance(concept, Composed):
        return any(moves_cursor(term) for term in concept.terms)
    entities = np.zeros((MAX_ENTITIES, NUM_FEATURES))
    entities[0, CURSOR] = 1.0
    return bool(concept.editable(entities, np.zeros(MAX_ENTITIES, dtype=bool))[0][0])


def _solid(event: Event) -> tuple[np.ndarray, int | None]:
    """Rows of the solid entities, and the index of the cursor among them."""
    state = event.before
    solid = state.objects.copy()
    solid[state.cursor] = state.movable[state.cursor]
    rows = np.flatnonzero(solid)
    piece = int(np.searchsorted(rows, state.cursor)) if solid[state.cursor] else None
    return rows, piece


def _least_gap(state: EntityState, rows: np.ndarray, piece: int | None, *, stacks: bool) -> float:
    """Least distance between two solid entities that stand on the table [plane units]."""
    places = state.positions[rows].astype(np.float64)
    if stacks and piece is not None and _under_piece(state, rows, piece):
        places = np.delete(places, piece, axis=0)
    gaps = np.linalg.norm(places[:, None] - places, axis=-1)
    return float(gaps[np.triu_indices(len(places), k=1)].min())


def _under_piece(state: EntityState, rows: np.ndarray, piece: int) -> list[int]:
    """Indices of the objects that the piece stands on."""
    away = np.linalg.norm(state.positions[rows] - state.positions[rows[piece]], axis=-1)
    return [int(index) for index in np.flatnonzero(away <= ON_TOP) if index != piece]
