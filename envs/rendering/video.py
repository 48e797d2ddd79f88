"""Frames to MP4 and GIF files, through the ffmpeg that imageio-ffmpeg brings."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

import imageio_ffmpeg
import numpy as np

from ..errors import ConfigError, ShapeError
from .window import check_frame

SUFFIXES = (".mp4", ".gif")
MAX_GIF_FPS = 50.0
"""GIF counts hundredths of a second, and viewers slow down anything faster [1/s]."""
_GIF_PALETTE = (
    "split[to_count][to_draw];[to_count]palettegen=stats_mode=full[palette];"
    "[to_draw][palette]paletteuse=dither=bayer:bayer_scale=5:diff_mode=rectangle"
)
"""One palette of 256 colours for the whole video; ordered dithering keeps still areas still."""
_GAP = 8
_GAP_COLOUR = 255


def write_video(frames: Iterable[np.ndarray], path: str | os.PathLike[str], *, fps: float) -> Path:
    """Write frames as a video; the suffix of the path, .mp4 or .gif, says which kind.

    The file appears under its name only when it is complete; missing folders are made. MP4 holds
    even sizes only: a last odd row or column is doubled there.

    Args:
        frames: (height, width, 3) uint8 arrays of one size, at least one; an iterator will do.
        path: where to.
        fps: frames per second.

    Returns:
        The path.

    Raises:
        ConfigError: on another suffix, or a frame rate out of range.
        ShapeError: there is no frame, or one is of another size or type.
    """
    path = Path(path)
    check_video_path(path)
    kind = path.suffix.lower()
    if not 0 < fps < np.inf or (kind == ".gif" and fps > MAX_GIF_FPS):
        limit = f", at most {MAX_GIF_FPS:g} for a GIF" if kind == ".gif" else ""
        raise ConfigError(f"fps is {fps}, allowed is a number above 0{limit}")
    checked = _checked(frames)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(suffix=kind, prefix=f".{path.stem}-", dir=path.parent)
    os.close(handle)
    unfinished = Path(name)
    try:
        _encode(checked, unfinished, fps, is_gif=kind == ".gif")
        unfinished.chmod(0o644)  # mkstemp's files are their owner's only
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def check_video_path(path: Path) -> None:
    """Raise `ConfigError` unless the suffix is a video's: sooner than after all was filmed."""
    if path.suffix.lower() not in SUFFIXES:
        raise ConfigError(f"path ends in {path.suffix!r}, allowed are {list(SUFFIXES)}: {path}")


def side_by_side(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Two frames in one, with a white gap; the lower one is centred on the height of the other.

    Args:
        left: (height, width, 3) uint8.
        right: (height, width, 3) uint8.

    Raises:
        ShapeError: one of them is no such frame.
    """
    check_frame(left, "left")
    check_frame(right, "right")
    height = max(left.shape[0], right.shape[0])
    width = left.shape[1] + _GAP + right.shape[1]
    both = np.full((height, width, 3), _GAP_COLOUR, dtype=np.uint8)
    for frame, start in ((left, 0), (right, left.shape[1] + _GAP)):
        top = (height - frame.shape[0]) // 2
        both[top : top + frame.shape[0], start : start + frame.shape[1]] = frame
    return both


def _checked(frames: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """The frames, each checked as it comes; the first one at once."""
    iterator = iter(frames)
    first = next(iterator, None)
    if first is None:
        raise ShapeError("frames is empty, expected at least one frame; render before writing")
    check_frame(first, "frames[0]")
    return _same_size(chain([first], iterator), first.shape)


def _same_size(frames: Iterable[np.ndarray], shape: tuple[int, ...]) -> Iterator[np.ndarray]:
    for i, frame in enumerate(frames):
        check_frame(frame, f"frames[{i}]")
        if frame.shape != shape:
            raise ShapeError(
                f"frames[{i}] has shape {frame.shape}, expected {shape} as frames[0] has; "
                "render all frames in one size"
            )
        yield frame


def _encode(frames: Iterator[np.ndarray], path: Path, fps: float, *, is_gif: bool) -> None:
    first = next(frames)
    fit = np.asarray if is_gif else _even
    height, width = fit(first).shape[:2]
    writer = imageio_ffmpeg.write_frames(
        str(path),
        (width, height),
        fps=fps,  # pyright: ignore[reportArgumentType]  # a float by its documentation
        codec="gif" if is_gif else "libx264",
        pix_fmt_out="pal8" if is_gif else "yuv420p",
        quality=6,  # of H.264: a constant rate factor of 20
        macro_block_size=1 if is_gif else 2,
        ffmpeg_log_level="error",
        output_params=["-vf", _GIF_PALETTE] if is_gif else ["-movflags", "+faststart"],
    )
    writer.send(None)
    try:
        for frame in chain([first], frames):
            writer.send(np.ascontiguousarray(fit(frame)))
    finally:
        writer.close()


def _even(frame: np.ndarray) -> np.ndarray:
    """The frame with a last odd row or column doubled."""
    height, width = frame.shape[:2]
    return np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
