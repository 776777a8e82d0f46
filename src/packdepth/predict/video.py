"""Depth of a video, frame by frame."""

import contextlib
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from packdepth.errors import InputError
from packdepth.predict.picture import Picture, span
from packdepth.utils.files import atomic_write
from packdepth.utils.progress import track

Depth = Callable[[NDArray[np.uint8]], NDArray[np.float32]]  # of an image (H, W, 3): metres (H, W)
RANGE_FROM = 5  # frames, spread over the video, that its colours' range comes from
ENCODING = ("libx264", {"crf": "20"})


def require() -> None:
    """Raise InputError, before any work, unless videos can be read."""
    try:
        import av  # noqa: F401
    except ImportError:
        raise InputError("video: needs PyAV; install it by: pip install 'packdepth[video]'") from None


def write_video(video: Path, picture: Path, depth_of: Depth, keep: Callable[[int, NDArray[np.float32]], None]) -> None:
    """Write a video of every frame beside its depth, whole or not at all, and hand each frame's depth to `keep`.

    All frames have one range of colours. Raises InputError if the video cannot be read.
    """
    import av

    frames = _count(video)
    drawing: Picture | None = None
    with (
        track(f"predict {video.name}", frames) as advance,
        atomic_write(picture) as part,
        av.open(str(part), "w", format="mp4") as target,
    ):
        for index, (rgb, rate) in enumerate(_frames(video)):
            depth = depth_of(rgb)
            if drawing is None:
                drawing = Picture(depth.shape, _range(video, frames, depth_of))
                stream = _stream(target, drawing.draw(rgb, depth).shape, rate)
            keep(index, depth)
            _write(target, stream, drawing.draw(rgb, depth))
            advance()
        if drawing is None:
            raise InputError(f"{video}: has no frame")
        target.mux(stream.encode())


def _range(video: Path, frames: int, depth_of: Depth) -> tuple[float, float]:
    """The depths that nearly all pixels of some frames lie between, in m."""
    chosen = {int(index) for index in np.linspace(0, max(frames - 1, 0), RANGE_FROM)}
    depths = [depth_of(rgb) for index, (rgb, _) in enumerate(_frames(video)) if index in chosen]
    return span(np.stack(depths))


def _count(video: Path) -> int:
    with _opened(video) as source:
        return source.streams.video[0].frames or sum(1 for _ in source.decode(video=0))


def _frames(video: Path) -> Iterator[tuple[NDArray[np.uint8], Fraction]]:
    """Every frame (H, W, 3), upright, with the frames a second."""
    with _opened(video) as source:
        rate = source.streams.video[0].average_rate or Fraction(25)
        for frame in source.decode(video=0):
            yield np.ascontiguousarray(np.rot90(frame.to_ndarray(format="rgb24"), frame.rotation // 90)), rate


@contextlib.contextmanager
def _opened(video: Path) -> Iterator[Any]:
    import av

    try:
        with av.open(str(video)) as source:
            if not source.streams.video:
                raise InputError(f"{video}: has no pictures, only sound")
            yield source
    except (av.FFmpegError, OSError) as error:
        raise InputError(f"{video}: cannot be read as a video: {error}") from None


def _stream(target: Any, shape: tuple[int, ...], rate: Fraction) -> Any:
    name, options = ENCODING
    stream = target.add_stream(name, rate=rate, options=options)
    stream.height, stream.width = (side // 2 * 2 for side in shape[:2])  # colours have half the resolution
    stream.pix_fmt = "yuv420p"
    return stream


def _write(target: Any, stream: Any, picture: NDArray[np.uint8]) -> None:
    import av

    even = np.ascontiguousarray(picture[: stream.height, : stream.width])
    target.mux(stream.encode(av.VideoFrame.from_ndarray(even, format="rgb24")))
