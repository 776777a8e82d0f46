"""What a folder holds, frame by frame, and which frames follow one another."""

import itertools
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from packdepth.config.datasets import FolderData
from packdepth.data.datasets.base import complete
from packdepth.data.datasets.folder import depth
from packdepth.data.datasets.folder.cameras import read_cameras
from packdepth.data.datasets.folder.files import by_scene, find, spellings
from packdepth.data.datasets.folder.motion import Motion, read_motion
from packdepth.data.datasets.folder.times import associated, time_of
from packdepth.errors import InputError
from packdepth.utils.images import Header, read_header

IMAGES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".bmp", ".ppm", ".pgm")


@dataclass(frozen=True)
class Frame:
    """An image with depth, and what is known of it."""

    name: str
    image: Path
    header: Header
    depth: depth.DepthFile
    camera: Tensor  # intrinsics (3, 3), px of the upright image
    time: float | None  # s
    pose: NDArray[np.float64] | None  # world_from_camera (4, 4), m
    before: str  # the names of the images before and after in the scene's video, "" where none
    after: str


@dataclass(frozen=True)
class Contents:
    """The frames of all scenes, each scene's in the order of its video."""

    frames: list[Frame]
    spelled: dict[str, str]  # a frame's name, by all that a list may call it
    files: list[Path]  # that decide this


def read_contents(data: FolderData) -> Contents:
    """Find all frames. Raises InputError that names the file or the frame at fault."""
    images, depths = find(data.folder, data.rgb, IMAGES), find(data.folder, data.depth, depth.ENDINGS)
    spelled = spellings(images, data.folder)
    cameras = read_cameras(data, spelled)
    motion = read_motion(data, spelled)
    depth_of = _depths(data, images, depths)
    around = {
        name: (before, after)
        for video in _videos(images, motion)
        for before, name, after in zip(["", *video], video, [*video[1:], ""], strict=False)
    }
    needs: dict[str, Container[str]] = {"depth": depth_of, "intrinsics": cameras}
    needs |= {kind: known for kind, known in (("time", motion.time), ("pose", motion.pose)) if known is not None}
    frames = [
        Frame(
            name=name,
            image=images[name],
            header=read_header(images[name]),
            depth=depth.look(depth_of[name], data),
            camera=cameras[name],
            time=motion.time[name] if motion.time else None,
            pose=motion.pose[name] if motion.pose else None,
            before=around[name][0],
            after=around[name][1],
        )
        for name in _complete(list(around), needs, data)
    ]
    _check_sizes(frames, one_camera=not isinstance(data.intrinsics, Path))
    lists = [data.folder / path.expanduser() for path in (data.intrinsics, data.test) if isinstance(path, Path)]
    return Contents(frames, spelled, [*images.values(), *depths.values(), *motion.files, *lists])


def _depths(data: FolderData, images: dict[str, Path], depths: dict[str, Path]) -> dict[str, Path]:
    """The depth of each image that has any; raises InputError if none has, as then the patterns do not fit."""
    found = depths if data.match == "name" else _of_times(images, depths)
    if not images.keys() & found.keys():
        first = f"the first image is {next(iter(images))!r}, the first depth {next(iter(depths))!r}"
        raise InputError(f"{data.folder}: no image has a depth of its {data.match}: {first} (data.rgb, data.depth)")
    return found


def _of_times(images: dict[str, Path], depths: dict[str, Path]) -> dict[str, Path]:
    """The depth of each image that is of its scene and nearly of its time."""
    found: dict[str, Path] = {}
    of_depth = by_scene(depths)
    for scene, names in by_scene(images).items():
        times, others = ({name: time_of(name) for name in some} for some in (names, of_depth.get(scene, [])))
        found |= {name: depths[other] for name, other in associated(times, others).items()}
    return found


def _videos(images: dict[str, Path], motion: Motion) -> list[list[str]]:
    """The images of each scene in the order of time, or of their names where no time is known."""
    scenes = list(by_scene(images).values())
    time = motion.time
    if time is None:
        return scenes
    videos = [sorted(scene, key=lambda name: time.get(name, np.inf)) for scene in scenes]
    for one, other in (pair for video in videos for pair in itertools.pairwise(video)):
        if one in time and time[one] == time.get(other):
            raise InputError(f"{images[one]}: has the same time as {images[other]}, {time[one]} s")
    return videos


def _complete(names: list[str], needs: dict[str, Container[str]], data: FolderData) -> list[str]:
    """The frames that have all they need; raises InputError for the others, unless they may be skipped."""
    lacking = {
        place: f"{kind} of {name}"
        for place, name in enumerate(names)
        for kind, known in needs.items()
        if name not in known
    }
    return complete(names, lacking, data.folder, data.skip_missing, "RGB-D")


def _check_sizes(frames: list[Frame], one_camera: bool) -> None:
    """Raise InputError for an image of another shape than its depth, or than the first image if they share a camera."""
    for frame in frames:
        (height, width), (rows, columns) = frame.header.size, frame.depth.size
        turned = ", turned as its EXIF data say" if frame.header.turned else ""
        told = f"{frame.image}: is {width}x{height}{turned}"
        if min(abs(rows - height * columns / width), abs(columns - width * rows / height)) >= 1:
            raise InputError(f"{told}; its depth is {columns}x{rows}, but must show the same view, upright")
        if one_camera and frame.header.size != frames[0].header.size:
            first = f"{frames[0].image} is {frames[0].header.size[1]}x{frames[0].header.size[0]}"
            expected = "data.intrinsics in params.yaml must name a CSV file with name, fx, fy, cx, cy of each image"
            raise InputError(f"{told}, but {first}; {expected}")
