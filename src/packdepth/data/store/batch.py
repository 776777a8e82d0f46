"""Frames on their way into a store: as a data set's module gives them, and prepared for writing.

Preparing is most of the work (compression), needs no file, and releases Python's lock: it is done in many threads.
"""

import hashlib
import io
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from packdepth.data.store.frames import DepthUnit
from packdepth.errors import InputError

LEVEL = 4  # of gzip


@dataclass(frozen=True)
class Batch:
    """The arrays of store.py's table, with depth in metres.

    `rgb` may be JPEG files of the store's size. Images without depth (other views) come after all that have it.
    """

    rgb: NDArray[np.uint8] | list[bytes]
    depth: NDArray[np.float32] | None
    intrinsics: NDArray[np.float32]
    id: list[str]
    pose: NDArray[np.float32] | None = None
    time: NDArray[np.float64] | None = None
    velocity: NDArray[np.float32] | None = None
    neighbours: NDArray[np.int32] | None = None
    second: NDArray[np.int32] | None = None
    second_pose: NDArray[np.float32] | None = None
    depth_size: NDArray[np.int32] | None = None


@dataclass(frozen=True)
class Pictures:
    """Pictures of one shape, each compressed as by HDF5's filters shuffle and gzip."""

    chunks: list[bytes]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]


@dataclass(frozen=True)
class EncodedBatch:
    """A batch as it is written."""

    images: int
    arrays: dict[str, NDArray[Any]]  # JPEG files and ids as arrays of objects
    pictures: dict[str, Pictures]
    jpeg_sizes: list[tuple[int, int]]  # width and height, px
    digest: bytes  # of all content
    bytes: int  # at most, in a store


def encode(batch: Batch, depth_unit: DepthUnit) -> EncodedBatch:
    """Convert depth to the stored type, compress pictures, hash everything.

    Depth in millimetres is rounded; depth beyond 65.535 m becomes unknown. Raises InputError that names a frame whose
    depth is unknown everywhere.
    """
    jpegs = batch.rgb if isinstance(batch.rgb, list) else []
    arrays: dict[str, NDArray[Any] | None] = {
        "rgb": _objects([np.frombuffer(file, np.uint8) for file in jpegs])
        if isinstance(batch.rgb, list)
        else batch.rgb,
        "depth": None if batch.depth is None else _stored(batch.depth, batch.id, depth_unit),
        "intrinsics": batch.intrinsics.astype(np.float32),
        "id": _objects([name.encode() for name in batch.id]),
        "pose": batch.pose,
        "time": batch.time,
        "velocity": batch.velocity,
        "neighbours": batch.neighbours,
        "second": batch.second,
        "second_pose": batch.second_pose,
        "depth_size": batch.depth_size,
    }
    given = {name: values for name, values in arrays.items() if values is not None}
    digest = hashlib.sha256()
    for values in given.values():
        digest.update(b"\n".join(values) if values.dtype == object else np.ascontiguousarray(values).data)
    pictures = {name: values for name, values in given.items() if values.ndim > 2 and name in ("rgb", "depth")}
    return EncodedBatch(
        images=len(batch.id),
        arrays={name: values for name, values in given.items() if name not in pictures},
        pictures={name: _packed(values) for name, values in pictures.items()},
        jpeg_sizes=[Image.open(io.BytesIO(file), formats=["JPEG"]).size for file in jpegs],
        digest=digest.digest(),
        bytes=sum(values.nbytes for values in pictures.values()) + 2 * sum(map(len, jpegs)),
    )


def _stored(depth: NDArray[np.float32], names: list[str], unit: DepthUnit) -> NDArray[Any]:
    if unit == "metre":
        stored: NDArray[Any] = depth.astype(np.float16)
    else:
        millimetres = np.round(depth * 1000.0)
        stored = np.where(millimetres < 2**16, millimetres, 0).astype(np.uint16)
    known = (stored > 0).any(axis=(1, 2))
    if not known.all():
        beyond = " or beyond 65.535 m (is its unit right?)" if unit == "millimetre" else ""
        raise InputError(f"{names[int(known.argmin())]}: depth is all zero (unknown){beyond}")
    return stored


def _packed(values: NDArray[Any]) -> Pictures:
    """Shuffle: the first bytes of all numbers, then the second ones; bytes in one place are more alike."""
    frames = np.ascontiguousarray(values).reshape(len(values), -1).view(np.uint8)
    by_byte = frames.reshape(len(values), -1, values.dtype.itemsize).transpose(0, 2, 1)
    chunks = [zlib.compress(np.ascontiguousarray(frame).data, LEVEL) for frame in by_byte]
    return Pictures(chunks, values.shape[1:], values.dtype)


def _objects(rows: list[Any]) -> NDArray[Any]:
    """An array of objects, which HDF5 needs for rows of different lengths."""
    array = np.empty(len(rows), dtype=object)
    array[:] = rows
    return array
