"""The rooms data set as a source of stores."""

from pathlib import Path
from typing import ClassVar

import torch

from packdepth.config.datasets import RoomsData
from packdepth.data import rooms
from packdepth.data.datasets.archives import Tree
from packdepth.data.datasets.base import DatasetInfo, Get
from packdepth.data.store.batch import Batch
from packdepth.data.store.frames import DepthUnit

PIECE = 64  # frames: enough to keep the ray caster busy, few enough for the progress to move


class Rooms:
    """One split of rooms: frame i of it is a function of (seed, split, i)."""

    info: ClassVar[DatasetInfo] = DatasetInfo(
        dataset="rooms",
        version=rooms.VERSION,
        licence="CC0-1.0",
        citation="packdepth",
        homepage="packdepth.data.rooms",
    )
    depth_unit: DepthUnit = "millimetre"
    parallel = False  # the ray caster itself keeps all cores, or the GPU, busy

    def __init__(self, data: RoomsData, split: str, tree: Tree) -> None:
        self._data, self._split = data, split
        self.frames = data.train if split == "train" else data.test
        self.pieces = -(-self.frames // PIECE)
        self.files: list[Path] = []

    @staticmethod
    def archives(data: RoomsData, get: Get) -> list[Path]:
        """Downloads nothing: frames are rendered."""
        return []

    def piece(self, index: int) -> Batch:
        """Up to 64 rendered frames, on a GPU where there is one."""
        device = "cuda" if torch.cuda.is_available() else "cpu"
        indices = range(index * PIECE, min((index + 1) * PIECE, self.frames))
        frames = rooms.render(self._data.seed, self._split, indices, self._data.size, device=device)
        return Batch(
            rgb=frames.rgb.cpu().numpy(),
            depth=frames.depth.cpu().numpy(),
            intrinsics=frames.intrinsics.cpu().numpy(),
            id=frames.id,
            pose=frames.pose.cpu().numpy(),
            time=frames.time.cpu().numpy(),
        )


SOURCE = Rooms
