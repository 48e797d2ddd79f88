"""Frames to MP4 and GIF files, through imageio's ffmpeg and Pillow."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from PIL import Image

from ..errors import ConfigError, ShapeError
from .window import check_frame

SUFFIXES = (".mp4", ".gif")
MAX_GIF_FPS = 50.0
"""GIF counts hundredths of a second, and viewers slow down anything faster [1/s]."""
_GAP = 8
_GAP_COLOUR = 255


def write_video(frames: Iterable[np.ndarray], path: str | os.PathLike[str], *, fps: float) -> Path:
    """Write frames as a video; the suffix of the path, .mp4 or .gif, says which kind.

    The file appears under its name only when it is complete; missing folders are made. MP4 holds
    even sizes only: a last odd row or column is doubled.

    Args:
        frames: (height, width, 3) uint8 arrays of one size, at least one. An iterator is consumed
            frame by frame for MP4; a GIF holds all its frames in memory.
        path: where to.
        fps: frames per second.

    Returns:
        The path.

    Raises:
        ConfigError: on another suffix, or a frame rate out of range.
        ShapeError: there is no frame, or one is of another size or type.
    """
    path = Path(path)
    kind = path.suffix.lower()
    if kind not in SUFFIXES:
        raise ConfigError(f"path ends in {path.suffix!r}, allowed are {list(SUFFIXES)}: {path}")
    if not 0 < fps < np.inf or (kind == ".gif" and fps > MAX_GIF_FPS):
        limit = f", at most {MAX_GIF_FPS:g} for a GIF" if kind == ".gif" else ""
        raise ConfigError(f"fps is {fps}, allowed is a number above 0{limit}")
    checked = _checked(frames)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(suffix=kind, prefix=f".{path.stem}-", dir=path.parent)
    os.close(handle)
    unfinished = Path(name)
    try:
        (_write_gif if kind == ".gif" else _write_mp4)(checked, unfinished, fps)
        unfinished.chmod(0o644)  # mkstemp's files are their owner's only
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


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


def _write_mp4(frames: Iterator[np.ndarray], path: Path, fps: float) -> None:
    """H.264 with 4:2:0 colours, which every browser plays."""
    first = _even(next(frames))
    writer = imageio_ffmpeg.write_frames(
        str(path),
        (first.shape[1], first.shape[0]),
        fps=fps,  # pyright: ignore[reportArgumentType]  # a float by its documentation
        codec="libx264",
        pix_fmt_out="yuv420p",
        quality=6,  # a constant rate factor of 20
        macro_block_size=2,
        output_params=["-movflags", "+faststart"],
    )
    writer.send(None)
    try:
        for frame in chain([first], map(_even, frames)):
            writer.send(np.ascontiguousarray(frame))
    finally:
        writer.close()


def _even(frame: np.ndarray) -> np.ndarray:
    height, width = frame.shape[:2]
    if height % 2 == 0 and width % 2 == 0:
        return frame
    return np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")


def _write_gif(frames: Iterator[np.ndarray], path: Path, fps: float) -> None:
    """An endless GIF; one palette for all frames, taken from the middle one, avoids flicker."""
    images = [Image.fromarray(frame) for frame in frames]
    palette = images[len(images) // 2].quantize(256, method=Image.Quantize.MEDIANCUT)
    # Without dithering, still areas stay the same from frame to frame and take no space.
    few = [image.quantize(palette=palette, dither=Image.Dither.NONE) for image in images]
    ends = np.round(np.arange(1, len(few) + 1) * 100 / fps)  # [0.01 s]
    durations = [int(step) * 10 for step in np.diff(ends, prepend=0.0)]
    few[0].save(
        path, save_all=True, append_images=few[1:], duration=durations, loop=0, optimize=False
    )
