"""Anyone's RGB-D images: a folder of RGB images and 16-bit depth PNGs, paired by name.

    source/rgb/*.jpg|jpeg|png     8-bit images
    source/depth/*.png            16-bit, times `depth_unit` = metres of camera z, 0 where unknown
    source/trajectory.csv         optional: name, time (s) and/or tx, ty, tz (m), qx, qy, qz, qw (world_from_camera)

Where the two folders name a frame differently, the patterns `rgb` and `depth` in params.yaml define how: the text at
the `*` is the frame's name. Frames are cropped at the centre to the aspect of `size`, then scaled.
"""

from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from torch import Tensor

from packdepth.config.datasets import FolderData
from packdepth.data.datasets.archives import Tree
from packdepth.data.datasets.base import DatasetInfo, Get
from packdepth.data.store.batch import Batch
from packdepth.data.store.frames import DepthUnit
from packdepth.errors import InputError
from packdepth.geometry.cameras import crop_and_scale
from packdepth.geometry.rigid import rigid, rotation_from_quaternion
from packdepth.utils.images import counts, read_image

RGB_ENDINGS = (".jpg", ".jpeg", ".png")
DEPTH_ENDINGS = (".png",)
TRAJECTORY = "trajectory.csv"
QUATERNION = ["qx", "qy", "qz", "qw"]
TRANSLATION = ["tx", "ty", "tz"]


class Folder:
    """One split of a folder. Raises InputError, when made or while read, that names the file at fault."""

    info: ClassVar[DatasetInfo] = DatasetInfo(
        dataset="folder", version=1, licence="the owner's", citation="the owner's", homepage="a folder of one's own"
    )
    depth_unit: DepthUnit = "millimetre"
    parallel = True

    def __init__(self, data: FolderData, split: str, tree: Tree) -> None:
        self._data = data
        self._rgb = _by_name(data.source, data.rgb, RGB_ENDINGS)
        self._depth = _by_name(data.source, data.depth, DEPTH_ENDINGS)
        for name, path in self._rgb.items():
            if name not in self._depth:
                raise InputError(f"{path}: has no depth; expected {data.source / data.depth.replace('*', name)}.png")
        self._names = _split(sorted(self._rgb), data, split)
        self._trajectory = _trajectory(data.source / TRAJECTORY, self._names)
        self.frames = self.pieces = len(self._names)
        lists = [data.source / TRAJECTORY, *([data.test] if isinstance(data.test, Path) else [])]
        self.files = [*self._rgb.values(), *self._depth.values(), *lists]

    @staticmethod
    def archives(data: FolderData, get: Get) -> list[Path]:
        """Downloads nothing: the folder is read as it is."""
        return []

    def piece(self, index: int) -> Batch:
        """One frame."""
        name = self._names[index]
        data = self._data
        rgb, depth = read_image(self._rgb[name]).convert("RGB"), read_image(self._depth[name])
        if rgb.size != depth.size:
            sizes = f"{rgb.width}x{rgb.height}, its depth is {depth.width}x{depth.height}"
            raise InputError(f"{self._rgb[name]}: the image is {sizes}; they must be of one size")
        metres = (counts(depth, str(self._depth[name])) * data.depth_unit).astype(np.float32)
        native, width_height = (rgb.height, rgb.width), data.size[::-1]
        small = ImageOps.fit(rgb, width_height, Image.Resampling.BOX)
        nearest = ImageOps.fit(Image.fromarray(metres), width_height, Image.Resampling.NEAREST)
        pose, time = self._motion(name)
        return Batch(
            rgb=np.asarray(small)[None],
            depth=np.asarray(nearest)[None],
            intrinsics=crop_and_scale(_camera_matrix(data.intrinsics), native, data.size).numpy()[None],
            id=[f"folder/{name}"],
            pose=pose,
            time=time,
        )

    def _motion(self, name: str) -> tuple[NDArray[np.float32] | None, NDArray[np.float64] | None]:
        """Pose (1, 4, 4) and time (1,) of a frame, if the trajectory has them."""
        if self._trajectory is None:
            return None, None
        row = self._trajectory.loc[name]
        time = np.array([row["time"]], np.float64) if "time" in row else None
        if "tx" not in row:
            return None, time
        quaternion, translation = (torch.tensor(row[names].to_numpy(np.float64)) for names in (QUATERNION, TRANSLATION))
        return rigid(rotation_from_quaternion(quaternion), translation).float().numpy()[None], time


def _by_name(source: Path, pattern: str, endings: tuple[str, ...]) -> dict[str, Path]:
    """Files of a pattern by the text at its `*`."""
    if not source.is_dir():
        raise InputError(f"{source}: no such folder (data.source in params.yaml)")
    before, after = (source / pattern).as_posix().split("*")
    found = {
        path.with_suffix("").as_posix()[len(before) : len(path.with_suffix("").as_posix()) - len(after)]: path
        for path in sorted(source.glob(pattern + ".*"))
        if path.suffix.lower() in endings
    }
    if not found:
        raise InputError(f"{source / pattern}: no {' or '.join(endings)} files")
    return found


def _split(names: list[str], data: FolderData, split: str) -> list[str]:
    """The names of one split; a share holds out frames spread evenly, so in a video they are not all at its end."""
    if isinstance(data.test, Path):
        held_out = _listed(data.test, names)
    else:
        count = round(data.test * len(names))
        held_out = {names[int((i + 0.5) * len(names) / count)] for i in range(count)}
    chosen = [name for name in names if (name in held_out) == (split == "test")]
    if not chosen:
        raise InputError(f"{data.source}: no frames left for {split} of {len(names)} (data.test is {data.test})")
    return chosen


def _listed(path: Path, names: list[str]) -> set[str]:
    if not path.is_file():
        raise InputError(f"{path}: no such file (data.test in params.yaml: a share or a list of names)")
    listed = {line.strip() for line in path.read_text().splitlines() if line.strip()}
    for name in sorted(listed - set(names)):
        raise InputError(f"{path}: names {name!r}, which is not among the folder's frames")
    return listed


def _trajectory(path: Path, names: list[str]) -> pd.DataFrame | None:
    if not path.is_file():
        return None
    try:
        table = pd.read_csv(path, dtype=dict.fromkeys(["time", *TRANSLATION, *QUATERNION], float) | {"name": str})
    except ValueError as error:
        raise InputError(f"{path}: {' '.join(str(error).split())}") from None
    pose = [column for column in TRANSLATION + QUATERNION if column in table]
    if "name" not in table or pose not in ([], TRANSLATION + QUATERNION) or not (pose or "time" in table):
        raise InputError(f"{path}: columns must be name and time or {', '.join(TRANSLATION + QUATERNION)}")
    for name in names:
        if (rows := int((table["name"] == name).sum())) != 1:
            raise InputError(f"{path}: has {rows} rows for frame {name!r}, not one")
    if pose and not (table[QUATERNION].abs().sum(axis=1) > 0).all():
        raise InputError(f"{path}: a quaternion is zero")
    return table.set_index("name")


def _camera_matrix(intrinsics: tuple[float, float, float, float]) -> Tensor:
    fx, fy, cx, cy = intrinsics
    return torch.tensor([[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]])


SOURCE = Folder
