"""KITTI raw (Geiger et al. 2013) as a source of stores.

Depth is camera z. It comes from the LiDAR's points in front of the scanner, moved into the rectified camera; of
several on one pixel the nearest counts. Two habits of monodepth2's code are not followed: its Eigen truth holds the
scanner's forward x, and it subtracts 1 from the projected pixel, as MATLAB counts. The improved truth (Uhrig et al.
2017) exists for 652 of Eigen's 697 test frames: with it, the others are left out. Any other frame without it counts as
missing.

World is the camera at the drive's first packet. Velocity is the IMU's, rotated into the camera; what rotation adds
between the two is left out. It comes from the packet's speeds to the east, to the north and up: its forward and left
speeds are along the ground, not along the axes of an IMU that pitches and rolls.
"""

import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from packdepth.config.datasets import KittiData
from packdepth.data.datasets.archives import Tree
from packdepth.data.datasets.base import DatasetInfo, Get, present
from packdepth.data.datasets.kitti import layout, oxts
from packdepth.data.datasets.kitti.calibration import Calibration
from packdepth.data.datasets.kitti.splits import Shot
from packdepth.data.datasets.npz import read_npz
from packdepth.data.store.batch import Batch
from packdepth.data.store.frames import DepthUnit
from packdepth.errors import InputError
from packdepth.geometry.cameras import depth_map, resize, unproject
from packdepth.geometry.rigid import inverse, transform
from packdepth.utils.images import colours, counts, decode

LARGEST = (376, 1242)  # height and width of the largest images, px
PNG_METRES = 1 / 256  # m a count of the improved truth
WITHOUT_IMPROVED = 45  # of Eigen's 697 test frames


