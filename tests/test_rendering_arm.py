import gc

import numpy as np
import pytest
from rendering_scenes import make_scene, mask, near

from conceptgym.envs.errors import ConfigError, ShapeError
from conceptgym.envs.rendering import arm, theme
from conceptgym.envs.rendering.arm import ArmRenderer
from conceptgym.envs.rendering.arm_gl import NoOpenGLError
from conceptgym.envs.rendering.camera import Pinhole
from conceptgym.envs.rendering.gl import opengl_hint
from conceptgym.envs.rendering.markers import Overlay

SIZE = (240, 320)
MODEL, DATA = make_scene(3)


def opengl_works() -> bool:
    try:
        ArmRenderer(MODEL, size=SIZE, backend="opengl").close()
    except NoOpenGLError:
        return False
    return True


BACKENDS = ["raycast", *(["opengl"] if opengl_works() else [])]


@pytest.fixture(params=BACKENDS)
def renderer(request):
    with ArmRenderer(MODEL, size=SIZE, backend=request.param) as made:
        assert made.backend == request.param
        yield made


def seen_at(point: list[float]) -> np.ndarray:
    """Row and column at which the front camera sees a point [m]."""
    front = Pinhole.of(MODEL, DATA, name="front", size=SIZE)
    return front.project(np.array([point]))[0][0, ::-1]


def test_attended_and_identified_objects_are_ringed(renderer):
    # Rows 1, 2 and 3 are object_0, object_1 and object_2, at y = -0.1, 0 and 0.1 m.
    frame = renderer.draw(DATA, Overlay(attended=mask(1), identified=mask(3)))
    for colour, y in ((theme.ATTENDED, -0.1), (theme.IDENTIFIED, 0.1)):
        middle = np.argwhere(near(frame, colour)).mean(axis=0)
        np.testing.assert_allclose(middle, seen_at([0.5, y, 0.0]), atol=3)


def test_object_rows_say_which_mask_row_an_object_has(renderer):
    swapped = renderer.draw(DATA, Overlay(attended=mask(5)), object_rows=[7, 2, 5])
    plain = renderer.draw(DATA, Overlay(attended=mask(3)))
    np.testing.assert_array_equal(swapped, plain)


def test_the_plan_and_the_trail_are_drawn(renderer):
    trail = np.array([[0.4, -0.2, 0.1], [0.4, 0.2, 0.1]])
    frame = renderer.draw(DATA, Overlay(plan=np.array([[0.5, 0.5]])), fingertip_trail=trail)
    # The plane's (0.5, 0.5) is world (0.4, 0.1) m.
    violet = np.argwhere(near(frame, theme.PLAN, 60)).mean(axis=0)
    foot, head = seen_at([0.4, 0.1, 0.0]), seen_at([0.4, 0.1, 0.08])
    assert head[0] - 4 < violet[0] < foot[0] + 4 and abs(violet[1] - foot[1]) < 4
    assert near(frame, theme.TRAIL, 70).any()


def test_the_text_is_written_over_the_picture(renderer):
    plain = renderer.draw(DATA)
    titled = renderer.draw(DATA, Overlay(title="near · identify", status="success"))
    changed = (plain != titled).any(axis=2)
    assert changed[:40].any() and not changed[60:].any()


def test_data_of_another_model_is_drawn_with_that_model(renderer):
    other_model, other_data = make_scene(5)
    with ArmRenderer(other_model, size=SIZE, backend=renderer.backend) as fresh:
        expected = fresh.draw(other_data, Overlay(attended=mask(5)))
    np.testing.assert_array_equal(renderer.draw(other_data, Overlay(attended=mask(5))), expected)


def test_closing_twice_is_fine_and_drawing_opens_again(renderer):
    before = renderer.draw(DATA)
    renderer.close()
    renderer.close()
    assert renderer.backend == "closed"
    np.testing.assert_array_equal(renderer.draw(DATA), before)


def test_two_renderers_do_not_disturb_each_other(renderer):
    before = renderer.draw(DATA)
    with ArmRenderer(MODEL, size=SIZE, camera="top", backend=renderer.backend) as other:
        other.draw(DATA)
        np.testing.assert_array_equal(renderer.draw(DATA), before)
    np.testing.assert_array_equal(renderer.draw(DATA), before)


def test_many_renderers_that_nobody_closed_are_freed():
    for _ in range(12):
        ArmRenderer(MODEL, size=(40, 60), backend=BACKENDS[-1]).draw(DATA)
    gc.collect()


@pytest.mark.skipif("opengl" not in BACKENDS, reason="no OpenGL here")
def test_both_ways_of_drawing_show_the_same():
    overlay = Overlay(attended=mask(1), plan=np.array([[0.1, 0.2]]))
    frames = []
    for backend in BACKENDS:
        with ArmRenderer(MODEL, size=SIZE, backend=backend) as made:
            frames.append(made.draw(DATA, overlay).astype(float))
    assert np.abs(frames[0] - frames[1]).mean() < 12


def test_opengl_on_demand_fails_with_the_hint(monkeypatch):
    def broken(*_args, **_kwargs):
        raise NoOpenGLError("no OpenGL with MUJOCO_GL='egl': no driver")

    monkeypatch.setattr(arm, "GLRenderer", broken)
    with pytest.raises(NoOpenGLError) as caught:
        ArmRenderer(MODEL, backend="opengl")
    assert str(caught.value) == f"no OpenGL with MUJOCO_GL='egl': no driver. {opengl_hint()}"


def test_an_unknown_backend_is_refused():
    with pytest.raises(ConfigError) as caught:
        ArmRenderer(MODEL, backend="vulkan")
    assert str(caught.value) == ("backend is 'vulkan', allowed are ['auto', 'opengl', 'raycast']")


def test_an_unknown_camera_is_refused(renderer):
    with pytest.raises(ConfigError, match=r"^camera is 'side', the model has"):
        ArmRenderer(MODEL, camera="side", backend=renderer.backend)


@pytest.mark.parametrize("rows", [[1, 2], [1, 2, 16], [-1, 2, 3]])
def test_wrong_object_rows_are_refused(renderer, rows):
    with pytest.raises(ConfigError) as caught:
        renderer.draw(DATA, object_rows=rows)
    assert str(caught.value) == (
        f"object_rows is {rows}, the model has 3 objects; pass one row in [0, 15] for each"
    )


def test_a_plane_trail_as_fingertip_trail_is_refused(renderer):
    with pytest.raises(ShapeError, match=r"^fingertip_trail has shape \(4, 2\), expected \(N, 3\)"):
        renderer.draw(DATA, fingertip_trail=np.zeros((4, 2)))
