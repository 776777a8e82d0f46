"""The labelled frames of NYU Depth v2 (Silberman et al. 2012): 795 to train on, 654 to test on.

nyu_depth_v2_labeled.mat    MATLAB 7.3, which is HDF5 with the axes reversed: images (N, 3, 640, 480) uint8,
                            depths (N, 640, 480) float32 m, filled in where the Kinect saw nothing; scenes: references
                            to character codes
splits.mat                  MATLAB 5: trainNdxs, testNdxs, counted from 1
"""

from pathlib import Path
from typing import Any, ClassVar

import h5py
import numpy as np
from PIL import Image

from packdepth.config.datasets import NyuLabelledData
from packdepth.data.datasets.archives import Tree
from packdepth.data.datasets.base import DatasetInfo, Get
from packdepth.data.datasets.matlab import read_matrices
from packdepth.data.store.batch import Batch
from packdepth.data.store.frames import DepthUnit
from packdepth.data.store.reader import unsafe
from packdepth.errors import InputError
from packdepth.geometry.cameras import NYU_SIZE, nyu_intrinsics, resize
from packdepth.utils.download import Remote
from packdepth.utils.images import colours, nearest

LABELLED, SPLITS = "nyu_depth_v2_labeled.mat", "splits.mat"
BASE = "http://horatio.cs.nyu.edu/mit/silberman"
REMOTES = (
    Remote(LABELLED, (f"{BASE}/nyu_depth_v2/{LABELLED}",), "md5:520609c519fba3ba5ac58c8fefcc3530", 2_972_037_809),
    Remote(SPLITS, (f"{BASE}/indoor_seg_sup/{SPLITS}",), "md5:08e3c3aea27130ac7c01ffd739a4535f"),
)
INDICES = {"train": "trainNdxs", "test": "testNdxs"}
SHAPES = {"images": (3, 640, 480), "depths": (640, 480)}  # of a frame, as h5py sees it


class NyuLabelled:
    """One split, read frame by frame. Raises InputError that names the file at fault."""

    info: ClassVar[DatasetInfo] = DatasetInfo(
        dataset="nyu-labelled",
        version=1,
        licence="none stated; academic use",
        citation="Silberman et al., Indoor Segmentation and Support Inference from RGBD Images, ECCV 2012",
        homepage="https://cs.nyu.edu/~fergus/datasets/nyu_depth_v2.html",
    )
    depth_unit: DepthUnit = "millimetre"
    parallel = True  # HDF5 reads one frame at a time, whatever the threads; scaling runs alongside

    def __init__(self, data: NyuLabelledData, split: str, tree: Tree) -> None:
        self._data, self._split = data, split
        tree = tree.under(lambda member: name if (name := member.rsplit("/", 1)[-1]) in (LABELLED, SPLITS) else None)
        self._path = tree.path(LABELLED)
        self._file = _opened(self._path)
        self._numbers = _numbers(tree, INDICES[split], len(self._file["images"]))
        self.frames = self.pieces = len(self._numbers)
        self.files = tree.files()

    @staticmethod
    def archives(data: NyuLabelledData, get: Get) -> list[Path]:
        """The .mat and the splits."""
        return [get(remote) for remote in REMOTES]

    def piece(self, index: int) -> Batch:
        """One frame."""
        place = self._numbers[index] - 1
        rgb, depth, scene = (self._read(name, place) for name in ("images", "depths", "scenes"))
        image = Image.fromarray(np.ascontiguousarray(rgb.transpose(2, 1, 0)))
        metres = depth.T
        if self._split == "train":
            metres = nearest(metres, self._data.size)
        return Batch(
            rgb=colours(image, self._data.size)[None],
            depth=np.ascontiguousarray(metres)[None],
            intrinsics=resize(nyu_intrinsics(NYU_SIZE), NYU_SIZE, self._data.size).float().numpy()[None],
            id=[f"nyu-labelled/{scene}/{self._numbers[index]:04d}"],
        )

    def _read(self, name: str, place: int) -> Any:
        try:
            if name == "scenes":
                codes = self._file[self._file["scenes"][0, place]][()]
                return "".join(map(chr, codes.ravel()))
            return self._file[name][place]
        except Exception as error:  # of all kinds, as below
            raise InputError(f"{self._path}: frame {place + 1}: cannot be read ({error}); is the file whole?") from None


def _opened(path: Path) -> h5py.File:
    try:
        file = h5py.File(path)
        _check(path, file)
    except InputError:
        raise
    except Exception as error:  # of all kinds: a damaged file can raise any error in h5py
        raise InputError(f"{path}: truncated, or not a MATLAB 7.3 file ({error})") from None
    return file


def _check(path: Path, file: h5py.File) -> None:
    """Raise InputError unless the file is safe to read and holds what is read."""
    if fault := unsafe(file):
        raise InputError(f"{path}: {fault}; expected the labelled NYU Depth v2")
    for name, shape in SHAPES.items():
        if name not in file:
            raise InputError(f"{path}: has no {name!r}; expected the labelled NYU Depth v2")
        if file[name].shape[1:] != shape:
            raise InputError(f"{path}: {name!r} has frames of shape {file[name].shape[1:]}, not {shape}")
        if len(file[name]) != len(file["images"]):
            raise InputError(f"{path}: {name!r} has {len(file[name])} frames, 'images' has {len(file['images'])}")
    if "scenes" not in file:
        raise InputError(f"{path}: has no 'scenes'; expected the labelled NYU Depth v2")


def _numbers(tree: Tree, name: str, frames: int) -> list[int]:
    """The frames of a split, counted from 1."""
    columns = read_matrices(tree, SPLITS, *INDICES.values())
    numbers = {key: column.ravel().tolist() for key, column in zip(INDICES.values(), columns, strict=True)}
    if sorted(number for each in numbers.values() for number in each) != list(range(1, frames + 1)):
        raise InputError(f"{tree}: {SPLITS}: its splits do not cover the frames 1 to {frames}, each once")
    return numbers[name]


SOURCE = NyuLabelled
