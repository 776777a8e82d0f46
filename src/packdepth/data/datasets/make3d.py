"""Make3D (Saxena et al. 2009): 400 images with a laser's distances to train on, 134 to test on.

    Train400Img/img-<stem>.jpg                 1704 px wide, 2272 high
    Train400Depth/depth_sph_corr-<stem>.mat    MATLAB 5, Position3DGrid (55, 305, 4): Y, X, Z, d; row 0 is the top
    Test134/..., Gridlaserdata/...             the same of the test split

Folders have different names in different copies. An image belongs to the test split if the name of its archive, or of
a folder in it, begins with "test"; its distances are found by the stem. (A source that is a folder may have any name,
except for the images directly in it.)

The truth here is d, the distance along the ray, not camera z, because the papers' protocol evaluates that. It
reaches 80 m, a value that also stands for anything beyond.

The camera was never published. A pinhole fitted to X / Z and Y / Z of two frames (each of 16,775 rays) is the same in
both within 0.4 px, and leaves 8 px (columns) and 18 px (rows) of 1704 and 2272 unexplained (root mean square).
"""

from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from packdepth.config.datasets import Make3dData
from packdepth.data.datasets.archives import Tree
from packdepth.data.datasets.base import DatasetInfo, Get, present
from packdepth.data.datasets.matlab import read_matrices
from packdepth.data.store.batch import Batch
from packdepth.data.store.frames import DepthUnit
from packdepth.errors import InputError
from packdepth.geometry.cameras import crop, resize
from packdepth.utils.download import Remote
from packdepth.utils.images import colours, decode, nearest

STANFORD = "http://cs.stanford.edu/group/reconstruction3d"
CORNELL = "http://www.cs.cornell.edu/~asaxena/learningdepth"
REMOTES = (
    Remote("Train400Img.tar.gz", (f"{STANFORD}/Train400Img.tar.gz",)),
    Remote("Train400Depth.tgz", (f"{STANFORD}/Train400Depth.tgz",)),
    Remote("Test134.tar.gz", (f"{CORNELL}/Test134.tar.gz",)),
    Remote("Test134Depth.tar.gz", (f"{CORNELL}/Test134Depth.tar.gz",)),
)
SIZE = (2272, 1704)  # height and width of the images, px
GRID = (55, 305, 4)
CAMERA = torch.tensor([[2461.0, 0, 868.1], [0, 2468.4, 1091.5], [0, 0, 1]], dtype=torch.float64)
DISTANCE = 3  # in the grid's last axis
# The central strip of monodepth2's protocol, twice as wide as high: rows of the image, and of the grid.
CENTRE, CENTRE_OF_GRID = slice(710, 1562), slice(17, 38)
IMAGE, GRID_FILE = "img-", "depth_sph_corr-"


class Make3d:
    """One split. Raises InputError that names the file at fault."""

    info: ClassVar[DatasetInfo] = DatasetInfo(
        dataset="make3d",
        version=1,
        licence="none stated; research use",
        citation="Saxena et al., Make3D: Learning 3D Scene Structure from a Single Still Image, PAMI 2009",
        homepage="http://make3d.cs.cornell.edu/data.html",
    )
    depth_unit: DepthUnit = "metre"
    parallel = True

    def __init__(self, data: Make3dData, split: str, tree: Tree) -> None:
        self._data, self._split, self._tree = data, split, tree
        names = tree.names()
        grids = {_stem(name, GRID_FILE): name for name in names if _stem(name, GRID_FILE)}
        images = {
            _stem(name, IMAGE): name
            for name in names
            if _stem(name, IMAGE) and _is_test(tree, name) == (split == "test")
        }
        if not images:
            raise InputError(f"{tree}: has no img-*.jpg in a folder of the {split} split")
        pairs = [(image, grids.get(stem, f"{GRID_FILE}{stem}.mat")) for stem, image in sorted(images.items())]
        self._pairs = present(pairs, lambda pair: pair, tree, data.skip_missing, split)
        self.frames = self.pieces = len(self._pairs)
        self.files = tree.files()

    @staticmethod
    def archives(data: Make3dData, get: Get) -> list[Path]:
        """Four gzipped tars."""
        return [get(remote) for remote in REMOTES]

    def piece(self, index: int) -> Batch:
        """One frame."""
        image, grid = self._pairs[index]
        rgb, native, camera = decode(self._tree.read(image), image), SIZE, CAMERA
        if rgb.size != SIZE[::-1]:
            raise InputError(f"{self._tree}: {image} is {rgb.width}x{rgb.height}, not 1704x2272")
        distance = _distance(self._tree, grid)
        if self._data.part == "centre":
            rgb = rgb.crop((0, CENTRE.start, SIZE[1], CENTRE.stop))
            native, camera = (rgb.height, rgb.width), crop(CAMERA, CENTRE.start, 0)
            distance = distance[CENTRE_OF_GRID]
        if self._split == "train":
            distance = nearest(distance, self._data.size)
        return Batch(
            rgb=colours(rgb, self._data.size)[None],
            depth=distance[None],
            intrinsics=resize(camera, native, self._data.size).float().numpy()[None],
            id=[f"make3d/{_stem(image, IMAGE)}"],
        )


def _stem(name: str, prefix: str) -> str:
    """What follows the prefix in the name of a file, without its ending; empty for another file."""
    path = Path(name)
    return path.stem.removeprefix(prefix) if path.name.startswith(prefix) else ""


def _is_test(tree: Tree, name: str) -> bool:
    folders, source = Path(name).parts[:-1], tree.archive(name)
    if source.is_file() or not folders:
        folders = (source.name, *folders)
    return any(folder.lower().startswith("test") for folder in folders)


def _distance(tree: Tree, name: str) -> NDArray[np.float32]:
    """The distances (55, 305) of a grid, m."""
    (grid,) = read_matrices(tree, name, "Position3DGrid")
    if grid.shape != GRID:
        raise InputError(f"{tree}: {name}: Position3DGrid is {grid.shape}, not {GRID}")
    distance: NDArray[np.float32] = grid[..., DISTANCE].astype(np.float32)
    return distance


SOURCE = Make3d
