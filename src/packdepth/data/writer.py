"""Writing stores: frames are appended, or taken over from the parts that a conversion left."""

import contextlib
import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from packdepth.data.store import FORMAT, PER_FRAME, DepthUnit
from packdepth.errors import InputError
from packdepth.files import whole

COMPRESSION = {"compression": "gzip", "compression_opts": 4, "shuffle": True}


@dataclass(frozen=True)
class Batch:
    """Frames on their way into a store: the arrays of the table above, with depth in metres.

    `rgb` may be JPEG files of the store's size. Images without depth (neighbours) come after all that have it.
    """

    rgb: NDArray[np.uint8] | list[bytes]
    depth: NDArray[np.float32] | None
    intrinsics: NDArray[np.float32]
    id: list[str]
    pose: NDArray[np.float32] | None = None
    time: NDArray[np.float64] | None = None
    velocity: NDArray[np.float32] | None = None
    neighbours: NDArray[np.int32] | None = None
    depth_size: NDArray[np.int32] | None = None


@dataclass(frozen=True)
class Origin:
    """What the attributes of a store say of where it comes from, and the unit its depth is kept in.

    Millimetres reach 65.535 m, exactly; metres (float16) 65 km, with a relative error of at most 1 / 2048.
    """

    dataset: str
    version: int
    licence: str
    citation: str
    source: str
    parameters: dict[str, Any]
    depth_unit: DepthUnit = "millimetre"


class Writer:
    """Appends frames to a store that is being made."""

    def __init__(self, file: h5py.File, depth_unit: DepthUnit) -> None:
        self._file = file
        self._depth_unit = depth_unit
        self._hash = hashlib.sha256()
        self._jpeg_size: tuple[int, int] | None = None  # width and height, px

    def append(self, batch: Batch) -> None:
        """Add frames at the end. Raises InputError that names a frame whose depth is unknown everywhere.

        Depth in millimetres is rounded, what is beyond 65.535 m becomes unknown.
        """
        arrays: dict[str, NDArray[Any] | None] = {
            "rgb": self._jpegs(batch.rgb, batch.id) if isinstance(batch.rgb, list) else batch.rgb,
            "depth": None if batch.depth is None else self._stored(batch.depth, batch.id),
            "intrinsics": batch.intrinsics.astype(np.float32),
            "id": np.array([name.encode() for name in batch.id], dtype=object),
            "pose": batch.pose,
            "time": batch.time,
            "velocity": batch.velocity,
            "neighbours": batch.neighbours,
            "depth_size": batch.depth_size,
        }
        for name, values in arrays.items():
            if values is not None:
                self._extend(name, values)
                self._hash.update(b"\n".join(values) if values.dtype == object else np.ascontiguousarray(values).data)
        if self._jpeg_size:
            self._file["rgb"].attrs.update(zip(("width", "height"), self._jpeg_size, strict=True))

    def copy(self, part: h5py.File) -> None:
        """Add all frames of another, whole store at the end, as they are, compressed."""
        for name in PER_FRAME:
            if name not in part:
                continue
            theirs = part[name]
            if theirs.chunks and theirs.ndim > 1:
                ours, first = self._grown(name, theirs, len(theirs))
                for index in range(len(theirs)):
                    rest = (0,) * (theirs.ndim - 1)
                    mask, chunk = theirs.id.read_direct_chunk((index, *rest))
                    ours.id.write_direct_chunk((first + index, *rest), chunk, mask)
            else:
                self._extend(name, theirs[()])
            self._file[name].attrs.update(theirs.attrs)
        self._hash.update(part.attrs["fingerprint"].encode())

    def finish(self, origin: Origin) -> None:
        """Write the attributes. Raises InputError if no frame came."""
        if "rgb" not in self._file:
            raise InputError(f"{origin.source}: no frames to store")
        attributes = {**vars(origin), "parameters": json.dumps(origin.parameters, sort_keys=True)}
        self._file.attrs.update(attributes | {"format": FORMAT, "fingerprint": self._hash.hexdigest()})
        if "depth" in self._file:  # not in a part that holds neighbours alone
            self._file["depth"].attrs["unit"] = self._depth_unit

    def _stored(self, depth: NDArray[np.float32], names: list[str]) -> NDArray[Any]:
        if self._depth_unit == "metre":
            stored: NDArray[Any] = depth.astype(np.float16)
        else:
            millimetres = np.round(depth * 1000.0)
            stored = np.where(millimetres < 2**16, millimetres, 0).astype(np.uint16)
        known = (stored > 0).any(axis=(1, 2))
        if not known.all():
            beyond = " or beyond 65.535 m (is its unit right?)" if self._depth_unit == "millimetre" else ""
            raise InputError(f"{names[int(known.argmin())]}: depth is all zero (unknown){beyond}")
        return stored

    def _jpegs(self, files: list[bytes], names: list[str]) -> NDArray[Any]:
        """JPEG files as the array of arrays that HDF5 takes for rows of different lengths. All must be of one size."""
        rows = np.empty(len(files), dtype=object)
        for number, file in enumerate(files):
            width, height = Image.open(io.BytesIO(file)).size
            self._jpeg_size = self._jpeg_size or (width, height)
            if (width, height) != self._jpeg_size:
                first = "x".join(map(str, self._jpeg_size))
                raise InputError(f"{names[number]}: the JPEG is {width}x{height}, the store's first {first}")
            rows[number] = np.frombuffer(file, np.uint8)
        return rows

    def _extend(self, name: str, values: NDArray[Any]) -> None:
        dataset, first = self._grown(name, values, len(values))
        if name == "rgb" and values.dtype == object:
            for index, jpeg in enumerate(values, first):  # h5py takes several rows of one length for a matrix
                dataset[index] = jpeg
        else:
            dataset[first:] = values

    def _grown(self, name: str, like: Any, by: int) -> tuple[h5py.Dataset, int]:
        """The dataset, made if it is not there, longer by so many frames, and its length before."""
        if name not in self._file:
            shape = like.shape[1:]
            filters = COMPRESSION if len(shape) > 1 else {}
            chunk = (1 if shape else 1024, *shape)
            self._file.create_dataset(
                name, (0, *shape), _kind(name, like), maxshape=(None, *shape), chunks=chunk, **filters
            )
        dataset = self._file[name]
        first = len(dataset)
        dataset.resize(first + by, axis=0)
        return dataset, first


def _kind(name: str, like: Any) -> Any:
    if name == "id":
        return h5py.string_dtype()
    return h5py.vlen_dtype(np.uint8) if like.dtype == object else like.dtype


@contextlib.contextmanager
def create(path: Path, origin: Origin) -> Iterator[Writer]:
    """Write a store; it appears under `path` only if the block ends well."""
    with whole(path) as part, h5py.File(part, "w") as file:
        writer = Writer(file, origin.depth_unit)
        yield writer
        writer.finish(origin)
