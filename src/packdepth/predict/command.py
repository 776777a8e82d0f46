"""Metric depth for anyone's images: `packdepth predict IMAGE...`."""

import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from packdepth.errors import InputError, explained
from packdepth.inference.depth_model import DepthModel
from packdepth.inference.images import photo, rgb_bytes
from packdepth.predict import depth_file, video
from packdepth.predict.cloud import write_cloud
from packdepth.predict.depth_file import Format, write_depth
from packdepth.predict.picture import Picture, span
from packdepth.predict.sources import found, is_video
from packdepth.utils.files import atomic_write
from packdepth.utils.progress import track


@dataclass(frozen=True)
class Wanted:
    """What is to be written, and where."""

    folder: Path
    depth: Format = "png"
    cloud: bool = False
    force: bool = False  # overwrite what is there
    focal_length: float | None = None  # px of the images

    def files(self, source: Path) -> list[Path]:
        """What is written for an image or a video: depth, a picture and perhaps a cloud of points."""
        stem = self.folder / source.stem
        if is_video(source):  # depth is a folder there
            return [stem.with_name(f"{stem.name}_depth"), stem.with_name(f"{stem.name}_picture.mp4")]
        names = [f"_depth.{self.depth}", "_picture.png", *(["_cloud.ply"] if self.cloud else [])]
        return [stem.with_name(f"{stem.name}{name}") for name in names]


def predict(
    model: DepthModel, inputs: list[str], wanted: Wanted, doubts: dict[Path, float] | None = None
) -> tuple[list[Path], list[str]]:
    """Write the depth of every image and video meant; returns the files, and a line for each source that failed.

    How unsure the model is of each image is noted in `doubts`. Depth is metric for the camera of the training data, or
    with a focal length for the images' own. Raises InputError, before anything is written, if an input means nothing,
    two would have files of the same name, a file is there already, or something that they need is not installed or not
    known.
    """
    sources = found(inputs)
    require(model, sources, wanted)
    doubts = {} if doubts is None else doubts
    written: list[Path] = []
    failed: list[str] = []

    def attempt(write: Callable[[DepthModel, Path, Wanted], None], source: Path) -> None:
        try:
            write(model, source, wanted)
            written.extend(wanted.files(source))
        except Exception as error:
            if not (line := explained(error)):
                raise
            failed.append(line if str(source) in line else f"{source}: {line}")

    def of_image(model: DepthModel, source: Path, wanted: Wanted) -> None:
        doubts[source] = _of_image(model, source, wanted)

    images = [source for source in sources if not is_video(source)]
    if images:
        with track("predict", len(images)) as advance:
            for source in images:
                attempt(of_image, source)
                advance(1, source.name)
    for source in filter(is_video, sources):  # each shows its own progress
        attempt(_of_video, source)
    return written, failed


def require(model: DepthModel, sources: list[Path], wanted: Wanted) -> None:
    """Raise InputError, before any work, if something cannot be written as wanted, or stands there already."""
    depth_file.require(wanted.depth)
    if any(map(is_video, sources)):
        video.require()
    if wanted.folder.exists() and not wanted.folder.is_dir():
        raise InputError(f"{wanted.folder}: is a file; expected a folder for the predictions")
    if wanted.focal_length is not None:
        model.stretch(wanted.focal_length, 1)  # known, or an error
    elif wanted.cloud:
        model.usual_focal_length(1)
    there = [file for source in sources for file in wanted.files(source) if file.exists()]
    if there and not wanted.force:
        more = f" and {len(there) - 1} more" if len(there) > 1 else ""
        raise InputError(f"{there[0]}{more}: already there; --force overwrites")


def _of_image(model: DepthModel, source: Path, wanted: Wanted) -> float:
    """Write an image's files; returns how unsure the model is of it."""
    image = photo(source)
    rgb, focal_length = rgb_bytes(image.rgb), image.focal_length(wanted.focal_length)
    if image.shrunk > 1:
        print(f"packdepth: {source}: very large; its depth has {len(rgb)}x{rgb.shape[1]} px", file=sys.stderr)
    depth, doubt = model.infer_with_doubt(image.rgb, focal_length)
    of_depth, of_picture, *of_cloud = wanted.files(source)
    write_depth(of_depth, depth)
    picture = Picture(depth.shape, span(depth)).draw(rgb, depth)
    with atomic_write(of_picture) as part:
        Image.fromarray(picture).save(part, format="PNG")
    for path in of_cloud:
        write_cloud(path, depth, rgb, focal_length or model.usual_focal_length(len(depth)))
    return doubt


def _of_video(model: DepthModel, source: Path, wanted: Wanted) -> None:
    of_depth, of_picture = wanted.files(source)
    wanted.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=wanted.folder, prefix=f".{source.stem}.") as unfinished:
        frames = Path(unfinished, of_depth.name)

        def keep(frame: int, depth: NDArray[np.float32]) -> None:
            write_depth(frames / f"{frame:06}.{wanted.depth}", depth)

        video.write_video(source, of_picture, lambda rgb: model.infer(rgb, wanted.focal_length), keep)
        if of_depth.exists():
            shutil.rmtree(of_depth)
        frames.rename(of_depth)
