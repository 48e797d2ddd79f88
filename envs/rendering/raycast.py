"""The arm's world drawn by casting rays with MuJoCo itself: needs no OpenGL.

Rays go through the centres of blocks of 4 × 4 pixels. Where neighbouring blocks differ (edges of
things and of shadows) they are split in four, down to single pixels, which get two rays each;
elsewhere the colours are interpolated. Geoms that are fully transparent, or of a group that
MuJoCo's viewer hides (3 and up), are not seen; partly transparent ones are drawn opaque.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import mujoco
import numpy as np
import pygame

from ..errors import ConfigError
from . import canvas
from .camera import Pinhole, find_camera
from .floor import find_mat, mat_picture
from .marker_drawing import draw_markers
from .marker_kinds import Marker
from .shading import Shader
from .textures import PlaneTexture, painted, plane_textures

_COARSEST = 4
"""Side of the largest blocks [pixels], a power of two."""
_EDGE = 18
"""Difference of neighbouring blocks, of 255, above which they are split."""
_EDGE_OF_GEOMS = 4
"""The same where the blocks show different geoms."""
_CENTRE = ((0.5, 0.5),)
_PIXEL_SAMPLES = ((0.30, 0.25), (0.70, 0.75))
"""Where the rays of a split pixel pass through it (column, row), in shares of its side."""


@dataclass(frozen=True, kw_only=True)
class _Blocks:
    """What is seen through a grid of square blocks of pixels.

    Attributes:
        side: of a block [pixels].
        colours: (h, w, 3) uint8.
        geoms: (h, w) int, -1 for the sky.
    """

    side: int
    colours: np.ndarray
    geoms: np.ndarray


class RaycastRenderer:
    """Draws a model from one of its cameras without OpenGL.

    Args:
        model: the model; its colours may change between pictures.
        size: (height, width) of the pictures [pixels], at least 4.
        camera: name of a camera of the model, or one of `camera.VIEWS`.

    Raises:
        ConfigError: on too small a size, or an unknown camera.
    """

    backend = "raycast"

    def __init__(
        self, model: mujoco.MjModel, *, size: tuple[int, int] = (480, 640), camera: str = "front"
    ) -> None:
        if min(size) < _COARSEST:
            raise ConfigError(
                f"size is {size}, allowed are (height, width) of {_COARSEST} pixels or more"
            )
        find_camera(model, camera)
        self.model = model
        self.size = size
        self.camera = camera
        self._textures = plane_textures(model)
        self._paint: list[PlaneTexture] = []
        self._layers: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def move(self, model: mujoco.MjModel) -> bool:
        """False: another model wants another renderer, which costs little."""
        return False

    def paint(self, energy: np.ndarray | None) -> None:
        """Paint (R, R) energies over the plane onto the mat, see `floor`; None clears it.

        Raises:
            ConfigError, ShapeError, NonFiniteError: there is no mat, or on a bad grid.
        """
        for old in self._paint:
            self._layers.pop(old.geom, None)
        self._paint = []
        if energy is not None:
            picture = mat_picture(self.model, energy)
            self._paint = [painted(self.model, find_mat(self.model), picture)]

    def draw(self, data: mujoco.MjData, markers: Sequence[Marker] = ()) -> np.ndarray:
        """A (height, width, 3) uint8 picture of `data` with the markers over it."""
        height, width = self.size
        pinhole = Pinhole.of(self.model, data, name=self.camera, size=self.size)
        shader = Shader(self.model, data)
        blocks = self._first_blocks(pinhole, shader)
        while blocks.side > 1:
            blocks = _split(blocks, pinhole, shader)
        frame, geoms = blocks.colours[:height, :width], blocks.geoms[:height, :width]
        for texture in (*self._textures, *self._paint):
            at = np.nonzero(geoms == texture.geom)
            frame[at] = frame[at] * self._texture_layer(texture, data, pinhole)[at]
        surface = canvas.to_surface(frame)
        draw_markers(surface, markers, pinhole=pinhole, model=self.model, data=data)
        return canvas.to_array(surface)

    def close(self) -> None:
        """Nothing to free; here so that both renderers can be closed alike."""

    def _texture_layer(
        self, texture: PlaneTexture, data: mujoco.MjData, pinhole: Pinhole
    ) -> np.ndarray:
        """(height, width, 3) the texture in each pixel, kept while camera and plane stand still."""
        poses = (
            pinhole.position,
            pinhole.axes,
            data.geom_xpos[texture.geom],
            data.geom_xmat[texture.geom],
        )
        pose = np.concatenate([np.append(part, pinhole.focal) for part in poses])
        kept = self._layers.get(texture.geom)
        if kept is None or not np.array_equal(kept[0], pose):
            rows, columns = (index.ravel() for index in np.indices(self.size))
            layer = texture.colours(data, pinhole, np.stack([columns, rows], axis=1))
            kept = self._layers[texture.geom] = (pose, layer.reshape(*self.size, 3))
        return kept[1]

    def _first_blocks(self, pinhole: Pinhole, shader: Shader) -> _Blocks:
        """The coarsest blocks; they may stand over the right and the lower border."""
        shape = (-(-self.size[0] // _COARSEST), -(-self.size[1] // _COARSEST))
        rows, columns = (index.ravel() for index in np.indices(shape))
        colours, geoms = _look(pinhole, shader, rows, columns, _COARSEST, _CENTRE)
        return _Blocks(
            side=_COARSEST,
            colours=colours.reshape(*shape, 3),
            geoms=geoms.reshape(shape),
        )


def _split(blocks: _Blocks, pinhole: Pinhole, shader: Shader) -> _Blocks:
    """Blocks of half the side: looked through at edges, interpolated elsewhere."""
    side = blocks.side // 2
    rows, columns = np.nonzero(_double(_edges(blocks)))
    colours = _enlarge(blocks.colours)
    geoms = _double(blocks.geoms)
    if len(rows):
        samples = _CENTRE if side > 1 else _PIXEL_SAMPLES
        colours[rows, columns], geoms[rows, columns] = _look(
            pinhole, shader, rows, columns, side, samples
        )
    return _Blocks(side=side, colours=colours, geoms=geoms)


def _look(
    pinhole: Pinhole,
    shader: Shader,
    rows: np.ndarray,
    columns: np.ndarray,
    side: int,
    samples: Sequence[tuple[float, float]],
) -> tuple[np.ndarray, np.ndarray]:
    """Colours (N, 3) uint8, the mean over the samples, and geoms (N,), the first one's."""
    x = np.concatenate([(columns + right) * side for right, _ in samples])
    y = np.concatenate([(rows + down) * side for _, down in samples])
    colours, geoms = shader.trace(pinhole.position, pinhole.rays(x, y))
    mean = colours.reshape(len(samples), -1, 3).mean(axis=0)
    return (mean * 255 + 0.5).astype(np.uint8), geoms[: len(rows)]