class Kitti:
    """One split. Raises InputError, when made or while read, that names the file at fault."""

    info: ClassVar[DatasetInfo] = DatasetInfo(
        dataset="kitti",
        version=2,
        licence="CC BY-NC-SA 3.0",
        citation="Geiger et al., Vision meets Robotics, IJRR 2013; improved truth: Uhrig et al., 3DV 2017",
        homepage="https://www.cvlibs.net/datasets/kitti/raw_data.php",
    )
    depth_unit: DepthUnit = "metre"
    parallel = True

    def __init__(self, data: KittiData, split: str, tree: Tree) -> None:
        self._data, self._split = data, split
        self._tree = tree = tree.under(layout.canonical)
        listed = layout.shots(data, split, tree)
        if (data.form, data.truth, split, data.test) == ("raw", "improved", "test", "eigen-test"):
            listed = self._with_improved_truth(listed)
        self._shots = present(
            listed, lambda shot: [self._image(shot), self._truth(shot)], tree, data.skip_missing, split
        )
        self._alone = self._only_views() if split == "train" else []
        self._places = {shot: place for place, shot in enumerate([*self._shots, *self._alone])}
        self.frames = self.pieces = len(self._places)
        self.files = [*tree.files(), *(path for path in (data.train, data.test) if isinstance(path, Path))]
        self._first_packets = self._packets()
        self._times = self._all_times()
        self._calibration = cache(lambda date, camera: Calibration(tree, date, camera))

    @staticmethod
    def archives(data: KittiData, get: Get) -> list[Path]:
        """KITTI_tiny's tar; or the lists, and every drive and every day's calibration that they name."""
        return layout.archives(data, get)

    def piece(self, index: int) -> Batch:
        """One frame, or one image that is only another view of a frame."""
        alone = index >= len(self._shots)
        shot = (self._alone if alone else self._shots)[index - len(self._shots) if alone else index]
        image = decode(self._tree.read(self._image(shot)), self._image(shot))
        size = (image.height, image.width)
        camera = resize(self._calibration(shot.date, shot.camera).intrinsics, size, self._data.size)
        depth, own_size = (None, None) if alone else self._depth(shot, size)
        pose, velocity = self._motion(shot)
        second, second_pose = (None, None) if alone else self._second(shot)
        return Batch(
            rgb=colours(image, self._data.size)[None],
            depth=depth,
            intrinsics=camera.float().numpy()[None],
            id=[f"kitti/{shot.drive}/image_0{shot.camera}/{shot.number:010d}"],
            pose=pose,
            time=self._times[shot.folder][shot.number : shot.number + 1] if self._times else None,
            velocity=velocity,
            neighbours=None if alone else self._neighbours(shot),
            second=second,
            second_pose=second_pose,
            depth_size=own_size,
        )

    def _image(self, shot: Shot) -> str:
        """A PNG, or a JPEG where a copy of the set has been converted."""
        return next(
            (name for end in ("png", "jpg") if (name := f"{shot.image}.{end}") in self._tree), f"{shot.image}.png"
        )

    def _truth(self, shot: Shot) -> str:
        """The file that depth comes from."""
        if self._data.truth == "improved":
            return shot.projected("groundtruth", "png")
        published = shot.projected("velodyne", "npz")
        return published if shot.scan not in self._tree and published in self._tree else shot.scan

    def _with_improved_truth(self, listed: list[Shot]) -> list[Shot]:
        """Eigen's test frames that have improved truth; all of them, if more lack it than in the complete data set."""
        kept = [shot for shot in listed if self._truth(shot) in self._tree]
        if not kept or len(listed) - len(kept) > WITHOUT_IMPROVED:
            return listed
        print(f"packdepth: {len(kept)} of {len(listed)} test frames have improved truth", file=sys.stderr)
        return kept

    def _only_views(self) -> list[Shot]:
        """What is kept besides the frames themselves: images just before and after, and the other camera's."""
        targets = set(self._shots)
        views = {other: None for shot in self._shots for other in self._views(shot) if other not in targets}
        return [shot for shot in views if self._image(shot) in self._tree]

    def _views(self, shot: Shot) -> list[Shot]:
        around = _around(shot) if self._data.neighbours else ()
        return [*around, *([_opposite(shot)] if self._data.stereo else [])]

    def _neighbours(self, shot: Shot) -> NDArray[np.int32] | None:
        if not self._data.neighbours or self._split == "test":
            return None
        return np.array([[self._places.get(other, -1) for other in _around(shot)]], np.int32)

    def _second(self, shot: Shot) -> tuple[NDArray[np.int32] | None, NDArray[np.float32] | None]:
        """The place (1,) of the other camera's image, and the motion (1, 4, 4), m, from this camera to the other."""
        if not self._data.stereo or self._split == "test":
            return None, None
        other = _opposite(shot)
        here, there = (self._calibration(each.date, each.camera).camera_from_rectified for each in (shot, other))
        place = np.array([self._places.get(other, -1)], np.int32)
        return place, (there @ inverse(here)).float().numpy()[None]

    def _depth(self, shot: Shot, size: tuple[int, int]) -> tuple[NDArray[np.float32], NDArray[np.int32] | None]:
        """Depth (1, h, w) in m: for training at the store's size, for testing at the image's, padded to the largest."""
        target = size if self._split == "test" else self._data.size
        name = self._truth(shot)
        if name.endswith(".bin"):
            camera = self._calibration(shot.date, shot.camera)
            points = transform(camera.camera_from_velodyne, _points(self._tree, name))
            depth = depth_map(points, resize(camera.intrinsics, size, target), target)
        else:
            depth = _moved(_published(self._tree, name), target)
        metres = depth.float().numpy()
        if self._split == "train":
            return metres[None], None
        room = [(0, most - side) for most, side in zip(LARGEST, metres.shape, strict=True)]
        return np.pad(metres, room)[None], np.array([metres.shape], np.int32)

    def _packets(self) -> dict[str, str]:
        """The first packet of every drive; none if any frame lacks its own, because a store has all or none."""
        first: dict[str, str] = {}
        for name in self._tree.names():
            folder, found, _ = name.partition("/oxts/data/")
            if found:
                first.setdefault(folder, name)
        lacking = [shot.oxts for shot in self._places if shot.oxts not in self._tree]
        if lacking and first:
            told = f"{self._tree}: {len(lacking)} frames have no oxts, {lacking[0]} the first"
            print(f"packdepth: {told}; poses and velocities are left out", file=sys.stderr)
        return {} if lacking else first

    def _all_times(self) -> dict[str, NDArray[np.float64]]:
        """Seconds of every drive's images since its first; none if any drive lacks time stamps."""
        last: dict[str, int] = {}
        for shot in self._places:
            last[shot.folder] = max(shot.number, last.get(shot.folder, 0))
        names = {folder: f"{folder}/image_02/timestamps.txt" for folder in last}
        if not all(name in self._tree for name in names.values()):
            return {}
        times = {folder: _times(self._tree, name) for folder, name in names.items()}
        for folder, number in last.items():
            if len(times[folder]) <= number:
                lines = f"has {len(times[folder])} lines, no time of image {number}"
                raise InputError(f"{self._tree}: {names[folder]}: {lines}")
        return times

    def _motion(self, shot: Shot) -> tuple[NDArray[np.float32] | None, NDArray[np.float32] | None]:
        """world_from_camera (1, 4, 4) in m and the camera's velocity (1, 3) in m/s."""
        if not self._first_packets:
            return None, None
        camera_from_imu = self._calibration(shot.date, shot.camera).camera_from_imu
        first, packet = (oxts.read(self._tree, name) for name in (self._first_packets[shot.folder], shot.oxts))
        start, now = (oxts.world_from_imu(each, first.latitude) for each in (first, packet))
        pose = camera_from_imu @ inverse(start) @ now @ inverse(camera_from_imu)
        camera_from_world = camera_from_imu[:3, :3] @ now[:3, :3].T
        velocity = camera_from_world @ torch.tensor(packet.velocity, dtype=torch.float64)
        return pose.float().numpy()[None], velocity.float().numpy()[None]


