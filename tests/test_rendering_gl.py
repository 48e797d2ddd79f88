import os
import subprocess
import sys
from pathlib import Path

import pytest

from conceptgym.envs.rendering import gl


@pytest.fixture
def headless(monkeypatch):
    """Linux without a display, MUJOCO_GL unset, MuJoCo not told of any choice."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(gl, "_choose_again", lambda: None)
    for name in ("MUJOCO_GL", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.setenv(name, "to be restored")
        monkeypatch.delenv(name)
    return monkeypatch


def with_libraries(patch, *present: str) -> None:
    patch.setattr(gl, "_loads_any", lambda names: any(name in present for name in names))


@pytest.mark.parametrize(
    ("present", "chosen"),
    [
        (("libEGL.so.1", "libOpenGL.so.0", "libOSMesa.so.8"), "egl"),
        (("libEGL.so.1", "libGL.so.1"), "egl"),
        (("libEGL.so.1",), "disable"),
        (("libEGL.so.1", "libOSMesa.so.8"), "osmesa"),
        ((), "disable"),
    ],
)
def test_headless_linux_takes_what_its_libraries_allow(headless, present, chosen):
    with_libraries(headless, *present)
    assert gl.choose_opengl_backend() == chosen == os.environ["MUJOCO_GL"]


def test_the_users_choice_stands(headless):
    with_libraries(headless, "libEGL.so.1", "libOpenGL.so.0")
    headless.setenv("MUJOCO_GL", "glfw")
    assert gl.choose_opengl_backend() == "glfw" == os.environ["MUJOCO_GL"]


@pytest.mark.parametrize("display", ["DISPLAY", "WAYLAND_DISPLAY"])
def test_with_a_display_mujoco_decides(headless, display):
    headless.setenv(display, ":0")
    assert gl.choose_opengl_backend() == "" and "MUJOCO_GL" not in os.environ


def test_on_macos_mujoco_decides(headless):
    headless.setattr(sys, "platform", "darwin")
    assert gl.choose_opengl_backend() == "" and "MUJOCO_GL" not in os.environ


def test_the_hint_names_one_command():
    assert gl.opengl_hint() == (
        "To draw with OpenGL, run `apt-get install --no-install-recommends libegl1 "
        "libgl1-mesa-dri libopengl0` (as root) and start Python again; "
        "the pictures then have finer shading."
    )


def run_headless(code: str) -> subprocess.CompletedProcess[str]:
    hidden = ("MUJOCO_GL", "DISPLAY", "WAYLAND_DISPLAY", "PYOPENGL_PLATFORM", "SDL_VIDEODRIVER")
    environment = {k: v for k, v in os.environ.items() if k not in hidden}
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent,
        env=environment,
        check=False,
    )


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="macOS brings its OpenGL")
def test_without_libraries_mujoco_imports_and_the_arm_is_drawn_with_one_warning():
    done = run_headless(
        "import ctypes, warnings\n"
        "class WithoutOpenGL(ctypes.CDLL):\n"
        "    def __init__(self, name, *args, **kwargs):\n"
        "        if any(part in str(name) for part in ('EGL', 'OSMesa', 'OpenGL', 'libGL.')):\n"
        "            raise OSError(name)\n"
        "        super().__init__(name, *args, **kwargs)\n"
        "ctypes.CDLL = WithoutOpenGL\n"
        "from conceptgym.envs.rendering import gl\n"
        "assert gl.choose_opengl_backend() == 'disable'\n"
        "from conceptgym.envs.rendering.arm import ArmRenderer\n"
        "from rendering_scenes import make_scene\n"
        "model, data = make_scene()\n"
        "with warnings.catch_warnings(record=True) as caught:\n"
        "    warnings.simplefilter('always')\n"
        "    for _ in range(2):\n"
        "        with ArmRenderer(model, size=(60, 80)) as renderer:\n"
        "            assert renderer.backend == 'raycast'\n"
        "            assert renderer.draw(data).std() > 2\n"
        "assert len(caught) == 1 and gl.opengl_hint() in str(caught[0].message)\n"
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="EGL is of Linux")
def test_mujoco_imported_first_still_gets_the_backend():
    done = run_headless(
        "import mujoco\n"
        "from conceptgym.envs.rendering.gl import choose_opengl_backend\n"
        "chosen = choose_opengl_backend()\n"
        "from mujoco.rendering.classic import gl_context\n"
        "assert chosen == 'disable' or gl_context.GLContext.__module__ == f'mujoco.{chosen}'\n"
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="EGL is of Linux")
def test_closing_a_window_leaves_opengl_renderers_alone():
    """SDL's driver for machines without a display would shut down MuJoCo's EGL display."""
    done = run_headless(
        "from conceptgym.envs.rendering.gl import choose_opengl_backend\n"
        "choose_opengl_backend()\n"
        "from conceptgym.envs.rendering.arm import ArmRenderer\n"
        "from conceptgym.envs.rendering.window import Window\n"
        "from rendering_scenes import make_scene\n"
        "model, data = make_scene()\n"
        "first = ArmRenderer(model, size=(60, 80))\n"
        "frame, backend = first.draw(data), first.backend\n"
        "for _ in range(2):\n"
        "    with Window(fps=0) as window:\n"
        "        assert window.show(frame)\n"
        "    assert (first.draw(data) == frame).all()\n"
        "    with ArmRenderer(model, size=(60, 80)) as second:\n"
        "        assert second.backend == backend\n"
        "        assert (second.draw(data) == frame).all()\n"
    )
    assert done.returncode == 0, done.stderr
