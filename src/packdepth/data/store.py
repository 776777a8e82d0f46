"""The one on-disk format of every data set: an HDF5 file per split.

| name       | type             | shape        | meaning                                                    |
| ---------- | ---------------- | ------------ | ---------------------------------------------------------- |
| rgb        | uint8            | (N, H, W, 3) | image                                                      |
| depth      | uint16 / float16 | (N, h, w)    | camera z in mm (uint16) or m (float16), 0 where unknown    |
| intrinsics | float32          | (N, 3, 3)    | px of `rgb`                                                |
| id         | string           | (N,)         | leads back to the source                                   |
| pose       | float32          | (N, 4, 4)    | optional: world_from_camera, m                             |
| time       | float64          | (N,)         | optional: s                                                |

Attributes: format, dataset, version, licence, source, parameters (JSON), and `fingerprint`, a hash of all content;
`depth` has its `unit`. Frames are chunked one by one, so that random access reads one frame.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from packdepth.errors import InputError
from packdepth.files import whole

FORMAT = "packdepth store 1"
DEPTH_UNITS = {"uint16": ("millimetre", 0.001), "float16": ("metre", 1.0)}
PER_FRAME = {"rgb": 4, "depth": 3, "intrinsics": 3, "pose": 3, "time": 1, "id": 1}  # dimensions
OPTIONAL = ("pose", "time")
ATTRIBUTES = ("dataset", "version", "licence", "source", "parameters", "fingerprint")


@dataclass(frozen=True)
class Batch:
    """Frames on their way into a store: the arrays of the table above, with depth in metres."""

    rgb: NDArray[np.uint8]
    depth: NDArray[np.float32]
    intrinsics: NDArray[np.float32]
    id: list[str]
    pose: NDArray[np.float32] | None = None
    time: NDArray[np.float64] | None = None


@dataclass(frozen=True)
class Origin:
    """What the attributes of a store say of where it comes from."""

    dataset: str
    version: int
    licence: str
    source: str
    parameters: dict[str, Any]


class Writer:
    """Appends frames to a store that is being made."""

    def __init__(self, file: h5py.File) -> None:
        self._file = file
        self._hash = hashlib.sha256()

    def append(self, batch: Batch) -> None:
        """Add frames at the end. Depth is stored in whole millimetres, what is beyond 65.535 m as unknown.

        Raises InputError that names a frame whose depth is unknown everywhere.
        """
        millimetres = np.round(batch.depth * 1000.0)
        known = ((millimetres > 0) & (millimetres < 2**16)).any(axis=(1, 2))
        if not known.all():
            name = batch.id[int(known.argmin())]
            raise InputError(f"{name}: depth is all zero (unknown) or beyond 65.535 m (is its unit right?)")
        arrays: dict[str, NDArray[Any] | None] = {
            "rgb": batch.rgb,
            "depth": np.where(millimetres < 2**16, millimetres, 0).astype(np.uint16),
            "intrinsics": batch.intrinsics.astype(np.float32),
            "pose": batch.pose if batch.pose is None else batch.pose.astype(np.float32),
            "time": batch.time if batch.time is None else batch.time.astype(np.float64),
            "id": np.array([name.encode() for name in batch.id], dtype=object),
        }
        for name, values in arrays.items():
            if values is not None:
                self._extend(name, values)

    def finish(self, origin: Origin) -> None:
        """Write the attributes. Raises InputError if no frame came."""
        if "rgb" not in self._file:
            raise InputError(f"{origin.source}: no frames to store")
        attributes = {**vars(origin), "parameters": json.dumps(origin.parameters, sort_keys=True)}
        self._file.attrs.update(attributes | {"format": FORMAT, "fingerprint": self._hash.hexdigest()})
        self._file["depth"].attrs["unit"] = DEPTH_UNITS[self._file["depth"].dtype.name][0]

    def _extend(self, name: str, values: NDArray[Any]) -> None:
        text = name == "id"
        if name not in self._file:
            kind = h5py.string_dtype() if text else values.dtype
            shape = values.shape[1:]
            chunk = (1 if shape else 1024, *shape)
            self._file.create_dataset(name, (0, *shape), kind, maxshape=(None, *shape), chunks=chunk)
        dataset = self._file[name]
        dataset.resize(len(dataset) + len(values), axis=0)
        dataset[-len(values) :] = values
        self._hash.update(b"\n".join(values) if text else np.ascontiguousarray(values).tobytes())


@contextlib.contextmanager
def create(path: Path, origin: Origin) -> Iterator[Writer]:
    """Write a store; it appears under `path` only if the block ends well."""
    with whole(path) as part, h5py.File(part, "w") as file:
        writer = Writer(file)
        yield writer
        writer.finish(origin)


class Store:
    """Read access to a store, by frame.

    Safe under fork and under pickling: every process opens its own handle, at its first read.
    """

    def __init__(self, path: Path) -> None:
        """Open and validate. Raises InputError that says what is wrong with the file."""
        self.path = path
        self._handle: h5py.File | None = None
        self._owner = -1
        _validate(path, self._file)
        self.attributes: dict[str, Any] = dict(self._file.attrs)
        self.fingerprint: str = self.attributes["fingerprint"]
        self.size: tuple[int, int] = self._file["rgb"].shape[1:3]
        self._depth_unit: float = DEPTH_UNITS[self._file["depth"].dtype.name][1]
        self._length = len(self._file["rgb"])

    def __len__(self) -> int:
        return self._length

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_handle": None, "_owner": -1}

    @property
    def _file(self) -> h5py.File:
        if self._handle is None or self._owner != os.getpid():
            self._handle, self._owner = _open(self.path), os.getpid()
        return self._handle

    def has(self, name: str) -> bool:
        """Whether the store holds this optional array."""
        return name in self._file

    def rgb(self, index: int) -> NDArray[np.uint8]:
        """Image `index`, (H, W, 3)."""
        return self._file["rgb"][index]

    def depth(self, index: int) -> NDArray[np.float32]:
        """Depth of frame `index` in metres, (h, w), 0 where unknown."""
        return self._file["depth"][index].astype(np.float32) * np.float32(self._depth_unit)

    def intrinsics(self, index: int) -> NDArray[np.float32]:
        """Camera matrix of frame `index` in px of its image, (3, 3)."""
        return self._file["intrinsics"][index]

    def pose(self, index: int) -> NDArray[np.float32]:
        """world_from_camera of frame `index` in metres, (4, 4). KeyError where the store has none."""
        return self._file["pose"][index]

    def time(self, index: int) -> float:
        """Time stamp of frame `index` in seconds. KeyError where the store has none."""
        return float(self._file["time"][index])

    def id(self, index: int) -> str:
        """The name of frame `index`."""
        return self._file["id"].asstr()[index]


def _open(path: Path) -> h5py.File:
    if not path.is_file():
        raise InputError(f"{path}: no such store; `snakemake data` makes it")
    if not os.access(path, os.R_OK):
        raise InputError(f"{path}: may not be read by this user")
    try:
        return h5py.File(path, "r")
    except OSError as error:
        reason = "truncated" if "truncated" in str(error) else "not an HDF5 file"
        raise InputError(f"{path}: {reason}; expected a {FORMAT}; remove it and make it again") from None


def _validate(path: Path, file: h5py.File) -> None:
    def refuse(what: str) -> None:
        raise InputError(f"{path}: {what}; expected a {FORMAT}")

    if file.attrs.get("format") != FORMAT:
        refuse(f"its format is {file.attrs.get('format')!r}")
    for name in set(PER_FRAME) - set(OPTIONAL) - set(file):
        refuse(f"has no {name!r}")
    for name in set(ATTRIBUTES) - set(file.attrs):
        refuse(f"has no attribute {name!r}")
    frames = len(file["rgb"])
    for name in set(PER_FRAME) & set(file):
        if file[name].ndim != PER_FRAME[name]:
            refuse(f"{name!r} has {file[name].ndim} dimensions, not {PER_FRAME[name]}")
        if len(file[name]) != frames:
            refuse(f"{name!r} has {len(file[name])} frames, 'rgb' has {frames}")
    if file["rgb"].dtype != np.uint8 or file["rgb"].shape[3] != 3:
        refuse(f"'rgb' is {file['rgb'].dtype} {file['rgb'].shape}, not uint8 (N, H, W, 3)")
    if file["depth"].dtype.name not in DEPTH_UNITS:
        refuse(f"'depth' is {file['depth'].dtype}, not uint16 (mm) or float16 (m)")
    unit = DEPTH_UNITS[file["depth"].dtype.name][0]
    if file["depth"].attrs.get("unit") != unit:
        refuse(f"'depth' says its unit is {file['depth'].attrs.get('unit')!r}, not {unit!r}")
    for name, shape in (("intrinsics", (3, 3)), ("pose", (4, 4))):
        if name in file and file[name].shape[1:] != shape:
            refuse(f"{name!r} has frames of shape {file[name].shape[1:]}, not {shape}")
