"""An OpenGL context without a window, which models that look alike share."""

from __future__ import annotations

from functools import cache

import mujoco
import numpy as np
from mujoco.rendering.classic import gl_context

_LOOKS = ("tex_data", "tex_type", "tex_height", "tex_width", "mat_texid", "mat_texrepeat")
_LOOKS += ("mat_texuniform", "mesh_vert", "mesh_face", "mesh_texcoord", "hfield_data", "skin_vert")
_RGB_ROLE = int(mujoco.mjtTextureRole.mjTEXROLE_RGB)
_TEXTURE_NAME = 1_000_000
"""OpenGL's name of the painted texture: any that is not in use; it goes with the context."""
_OFFSCREEN = int(mujoco.mjtFramebuffer.mjFB_OFFSCREEN)


class Offscreen:
    """Draws MuJoCo's scenes into memory.

    Args:
        model: whose textures and meshes it holds.
        size: (height, width) of the pictures [pixels].

    Raises:
        Exception: there is no OpenGL; each backend and driver has a type of its own.
    """

    def __init__(self, model: mujoco.MjModel, size: tuple[int, int]) -> None:
        self.size = size
        self._looks = _looks(model)
        self._context: mujoco.MjrContext | None = None
        self._gl = _without_finaliser(gl_context.GLContext)(size[1], size[0])
        self._gl.make_current()
        self._context = mujoco.MjrContext(model, int(mujoco.mjtFontScale.mjFONTSCALE_150))
        mujoco.mjr_setBuffer(_OFFSCREEN, self._context)

    def suits(self, model: mujoco.MjModel) -> bool:
        """Whether a model has the same textures and meshes, so that its scenes can be drawn."""
        return all(map(np.array_equal, self._looks, _looks(model)))

    def render(self, scene: mujoco.MjvScene) -> np.ndarray:
        """A (height, width, 3) uint8 picture."""
        height, width = self.size
        frame = np.empty((height, width, 3), dtype=np.uint8)
        area = mujoco.MjrRect(0, 0, width, height)
        self._gl.make_current()
        mujoco.mjr_render(area, scene, self._context)
        mujoco.mjr_readPixels(frame, None, area, self._context)
        return frame[::-1].copy()

    def paint(self, material: int, picture: np.ndarray | None) -> None:
        """Give a material without a texture a picture that spans each of its geoms; None ends that.

        Args:
            material: its id.
            picture: (h, w, 3) uint8, rows along the geom's y, columns along its x.
        """
        context = self._context
        if context is None:
            return
        index = int(context.ntexture)  # one beyond the model's own
        roles = context.mat_texid.reshape(-1, len(context.mat_texid) // len(context.mat_texuniform))
        roles[material, _RGB_ROLE] = -1 if picture is None else index
        if picture is None:
            return
        self._gl.make_current()
        context.texture[index] = _TEXTURE_NAME
        context.textureType[index] = int(mujoco.mjtTexture.mjTEXTURE_2D)
        context.mat_texrepeat.reshape(-1, 2)[material] = 1.0
        context.mat_texuniform[material] = 0
        upside_down = picture[::-1]  # MuJoCo's t runs against y
        mujoco.mjr_uploadTexture(_carrier(upside_down, index), context, index)

    def close(self) -> None:
        """Free the context."""
        if self._context is not None:
            with self._gl.as_current():
                self._context.free()
        self._context = None
        self._gl.free()

    def __del__(self) -> None:
        if hasattr(self, "_gl"):
            self.close()


def _looks(model: mujoco.MjModel) -> list[np.ndarray]:
    """What an OpenGL context holds of a model."""
    parts = model.vis.quality, model.vis.global_, model.vis.map, model.vis.rgba
    settings = [getattr(part, name) for part in parts for name in _names(part)]
    numbers = np.concatenate([np.ravel(value) for value in (*settings, model.stat.extent)])
    return [*(getattr(model, name).copy() for name in _LOOKS), numbers]


def _names(part: object) -> list[str]:
    """The fields of one of MuJoCo's structures."""
    names = (name for name in dir(part) if not name.startswith("_"))
    return [name for name in names if not callable(getattr(part, name))]


@cache
def _without_finaliser(kind: type) -> type:
    """MuJoCo's OpenGL context, to be freed by its owner alone, which first frees what it holds."""
    return type(f"Owned{kind.__name__}", (kind,), {"__del__": lambda self: None})


def _carrier(picture: np.ndarray, index: int) -> mujoco.MjModel:
    """A model whose texture of this index is the picture: MuJoCo uploads models' textures only."""
    spec = mujoco.MjSpec()
    kind = mujoco.mjtTexture.mjTEXTURE_2D
    for number in range(index):
        flat = mujoco.mjtBuiltin.mjBUILTIN_FLAT
        spec.add_texture(name=f"unused_{number}", type=kind, builtin=flat, width=1, height=1)
    height, width = picture.shape[:2]
    texture = spec.add_texture(name="picture", type=kind, width=width, height=height, nchannel=3)
    texture.data = np.ascontiguousarray(picture).tobytes()
    return spec.compile()
