"""DDAD (Guizilini et al. 2020), or any data set of scenes in the DGP format with a LiDAR.

    ddad_train_val/ddad.json              which scenes each split has
    ddad_train_val/000000/scene_<sha1>.json   samples, and the data of each: images and point clouds with poses
    .../calibration/<sha1>.json           intrinsics of every camera
    .../rgb/CAMERA_01/*.png, .../point_cloud/LIDAR/*.npz

The data set's own test split has no public truth: ours is its validation split, and DDAD_tiny's is the one it trains
on, as in packnet-sfm's configs/overfit_ddad.yaml. World is the first camera frame of each scene, because in the data
set's own (of a map) float32 would lose centimetres.
"""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from packdepth.config.datasets import DdadData
from packdepth.data.datasets.archives import Tree
from packdepth.data.datasets.base import DatasetInfo, Get, present
from packdepth.data.datasets.npz import read_npz
from packdepth.data.store.batch import Batch
from packdepth.data.store.frames import DepthUnit
from packdepth.errors import InputError
from packdepth.geometry.cameras import depth_map, resize
from packdepth.geometry.rigid import inverse, rigid, rotation_from_quaternion, transform
from packdepth.utils.download import Remote
from packdepth.utils.images import colours, decode

LIDAR = "LIDAR"
SPLITS = {"train": "0", "test": "1"}  # in the data set's JSON; 1 is its validation split
BASE = "https://tri-ml-public.s3.amazonaws.com/github"
REMOTES = {
    "full": Remote("DDAD.tar", (f"{BASE}/DDAD/datasets/DDAD.tar",), "md5:c0da97967f76da80f86d6f97d0d98904"),
    "tiny": Remote("DDAD_tiny.tar", (f"{BASE}/packnet-sfm/datasets/DDAD_tiny.tar",)),
}


@dataclass(frozen=True)
class Frame:
    """One image of one camera, with the point cloud of its sample."""

    id: str
    image: str  # names in the tree
    points: str
    size: tuple[int, int]  # height and width, px
    intrinsics: Tensor  # (3, 3), px of the image
    world_from_camera: Tensor  # (4, 4), m; the world is the scene's first frame of this camera
    camera_from_lidar: Tensor
    time: float  # s since the scene's first image of this camera
    before: str  # images just before and after in the scene, "" where none
    after: str


class Ddad:
    """One split. Raises InputError, when made or while read, that names the file at fault."""

    info: ClassVar[DatasetInfo] = DatasetInfo(
        dataset="ddad",
        version=2,
        licence="CC BY-NC-SA 4.0",
        citation="Guizilini et al., 3D Packing for Self-Supervised Monocular Depth Estimation, CVPR 2020",
        homepage="https://github.com/TRI-ML/DDAD",
    )
    depth_unit: DepthUnit = "metre"
    parallel = True

    def __init__(self, data: DdadData, split: str, tree: Tree) -> None:
        index = _index(tree)
        folder = index[: index.rfind("/") + 1]
        self._tree = tree.under(lambda name: name[len(folder) :] if name.startswith(folder) else None)
        self._data, self._split = data, split
        listed = _listed(tree, index, SPLITS["train" if data.form == "tiny" else split])
        frames = [frame for scene in listed for frame in _scene(self._tree, scene, data.cameras)]
        self._frames = present(frames, lambda f: [f.image, f.points], self._tree, data.skip_missing, split)
        self._places = {frame.image: place for place, frame in enumerate(self._frames)}
        self.frames = self.pieces = len(self._frames)
        self.files = self._tree.files()

    @staticmethod
    def archives(data: DdadData, get: Get) -> list[Path]:
        """One tar."""
        return [get(REMOTES[data.form])]

    def piece(self, index: int) -> Batch:
        """One frame."""
        frame, test = self._frames[index], self._split == "test"
        size = frame.size if test else self._data.size
        camera = resize(frame.intrinsics, frame.size, self._data.size)
        points = transform(frame.camera_from_lidar, _points(self._tree, frame.points))
        depth = depth_map(points, frame.intrinsics if test else camera, size)
        image = decode(self._tree.read(frame.image), frame.image)
        if image.size != frame.size[::-1]:
            height, width = frame.size
            told = f"is {image.width}x{image.height}, not {width}x{height} as its scene says"
            raise InputError(f"{self._tree}: {frame.image} {told}")
        return Batch(
            rgb=colours(image, self._data.size)[None],
            depth=depth.float().numpy()[None],
            intrinsics=camera.float().numpy()[None],
            id=[frame.id],
            pose=frame.world_from_camera.float().numpy()[None],
            time=np.array([frame.time]),
            neighbours=self._neighbours(frame),
        )

    def _neighbours(self, frame: Frame) -> NDArray[np.int32] | None:
        if not self._data.neighbours or self._split == "test":
            return None
        return np.array([[self._places.get(name, -1) for name in (frame.before, frame.after)]], np.int32)


def _index(tree: Tree) -> str:
    """The data set's own JSON: among the least deep files, the one that lists scenes. Others may be no JSON at all."""
    names = [name for name in tree.names() if name.endswith(".json")]
    for depth in sorted({name.count("/") for name in names}):
        found = [name for name in names if name.count("/") == depth and _lists_scenes(tree, name)]
        if len(found) > 1:
            raise InputError(f"{tree}: holds several data sets, {', '.join(found)}; data.source must hold one")
        if found:
            return found[0]
    raise InputError(f"{tree}: has no JSON file with scene_splits; expected a data set in the DGP format")