def _around(shot: Shot) -> tuple[Shot, Shot]:
    """The shots just before and after one."""
    return replace(shot, number=shot.number - 1), replace(shot, number=shot.number + 1)


def _opposite(shot: Shot) -> Shot:
    """What the other colour camera took at the same time."""
    return replace(shot, camera=5 - shot.camera)


def _points(tree: Tree, name: str) -> Tensor:
    """The points (P, 3) in front of the scanner, in its frame (x forward), m, float64."""
    content = tree.read(name)
    if not content or len(content) % 16:
        raise InputError(f"{tree}: {name}: expected x, y, z and reflectance as float32 (got {len(content)} bytes)")
    points = np.frombuffer(content, np.float32).reshape(-1, 4)[:, :3]
    return torch.from_numpy(points[points[:, 0] >= 0].astype(np.float64))


def _published(tree: Tree, name: str) -> Tensor:
    """A ready-made depth map (h, w), m: PackNet's npz of the LiDAR, or the improved truth's PNG of 1/256 m."""
    if name.endswith(".png"):
        return torch.from_numpy(counts(decode(tree.read(name), name), name) * PNG_METRES)

    def flat(depth: NDArray[Any]) -> NDArray[Any]:
        height, width, *_ = depth.shape
        return depth.reshape(height, width)

    return read_npz(tree, name, "velodyne_depth", flat)


def _moved(depth: Tensor, size: tuple[int, int]) -> Tensor:
    """Sparse depth (h, w) at another size: every known pixel goes to its new place, the nearest of several stays."""
    native = (depth.shape[0], depth.shape[1])
    identity = torch.eye(3, dtype=depth.dtype)
    return depth_map(unproject(depth, identity)[depth > 0], resize(identity, native, size), size)


def _times(tree: Tree, name: str) -> NDArray[np.float64]:
    """Seconds since the first of a file's time stamps, one per line."""
    try:
        stamps = np.array(tree.read(name).decode().splitlines(), "datetime64[ns]")
    except ValueError as error:
        raise InputError(f"{tree}: {name}: expected a time a line ({error})") from None
    seconds: NDArray[np.float64] = (stamps - stamps[:1]) / np.timedelta64(1, "s")
    return seconds
