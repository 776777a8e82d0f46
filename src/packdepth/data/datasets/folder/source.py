"""Anyone's RGB-D frames as a source of stores: docs/folder.md says what a folder may hold.

Images are turned upright as their EXIF data say; depth and intrinsics must be those of the upright image. Image and
depth are cropped at the centre to the aspect of `size`, at whole pixels of the depth. Then the image and training depth
are scaled to `size`; test depth keeps its own resolution.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from packdepth.config.datasets import FolderData
from packdepth.data.datasets.archives import Tree
from packdepth.data.datasets.base import DatasetInfo, Get
from packdepth.data.datasets.folder.depth import read_depth, stored_unit
from packdepth.data.datasets.folder.frames import Frame, read_contents
from packdepth.data.datasets.folder.split import held_out
from packdepth.data.store.batch import Batch
from packdepth.errors import InputError
from packdepth.geometry.cameras import crop, resize
from packdepth.utils.images import decode, fitted, upright_rgb

Size = tuple[int, int]  # height and width, px


@dataclass(frozen=True)
class Window:
    """A part of a depth map, px."""

    top: int
    left: int
    size: Size


class Folder:
    """One split of a folder. Raises InputError, when made or while read, that names the file at fault."""

    info: ClassVar[DatasetInfo] = DatasetInfo(
        dataset="folder", version=2, licence="the owner's", citation="the owner's", homepage="a folder of one's own"
    )
    parallel = True

    def __init__(self, data: FolderData, split: str, tree: Tree) -> None:
        contents = read_contents(data)
        test = held_out(data, [frame.name for frame in contents.frames], contents.spelled)
        self._data, self._split = data, split
        self._frames = [frame for frame in contents.frames if (frame.name in test) == (split == "test")]
        if not self._frames:
            asked = f"data.test in params.yaml is {data.test}, data.split_by {data.split_by}"
            raise InputError(f"{data.folder}: none of {len(contents.frames)} frames are left for {split} ({asked})")
        self._places = {frame.name: place for place, frame in enumerate(self._frames)}
        self._windows = [_centre(frame.depth.size, data.size) for frame in self._frames]
        self._largest = np.max([window.size for window in self._windows], axis=0)
        self._keeps_jpegs = all(map(self._is_stored_jpeg, self._frames, self._windows))
        self.depth_unit = stored_unit([frame.depth for frame in contents.frames], data)
        self.frames = self.pieces = len(self._frames)
        self.files = contents.files

    @staticmethod
    def archives(data: FolderData, get: Get) -> list[Path]:
        """Downloads nothing: the folder is read as it is."""
        return []

    def piece(self, index: int) -> Batch:
        """One frame; JPEG files stay unchanged if all of the split are upright and have the store's size."""
        frame, window, data = self._frames[index], self._windows[index], self._data
        content = frame.image.read_bytes()
        image = upright_rgb(decode(content, str(frame.image)), str(frame.image))
        depth, depth_size = self._depth(frame, window)
        return Batch(
            rgb=[content] if self._keeps_jpegs else _pixels(image, frame.depth.size, window, data.size)[None],
            depth=depth[None],
            intrinsics=_camera(frame, window, data.size).float().numpy()[None],
            id=[f"{data.name}/{frame.name}"],
            pose=None if frame.pose is None else frame.pose.astype(np.float32)[None],
            time=None if frame.time is None else np.array([frame.time]),
            neighbours=self._neighbours(frame),
            depth_size=depth_size,
        )

    def _is_stored_jpeg(self, frame: Frame, window: Window) -> bool:
        header = frame.header
        plain = header.format == "JPEG" and header.mode in ("L", "RGB") and not header.turned
        return plain and header.size == self._data.size and window.size == frame.depth.size

    def _depth(self, frame: Frame, window: Window) -> tuple[NDArray[np.float32], NDArray[np.int32] | None]:
        """Depth (h, w) in m: for training at the store's size, for testing at its own, padded to the largest."""
        rows, columns = (slice(at, at + side) for at, side in zip((window.top, window.left), window.size, strict=True))
        depth = read_depth(frame.depth, self._data)[rows, columns]
        if self._split == "train":
            return fitted(depth, self._data.size), None
        room = [(0, most - side) for most, side in zip(self._largest, window.size, strict=True)]
        return np.pad(depth, room), np.array([window.size], np.int32)

    def _neighbours(self, frame: Frame) -> NDArray[np.int32] | None:
        """The places (1, 2) of the training frames before and after in the video; test frames are none."""
        if self._split == "test" or (frame.pose is None and frame.time is None):
            return None
        return np.array([[self._places.get(name, -1) for name in (frame.before, frame.after)]], np.int32)


def _centre(native: Size, size: Size) -> Window:
    """The largest part in the middle of a depth map of size `native`, with the aspect of `size`."""
    scale = min(side / stored for side, stored in zip(native, size, strict=True))
    height, width = (max(1, round(stored * scale)) for stored in size)
    return Window((native[0] - height) // 2, (native[1] - width) // 2, (height, width))


def _camera(frame: Frame, window: Window, size: Size) -> Tensor:
    """Intrinsics (3, 3) in px of the stored image."""
    of_depth = resize(frame.camera, frame.header.size, frame.depth.size)
    return resize(crop(of_depth, window.top, window.left), window.size, size)


def _pixels(image: Image.Image, depth_size: Size, window: Window, size: Size) -> NDArray[np.uint8]:
    """RGB (*size, 3) of the part of an upright image that a window of its depth shows."""
    (rows, columns), (height, width) = depth_size, window.size
    top, bottom = (row * image.height / rows for row in (window.top, window.top + height))
    left, right = (column * image.width / columns for column in (window.left, window.left + width))
    return np.asarray(image.resize(size[::-1], Image.Resampling.LANCZOS, (left, top, right, bottom)))
