"""A small data set in DDAD's format (DGP), in one tar.

The world has x east, y north, z up. The car stands at (400, -259, 12) and drives north by a metre a sample. CAMERA_01
looks north, CAMERA_05 east; the LiDAR is one metre above both, x ahead, y left, z up.
"""

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

SIZE = (304, 484)  # height and width of the images, a quarter of the published
HALF = 0.5**0.5
SENSORS: dict[str, tuple[float, float, float, float]] = {  # world_from_sensor as a quaternion w, x, y, z
    "LIDAR": (HALF, 0, 0, HALF),
    "CAMERA_01": (HALF, -HALF, 0, 0),
    "CAMERA_05": (0.5, -0.5, 0.5, -0.5),
}
INTRINSICS = {"fx": 540.0, "fy": 540.0, "cx": 240.0, "cy": 150.0, "skew": 0.0}
SPLITS = {"0": ("000000",), "1": ("000150",)}


def points(sample: int) -> np.ndarray:
    """Points (P, 4) of the LiDAR: x, y, z, m, and intensity.

    CAMERA_01 sees the first at x 2, y 0.5, z 10 m, the second behind it, the third straight ahead, 5 m + 1 m a sample
    away; CAMERA_05 sees the fourth straight ahead, 8 m away. The last is behind the one and left of the other.
    """
    xyz = [(10, -2, -1.5), (20, -4, -2), (5 + sample, 0, -1), (0, -8, -1), (-10, 0, 0)]
    return np.array([(*point, 0.5) for point in xyz], np.float64)


def files(splits: Mapping[str, Sequence[str]] = SPLITS, samples: int = 3) -> dict[str, bytes]:
    """The tar's members: `ddad_train_val/ddad.json` and the scenes of every split."""
    found: dict[str, bytes] = {}
    listed = {}
    for split, scenes in splits.items():
        inside = {scene: _scene(scene, samples) for scene in scenes}
        found |= {f"ddad_train_val/{scene}/{name}": file for scene in scenes for name, file in inside[scene].items()}
        names = [f"{scene}/{name}" for scene in scenes for name in inside[scene] if name.startswith("scene_")]
        listed[split] = {"filenames": names}
    metadata = {"name": "DDAD", "version": "1", "frame_per_second": 10.0, "origin": "PUBLIC"}
    found["ddad_train_val/ddad.json"] = encode({"metadata": metadata, "scene_splits": listed})
    return found


def write_ddad(folder: Path, members: Mapping[str, bytes] | None = None) -> Path:
    """DDAD.tar, of `files` unless told otherwise."""
    return pack(folder / "DDAD.tar", members or files())


def pack(path: Path, members: Mapping[str, bytes]) -> Path:
    """Write a tar, gzipped if its name says so."""
    with tarfile.open(path, "w" if path.suffix == ".tar" else "w:gz", **_level(path)) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def encode(content: Any) -> bytes:
    """JSON."""
    return json.dumps(content).encode()


def npz(values: np.ndarray) -> bytes:
    """A point cloud's file."""
    file = io.BytesIO()
    np.savez_compressed(file, data=values)
    return file.getvalue()


def _level(path: Path) -> dict[str, Any]:
    return {} if path.suffix == ".tar" else {"compresslevel": 1}


def _scene(scene: str, samples: int) -> dict[str, bytes]:
    """One scene's files, by their names inside its folder."""
    cameras = [sensor for sensor in SENSORS if sensor != "LIDAR"]
    found, data, shots = {}, [], []
    calibration = _sha1("calibration of", scene)
    for sample in range(samples):
        keys = {sensor: _sha1(scene, sensor, sample) for sensor in SENSORS}
        at = f"2019-05-08T00:38:58.{200000 + 100000 * sample:06d}Z"
        of_sample = {"log": "", "timestamp": at, "index": str(sample)}
        for sensor, key in keys.items():
            datum = _datum(sensor, sample)
            near = {step: _sha1(scene, sensor, sample + by) for step, by in (("prev_key", -1), ("next_key", 1))}
            data.append({"id": {**of_sample, "name": sensor}, "key": key, "datum": datum, **near})
        for camera in cameras:
            found[f"rgb/{camera}/{_name(sample)}.png"] = _png(sample)
        found[f"point_cloud/LIDAR/{_name(sample)}.npz"] = npz(points(sample))
        key_of = {"calibration_key": calibration, "datum_keys": list(keys.values()), "metadata": {}}
        shots.append({"id": {**of_sample, "name": ""}, **key_of})
    found[f"calibration/{calibration}.json"] = encode(_calibration())
    written = encode({"name": scene, "description": "", "log": "", "data": data, "samples": shots})
    return found | {f"scene_{hashlib.sha1(written).hexdigest()}.json": written}


def _datum(sensor: str, sample: int) -> dict[str, Any]:
    w, x, y, z = SENSORS[sensor]
    up = 13.0 if sensor == "LIDAR" else 12.0
    moved = {"x": 400.0, "y": -259.0 + sample, "z": up}
    pose = {"rotation": {"qw": w, "qx": x, "qy": y, "qz": z}, "translation": moved}
    shared = {"pose": pose, "annotations": {}, "metadata": {}}
    if sensor == "LIDAR":
        kind = {"point_format": ["X", "Y", "Z", "INTENSITY"], "point_fields": []}
        return {"point_cloud": {"filename": f"point_cloud/LIDAR/{_name(sample)}.npz", **kind, **shared}}
    height, width = SIZE
    kind = {"height": height, "width": width, "channels": 3}
    return {"image": {"filename": f"rgb/{sensor}/{_name(sample)}.png", **kind, **shared}}


def _calibration() -> dict[str, Any]:
    none = dict.fromkeys(INTRINSICS, 0.0)
    still = {"rotation": {"qw": 1.0, "qx": 0.0, "qy": 0.0, "qz": 0.0}, "translation": {"x": 0.0, "y": 0.0, "z": 0.0}}
    matrices = [none if sensor == "LIDAR" else INTRINSICS for sensor in SENSORS]
    return {"names": list(SENSORS), "intrinsics": matrices, "extrinsics": [still] * len(SENSORS)}


def _png(sample: int) -> bytes:
    """Grey, with a red upper left corner."""
    picture = Image.new("RGB", SIZE[::-1], (60 + 20 * sample,) * 3)
    picture.paste((255, 0, 0), (0, 0, 64, 64))
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=1)
    return file.getvalue()


def _name(sample: int) -> str:
    return str(15616458249936530 + 1000000 * sample)


def _sha1(*parts: object) -> str:
    return hashlib.sha1("/".join(map(str, parts)).encode()).hexdigest()
