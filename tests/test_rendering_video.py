from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from conceptgym.envs.errors import ConfigError, ShapeError
from conceptgym.envs.rendering.video import side_by_side, write_video


def make_frames(count: int, size: tuple[int, int] = (48, 64)) -> list[np.ndarray]:
    """A white bar that moves to the right by 4 pixels a frame, on red."""
    frames = np.full((count, *size, 3), (200, 30, 30), dtype=np.uint8)
    for i, frame in enumerate(frames):
        frame[:, 4 * i : 4 * i + 4] = 255
    return list(frames)


def read_mp4(path: Path) -> tuple[dict, np.ndarray]:
    reader = imageio_ffmpeg.read_frames(str(path))
    about = next(reader)
    width, height = about["size"]
    frames = [np.frombuffer(f, dtype=np.uint8).reshape(height, width, 3) for f in reader]
    return about, np.array(frames)


def test_an_mp4_holds_the_frames_in_order_and_at_their_rate(tmp_path):
    frames = make_frames(12)
    path = write_video(iter(frames), tmp_path / "new" / "a.mp4", fps=25)
    about, read = read_mp4(path)
    assert about["fps"] == 25 and read.shape == (12, 48, 64, 3)
    assert np.abs(read.astype(int) - np.array(frames)).mean() < 10
    assert [int(f[20, :, 1].astype(int).argmax()) // 4 for f in read] == list(range(12))


def test_odd_sizes_are_made_even(tmp_path):
    _, read = read_mp4(write_video(make_frames(3, (47, 63)), tmp_path / "a.mp4", fps=10))
    assert read.shape == (3, 48, 64, 3)


def test_a_gif_holds_the_frames_and_runs_for_as_long(tmp_path):
    frames = make_frames(7)
    path = write_video(frames, tmp_path / "a.gif", fps=30)
    with Image.open(path) as image:
        assert getattr(image, "n_frames", 1) == 7 and image.info["loop"] == 0
        total = 0
        for i, frame in enumerate(frames):
            image.seek(i)
            total += image.info["duration"]
            assert np.abs(np.asarray(image.convert("RGB")).astype(int) - frame).mean() < 4
    assert total == 230  # seven thirtieths of a second in hundredths [ms]


def failing_frames():
    yield make_frames(1)[0]
    raise RuntimeError("the simulation broke")


@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
def test_a_failure_leaves_the_old_file_and_no_other(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_text("old")
    with pytest.raises(RuntimeError, match="the simulation broke"):
        write_video(failing_frames(), path, fps=10)
    assert [p.name for p in tmp_path.iterdir()] == [path.name] and path.read_text() == "old"


def test_no_frame_is_refused(tmp_path):
    with pytest.raises(ShapeError) as caught:
        write_video([], tmp_path / "a.mp4", fps=10)
    assert str(caught.value) == (
        "frames is empty, expected at least one frame; render before writing"
    )
    assert not list(tmp_path.iterdir())


def test_an_unknown_suffix_is_refused(tmp_path):
    with pytest.raises(ConfigError) as caught:
        write_video(make_frames(1), tmp_path / "a.avi", fps=10)
    assert str(caught.value) == (
        f"path ends in '.avi', allowed are ['.mp4', '.gif']: {tmp_path / 'a.avi'}"
    )


def test_frames_of_two_sizes_are_refused(tmp_path):
    frames = [make_frames(1)[0], make_frames(1, (20, 20))[0]]
    with pytest.raises(ShapeError) as caught:
        write_video(frames, tmp_path / "a.gif", fps=10)
    assert str(caught.value) == (
        "frames[1] has shape (20, 20, 3), expected (48, 64, 3) as frames[0] has; "
        "render all frames in one size"
    )


@pytest.mark.parametrize(
    ("name", "fps", "limit"),
    [("a.mp4", 0, ""), ("a.mp4", float("nan"), ""), ("a.gif", 60, ", at most 50 for a GIF")],
)
def test_a_bad_frame_rate_is_refused(tmp_path, name, fps, limit):
    with pytest.raises(ConfigError) as caught:
        write_video(make_frames(1), tmp_path / name, fps=fps)
    assert str(caught.value) == f"fps is {fps}, allowed is a number above 0{limit}"


def test_side_by_side_keeps_both_frames():
    left, right = make_frames(1, (48, 64))[0], make_frames(1, (30, 20))[0]
    both = side_by_side(left, right)
    assert both.shape == (48, 64 + 8 + 20, 3)
    np.testing.assert_array_equal(both[:, :64], left)
    np.testing.assert_array_equal(both[9:39, 72:], right)
    assert (both[:, 64:72] == 255).all() and (both[:9, 72:] == 255).all()


def test_side_by_side_names_the_bad_frame():
    with pytest.raises(ShapeError, match=r"^right is a uint8 array of shape \(4, 5\), expected"):
        side_by_side(make_frames(1)[0], np.zeros((4, 5), dtype=np.uint8))
