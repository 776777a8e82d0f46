"""The rooms data set as a source of stores.

Behind all frames stand the second camera's images, if `stereo` asks for one.
"""

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from packdepth.config.datasets import RoomsData
from packdepth.data import rooms
from packdepth.data.datasets.archives import Tree
from packdepth.data.datasets.base import DatasetInfo, Get
from packdepth.data.store.batch import Batch
from packdepth.data.store.frames import DepthUnit
from packdepth.geometry.rigid import right_from_left

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
        self._rooms = data.train if split == "train" else data.test
        self._of_frames = -(-self._rooms // PIECE)  # pieces
        cameras = 1 if data.stereo is None else 2
        self.frames, self.pieces = cameras * self._rooms, cameras * self._of_frames
        self.files: list[Path] = []

    @staticmethod
    def archives(data: RoomsData, get: Get) -> list[Path]:
        """Downloads nothing: frames are rendered."""
        return []

    def piece(self, index: int) -> Batch:
        """Up to 64 rendered frames, or images of the second camera, on a GPU where there is one."""
        device = "cuda" if torch.cuda.is_available() else "cpu"
        of_second, place = divmod(index, self._of_frames)
        indices = range(place * PIECE, min((place + 1) * PIECE, self._rooms))
        what = self._data.seed, self._split, indices, self._data.size
        if of_second and self._data.stereo is not None:
            return _batch(rooms.render_right(*what, self._data.stereo, device), only_views=True)
        batch = _batch(rooms.render(*what, device=device), only_views=False)
        if self._data.stereo is None:
            return batch
        pose = right_from_left(self._data.stereo).expand(len(indices), 4, 4).numpy()
        return replace(batch, second=np.array(indices, np.int32) + self._rooms, second_pose=pose)


def _batch(frames: rooms.Frames, only_views: bool) -> Batch:
    """Rendered frames as a store takes them; if `only_views`, without depth, behind the frames that they show."""
    return Batch(
        rgb=frames.rgb.cpu().numpy(),
        depth=None if only_views else frames.depth.cpu().numpy(),
        intrinsics=frames.intrinsics.cpu().numpy(),
        id=[f"{name}/right" for name in frames.id] if only_views else frames.id,
        pose=frames.pose.cpu().numpy(),
        time=frames.time.cpu().numpy(),
    )


SOURCE = Rooms
