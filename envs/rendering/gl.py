"""Which OpenGL MuJoCo draws with on a machine without a display, and what to install if none.

MuJoCo reads the variable MUJOCO_GL once, when it is first imported, and its default (GLFW) needs a
display. Naming a backend whose libraries are missing makes `import mujoco` itself fail, so a
backend is named only after its libraries have been loaded.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import sys

VARIABLE = "MUJOCO_GL"
APT_COMMAND = "apt-get install --no-install-recommends libegl1 libgl1-mesa-dri libopengl0"
_LIBRARIES = {
    # PyOpenGL loads the desktop API from libOpenGL or, failing that, from libGL.
    "egl": (("libEGL.so.1",), ("libOpenGL.so.0", "libGL.so.1")),
    "osmesa": (("libOSMesa.so.8", "libOSMesa.so.6", "libOSMesa.so"),),
}
_NO_BACKEND = "disable"


def opengl_hint() -> str:
    """The sentence that says how to get OpenGL on a Debian or Ubuntu machine."""
    return (
        f"To draw with OpenGL, run `{APT_COMMAND}` (as root) and start Python again; "
        "the pictures then have finer shading."
    )


def choose_opengl_backend() -> str:
    """Set MUJOCO_GL to what this machine has, unless the user has set it; return its value.

    Linux without a display: "egl" if its libraries load, else "osmesa" if they do, else "disable",
    with which `import mujoco` works and `mujoco.Renderer` does not. macOS, Windows and Linux with a
    display: MuJoCo's own default, returned as "". Where MuJoCo has been imported already, its
    choice of backend is made again. Cheap and without effect when called again.
    """
    chosen = os.environ.get(VARIABLE, "")
    if chosen or not sys.platform.startswith("linux") or _has_display():
        return chosen
    found = [name for name, needed in _LIBRARIES.items() if all(map(_loads_any, needed))]
    chosen = found[0] if found else _NO_BACKEND
    os.environ[VARIABLE] = chosen
    if found and "mujoco" in sys.modules:
        _choose_again()
    return chosen


def _has_display() -> bool:
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _loads_any(names: tuple[str, ...]) -> bool:
    """Whether one of these shared libraries can be loaded."""
    for name in names:
        try:
            ctypes.CDLL(name)
        except OSError:
            continue
        return True
    return False


def _choose_again() -> None:
    """Let an already imported MuJoCo read MUJOCO_GL anew."""
    importlib.reload(importlib.import_module("mujoco.rendering.classic.gl_context"))