def _edges(blocks: _Blocks) -> np.ndarray:
    """(h, w) bool, the blocks that differ much from a neighbour, or somewhat and in geom."""
    height, width = blocks.geoms.shape
    edges = np.zeros((height, width), dtype=bool)
    colours = blocks.colours.astype(np.int16)
    # Neighbours below, to the right, and on both diagonals; their own side is marked with them.
    for down, right in ((1, 0), (0, 1), (1, 1), (1, -1)):
        left = max(0, -right)
        here = (slice(0, height - down), slice(left, width - max(0, right)))
        there = (slice(down, height), slice(left + right, width - max(0, right) + right))
        step = np.abs(colours[here] - colours[there])
        change = np.maximum(np.maximum(step[..., 0], step[..., 1]), step[..., 2])
        crossing = blocks.geoms[here] != blocks.geoms[there]
        differs = (change > _EDGE) | (crossing & (change > _EDGE_OF_GEOMS))
        edges[here] |= differs
        edges[there] |= differs
    return edges


def _double(values: np.ndarray) -> np.ndarray:
    """(2h, 2w) of (h, w): each entry four times."""
    return values.repeat(2, axis=0).repeat(2, axis=1)


def _enlarge(colours: np.ndarray) -> np.ndarray:
    """(2h, 2w, 3) of (h, w, 3) uint8, interpolated."""
    height, width = colours.shape[:2]
    large = pygame.transform.smoothscale(canvas.to_surface(colours), (2 * width, 2 * height))
    return canvas.to_array(large)
