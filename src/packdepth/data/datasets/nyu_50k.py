"""NYU Depth v2 as DenseDepth's authors distribute it (nyu_data.zip): about 50,000 filled raw frames, 654 test images.

data/nyu2_train.csv     rgb,depth a line, without a header, from the zip's root; in some copies with CRLF
data/nyu2_test.csv
data/nyu2_train/living_room_0038_out/37.jpg    480x640
data/nyu2_train/living_room_0038_out/37.png    8 bits, 255 = 10 m
data/nyu2_test/00000_colors.png
data/nyu2_test/00000_depth.png                 16 bits, mm
"""

from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from packdepth.config.datasets import Nyu50kData
from packdepth.data.datasets.archives import Tree
from packdepth.data.datasets.base import DatasetInfo, Get, present
from packdepth.data.store.batch import Batch
from packdepth.data.store.frames import DepthUnit
from packdepth.errors import InputError
from packdepth.geometry.cameras import NYU_SIZE, nyu_intrinsics, resize
from packdepth.utils.download import Remote
from packdepth.utils.images import colours, counts, decode, nearest

MIRRORS = ("https://tinyurl.com/nyu-data-zip", "https://s3-eu-west-1.amazonaws.com/densedepth/nyu_data.zip")
REMOTE = Remote("nyu_data.zip", MIRRORS)
FULL_SCALE = 10.0 / 255  # m a count of the training split's depth
JPEG = (".jpg", ".jpeg")
MILLIMETRE = 0.001  # m a count of the test split's


class Nyu50k:
    """One split. Raises InputError that names the file at fault."""

    info: ClassVar[DatasetInfo] = DatasetInfo(
        dataset="nyu-50k",
        version=1,
        licence="none stated; academic use",
        citation="Silberman et al., ECCV 2012, as prepared by Alhashim and Wonka, arXiv 1812.11941",
        homepage="https://github.com/ialhashim/DenseDepth",
    )
    depth_unit: DepthUnit = "millimetre"
    parallel = True

    def __init__(self, data: Nyu50kData, split: str, tree: Tree) -> None:
        self._data, self._split = data, split
        self._tree = tree.under(lambda member: member[member.find("data/nyu2_") :] if "data/nyu2_" in member else None)
        rows = _rows(self._tree, f"data/nyu2_{split}.csv")
        self._rows = present(rows, lambda row: row, self._tree, data.skip_missing, split)
        self._keeps_jpegs = data.size == NYU_SIZE and all(rgb.lower().endswith(JPEG) for rgb, _ in self._rows)
        self.frames = self.pieces = len(self._rows)
        self.files = self._tree.files()

    @staticmethod
    def archives(data: Nyu50kData, get: Get) -> list[Path]:
        """One zip."""
        return [get(REMOTE)]

    def piece(self, index: int) -> Batch:
        """One frame; JPEG files (of the training split) stay unchanged if the store has their size."""
        rgb, depth = self._rows[index]
        content = self._tree.read(rgb)
        image = decode(content, rgb)
        self._check_size(image, rgb)
        if self._keeps_jpegs and image.format != "JPEG":  # a store has only files or only pixels
            raise InputError(f"{self._tree}: {rgb} is a {image.format} file, not the JPEG that its name says")
        return Batch(
            rgb=[content] if self._keeps_jpegs else colours(image, self._data.size)[None],
            depth=self._metres(depth)[None],
            intrinsics=resize(nyu_intrinsics(NYU_SIZE), NYU_SIZE, self._data.size).float().numpy()[None],
            id=[f"nyu-50k/{rgb.removeprefix('data/').rsplit('.', 1)[0]}"],
        )

    def _metres(self, name: str) -> NDArray[np.float32]:
        image = decode(self._tree.read(name), name)
        self._check_size(image, name)
        if self._split == "test":
            return (counts(image, name) * MILLIMETRE).astype(np.float32)
        if image.mode != "L":
            raise InputError(f"{name}: is of mode {image.mode}; expected one channel of 8 bits")
        return nearest(np.asarray(image).astype(np.float32) * np.float32(FULL_SCALE), self._data.size)

    def _check_size(self, image: Image.Image, name: str) -> None:
        if image.size != NYU_SIZE[::-1]:
            raise InputError(f"{self._tree}: {name} is {image.width}x{image.height}, not 640x480")


def _rows(tree: Tree, name: str) -> list[tuple[str, str]]:
    try:
        lines = tree.read(name).decode().splitlines()
    except UnicodeDecodeError:
        raise InputError(f"{tree}: {name}: not UTF-8") from None
    rows = [line.strip().split(",") for line in lines if line.strip()]
    for number, row in enumerate(rows, 1):
        if len(row) != 2:
            raise InputError(f"{tree}: {name}, line {number}: expected rgb,depth (got {','.join(row)!r})")
    if not rows:
        raise InputError(f"{tree}: {name}: is empty")
    return [(rgb, depth) for rgb, depth in rows]


SOURCE = Nyu50k
