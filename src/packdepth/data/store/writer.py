"""Writes stores: frames are appended, or copied from the parts of a conversion."""

import contextlib
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from packdepth.data.store.batch import LEVEL, Batch, EncodedBatch, encode
from packdepth.data.store.frames import FORMAT, PER_FRAME, DepthUnit
from packdepth.errors import InputError
from packdepth.utils.files import atomic_write

PICTURES = ("rgb", "depth")
COMPRESSION = {"compression": "gzip", "compression_opts": LEVEL, "shuffle": True}
JPEGS, TEXT = h5py.vlen_dtype(np.uint8), h5py.string_dtype()


@dataclass(frozen=True)
class Origin:
    """The attributes of a store that state its origin, and the unit of its depth.

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
    """Appends frames to a store that is being written."""

    def __init__(self, file: h5py.File, depth_unit: DepthUnit) -> None:
        self._file = file
        self._depth_unit = depth_unit
        self._hash = hashlib.sha256()
        self._jpeg_size: tuple[int, int] | None = None  # width and height, px

    def append(self, batch: Batch) -> None:
        """Append frames. Raises InputError as `prepare` does."""
        self.write(encode(batch, self._depth_unit))

    def write(self, frames: EncodedBatch) -> None:
        """Append prepared frames. Raises InputError that names a JPEG file of another size."""
        self._check(frames)
        for name, values in frames.arrays.items():
            self._extend(name, values)
        for name, pictures in frames.pictures.items():
            dataset, first = self._grown(name, pictures.dtype, pictures.shape, len(pictures.chunks))
            for index, chunk in enumerate(pictures.chunks, first):
                dataset.id.write_direct_chunk((index, *(0 for _ in pictures.shape)), chunk)
        if self._jpeg_size:
            self._file["rgb"].attrs.update(zip(("width", "height"), self._jpeg_size, strict=True))
        self._hash.update(frames.digest)

    def copy(self, part: h5py.File) -> None:
        """Append all frames of another, complete store, still compressed."""
        for name in PER_FRAME:
            if name not in part:
                continue
            theirs = part[name]
            if theirs.compression:
                ours, first = self._grown(name, theirs.dtype, theirs.shape[1:], len(theirs))
                rest = (0,) * (theirs.ndim - 1)
                for index in range(len(theirs)):
                    mask, chunk = theirs.id.read_direct_chunk((index, *rest))
                    ours.id.write_direct_chunk((first + index, *rest), chunk, mask)
            else:
                self._extend(name, theirs[()])
            self._file[name].attrs.update(theirs.attrs)
        self._hash.update(part.attrs["fingerprint"].encode())

    def finish(self, origin: Origin) -> None:
        """Write the attributes. Raises InputError if there was no frame."""
        if "rgb" not in self._file:
            raise InputError(f"{origin.source}: no frames to store")
        attributes = {**vars(origin), "parameters": json.dumps(origin.parameters, sort_keys=True)}
        self._file.attrs.update(attributes | {"format": FORMAT, "fingerprint": self._hash.hexdigest()})
        if "depth" in self._file:  # not in a part that holds only neighbours
            self._file["depth"].attrs["unit"] = self._depth_unit

    def _check(self, frames: EncodedBatch) -> None:
        for number, size in enumerate(frames.jpeg_sizes):
            self._jpeg_size = self._jpeg_size or size
            if size != self._jpeg_size:
                got, first = ("x".join(map(str, sides)) for sides in (size, self._jpeg_size))
                raise InputError(
                    f"{frames.arrays['id'][number].decode()}: the JPEG is {got}, the store's first {first}"
                )

    def _extend(self, name: str, values: NDArray[Any]) -> None:
        dataset, first = self._grown(name, values.dtype, values.shape[1:], len(values))
        if name == "rgb":
            for index, jpeg in enumerate(values, first):  # h5py takes several rows of one length for a matrix
                dataset[index] = jpeg
        else:
            dataset[first:] = values

    def _grown(self, name: str, dtype: Any, shape: tuple[int, ...], by: int) -> tuple[h5py.Dataset, int]:
        """The dataset, created if missing and extended by so many frames, and its length before."""
        if name not in self._file:
            filters = COMPRESSION if name in PICTURES and shape else {}
            chunk = (1 if shape else 1024, *shape)
            kind = JPEGS if name == "rgb" and not shape else TEXT if name == "id" else dtype
            self._file.create_dataset(name, (0, *shape), kind, maxshape=(None, *shape), chunks=chunk, **filters)
        dataset = self._file[name]
        first = len(dataset)
        dataset.resize(first + by, axis=0)
        return dataset, first


@contextlib.contextmanager
def create_store(path: Path, origin: Origin) -> Iterator[Writer]:
    """Write a store; it appears under `path` only if the block ends well."""
    with atomic_write(path) as part, h5py.File(part, "w") as file:
        writer = Writer(file, origin.depth_unit)
        yield writer
        writer.finish(origin)