def _lists_scenes(tree: Tree, name: str) -> bool:
    file = tree.read(name)
    with contextlib.suppress(ValueError):
        content = json.loads(file)
        return isinstance(content, dict) and "scene_splits" in content
    return False


def _listed(tree: Tree, index: str, split: str) -> list[str]:
    """The scenes of a split: JSON files, relative to the folder of the data set's own."""
    try:
        listed = [str(name) for name in _json(tree, index)["scene_splits"][split]["filenames"]]
    except (LookupError, TypeError):
        listed = []
    if not listed:
        raise InputError(f"{tree}: {index} lists no scenes in scene_splits.{split}.filenames")
    return listed


def _scene(tree: Tree, name: str, cameras: list[str]) -> Iterator[Frame]:
    """The frames of one scene, camera by camera, in order of time."""
    folder = name[: name.rfind("/") + 1]
    scene = _json(tree, name)
    try:
        data = {entry["key"]: entry for entry in scene["data"]}
        for camera in cameras:
            shots = [_shot(tree, folder, sample, data, camera) for sample in scene["samples"]]
            yield from _frames(folder, camera, shots)
    except InputError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{tree}: {name}: not a scene in the DGP format ({error!r})") from None


def _frames(folder: str, camera: str, shots: list[dict[str, Any]]) -> Iterator[Frame]:
    """Shots of one camera as frames, in a world that begins with the first of them."""
    first_from_world = inverse(_pose(shots[0]["image"]))
    images = ["", *(folder + shot["image"]["filename"] for shot in shots), ""]
    for number, shot in enumerate(shots, 1):
        world_from_camera, world_from_lidar = _pose(shot["image"]), _pose(shot["points"])
        yield Frame(
            id=f"ddad/{folder}{camera}/{Path(images[number]).stem}",
            image=images[number],
            points=folder + shot["points"]["filename"],
            size=(int(shot["image"]["height"]), int(shot["image"]["width"])),
            intrinsics=shot["intrinsics"],
            world_from_camera=first_from_world @ world_from_camera,
            camera_from_lidar=inverse(world_from_camera) @ world_from_lidar,
            time=(_time(shot["timestamp"]) - _time(shots[0]["timestamp"])).total_seconds(),
            before=images[number - 1],
            after=images[number + 1],
        )


def _shot(tree: Tree, folder: str, sample: dict[str, Any], data: dict[str, Any], camera: str) -> dict[str, Any]:
    """A sample's JSON data of one camera and of the LiDAR."""
    of_sensor = {data[key]["id"]["name"]: data[key] for key in sample["datum_keys"]}
    for sensor in (camera, LIDAR):
        if sensor not in of_sensor:
            known = ", ".join(sorted(of_sensor))
            raise InputError(f"{tree}: {folder} has no {sensor}; it has {known} (data.cameras in params.yaml)")
    return {
        "image": of_sensor[camera]["datum"]["image"],
        "points": of_sensor[LIDAR]["datum"]["point_cloud"],
        "timestamp": of_sensor[camera]["id"]["timestamp"],
        "intrinsics": _intrinsics(tree, f"{folder}calibration/{sample['calibration_key']}.json", camera),
    }


def _intrinsics(tree: Tree, name: str, camera: str) -> Tensor:
    """Camera matrix (3, 3) in px: its entry in the file's parallel lists."""
    calibration = _json(tree, name)
    place = calibration["names"].index(camera)
    fx, fy, cx, cy = (float(calibration["intrinsics"][place][key]) for key in ("fx", "fy", "cx", "cy"))
    return torch.tensor([[fx, 0, cx], [0, fy, cy], [0, 0, 1]], dtype=torch.float64)


def _pose(datum: dict[str, Any]) -> Tensor:
    """world_from_sensor (4, 4), float64, m."""
    rotation, translation = datum["pose"]["rotation"], datum["pose"]["translation"]
    quaternion = torch.tensor([float(rotation[key]) for key in ("qx", "qy", "qz", "qw")], dtype=torch.float64)
    if not quaternion.any():
        raise ValueError("a quaternion is zero")
    moved = torch.tensor([float(translation[key]) for key in "xyz"], dtype=torch.float64)
    return rigid(rotation_from_quaternion(quaternion), moved)


def _points(tree: Tree, name: str) -> Tensor:
    """Points (P, 3) of the LiDAR, in its frame, m: from an array of x, y, z and intensity, or a record of X, Y, Z."""

    def columns(data: NDArray[Any]) -> NDArray[Any]:
        return np.stack([data[axis] for axis in "XYZ"], -1) if data.dtype.names else data[:, [0, 1, 2]]

    return read_npz(tree, name, "data", columns)


def _time(timestamp: str) -> datetime:
    return datetime.fromisoformat(timestamp)


def _json(tree: Tree, name: str) -> dict[str, Any]:
    file = tree.read(name)
    try:
        content = json.loads(file)
    except ValueError:
        raise InputError(f"{tree}: {name}: not JSON") from None
    if not isinstance(content, dict):
        raise InputError(f"{tree}: {name}: expected a JSON object")
    return content


SOURCE = Ddad
