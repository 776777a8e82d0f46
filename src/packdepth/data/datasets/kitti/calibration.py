"""KITTI's calibration files (Geiger et al. 2013, section 4; the raw data's devkit)."""

from functools import cached_property

import torch
from torch import Tensor

from packdepth.data.datasets.archives import Tree
from packdepth.errors import InputError
from packdepth.geometry.rigid import rigid


class Calibration:
    """One rectified camera on one day, and the other sensors relative to it, each read on first use.

    Raises InputError on use, naming the file and what it lacks. P_rect = K [I | t]: t is from the rectified
    camera 0 to this one.
    """

    def __init__(self, tree: Tree, date: str, camera: int) -> None:
        self._tree, self._date, self._camera = tree, date, camera

    @cached_property
    def intrinsics(self) -> Tensor:
        """Camera matrix (3, 3), px of the rectified image."""
        return self._projection[:, :3]

    @cached_property
    def camera_from_rectified(self) -> Tensor:
        """Motion (4, 4), m, from the rectified camera 0: what two cameras of one day differ by."""
        return rigid(_eye(), torch.linalg.solve(self.intrinsics, self._projection[:, 3]))

    @cached_property
    def camera_from_velodyne(self) -> Tensor:
        """Motion (4, 4), m."""
        rectified_from_camera0 = rigid(self._cameras.get("R_rect_00", 3, 3), torch.zeros(3, dtype=torch.float64))
        return self.camera_from_rectified @ rectified_from_camera0 @ self._values("velo_to_cam").motion()

    @cached_property
    def camera_from_imu(self) -> Tensor:
        """Motion (4, 4), m."""
        return self.camera_from_velodyne @ self._values("imu_to_velo").motion()

    @cached_property
    def _cameras(self) -> "_Values":
        return self._values("cam_to_cam")

    @cached_property
    def _projection(self) -> Tensor:
        return self._cameras.get(f"P_rect_0{self._camera}", 3, 4)

    def _values(self, name: str) -> "_Values":
        return _Values(self._tree, f"{self._date}/calib_{name}.txt")


class _Values:
    """The lines `key: numbers` of a calibration file; others (times) are skipped."""

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
