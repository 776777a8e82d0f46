"""When and from where a folder's frames were taken.

Files of three kinds hold it, each for one frame, for a scene or for all:

    trajectory.csv     name, and time (s) and/or tx, ty, tz (m), qx, qy, qz, qw
    groundtruth.txt    TUM's: time (s), tx, ty, tz (m), qx, qy, qz, qw a line; a frame has the line nearest in time
    0001.pose.txt      7-Scenes': the matrix (4, 4) of one frame, m; unknown where it is not finite

All poses there are world_from_camera, with x to the right, y down and z ahead. World becomes the first frame of each
scene, because in a map's coordinates float32 would lose centimetres.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from packdepth.config.datasets import FolderData
from packdepth.data.datasets.folder.files import by_scene, find, scene_of
from packdepth.data.datasets.folder.tables import read_table
from packdepth.data.datasets.folder.times import associated, time_of
from packdepth.errors import InputError
from packdepth.geometry.rigid import rigid, rotation_from_quaternion
from packdepth.utils.files import require_file

TRAJECTORY = "trajectory.csv"
TRANSLATION = ["tx", "ty", "tz"]
QUATERNION = ["qx", "qy", "qz", "qw"]
POSE = [*TRANSLATION, *QUATERNION]
ROUNDING = 0.01  # how far a written rotation may be from an orthonormal one

Times = dict[str, float]  # s
Poses = dict[str, NDArray[np.float64]]  # world_from_camera (4, 4), m


@dataclass(frozen=True)
class Motion:
    """Times and poses by frame; None where the folder has none of any frame."""

    time: Times | None
    pose: Poses | None
    files: list[Path]


def read_motion(data: FolderData, spelled: Mapping[str, str]) -> Motion:
    """What is known of the frames, which `spelled` gives for all ways to write them.

    Raises InputError that names the file at fault.
    """
    names = list(dict.fromkeys(spelled.values()))
    of_names = _times_of_names(data, names)
    files = _files(data)
    time: Times = {}
    pose: Poses = {}
    for at, frames in _frames_of(files, names).items():
        if files[at].suffix.lower() == ".csv":
            own = dict.fromkeys(frames)
            in_file = {spelling: name for spelling, name in spelled.items() if name in own}
            in_file |= {spelling.removeprefix(f"{at}/"): name for spelling, name in in_file.items()}
            times, poses = _of_csv(files[at], in_file)
            time |= times
            pose |= poses
        else:
            pose |= _of_text(files[at], frames, at, of_names if data.match == "time" else {})
    if files and not (time or pose):
        path = next(iter(files.values()))
        raise InputError(f"{path}: has no pose and no time of the folder's frames, such as {names[0]!r}")
    pose = _from_first({name: pose[name] for name in names if name in pose})
    return Motion(time or of_names or None, pose or None, list(files.values()))


def _times_of_names(data: FolderData, names: list[str]) -> Times:
    """Times that names are, or that their numbers have at the frame rate."""
    if data.match == "time":
        return {name: time_of(name) for name in names}
    if data.frame_rate is None:
        return {}
    return {name: _number(name) / data.frame_rate for name in names}


def _number(name: str) -> int:
    found = re.findall(r"[0-9]+", name)
    if not found:
        raise InputError(f"{name}: has no number for data.frame_rate (params.yaml) to give a time")
    return int(found[-1])


def _files(data: FolderData) -> dict[str, Path]:
    """Files by the frame or the scene that they are named after; "" for all."""
    if data.poses is not None:
        return find(data.folder, data.poses, (".csv", ".txt"))
    path = data.folder / TRAJECTORY
    return {"": path} if path.is_file() else {}


def _frames_of(files: dict[str, Path], names: list[str]) -> dict[str, list[str]]:
    """The frames of each file that has any: its own one, or those of its scene that have no file nearer to them."""
    frames: dict[str, list[str]] = {}
    for name in names:
        at = name
        while at and at not in files:
            at = scene_of(at)
        if at in files:
            frames.setdefault(at, []).append(name)
    return frames


def _of_csv(path: Path, spelled: Mapping[str, str]) -> tuple[Times, Poses]:
    table = read_table(path, ["time", *POSE], spelled)
    columns = [column for column in POSE if column in table]
    if columns not in ([], POSE) or not (columns or "time" in table):
        raise InputError(f"{path}: columns must be name and time or {', '.join(POSE)}")
    times = dict(zip(table.index, table["time"].tolist(), strict=True)) if "time" in table else {}
    if not columns:
        return times, {}
    matrices = _matrices(table[TRANSLATION].to_numpy(), table[QUATERNION].to_numpy(), path)
    return times, dict(zip(table.index, matrices, strict=True))


def _of_text(path: Path, frames: list[str], at: str, times: Times) -> Poses:
    require_file(path)
    try:
        table = np.loadtxt(path, ndmin=2)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: {error}") from None
    if frames == [at] and table.shape == (4, 4):
        return _of_matrix(path, at, table)
    if table.shape[1] != 1 + len(POSE):
        expected = "a matrix (4, 4) of one frame, or time, tx, ty, tz, qx, qy, qz, qw a line"
        raise InputError(f"{path}: has {table.shape[0]} lines of {table.shape[1]} numbers; expected {expected}")
    if not times:
        raise InputError(f"{path}: its poses have times; expected data.match: time, and names that are times in s")
    table = table[np.isfinite(table).all(axis=1)]
    found = associated({name: times[name] for name in frames}, dict(enumerate(table[:, 0].tolist())))
    matrices = _matrices(table[:, 1:4], table[:, 4:], path)
    return {name: matrices[row] for name, row in found.items()}


def _of_matrix(path: Path, name: str, matrix: NDArray[np.float64]) -> Poses:
    if not np.isfinite(matrix).all():
        return {}
    rotation = matrix[:3, :3]
    if not np.allclose(rotation @ rotation.T, np.eye(3), atol=ROUNDING):
        raise InputError(f"{path}: is no pose, for its first three rows and columns are no rotation")
    return {name: matrix}


def _matrices(translation: NDArray[np.float64], quaternion: NDArray[np.float64], path: Path) -> NDArray[np.float64]:
    """Poses (N, 4, 4) of positions (N, 3) and quaternions (N, 4)."""
    if not np.abs(quaternion).sum(axis=1).all():
        raise InputError(f"{path}: a quaternion is zero")
    return rigid(rotation_from_quaternion(torch.tensor(quaternion)), torch.tensor(translation)).numpy()


def _from_first(poses: Poses) -> Poses:
    """The poses in the frame of the first one of their scene."""
    return {name: np.linalg.inv(poses[names[0]]) @ poses[name] for names in by_scene(poses).values() for name in names}
