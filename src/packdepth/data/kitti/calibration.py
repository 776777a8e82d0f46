"""KITTI's calibration files (Geiger et al. 2013, section 4; the raw data's devkit)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from packdepth.data.archives import Tree
from packdepth.errors import InputError
from packdepth.geometry.motion import rigid


@dataclass(frozen=True)
class Calibration:
    """One rectified camera and where the other sensors are to it."""

    intrinsics: Tensor  # (3, 3), px of the rectified image
    camera_from_velodyne: Tensor  # (4, 4), m
    camera_from_imu: Tensor


def read(tree: Tree, date: str, camera: int) -> Calibration:
    """The calibration of a day's recordings. Raises InputError that names the file and what it lacks.

    P_rect = K [I | t]: t is from the rectified camera 0 to this one.
    """
    names = ("cam_to_cam", "velo_to_cam", "imu_to_velo")
    cameras, velodyne, imu = (_Values(tree, f"{date}/calib_{name}.txt") for name in names)
    projection = cameras.get(f"P_rect_0{camera}", 3, 4)
    intrinsics = projection[:, :3]
    camera_from_rectified = rigid(_eye(), torch.linalg.solve(intrinsics, projection[:, 3]))
    rectified_from_camera0 = rigid(cameras.get("R_rect_00", 3, 3), torch.zeros(3, dtype=torch.float64))
    camera_from_velodyne = camera_from_rectified @ rectified_from_camera0 @ velodyne.motion()
    return Calibration(intrinsics, camera_from_velodyne, camera_from_velodyne @ imu.motion())


class _Values:
    """The lines `key: numbers` of a calibration file; others (times) are passed over."""

    def __init__(self, tree: Tree, name: str) -> None:
        self._where = f"{tree}: {name}"
        lines = (line.partition(":") for line in tree.read(name).decode(errors="replace").splitlines())
        self._lines = {key.strip(): numbers.split() for key, _, numbers in lines}

    def get(self, key: str, *shape: int) -> Tensor:
        """The numbers of one key, float64."""
        if key not in self._lines:
            raise InputError(f"{self._where}: has no {key}")
        try:
            return torch.tensor([float(number) for number in self._lines[key]], dtype=torch.float64).reshape(shape)
        except (ValueError, RuntimeError):
            raise InputError(f"{self._where}: {key}: expected {'x'.join(map(str, shape))} numbers") from None

    def motion(self) -> Tensor:
        """The rigid motion of the keys R and T, (4, 4), m."""
        return rigid(self.get("R", 3, 3), self.get("T", 3))


def _eye() -> Tensor:
    return torch.eye(3, dtype=torch.float64)
